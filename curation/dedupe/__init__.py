"""Which records are one report: rules over pairs, and clusters that never join what must stay apart."""
