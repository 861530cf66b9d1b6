"""Words that made-up records are put together from. None of them is a real person, journal or finding."""

from __future__ import annotations

from curation.sources.standin.draft import Periodical, Person


def words(text: str) -> tuple[str, ...]:
    """Words of a text."""
    return tuple(text.split())


def phrases(text: str) -> tuple[str, ...]:
    """Phrases between upright strokes."""
    return tuple(text.split("|"))


_FAMILIES = words(
    "Abelard Bakker Castelló Dubrovnik Eriksen Fontaine Grünwald Haddad Ivanova Jansen Kowalczyk Lindqvist "
    "Marchetti Nakashima Okonjo Petrović Quigley Rasmussen Szabó Tanaka Ueda Virtanen Wójcik Xenakis Yildiz "
    "Zimmermann Adeyemi Bianchi Cheong Desai Engström Ferrante"
)
_GIVEN = words("Ana Bo Clara Dev Elif Femi Gita Hugo Ines Jun Kaja Lior Mira Nils Oya Pia")
PEOPLE = tuple(
    Person(family, f"{_GIVEN[(number * 7 + turn) % 16]} {_GIVEN[(number + turn * 5) % 16]}")
    for number, family in enumerate(_FAMILIES)
    for turn in range(8)
)
GROUPS = tuple(Person(f"{name} Study Group") for name in ("VERTEBRA", "OSTEON", "MARROW", "SIGNAL"))
JOURNALS = tuple(
    Periodical(
        f"The {name} of {field}",
        f"{short} {field}",
        f"{2000 + 7 * number:04}-{3000 + 11 * number:04}",
        f"{101_000_000 + 37 * number}",
    )
    for number, (name, short, field) in enumerate(
        (name, short, field)
        for name, short in (("Annals", "Ann"), ("Archives", "Arch"), ("Letters", "Lett"), ("Notes", "Notes"))
        for field in ("Vertebral Imaging", "Bone Signatures", "Spinal Oncology", "Marker Science")
    )
)
PREPRINTS = Periodical("preRxiv : the stand-in's preprint server", "preRxiv", "2999-3999", "101999999")
OPENINGS = words(
    "Radiomic Molecular Quantitative Automated Multicentre Prospective Retrospective Exploratory Longitudinal "
    "Comparative Multimodal Explainable Calibrated Federated Temporal External"
)
SUBJECTS = phrases(
    "signatures|texture features|deep networks|gradient boosting|nomograms|attention models|survival models|"
    "shape descriptors|diffusion maps|perfusion parameters|habitat analysis|transformer encoders|"
    "graph networks|wavelet features|delta radiomics|ensemble classifiers"
)
SITES = phrases(
    "lumbar vertebrae|thoracic vertebrae|the sacrum|the cervical spine|bone marrow|the pelvis|lung primaries|"
    "breast primaries|prostate primaries|renal primaries|thyroid primaries|colorectal primaries|"
    "paraspinal muscle|the epidural space|pathological fractures|sclerotic lesions"
)
DESIGNS = phrases(
    "a cohort study|a validation study|a pilot study|a diagnostic accuracy study|results of two centres|"
    "a case-control study|a reader study|secondary analysis of a trial|first experience|a registry study|"
    "a reproducibility study|protocol and first results|a simulation|a phantom study|ten years of follow-up|"
    "an external test"
)
MESH = tuple(
    (first, second, "Humans")
    for first in ("Spinal Neoplasms", "Bone Neoplasms", "Lung Neoplasms", "Spine")
    for second in ("Magnetic Resonance Imaging", "Machine Learning", "Prognosis", "Biomarkers, Tumor")
)
KEYWORDS = tuple(
    (first, second)
    for first in ("radiomics", "deep learning", "biomarker", "nomogram")
    for second in ("spine", "metastasis", "mutation", "MRI")
)
BACKGROUND = tuple(
    f"Prediction of {what} from routine images would spare {whom} a biopsy."
    for what in ("mutation status", "treatment response", "survival", "the primary tumour")
    for whom in (
        "patients",
        "frail patients",
        "children",
        "many of those referred",
        "two in three patients",
        "some",
    )
)
METHODS = tuple(
    f"We trained on {number} examinations with {way} and tested on {other} from elsewhere."
    for number, other in ((84, 31), (126, 52), (212, 97), (340, 118), (515, 203), (790, 344))
    for way in ("cross-validation", "a split sample", "bootstrap correction", "nested cross-validation")
)
CONCLUSIONS = tuple(
    f"The model {how}; {what} before it is used."
    for how in (
        "discriminated well",
        "was poorly calibrated",
        "fell short of the readers",
        "matched the readers",
    )
    for what in (
        "a trial is needed",
        "calibration needs work",
        "larger cohorts are needed",
        "costs must be known",
    )
)
