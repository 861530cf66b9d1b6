"""The way a file was saved (line ends, byte order mark, encoding, suffix) changes no record of any format."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from curation.model import SourceRecord
from curation.sources.files import read_document
from curation.sources.files.decode import of_bytes, open_document

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
NAMES = sorted(path.name for path in EXPORTS.iterdir())
WAYS: Mapping[str, Callable[[str], bytes]] = {
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "cr": lambda text: text.replace("\n", "\r").encode(),
    "bom": lambda text: codecs.BOM_UTF8 + text.encode(),
    "utf-16": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "no last line end": lambda text: text.rstrip("\n").encode(),
}


def records(content: bytes) -> list[SourceRecord]:
    with read_document(of_bytes(content, "export.txt")) as export:
        return list(export.records)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", WAYS)
def test_the_way_a_file_was_saved_changes_no_record(name: str, way: str) -> None:
    text = open_document(EXPORTS / name).text()
    plain = records(text.encode())
    assert plain
    assert records(WAYS[way](text)) == plain
