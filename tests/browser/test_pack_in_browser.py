"""The screening page in a real browser, by the keyboard alone: what was decided there is what the store ends with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import Chromium, executable
from tests.cli.screened_review import TITLES, Desk, made
from tests.conftest import Livrev

pytestmark = pytest.mark.slow

KEEPS_NOTHING = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no'); } });"


@pytest.fixture(scope="module")
def built(livrev: Livrev, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(livrev, tmp_path_factory.mktemp("browser") / "review").folder


@pytest.fixture
def desk(livrev: Livrev, built: Path, tmp_path: Path) -> Desk:
    return Desk(livrev, Path(shutil.copytree(built, tmp_path / "review")))


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chromium]:
    program = executable()
    if program is None:
        pytest.skip("no Chromium is installed; LIVREV_CHROMIUM names one")
    (tmp_path / "downloads").mkdir()
    with Chromium(program, tmp_path / "profile") as chromium:
        chromium.send(
            "Browser.setDownloadBehavior",
            behavior="allow",
            downloadPath=str(tmp_path / "downloads"),
            eventsEnabled=True,
        )
        chromium.screen(1280, 800)
        yield chromium


def _open(browser: Chromium, desk: Desk, *more: str) -> None:
    path = desk("pack", "--as", "ben", *more).strip()
    browser.open(desk.folder / path)


def _downloaded(browser: Chromium, folder: Path) -> Path:
    browser.press("d")
    browser.wait("Browser.downloadProgress", lambda event: event["state"] == "completed")
    return max((folder / "downloads").iterdir(), key=lambda path: path.stat().st_mtime_ns)


def _reload(browser: Chromium) -> None:
    """Reload the page and say yes to its reminder."""
    browser.value("void setTimeout(() => location.reload())")
    assert browser.wait("Page.javascriptDialogOpening")["type"] == "beforeunload"
    browser.send("Page.handleJavaScriptDialog", accept=True)
    browser.wait("Page.loadEventFired")


def _report(browser: Chromium) -> str:
    """The report on the screen."""
    return browser.text("#facts p:last-child").split(" ", maxsplit=1)[0]


def test_a_batch_is_screened_by_the_keyboard_and_comes_back_once(
    desk: Desk, browser: Chromium, tmp_path: Path
) -> None:
    _open(browser, desk)
    assert browser.text("#title") == TITLES[0]

    browser.press("i")
    assert browser.text("#said") == "Included: R1. Stored; u takes it back."
    assert browser.text("#title") == TITLES[1]
    browser.press("n")
    browser.type("no patient?")
    browser.press("Enter", "e")
    assert browser.text("#said") == "Excluded: R2. Stored; u takes it back."

    browser.press("m", "u")  # R3 taken back, and decided otherwise
    assert browser.text("#said") == "Taken back: maybe on R3."
    assert _report(browser) == "R3"
    browser.press("f", "t")
    browser.type("later")
    browser.press("Enter", "e")

    browser.press("s")  # R4 comes again at the end
    assert _report(browser) == "R5"
    browser.press("b", "ArrowDown", "Enter")  # the list's second: R2
    assert _report(browser) == "R2"
    assert browser.text("#own") == "Your decision so far: exclude"
    browser.press("m")
    assert browser.text("#far") == "3 of 6 decided · 2 included"

    _reload(browser)
    assert browser.text("#said") == "Welcome back: 3 decided so far."
    assert _report(browser) == "R5"
    browser.press("e", "i")
    assert _report(browser) == "R4"

    file = _downloaded(browser, tmp_path)
    assert browser.text("#unsaved") == "all downloaded"
    told = desk("vote", "--from", file, "--as", "ben")
    assert (
        "7 votes, for ben: 7 stored (1 in place of an earlier vote, 1 taken back since), 0 here already"
        in told
    )
    expected = {"R1": "include", "R2": "maybe", "R3": "exclude", "R5": "exclude", "R6": "include"}
    assert desk.standing("ben") == expected

    browser.press("u", "u", "i", "i", "e")  # R6 and R5 anew, and R4
    assert browser.text("#title") == "All 6 reports are decided"
    later = _downloaded(browser, tmp_path)
    desk("vote", "--from", later, "--as", "ben")
    assert "0 stored, 10 here already" in desk("vote", "--from", later, "--as", "ben")
    assert desk.standing("ben") == {**expected, "R4": "exclude", "R5": "include"}
    rows = {(row["report"], row["decision"]): row for row in desk.table("--as", "ben")}
    assert rows["R2", "maybe"]["note"] == "no patient?"
    assert rows["R3", "maybe"]["standing"] == "taken back"

    asked_for = {
        event["params"]["request"]["url"].split(":")[0]
        for event in _named(browser, "Network.requestWillBeSent")
    }
    assert asked_for <= {"file", "blob"}
    assert _named(browser, "Runtime.exceptionThrown") == []
    assert [e for e in _named(browser, "Log.entryAdded") if e["params"]["entry"]["level"] == "error"] == []


def _named(browser: Chromium, method: str) -> list[dict[str, Any]]:
    return [dict(event) for event in browser.events if event.get("method") == method]


def test_at_full_text_an_exclusion_takes_its_reason_by_digit_or_by_arrows(
    desk: Desk, browser: Chromium, tmp_path: Path
) -> None:
    (desk.folder / "paper.pdf").write_bytes(b"%PDF-1.4\n")
    for report in ("R1", "R5"):
        desk.vote(report, "include", "ana")
        desk.vote(report, "include", "ben")
        desk("fulltext", report, "--retrieved", "paper.pdf", "--as", "ana")
    _open(browser, desk, "--stage", "fulltext")
    browser.press("m")
    assert browser.text("#said") == "Maybe exists at title and abstract only."
    browser.press("e", "Escape")
    assert browser.text("#far") == "0 of 2 decided · 0 included"
    browser.press("e", "2", "e", "ArrowDown", "ArrowDown", "Enter")
    desk("vote", "--from", _downloaded(browser, tmp_path), "--as", "ben")
    rows = desk.table("--as", "ben", "--stage", "fulltext")
    assert [(row["report"], row["reason"]) for row in rows] == [("R1", "no-model"), ("R5", "outcome")]


def test_a_browser_that_keeps_nothing_says_so_and_the_votes_can_be_downloaded(
    desk: Desk, browser: Chromium, tmp_path: Path
) -> None:
    browser.send("Page.addScriptToEvaluateOnNewDocument", source=KEEPS_NOTHING)
    _open(browser, desk)
    assert browser.text("#alarm").startswith("This browser keeps nothing of this page")
    browser.press("i", "e")
    desk("vote", "--from", _downloaded(browser, tmp_path), "--as", "ben")
    assert desk.standing("ben") == {"R1": "include", "R2": "exclude"}


def test_two_tabs_with_the_same_page_lose_nothing_of_each_other(desk: Desk, browser: Chromium) -> None:
    _open(browser, desk)
    browser.press("i")
    other = {
        "kind": "vote",
        "uid": "other",
        "report": "R2",
        "title": "t",
        "decision": "exclude",
        "reason": None,
    }
    browser.value(
        "(() => { const key = Object.keys(localStorage)[0], kept = JSON.parse(localStorage[key]);"
        f" kept.rows.push({json.dumps(other)}); localStorage[key] = JSON.stringify(kept); }})()"
    )
    browser.press("f")
    kept = json.loads(browser.value("Object.values(localStorage)[0]"))
    assert [row["kind"] for row in kept["rows"]] == ["vote", "vote", "mark"]
    assert browser.text("#far") == "2 of 6 decided · 1 included"


def test_what_cannot_be_read_any_more_is_put_aside_and_said(desk: Desk, browser: Chromium) -> None:
    _open(browser, desk)
    browser.press("i")
    browser.value("localStorage.setItem(Object.keys(localStorage)[0], '{\"rows\": [')")
    browser.press("i")
    assert "cannot be read; it was put aside" in browser.text("#alarm")
    kept = browser.value("Object.values(localStorage)")
    assert '{"rows": [' in kept
    assert browser.text("#far") == "2 of 6 decided · 2 included"


def test_a_key_held_down_votes_once(desk: Desk, browser: Chromium) -> None:
    _open(browser, desk)
    held = {"type": "keyDown", "key": "e", "code": "KeyE", "text": "e", "windowsVirtualKeyCode": 69}
    browser.send("Input.dispatchKeyEvent", **held)
    for _ in range(3):
        browser.send("Input.dispatchKeyEvent", **held, autoRepeat=True)
    browser.press("I")  # with the capitals on
    assert browser.text("#far") == "2 of 6 decided · 1 included"


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_votes_stand_in_the_same_place_on_every_report(
    desk: Desk, browser: Chromium, width: int, height: int
) -> None:
    browser.screen(width, height, phone=width == 390)
    _open(browser, desk)
    places = []
    for key in "iemie":
        places.append(
            browser.value("JSON.stringify(document.getElementById('do-include').getBoundingClientRect())")
        )
        browser.press(key)
    assert len(set(places)) == 1
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert json.loads(places[0])["bottom"] <= height
