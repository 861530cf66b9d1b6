"""Makes a new review: a commented review.toml and an empty store."""

from __future__ import annotations

import shutil
from pathlib import Path

from curation.config import PROTOCOL_FILE, STORE_FILE
from curation.errors import Usage
from curation.resources import shipped
from curation.store.connect import Stamp
from curation.tasks.review import Review


def init(folder: Path, stamp: Stamp) -> None:
    """Make ``folder`` a review.

    A review.toml that is there already is kept, so that init can be run again after a crash. Raises Usage when
    the folder has a store already, or is a file.
    """
    if folder.exists() and not folder.is_dir():
        message = f"{folder} is a file; name a folder: livrev init DIR"
        raise Usage(message)
    if (folder / STORE_FILE).exists():
        message = f"{folder} is a review already; go there and run: livrev status"
        raise Usage(message)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / PROTOCOL_FILE).exists():
        half = folder / f"{PROTOCOL_FILE}.part"
        shutil.copyfile(shipped("templates", PROTOCOL_FILE), half)
        half.replace(folder / PROTOCOL_FILE)
    with Review.create(folder) as review, review.change(stamp):
        pass  # keeps the protocol's first version
