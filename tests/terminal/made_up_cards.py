"""Reports made up for the screen: ordinary ones, and those that try to break it."""

from __future__ import annotations

from dataclasses import replace

from curation.model import Decision, Stage
from screening.desk import Card, Said, Work
from tests.terminal.memory_desk import MemoryDesk, setting

ABSTRACT = """\
BACKGROUND: The receptor status of spinal metastases guides treatment, and a biopsy of the spine carries risk. \
We asked whether machine learning on routine MRI tells receptor status beforehand.
METHODS: Two hundred and twelve patients with vertebral metastasis of breast cancer were scanned before biopsy. \
A model was trained on two thirds of them and tested on the rest; mice were not involved.
RESULTS: In the test set the AUC was 0.81 (95% CI 0.72 to 0.90). Calibration was fair and got worse where the \
scanner changed.
CONCLUSIONS: Machine-learning on MRI may spare some patients a biopsy. A trial should follow."""

CARD = Card(
    report=8123,
    stage=Stage.ABSTRACT,
    title="Predicting receptor status of spinal metastases from MRI: a machine learning study [two centres]",
    abstract=ABSTRACT,
    year=2024,
    journal="Journal of Made-Up Spine Research",
    authors=("Hu Y", "García A"),
    doi="10.1000/spine.8123",
    pmid="39000123",
    keywords=("Spinal Neoplasms/secondary", "Machine Learning", "Magnetic Resonance Imaging"),
    publication_types=("Journal Article",),
    language="eng",
)
OTHERS = (
    replace(
        CARD, report=8124, title="Bone metastases in mice: a case report", abstract="", doi=None, keywords=()
    ),
    replace(CARD, report=8130, title="脊椎転移の画像診断における深層学習 " * 4, language="jpn", year=2021),
    replace(
        CARD,
        report=8131,
        title="A fourth report",
        abstract="One plain paragraph about metastases.",
        pmid=None,
    ),
)
CARDS = (CARD, *OTHERS)
LONG = replace(
    CARD, title="A very long title of spinal metastases " * 12, abstract="Metastasis of bone. " * 900
)
HOSTILE = replace(
    CARD,
    title="[bold red]Not markup[/] \x1b[31mred\x1b]0;owned\x07 \u202egnp.exe\u202c \ud800 [@click=app.quit]x[/]",
    abstract="BACKGROUND: [link=x]y[/link] \x1b[2J\x9b2J\r\nNext\u2028line \x00.",
    journal="\u2066J\u2069 [/]",
    keywords=("[a", "]b"),
)
SAID: tuple[Said, ...] = (
    Said("Ana García", Decision.INCLUDE, None, "AUC in Table 2, internal test set only."),
    Said(
        "Ben Okafor",
        Decision.EXCLUDE,
        "population",
        "Half of the patients have primary tumours of the spine.",
    ),
)


def abstracts() -> MemoryDesk:
    """Title and abstract, four reports."""
    return MemoryDesk(setting(), CARDS)


def fulltexts() -> MemoryDesk:
    """Full text, the same reports."""
    return MemoryDesk(setting(Work.FULLTEXT), tuple(replace(card, stage=Stage.FULLTEXT) for card in CARDS))


def conflicts(*partners: str, stage: Stage = Stage.FULLTEXT) -> MemoryDesk:
    """Conflicts of two reviewers, by adjudication; with partners, by consensus."""
    voters = ("Ana García", "Ben Okafor") if partners else ("Ben Okafor", "Chen Li")
    cards = tuple(replace(card, stage=stage, voters=voters) for card in CARDS)
    hidden = {card.report: SAID for card in cards} if partners else {}
    return MemoryDesk(setting(Work.CONFLICTS, partners=partners), cards, hidden)
