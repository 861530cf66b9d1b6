"""The traps of files that call themselves PDF."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.tasks.fulltext_pdf import fault_in, pdf_fault

WHOLE = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (WHOLE, ""),
        (b"\xef\xbb\xbf\r\n" + WHOLE, ""),
        (WHOLE + b"\0" * 1_000, ""),
        (b"", "is empty"),
        (b"\n<!DOCTYPE html><html><body>Log in to read %%EOF</body></html>", "is a web page, not a PDF"),
        (b"PK\x03\x04 a document of a word processor", "is no PDF"),
        (WHOLE[:40], "is a PDF that breaks off before its end"),
        (WHOLE + b"further pages" * 1_000, "is a PDF that breaks off before its end"),
        (
            WHOLE.replace(b"<</Root", b"<</Encrypt 5 0 R /Root"),
            "is an encrypted PDF, which may want a password",
        ),
        (
            WHOLE.replace(b"<</Root", b"<</Encrypt<</V 1>>/Root"),
            "is an encrypted PDF, which may want a password",
        ),
        (WHOLE.replace(b"<</Root", b"<</EncryptMetadata true /Root"), ""),
    ],
)
def test_what_a_pdf_lacks_is_said(tmp_path: Path, content: bytes, fault: str) -> None:
    file = tmp_path / "R1.pdf"
    file.write_bytes(content)
    assert pdf_fault(file) == fault_in(content) == fault
