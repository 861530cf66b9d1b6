"""The form on a terminal: one question after the other, each answer stored at once."""

from __future__ import annotations

import re
from collections.abc import Callable

import click

from curation.cli.common import counted
from curation.cli.extract_lines import Lines
from curation.errors import BadInput
from curation.store.connect import Stamp
from curation.tasks.extract_entry import Typed, answer, enter
from curation.tasks.extract_own import Own, Question, new_row, own, questions
from curation.tasks.review import Review

HELP = """\
An empty line leaves a cell as it is.  NR not reported, NA not applicable, unclear.
Of a field of the study, the page and a quote may follow:  359 @ p. 3 "a total of 359 patients"
?        what to write here             <  back to the question before
-        empty the cell                 +  on to another row of this table
/ FIELD  go to a field or a table       q  leave (what was answered is stored)"""
_WITH_PAGE = re.compile(r'(?P<text>.*?)(?:\s@\s*(?P<page>[^"]*?))?(?:\s+"(?P<quote>.+)")?')
_MORE = "another row of {table}? name it, + lets livrev name it, an empty line goes on"


class Interview:
    """One extractor's way through a study's form."""

    def __init__(self, review: Review, study: str, stamp: Callable[[], Stamp]) -> None:
        self._review = review
        self._study = study
        self._stamp = stamp
        self._by = stamp().by
        self._lines = Lines()
        self._answered = 0
        self._mine = own(review, study, self._by)

    def run(self) -> None:
        """Ask until the last question is answered, or the extractor leaves."""
        asked = questions(self._mine)
        click.echo(f"{self._mine.form.title}: {self._study}, by {self._by}  (? for help, q to leave)")
        at = 0
        while 0 <= at < len(asked):
            said = self._ask(asked[at])
            if said is None:
                break
            at = self._then(said, asked, at)
            asked = questions(self._mine)
        click.echo(
            f"{counted(self._answered, 'answer')} stored; when all is there: livrev extract finish {self._study} --as {self._by}"
        )

    def _ask(self, one: Question) -> str | None:
        if one.cell is None:
            return self._lines.next(_MORE.format(table=one.table))
        now = self._mine.cells.get(one.cell)
        where = f" of {one.cell.row}" if one.cell.row else ""
        click.echo(f"\n{one.label}{where} [{one.cell.path}]{f' = {now.text}' if now else ''}")
        return self._lines.next("answer")

    def _then(self, said: str, asked: list[Question], at: int) -> int:
        """Does what an answer says; gives the number of the question that follows."""
        moved = self._moved(said, asked, at)
        if moved is not None:
            return moved
        one = asked[at]
        if one.cell is None:
            self._mine = new_row(self._mine, one.table, "" if said == "+" else said)
            return at
        return self._store(one, said, at)

    def _moved(self, said: str, asked: list[Question], at: int) -> int | None:
        """Where a word that is no answer leads; None for an answer."""
        one = asked[at]
        if said == "?":
            click.echo(f"{one.help}\n{HELP}")
            return at
        if said.startswith("/"):
            return self._place(asked, said[1:].strip(), at)
        if said == "+" and one.cell is not None:
            later = (
                n for n in range(at, len(asked)) if asked[n].cell is None and asked[n].table == one.table
            )
            return next(later, at)
        return {"q": len(asked), "<": max(0, at - 1), "": at + 1}.get(said)

    def _place(self, asked: list[Question], name: str, at: int) -> int:
        for number, one in enumerate(asked):
            if name in (one.table, one.cell.path if one.cell else ""):
                return number
        click.echo(f"there is no field {name!r}")
        return at

    def _store(self, one: Question, said: str, at: int) -> int:
        if one.cell is None:
            return at
        try:
            done = enter(self._review, self._study, self._by, [_typed(one, said)], self._stamp())
        except BadInput as refused:
            click.echo(f"not stored: {'; '.join(refused.faults)}")
            return at
        for doubt in done.doubts:
            click.echo(f"look again: {doubt}")
        self._answered += done.filled
        self._mine = self._fresh()
        return at + 1

    def _fresh(self) -> Own:
        return own(self._review, self._study, self._by, begun=self._mine.begun)


def _typed(one: Question, said: str) -> Typed:
    """The answer; of a field of the study with its page and quote, which are columns of their own in a table."""
    if said == "-":
        return answer(one, "")
    found = None if one.table else _WITH_PAGE.fullmatch(said)
    return answer(one, found["text"], found["page"], found["quote"]) if found else answer(one, said)
