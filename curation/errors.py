"""What can go wrong, and the exit status each kind leaves with.

::

    LivrevError              1   failed; nothing was changed
    ├── Refused              1   a rule of the review forbids it (a vote without right, an unbalanced flow)
    ├── BadInput             1   a file is not what it should be
    ├── BadStore             1   review.db is corrupt, foreign, or newer than this program
    ├── SourceFailed         1   a source answered, and the answer cannot be used
    ├── Usage                2   the words of the command: unknown report, reviewer, folder
    ├── TryAgain            75   network, server, lock: the same command may succeed later
    └── Configuration       78   review.toml, or a setting of the environment

Status 3 is not an error: the work is done, with warnings. Any other exception is a defect of livrev; it keeps
its trace, says where to report it, and leaves with status 1.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses of the ``livrev`` command; part of its interface (README, *Exit status*)."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    WARNINGS = 3
    TRY_AGAIN = 75
    CONFIGURATION = 78


class LivrevError(Exception):
    """A failure a person can act on: one line that says what, where, and how to mend it.

    ``faults`` holds further lines where one input has several faults; all of them are shown at once.
    """

    status = Exit.FAILED

    def __init__(self, message: str, *, faults: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.faults = faults


class Refused(LivrevError):
    """A rule of the review forbids it; nothing was changed."""


class BadInput(LivrevError):
    """A file given by the user is not what it should be."""


class BadStore(LivrevError):
    """The store cannot be opened as a review of this program."""


class SourceFailed(LivrevError):
    """A source answered in a way that cannot be used; a failed search is never an empty result."""


class Usage(LivrevError):
    """The command names something that does not exist."""

    status = Exit.USAGE


class TryAgain(LivrevError):
    """Something outside is unavailable for now."""

    status = Exit.TRY_AGAIN


class Configuration(LivrevError):
    """The protocol file or the environment must be mended first."""

    status = Exit.CONFIGURATION
