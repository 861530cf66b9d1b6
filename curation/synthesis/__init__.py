"""Synthesis: evaluations of discrimination in, pooled AUCs out. No disk, no clock.

``published`` repeats the method of the review that is kept alive, ``recommended`` does what today's
methodology asks; a report prints both. numpy and scipy are imported nowhere else in livrev, and with this
package's modules only, so that a command that pools nothing does not wait for them.
"""
