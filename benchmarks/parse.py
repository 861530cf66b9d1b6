"""Records a second and peak memory of three readers of PubMed's XML, side by side, each in a process of its own.

Run ``python benchmarks/parse.py [RECORDS ...]`` (default 2000 20000). The files are made of recorded records
(``LIVREV_SHARED_DATA``, or ``../shared/data``) or, where those are not there, of the ones of the demonstration, over
and over under new PubMed numbers. pubmed_parser is installed into a folder that goes again afterwards; without
a package index it is left out. Speed is by CPU seconds of the process (user and system), so that a busy machine
does not count; memory is the highest resident size less what it was when the reader had been imported
(VmHWM, or ``getrusage`` where there is none), so that it is the reading that counts.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("LIVREV_SHARED_DATA", ROOT.parent / "shared" / "data")) / "pubmed_xml"
OURS, ENTREZ, PARSER = "livrev", "Bio.Entrez.read", "pubmed_parser"
FASTER, MEGABYTES, AT_RECORDS = 3.0, 30.0, 20_000  # what ours must be

_HEAD = (
    b'<?xml version="1.0"?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    b'"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n<PubmedArticleSet>\n'
)
_ARTICLE = re.compile(rb"<PubmedArticle[ >].*?</PubmedArticle>", re.DOTALL)
_PMID = re.compile(rb"(<PMID[^>]*>)\d+(</PMID>)")
_KIB = 1024


@dataclass(frozen=True)
class Measured:
    """One reading: records, CPU seconds, and megabytes of resident memory before it and at its highest."""

    records: int
    seconds: float
    before: float
    peak: float


def main() -> None:
    """Measure every reader on every size and print a table, and whether ours is what it must be."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("records", nargs="*", type=int, default=[2_000, AT_RECORDS])
    words.add_argument("--read", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    said = words.parse_args()
    if said.read:
        print(json.dumps(asdict(measured(*said.read))))
        return
    with tempfile.TemporaryDirectory() as folder:
        compared(Path(folder), said.records)


def compared(folder: Path, sizes: list[int]) -> None:
    """Print the table, one line a reader and size."""
    pythons = {OURS: sys.executable, ENTREZ: sys.executable, PARSER: with_parser(folder / "venv")}
    print(
        f"{'reader':<16} {'records':>8} {'file MB':>8} {'records/s':>10} {'CPU s':>7} {'MB':>8} {'MB in all':>10}"
    )
    for size in sizes:
        file = folder / f"{size}.xml"
        written = made(file, size)
        rates: dict[str, Measured] = {}
        for reader, python in pythons.items():
            if python is not None:
                rates[reader] = in_a_process(python, reader, file)
                told(reader, rates[reader], written)
        judged(rates, size)
        file.unlink()


def told(reader: str, found: Measured, written: int) -> None:
    """Print one line of the table."""
    print(
        f"{reader:<16} {found.records:>8,} {written / 1e6:>8.1f} {found.records / found.seconds:>10,.0f} "
        f"{found.seconds:>7.1f} {found.peak - found.before:>8.1f} {found.peak:>10.1f}",
        flush=True,
    )


def judged(rates: dict[str, Measured], size: int) -> None:
    """Print how much faster ours is, and at the full size whether it is what it must be."""
    ours, entrez = rates[OURS], rates[ENTREZ]
    faster, memory = entrez.seconds / ours.seconds, ours.peak - ours.before
    print(f"at {size:,} records {OURS} is {faster:.1f} times as fast as {ENTREZ}, in {memory:.1f} MB")
    if size == AT_RECORDS:
        holds = "holds" if faster >= FASTER and memory < MEGABYTES else "DOES NOT HOLD"
        print(f"at least {FASTER:g} times as fast, under {MEGABYTES:g} MB: {holds}")


def made(file: Path, size: int) -> int:
    """Write ``size`` records, plain and as .gz, under new PubMed numbers; gives the bytes of the plain file."""
    with file.open("wb") as plain, gzip.open(f"{file}.gz", "wb", compresslevel=1) as packed:
        for piece in itertools.chain((_HEAD,), renumbered(size), (b"</PubmedArticleSet>\n",)):
            plain.write(piece)
            packed.write(piece)
    return file.stat().st_size


def renumbered(size: int) -> Iterator[bytes]:
    """Recorded records over and over, each with a number of its own."""
    for number, article in zip(range(size), itertools.cycle(recorded()), strict=False):
        yield _PMID.sub(rb"\g<1>%d\g<2>" % (10_000_000 + number), article, count=1) + b"\n"


def recorded() -> list[bytes]:
    """Articles of the recorded answers, or of the demonstration. pubmed_parser stops at one without a Journal."""
    demonstration = ROOT / "db" / "reference" / "round-1" / "pubmed.xml"
    files = sorted(SHARED.glob("*.xml")) if SHARED.is_dir() else [demonstration]
    articles = [article for file in files for article in _ARTICLE.findall(file.read_bytes())]
    return [article for article in articles if b"<Journal>" in article]


def with_parser(folder: Path) -> str | None:
    """Python that has pubmed_parser, in an environment of its own; None when it cannot be installed."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PARSER]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return python
    why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    print(f"{PARSER} is left out: it could not be installed ({why})")
    return None


def in_a_process(python: str, reader: str, file: Path) -> Measured:
    """Measure one reading in a new process."""
    command = [python, __file__, "--read", reader, str(file)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def measured(reader: str, file: str) -> Measured:
    """Import the reader, then read the file; only the reading is measured."""
    read = READERS[reader]()
    before, begun = resident(), time.process_time()
    count = read(file)
    return Measured(count, time.process_time() - begun, before, resident())


def resident() -> float:
    """Highest resident size of this process so far, in megabytes of a million bytes.

    Linux counts into ``getrusage`` what the process that started this one had held; VmHWM begins anew.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        [highest] = re.findall(r"^VmHWM:\s+(\d+) kB$", status.read_text(encoding="ascii"), re.MULTILINE)
        return int(highest) * _KIB / 1e6
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used * (1 if sys.platform == "darwin" else _KIB) / 1e6


def ours() -> Callable[[str], int]:
    """Reader of livrev, record by record."""
    from curation.sources.pubmed_xml import records  # noqa: PLC0415 - imported in the process that measures it

    def read(file: str) -> int:
        with Path(file).open("rb") as stream:
            return sum(1 for _ in records(stream))

    return read


def entrez() -> Callable[[str], int]:
    """Reader of Biopython; it gives all records at once (``Entrez.parse`` refuses a PubmedArticleSet)."""
    whole: Callable[..., Any] = import_module("Bio.Entrez").read  # it declares no types

    def read(file: str) -> int:
        with Path(file).open("rb") as stream:
            return len(whole(stream, validate=False)["PubmedArticle"])

    return read


def parser() -> Callable[[str], int]:
    """Reader of pubmed_parser; it wants the file packed, and unpacking counts."""
    module = import_module(PARSER)

    def read(file: str) -> int:
        return sum(1 for _ in module.parse_medline_xml(f"{file}.gz"))

    return read


READERS = {OURS: ours, ENTREZ: entrez, PARSER: parser}

if __name__ == "__main__":
    main()
