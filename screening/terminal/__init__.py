"""Screening on a terminal: a full-screen app, and a line mode for screen readers, dumb terminals and scripts.

``session`` holds what both do at a desk (``screening.desk``); ``app`` and ``plain`` only show it and read keys.
"""
