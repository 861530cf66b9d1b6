"""An open review: its folder, its protocol and its store."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from curation import config
from curation.errors import Refused, Usage
from curation.protocol import Protocol, Reviewer, Role
from curation.store import protocols
from curation.store.connect import Change, Stamp, Store


class Review:
    """A review's folder with its protocol checked and its store open. A context manager."""

    def __init__(self, folder: Path, file: config.ProtocolFile, protocol: Protocol, store: Store) -> None:
        """Use ``Review.open`` or ``Review.create``."""
        self.folder = folder
        self.protocol = protocol
        self.store = store
        self._file = file

    @classmethod
    def open(cls, folder: Path) -> Review:
        """Open the review in ``folder``.

        An unchanged review.toml is taken from the store as it was checked before, without the validator.
        Raises Configuration for a faulty review.toml and BadStore for a store that cannot be used.
        """
        file = config.read(folder)
        store = Store.open(folder / config.STORE_FILE)
        try:
            return cls(folder, file, _protocol(file, store.sql), store)
        except BaseException:
            store.close()
            raise

    @classmethod
    def create(cls, folder: Path) -> Review:
        """Make the store of a new review whose review.toml is in ``folder`` already."""
        file = config.read(folder)
        protocol = config.checked(file)
        return cls(folder, file, protocol, Store.create(folder / config.STORE_FILE))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    @property
    def sql(self) -> sqlite3.Connection:
        """The store's connection, for reading."""
        return self.store.sql

    @property
    def outdated(self) -> bool:
        """Whether review.toml was edited since this review was opened with it."""
        return config.read(self.folder).sha256 != self._file.sha256

    @contextmanager
    def change(self, stamp: Stamp) -> Iterator[Change]:
        """One transaction under the protocol in force; a changed protocol is kept first, in a change of its own."""
        with self.store.change(stamp, self._protocol_id(stamp)) as change:
            yield change

    def _protocol_id(self, stamp: Stamp) -> int:
        known = protocols.current(self.sql)
        if known is not None and known.sha256 == self._file.sha256:
            return known.id
        parsed = config.as_plain(self.protocol)
        with self.store.change(stamp, known.id if known else None) as change:
            return protocols.add(change, self._file.text, self._file.sha256, parsed, self.protocol)

    def person(self, name: str) -> Reviewer:
        """The active reviewer ``name``.

        Raises Usage for an unknown one, Refused for one who has left.
        """
        person = self.protocol.reviewer(name)
        if person is None:
            known = ", ".join(r.id for r in self.protocol.reviewers if r.active)
            message = f"{name!r} is no reviewer of this review (known: {known}); add them to review.toml"
            raise Usage(message)
        if not person.active:
            message = f"{name} has left this review (active = false in review.toml); their decisions stay as they are"
            raise Refused(message)
        return person

    def member(self, name: str, role: Role) -> Reviewer:
        """The active reviewer ``name``, who holds ``role``.

        Raises Usage for an unknown one, Refused for one without the right.
        """
        person = self.person(name)
        if role not in person.roles:
            message = f"{name} is no {role} (roles: {', '.join(person.roles)}); nothing was recorded"
            raise Refused(message)
        return person


def _protocol(file: config.ProtocolFile, sql: sqlite3.Connection) -> Protocol:
    known = protocols.current(sql)
    if known is not None and known.sha256 == file.sha256:
        protocol: Protocol = config.revived(json.loads(known.parsed))
        return protocol
    return config.checked(file)
