"""``livrev fulltext``: from what is missing to what is assessed; nothing guessed, and the flow adds up at each step."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from curation.cli.main import run
from curation.sources.standin import Fault, FaultKind
from curation.sources.standin.services import Holdings, Services
from curation.store.connect import Stamp
from curation.tasks.init import init
from tests.cli.conftest import Refuses, Rows
from tests.conftest import Livrev

PROTOCOL = """
review = {title = "Radiomics of the spine.", question = "Together?"}
criteria = {include = ["Everything"]}
exclusion_reasons = [{code = "population", label = "Other population"}]
screening = {votes_abstract = 1, votes_fulltext = 1}
reviewers = [{id = "ana", name = "Ana Ortiz", roles = ["screener"]}]
living = {integration = "Now and then.", retirement = "At the end."}
ncbi = {email = "team@example.org"}
[[sources]]
key = "medline"
name = "MEDLINE"
kind = "database"
strategy = "spine"
"""
ASKED = "[services]\nunpaywall = true\neuropepmc = true\n"
NBIB = """PMID- {pmid}
TI  - {title}
AU  - Hu Y
AU  - Chen B
DP  - 2024
JT  - Journal of made-up spines
VI  - 5
IP  - 2
PG  - 1-9
{more}
"""
# R1 and R2 have a DOI, R3 a PMC number only, R4 nothing but a PubMed number, R5 stays outside.
TITLES = ("Markers of bone", "Radiomics of metastases", "Screws and rods", "Dose to the cord", "Mice")
PMIDS = ("31000001", "31000002", "31000003", "31000004", "31000005")
MORE = (
    "LID - 10.5555/spine.1 [doi]",
    "LID - 10.5555/spine.2(a)b [doi]\nAD  - Somewhere. Electronic address: hu@example.org.",
    "PMC - PMC7000003",
    "LA  - eng",
    "LID - 10.5555/spine.5 [doi]",
)
Capture = pytest.CaptureFixture[str]


def pdf(text: str) -> bytes:
    return b"%PDF-1.4\n" + text.encode() + b"\nstartxref\n9\n%%EOF\n"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Shelf:
    """A web server's papers: by path, status, content type and body; ``asked`` are the paths that were asked for."""

    url: str = ""
    papers: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving() -> Iterator[Shelf]:
    shelf = Shelf()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shelf.asked.append(self.path)
            status, kind, body = shelf.papers.get(self.path, (404, "text/html", b"<html>no</html>"))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        shelf.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield shelf
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Room:
    """The command in this process, in a review where four full texts are sought."""

    folder: Path
    patch: pytest.MonkeyPatch
    capsys: Capture
    err: str = ""

    def __call__(self, *words: str | Path, status: int = 0) -> str:
        """Standard output of a command that leaves as expected; its one line where it fails."""
        # A cache of its own for the pace: no command waits for the one before.
        self.patch.setenv("XDG_CACHE_HOME", mkdtemp(dir=self.folder.parent))
        left = run(["--review", str(self.folder), *map(str, words)])
        out, self.err = self.capsys.readouterr()
        assert left == status, self.err
        if status in {0, 3}:
            return out
        assert out == ""
        return self.err.removeprefix("livrev: ").rstrip("\n")

    def json(self, *words: str | Path, status: int = 0) -> Any:  # noqa: ANN401 - whatever the command prints
        return json.loads(self(*words, "--json", status=status))

    def arm(self) -> tuple[int, int, int, int, int]:
        """Of the flow, which must add up: sought, not retrieved, awaited, assessed, waiting for assessment."""
        arm = self.json("flow")["flow"]["main"]
        excluded = sum(line["n"] for line in arm["excluded"])
        assert arm["assessed"] == arm["sought"] - arm["not_retrieved"] - arm["awaiting_retrieval"]
        assert arm["included"] == arm["assessed"] - excluded - arm["awaiting_assessment"]
        names = ("sought", "not_retrieved", "awaiting_retrieval", "assessed", "awaiting_assessment")
        sought, lost, awaited, assessed, waiting = (int(arm[name]) for name in names)
        return sought, lost, awaited, assessed, waiting

    def missing(self) -> list[str]:
        return [line.split("\t")[0] for line in self("fulltext").splitlines()]

    def events(self) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "review.db")) as sql:
            return sql.execute(
                "SELECT report_id, event, file_name, file_sha256, link, note FROM fulltext_event ORDER BY id"
            ).fetchall()

    def kept(self) -> set[str]:
        return {path.name for path in self.folder.glob("fulltext/*")}

    def protocol(self, *parts: str) -> None:
        (self.folder / "review.toml").write_text("".join((PROTOCOL, *parts)), encoding="utf-8")


