"""Whether a file is a PDF that can be read: the usual traps, without taking it apart.

Signature, end and encryption as ISO 32000-1 (7.5.2, 7.5.5, 7.6) has them, with the tolerance of readers: the
signature within the first 1,024 bytes, the end within the last.
"""

from __future__ import annotations

import mmap
import os
import re
from pathlib import Path

_HEAD = 1_024  # bytes
_TAIL = 4_096  # bytes: what servers and mail programs hang behind the end is shorter
_WEB_PAGE = re.compile(rb"<!doctype html|<html", re.IGNORECASE)
_ENCRYPTED = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")


def pdf_fault(path: Path) -> str:
    """What keeps the file from being a PDF that can be read, in words; empty where nothing does.

    Raises OSError when the file cannot be read.
    """
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:  # nothing cannot be mapped
            return fault_in(b"")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return fault_in(content)


def fault_in(content: bytes | mmap.mmap) -> str:
    """The same for a file's bytes."""
    head = content[:_HEAD]
    if not head:
        return "is empty"
    if b"%PDF-" not in head:
        return "is a web page, not a PDF" if _WEB_PAGE.search(head) else "is no PDF"
    if b"%%EOF" not in content[-_TAIL:]:
        return "is a PDF that breaks off before its end"
    return "is an encrypted PDF, which may want a password" if _ENCRYPTED.search(content) else ""
