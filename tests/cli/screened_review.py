"""A small review at work, for the tests of votes that leave it and come back."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import Livrev

TITLES = (
    "Radiomics of the vertebral body",
    "</script><script>alert('R2')</script> & texture of the sacrum",
    "Deep learning in the spine 𝒙 and elsewhere",
    "=HYPERLINK(1) of osteolysis",
    "Perfusion of bone marrow",
    "Bone scans read by a network",
)


@dataclass(frozen=True)
class Desk:
    """A review whose reports R1 to R6 wait for ana and ben."""

    livrev: Livrev
    folder: Path

    def __call__(self, *words: str | Path, status: int = 0, **environment: str) -> str:
        """What a command prints on standard output."""
        done = self.livrev(*words, cwd=self.folder, **environment)
        assert done.returncode == status, done.stderr
        return done.stdout

    def warned(self, *words: str | Path) -> str:
        """What a command that is done with warnings says on standard error."""
        done = self.livrev(*words, cwd=self.folder)
        assert done.returncode == 3, (done.stdout, done.stderr)
        return done.stderr

    def vote(self, report: str, decision: str, reviewer: str, *more: str) -> None:
        self("vote", report, decision, "--as", reviewer, *more)

    def table(self, *words: str) -> list[dict[str, Any]]:
        """The rows of ``livrev votes --json``."""
        told: list[dict[str, Any]] = json.loads(self("votes", "--json", *words))
        return told

    def page(self, reviewer: str = "ben", *more: str) -> str:
        """The screening page of a reviewer."""
        path = self.folder / self("pack", "--as", reviewer, "--force", "-o", "page.html", *more).strip()
        return path.read_text(encoding="utf-8")

    def standing(self, reviewer: str) -> dict[str, str]:
        """Standing votes of a reviewer by report, whatever command would show."""
        with closing(sqlite3.connect(self.folder / "review.db")) as sql:
            return dict(
                sql.execute(
                    "SELECT 'R' || report_now, decision FROM vote_now WHERE reviewer = ? ORDER BY report_now",
                    (reviewer,),
                ).fetchall()
            )


def made(livrev: Livrev, folder: Path) -> Desk:
    """A new review with its six reports."""
    assert livrev("init", folder).returncode == 0
    (folder / "export.ris").write_text(
        "".join(_record(n, t) for n, t in enumerate(TITLES, 1)), encoding="utf-8"
    )
    done = livrev("import", "export.ris", "--source", "embase", cwd=folder)
    assert "6 new" in done.stdout, done.stderr
    return Desk(livrev, folder)


def _record(n: int, title: str) -> str:
    return (
        f"TY  - JOUR\nAN  - L{n}\nTI  - {title}\nAU  - Author{n}, A.\nPY  - {2018 + n}\nJO  - Journal of Spines\n"
        f"AB  - What a prediction model found in study {n}.\nDO  - 10.1000/study.{n}\nER  - \n\n"
    )


def data_of(page: str) -> dict[str, Any]:
    """What a screening page holds, as its script reads it."""
    found = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert len(found) == 1
    data: dict[str, Any] = json.loads(found[0])
    return data


def votes_file(folder: Path, page: str, *rows: Mapping[str, object], **head: object) -> Path:
    """The file that a page would write with these rows."""
    data = data_of(page)
    about = {key: data[key] for key in ("review", "title", "reviewer", "stage", "batch")}
    path = folder / "votes.json"
    path.write_text(json.dumps({"livrev_votes": 1, **about, **head, "rows": rows}), encoding="utf-8")
    return path


def vote_row(uid: str, number: int, decision: str, **more: object) -> dict[str, object]:
    """A vote as a page writes it, cast on 1 January 2027 unless said otherwise."""
    return {
        "kind": "vote",
        "uid": uid,
        "report": f"R{number}",
        "title": TITLES[number - 1],
        "decision": decision,
        "reason": None,
        "note": "",
        "at": "2027-01-01T10:00:00.000Z",
        "seconds": 12.5,
        **more,
    }


def undo_row(of: str) -> dict[str, object]:
    """A vote of the page taken back."""
    return {"kind": "undo", "uid": f"undo-{of}", "of": of, "at": "2027-01-01T10:01:00.000Z"}


def mark_row(report: int, kind: str, value: str = "", *, on: bool = True) -> dict[str, object]:
    """A tag, note, flag or skip."""
    title = TITLES[report - 1]
    return {"kind": "mark", "report": f"R{report}", "title": title, "mark": kind, "value": value, "on": on}