@pytest.fixture(scope="session")
def built_room(livrev: Livrev, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The review, built once; take ``room`` to work in it."""
    folder = tmp_path_factory.mktemp("room") / "review"
    folder.mkdir()
    (folder / "review.toml").write_text(PROTOCOL, encoding="utf-8")
    init(folder, Stamp(datetime(2026, 11, 2, tzinfo=UTC), "ana", "test"))
    records = (NBIB.format(pmid=p, title=t, more=m) for p, t, m in zip(PMIDS, TITLES, MORE, strict=True))
    (folder / "export.nbib").write_text("\n".join(records), encoding="utf-8")
    done = livrev("import", "export.nbib", "--source", "medline", cwd=folder)
    assert "5 new" in done.stdout, done.stderr
    for report in ("R1", "R2", "R3", "R4"):
        assert livrev("vote", report, "include", "--as", "ana", cwd=folder).returncode == 0
    assert livrev("vote", "R5", "exclude", "--as", "ana", cwd=folder).returncode == 0
    return folder


@pytest.fixture
def room(
    built_room: Path,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> Room:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Room(Path(shutil.copytree(built_room, tmp_path / "review")), monkeypatch, capsys)


@pytest.fixture
def papers(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of files by their names and contents."""

    def make(**named: bytes) -> Path:
        folder = tmp_path / "papers"
        folder.mkdir(exist_ok=True)
        for name, content in named.items():
            (folder / name).write_bytes(content)
        return folder

    return make


# What is missing


def test_what_is_sought_and_missing_is_listed_with_the_names_to_find_it_by(room: Room) -> None:
    place = "Journal of made-up spines"
    assert room("fulltext").splitlines() == [
        f"R1\tHu et al. 2024\t{TITLES[0]}\t{place}\t10.5555/spine.1\t-",
        f"R2\tHu et al. 2024\t{TITLES[1]}\t{place}\t10.5555/spine.2(a)b\t-",
        f"R3\tHu et al. 2024\t{TITLES[2]}\t{place}\tPMID {PMIDS[2]}\t-",
        f"R4\tHu et al. 2024\t{TITLES[3]}\t{place}\tPMID {PMIDS[3]}\t-",
    ]
    third = room.json("fulltext")[2]
    assert (third["report"], third["pmcid"], third["doi"]) == (3, "PMC7000003", "")
    header, first, *_ = csv.reader(io.StringIO(room("fulltext", "--csv")))
    assert dict(zip(header, first, strict=True))["doi"] == "10.5555/spine.1"
    for report in ("R1", "R2", "R3", "R4"):
        room("fulltext", report, "--not-retrieved", "no answer", "--as", "ana")
    assert (room("fulltext"), room.err) == ("", "no full text is missing\n")
    assert room.json("fulltext") == []


def test_an_address_is_kept_as_a_link_and_a_reason_as_words(room: Room) -> None:
    assert room("fulltext", "R1", "--link", "https://example.org/1", "--as", "ana") == "R1: retrieved\n"
    assert room("fulltext", "R2", "--not-retrieved", "no answer", "--as", "ana") == "R2: not retrieved\n"
    assert room.events() == [
        (1, "retrieved", "", "", "https://example.org/1", ""),
        (2, "not retrieved", "", "", "", "no answer"),
    ]
    assert room.arm() == (4, 1, 2, 1, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("R1",), "say one of --retrieved FILE, --link ADDRESS, --not-retrieved WHY"),
        (("R1", "--link", "x", "--not-retrieved", "why"), "say one of --retrieved FILE"),
        (("R1", "--link", "x"), "say who acts: --as ID"),
        (("R1", "--link", " ", "--as", "ana"), "say the address"),
        (("R1", "R2", "--link", "x", "--as", "ana"), "name one report"),
        (("--link", "x", "--as", "ana"), "name one report"),
        (("--attach", "--as", "ana"), "name the files or folders"),
        (("--attach", "."), "say who acts: --as ID"),
        (("--attach", "gone", "--as", "ana"), "some of the files are not there"),
        (("--attach", ".", "--as", "zoe"), "'zoe' is no reviewer"),
        (("--attach", ".", "--find", "--as", "ana"), "say one of"),
        (("--find", "R1"), "takes no REPORT"),
        (("--find", "--download"), "say who acts: --as ID"),
        (("--download",), "--download goes with --find"),
        (("--authors",), "--authors goes with --mail"),
        (("--dry-run",), "--dry-run goes with --attach"),
        (("--mail", "--json"), "--json goes with the list or --attach or --find"),
        (("--mail", "--to-library", "nobody"), "'nobody' is no e-mail address"),
        (("--mail", "--to-library", "a@b\nBcc: c@d"), "is no e-mail address"),
        (("--mail", "--authors", "--to-library", "a@b.org"), "two letters"),
    ],
)
def test_words_that_do_not_fit_together(room: Room, rows: Rows, words: tuple[str, ...], said: str) -> None:
    before = rows(room.folder)
    assert said in room("fulltext", *words, status=2)
    assert rows(room.folder) == before


