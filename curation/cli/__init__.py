"""The command line: words in, one task called, its result printed. The only room that imports click."""
