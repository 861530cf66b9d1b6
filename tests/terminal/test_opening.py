"""Which links a machine may open, and how."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest

from screening.terminal import opening


@pytest.mark.parametrize(
    "link", ["", "file:///etc/passwd", "javascript:alert(1)", "ftp://a/b", "-x", "not there.pdf"]
)
def test_only_web_addresses_and_files_that_are_there_are_opened(link: str) -> None:
    assert opening._address(link) is None
    assert not opening.open_link(link)


def test_a_file_that_is_there_is_opened_by_its_whole_address(tmp_path: Path) -> None:
    paper = tmp_path / "a paper.pdf"
    paper.write_bytes(b"%PDF")
    assert opening._address(str(paper)) == paper.as_uri()
    assert opening._address("https://doi.org/10.1000/x") == "https://doi.org/10.1000/x"


def test_a_browser_of_the_terminal_is_never_started_over_the_screen() -> None:
    assert not opening._start(webbrowser.GenericBrowser("lynx"), "https://doi.org/10.1000/x")


def test_a_browser_that_is_not_there_opens_nothing() -> None:
    assert not opening._start(
        webbrowser.BackgroundBrowser("no-such-viewer-at-all"), "https://doi.org/10.1000/x"
    )