# Attaching


def test_pdfs_are_attached_by_doi_pubmed_number_and_number_of_the_report(
    room: Room, papers: Callable[..., Path], rows: Rows
) -> None:
    named = {
        "10.5555_spine.1.pdf": pdf("one"),
        "Hu 2024 10.5555%2Fspine.2(A)B final.PDF": pdf("two"),
        "PMC7000003.pdf": pdf("three"),
        "PMID31000004 Hu 2024.pdf": pdf("four"),
    }
    folder = papers(**named)
    before = rows(room.folder)
    planned = room("fulltext", "--attach", folder, "--as", "ana", "--dry-run")
    assert planned.count("would be attached") == 4
    assert (rows(room.folder), room.kept()) == (before, set())
    done = room("fulltext", "--attach", folder, "--as", "ana")
    lines = [f"R{n}\tattached\t{folder / name}" for n, name in enumerate(named, 1)]
    assert (done.splitlines(), room.err) == (lines, "")
    for n, (name, content) in enumerate(named.items(), 1):
        assert room.events()[n - 1] == (n, "retrieved", name, sha(content), "", "")
        assert (room.folder / "fulltext" / f"{sha(content)[:8]}-{name}").read_bytes() == content
    assert (room.arm(), room.missing()) == ((4, 0, 0, 4, 4), [])


def test_attaching_again_changes_nothing_and_brings_a_lost_file_back(
    room: Room, papers: Callable[..., Path], rows: Rows
) -> None:
    folder = papers(**{"R1.pdf": pdf("one"), "R1 (1).pdf": pdf("one")})
    assert room("fulltext", "--attach", folder, "--as", "ana").count("attached") == 1
    before, kept = rows(room.folder), room.kept()
    assert room("fulltext", "--attach", folder, "--as", "ana").count("unchanged") == 2
    assert room("fulltext", "--attach", room.folder / "fulltext", "--as", "ana").count("unchanged") == 1
    assert (rows(room.folder), room.kept()) == (before, kept)
    shutil.rmtree(room.folder / "fulltext")
    assert room("fulltext", "--attach", folder / "R1 (1).pdf", "--as", "ana").startswith("R1\tattached")
    assert len(room.kept()) == 1


TRAPS = {
    "paper.pdf": (pdf("x"), "no DOI, PubMed number or report number of this review in its name"),
    "R99.pdf": (pdf("x"), "no DOI, PubMed number or report number of this review in its name"),
    "R1 PMID31000002.pdf": (pdf("x"), "its name speaks of R1 and R2; say which"),
    "R1 login.pdf": (b"<html>Please log in</html>", "it is a web page, not a PDF"),
    "R1 cut.pdf": (pdf("x")[:12], "it is a PDF that breaks off before its end"),
    "R1 void.pdf": (b"", "it is empty"),
    "R1 locked.pdf": (pdf("trailer <</Encrypt 9 0 R>>"), "it is an encrypted PDF"),
    "R1 supplement.pdf": (pdf("x"), "its name calls it a supplement"),
    "R5.pdf": (pdf("x"), "R5 has not passed title/abstract; its full text is not sought"),
}


