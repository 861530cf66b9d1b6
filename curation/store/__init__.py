"""The only SQL of livrev: opens, migrates, writes and reads ``review.db``.

Import what you need from the modules; this package imports none of them, so that one vote stays quick.
"""