def test_what_is_not_plain_is_left_with_one_line_each_and_the_rest_is_attached(
    room: Room, papers: Callable[..., Path]
) -> None:
    folder = papers(**{name: content for name, (content, _) in TRAPS.items()}, **{"R2.pdf": pdf("two")})
    (folder / "notes.txt").write_text("to do")
    (folder / ".hidden.pdf").write_bytes(pdf("x"))
    inner = folder / "more"
    inner.mkdir()
    (inner / "R3 a.pdf").write_bytes(pdf("three"))
    (inner / "R3 b.pdf").write_bytes(pdf("another three"))
    out = room("fulltext", "--attach", folder, "--as", "ana", status=3)
    assert out == f"R2\tattached\t{folder / 'R2.pdf'}\n"
    said = room.err.splitlines()
    for name, (_, why) in TRAPS.items():
        assert sum(line.startswith(f"livrev: warning: {folder / name}: left: {why}") for line in said) == 1, (
            name
        )
    assert (
        f"{inner / 'R3 a.pdf'}: left: another file for R3, R3 b.pdf, differs; livrev fulltext R3" in room.err
    )
    assert f"{inner / 'R3 b.pdf'}: left: another file for R3, R3 a.pdf, differs" in room.err
    assert said[-1] == "1 file without .pdf in the name not looked at"
    assert len(said) == len(TRAPS) + 3
    assert [event[0] for event in room.events()] == [2]


def test_another_file_never_takes_the_place_of_one_by_itself(room: Room, papers: Callable[..., Path]) -> None:
    folder = papers(**{"R1.pdf": pdf("one")})
    room("fulltext", "--attach", folder, "--as", "ana")
    papers(**{"R1.pdf": pdf("a better scan")})
    assert room("fulltext", "--attach", folder, "--as", "ana", status=3) == ""
    assert (
        "R1 has another full text, R1.pdf; to put this one in its place: livrev fulltext R1 --retr"
        in room.err
    )
    done = room.json("fulltext", "--attach", folder, "--as", "ana", status=3)
    assert (done["taken"], len(done["left"])) == ([], 1)
    room("fulltext", "R1", "--retrieved", folder / "R1.pdf", "--as", "ana")
    assert len(room.events()) == 2


def test_a_full_text_noted_as_not_to_be_had_may_come_after_all(
    room: Room, papers: Callable[..., Path]
) -> None:
    room("fulltext", "R1", "--not-retrieved", "no answer", "--as", "ana")
    assert room.arm() == (4, 1, 3, 0, 0)
    room("fulltext", "--attach", papers(**{"R1.pdf": pdf("one")}) / "R1.pdf", "--as", "ana")
    assert room.arm() == (4, 0, 3, 1, 1)


def test_a_folder_without_pdfs(room: Room, papers: Callable[..., Path]) -> None:
    assert (room("fulltext", "--attach", papers(), "--as", "ana"), room.err) == ("", "no PDF there\n")


@pytest.mark.parametrize("words", [("R1", "--retrieved", "R1.pdf"), ("--attach", "R1.pdf")])
def test_killed_between_the_copy_and_the_row_the_store_is_as_it_was_and_the_command_runs_again(
    room: Room, rows: Rows, livrev: Livrev, environment: dict[str, str], words: tuple[str, ...]
) -> None:
    (room.folder / "R1.pdf").write_bytes(pdf("one"))
    before = rows(room.folder)
    copy = room.folder / "fulltext" / f"{sha(pdf('one'))[:8]}-R1.pdf"
    line = [
        sys.executable,
        "-c",
        "from curation.cli.main import main; main()",
        "fulltext",
        *words,
        "--as",
        "ana",
    ]
    with closing(sqlite3.connect(room.folder / "review.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # the row has to wait, the copy has not
        with subprocess.Popen(line, cwd=room.folder, env=environment) as process:
            deadline = time.monotonic() + 60
            while not copy.exists():
                assert process.poll() is None, "it did not wait for its turn"
                assert time.monotonic() < deadline
            process.kill()
        assert process.returncode == -signal.SIGKILL
    assert rows(room.folder) == before
    assert copy.read_bytes() == pdf("one")
    done = livrev("fulltext", *words, "--as", "ana", cwd=room.folder)
    assert done.returncode == 0, done.stderr
    assert (len(room.events()), room.kept()) == (1, {copy.name})


def test_a_file_of_a_report_that_is_not_sought_is_not_copied(room: Room, refuses: Refuses) -> None:
    (room.folder / "R5.pdf").write_bytes(pdf("x"))
    refuses(room.folder, "fulltext", "R5", "--retrieved", "R5.pdf", "--as", "ana", status=1)
    assert room.kept() == set()


# Finding


@pytest.fixture
def network(room: Room) -> Iterator[tuple[Services, Shelf]]:
    """Unpaywall, Europe PMC and a web server on loopback, both services asked for."""
    room.protocol(ASKED)
    with serving() as shelf, Services(holdings(shelf)) as services:
        for name in ("europepmc", "unpaywall"):
            room.patch.setenv(f"LIVREV_{name.upper()}_URL", f"{services.url}{name}/")
        yield services, shelf


def holdings(shelf: Shelf) -> Holdings:
    """R1 open at Unpaywall, R2 as the manuscript that was submitted, R3 open at Europe PMC, R4 to be paid for."""
    one = {"url_for_pdf": f"{shelf.url}/one.pdf", "license": "cc-by", "version": "publishedVersion"}
    two = {"url_for_pdf": f"{shelf.url}/two.pdf", "license": None, "version": "submittedVersion"}
    named = {"10.5555/spine.1": one, "10.5555/spine.2(a)b": two}
    text = {
        "availabilityCode": "OA",
        "documentStyle": "pdf",
        "site": "Europe_PMC",
        "url": f"{shelf.url}/three.pdf",
    }
    paid = {
        "availabilityCode": "S",
        "documentStyle": "doi",
        "site": "DOI",
        "url": "https://doi.org/10.5555/4",
    }
    return Holdings(
        records=tuple(
            {"id": pmid, "source": "MED", "pmid": pmid, "title": title, "license": "cc by-nc"}
            | {"fullTextUrlList": {"fullTextUrl": [listed]}}
            for pmid, title, listed in ((PMIDS[2], TITLES[2], text), (PMIDS[3], TITLES[3], paid))
        ),
        open_copies={
            doi: {"doi": doi, "oa_status": "green", "best_oa_location": place} for doi, place in named.items()
        },
    )


def test_open_copies_are_listed_with_version_and_licence_and_nothing_is_stored(
    room: Room, rows: Rows, network: tuple[Services, Shelf]
) -> None:
    _, shelf = network
    room("status")
    before = rows(room.folder)
    assert room("fulltext", "--find").splitlines() == [
        f"R1\t{shelf.url}/one.pdf\tpublishedVersion, cc-by (Unpaywall)",
        f"R2\t{shelf.url}/two.pdf\tsubmittedVersion, licence not told (Unpaywall)\tnot the article itself",
        f"R3\t{shelf.url}/three.pdf\tpublishedVersion, cc-by-nc (Europe PMC)",
        "R4\t-\tno open copy known",
    ]
    assert (rows(room.folder), shelf.asked) == (before, [])
    first = room.json("fulltext", "--find")["found"][0]
    assert (first["report"], first["copies"][0]["fetchable"], first["troubles"]) == (1, True, [])


@pytest.mark.slow
def test_a_link_is_noted_once_and_moves_nothing(room: Room, network: tuple[Services, Shelf]) -> None:
    _, shelf = network
    before = room.arm()
    room("fulltext", "--find", "--as", "ana")
    assert room.err == "2 links noted\n"
    noted = [
        (1, "awaited", "", "", f"{shelf.url}/one.pdf", "publishedVersion, cc-by (Unpaywall)"),
        (3, "awaited", "", "", f"{shelf.url}/three.pdf", "publishedVersion, cc-by-nc (Europe PMC)"),
    ]
    assert (room.events(), room.arm(), before) == (noted, before, (4, 0, 4, 0, 0))
    room("fulltext", "--find", "--as", "ana")
    assert (room.err, room.events()) == ("0 links noted\n", noted)
    assert [line.split("\t")[5] for line in room("fulltext").splitlines()] == [
        f"{shelf.url}/one.pdf",
        "-",
        f"{shelf.url}/three.pdf",
        "-",
    ]


def test_the_pdf_of_an_open_copy_is_fetched_looked_at_and_kept(
    room: Room, network: tuple[Services, Shelf], papers: Callable[..., Path]
) -> None:
    _, shelf = network
    shelf.papers["/one.pdf"] = (200, "application/pdf", pdf("one"))
    shelf.papers["/three.pdf"] = (200, "text/html; charset=utf-8", b"<html>Are you a robot?</html>")
    out = room("fulltext", "--find", "--download", "--as", "ana", status=3)
    name = "R1 10.5555_spine.1.pdf"
    assert out.splitlines()[-1] == f"R1\tretrieved\t{name}\t{shelf.url}/one.pdf"
    assert f"R3: {shelf.url}/three.pdf: the server sent text/html, not a PDF" in room.err
    assert shelf.asked == ["/one.pdf", "/three.pdf"], "never the manuscript that was submitted"
    words = "open copy: publishedVersion, cc-by (Unpaywall)"
    assert room.events()[-1] == (1, "retrieved", name, sha(pdf("one")), f"{shelf.url}/one.pdf", words)
    assert (room.arm(), room.missing()) == ((4, 0, 3, 1, 1), ["R2", "R3", "R4"])
    again = papers(**{name: pdf("one")})
    assert room("fulltext", "--attach", again, "--as", "ana") == f"R1\tunchanged\t{again / name}\n"


@pytest.mark.slow  # the pace at which servers are asked
@pytest.mark.parametrize(
    ("paper", "said"),
    [
        ((403, "text/html", b"<html>no</html>"), "the server answered HTTP 403"),
        ((503, "text/html", b"<html>later</html>"), "HTTP 503 Service Unavailable, after 2 tries"),
        ((200, "application/pdf", b"<html>Log in</html>"), "what came is a web page, not a PDF"),
        ((200, "application/pdf", pdf("x")[:14]), "what came is a PDF that breaks off"),
        ((200, "application/pdf", b""), "what came is empty"),
    ],
)
def test_what_comes_in_place_of_a_pdf_is_no_full_text(
    room: Room, network: tuple[Services, Shelf], paper: tuple[int, str, bytes], said: str
) -> None:
    _, shelf = network
    shelf.papers["/one.pdf"] = paper
    shelf.papers["/three.pdf"] = (200, "application/octet-stream", pdf("three"))
    got = room.json("fulltext", "--find", "--download", "--as", "ana", status=3)["downloaded"]
    assert said in got[0]["troubles"][0]
    assert (got[0]["file"], got[1]["file"]) == ("", "R3.pdf")
    assert room.missing() == ["R1", "R2", "R4"]


@pytest.mark.slow
def test_a_service_that_fails_is_named_and_the_others_still_answer(
    room: Room, network: tuple[Services, Shelf]
) -> None:
    services, shelf = network
    services.play(Fault(FaultKind.STATUS_500, times=None, path="unpaywall"))
    out = room("fulltext", "--find", "--as", "ana", status=3)
    assert f"R3\t{shelf.url}/three.pdf" in out
    assert out.startswith("R1\t-\tnot known\n")
    said = [line for line in room.err.splitlines() if "warning" in line]
    assert [line.partition(": Unpaywall: ")[0] for line in said] == [
        "livrev: warning: R1",
        "livrev: warning: R2",
    ]
    assert "HTTP 500" in said[0]
    assert [event[0] for event in room.events()] == [3]


def test_a_service_that_is_out_of_order_is_asked_no_more(room: Room, network: tuple[Services, Shelf]) -> None:
    services, _ = network
    services.play(Fault(FaultKind.RESET, times=None, path="fetch"))
    room("fulltext", "--find", status=3)
    fetched = [r for r in services.requests if r.path.startswith("europepmc")]
    assert len(fetched) == 4, "two reports, as many tries each as there may be"
    assert "R4: Europe PMC: not asked after 2 failures on end; run the same command again later" in room.err


def test_no_service_is_asked_that_is_not_wanted(room: Room, network: tuple[Services, Shelf]) -> None:
    services, _ = network
    room.protocol()
    assert "write: unpaywall = true, or europepmc = true" in room("fulltext", "--find", status=78)
    assert list(services.requests) == []
    room.protocol("[services]\neuropepmc = true\n")
    room("fulltext", "--find")
    asked = {request.path.partition("/")[0] for request in services.requests}
    assert asked == {"europepmc"}


# Letters


def test_the_letter_to_a_library_has_every_reference_with_its_names(room: Room, rows: Rows) -> None:
    before = rows(room.folder)
    letter = room("fulltext", "--mail", "--to-library", "loans@example.org", "--as", "ana")
    assert letter.startswith(
        "To: loans@example.org\nSubject: Request for the full text of 4 articles\n\nDear colleagues,\n\n"
        'for the systematic review "Radiomics of the spine" we have not found'
    )
    assert (
        "\n\n2. Hu Y, Chen B. Radiomics of metastases. Journal of made-up spines.\n   2024;5(2):1-9.\n"
        "   DOI: https://doi.org/10.5555/spine.2(a)b\n   PMID: 31000002\n   Name of the file, please: R2.pdf\n"
    ) in letter
    assert "   PMCID: PMC7000003\n" in letter
    assert letter.endswith("With kind regards\nAna Ortiz\nteam@example.org\n")
    assert max(map(len, letter.splitlines())) <= 80
    assert rows(room.folder) == before


def test_what_is_open_or_retrieved_is_not_asked_for(room: Room, network: tuple[Services, Shelf]) -> None:
    assert network
    room("fulltext", "--find", "--as", "ana")
    room("fulltext", "R4", "--link", "https://example.org/4", "--as", "ana")
    letter = room("fulltext", "--mail")
    assert letter.startswith("Subject: Request for the full text of 1 article\n")
    assert "1. Hu Y, Chen B. Radiomics of metastases." in letter
    assert room.err == "left out, an open copy is known: R1, R3 (livrev fulltext lists the links)\n"
    room("fulltext", "R2", "--not-retrieved", "no answer", "--as", "ana")
    assert room("fulltext", "--mail") == ""
    assert room.err.endswith("no full text has to be asked for\n")


def test_letters_to_authors_say_where_no_address_is_known(room: Room) -> None:
    letters = room("fulltext", "--mail", "--authors").split(f"{'-' * 72}\n")
    assert len(letters) == 4
    first, second, *_ = letters
    assert first.startswith("To: (no address is on record; ")
    assert second.startswith(
        "To: hu@example.org\nSubject: Request for the full text of your report (R2)\n\nDear colleagues,\n"
    )
    assert "\nDOI: https://doi.org/10.5555/spine.2(a)b\n" in second
    assert "\nThe authors of the review\n" in second


# The story


@pytest.mark.slow
def test_from_sought_to_assessed_the_flow_adds_up_at_each_step(
    room: Room, network: tuple[Services, Shelf], papers: Callable[..., Path]
) -> None:
    _, shelf = network
    shelf.papers |= {f"/{n}.pdf": (200, "application/pdf", pdf(n)) for n in ("one", "three")}
    assert (room.arm(), room.missing()) == ((4, 0, 4, 0, 0), ["R1", "R2", "R3", "R4"])
    room("fulltext", "--find", "--as", "ana")
    assert (room.arm(), room.missing()) == ((4, 0, 4, 0, 0), ["R1", "R2", "R3", "R4"])
    room("fulltext", "--find", "--download", "--as", "ana")
    assert (room.arm(), room.missing()) == ((4, 0, 2, 2, 2), ["R2", "R4"])
    room("fulltext", "--attach", papers(**{"10.5555_spine.2(a)b.pdf": pdf("two")}), "--as", "ana")
    assert (room.arm(), room.missing()) == ((4, 0, 1, 3, 3), ["R4"])
    assert room("fulltext", "--mail").count("Name of the file, please: ") == 1
    room("fulltext", "R4", "--not-retrieved", "the library has no copy", "--as", "ana")
    assert (room.arm(), room.missing()) == ((4, 1, 0, 3, 3), [])
    room("vote", "R1", "include", "--as", "ana")
    room("vote", "R2", "exclude", "--reason", "population", "--as", "ana")
    assert room.arm() == (4, 1, 0, 3, 1)
    room("fulltext", "R3", "--not-retrieved", "it was another paper", "--as", "ana")
    assert room.arm() == (4, 2, 0, 2, 0)
