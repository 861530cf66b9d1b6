"""Pooling by livrev and by what users would pick instead, side by side: the answers, and the CPU seconds they take.

Run ``.venv/bin/python benchmarks/synthesis.py``: made-up effect sizes of 20, 1,000 and 100,000 studies (the same for
all) are pooled by DerSimonian and Laird's estimator with a Wald interval, and by REML with Hartung and Knapp's. Peers
go into ``build/peers/synthesis`` on the first run, each into an environment of its own, and are left out with a line
where there is no package index; metafor is asked where R has it. A dash: the peer has no such method, or (metafor, which
keeps k x k matrices) would need more memory than a desk has. *apart*: how far its estimate of the mean lies from ours.
Seconds are of the pooling alone, after imports, the mean of as many runs as fit into a fifth of a second.
"""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "build" / "peers" / "synthesis"
SIZES = (20, 1_000, 100_000)
METHODS = ("DL", "REML+HK")
MUST_SECONDS, MUST_SIZE = 1.0, 100_000
_LONG_ENOUGH = 0.2
_LARGEST_FOR_R = 2_000

Pooling = Callable[[Sequence[float], Sequence[float]], tuple[float, float]]


@dataclass(frozen=True)
class Answer:
    """Mean, its standard error, and CPU seconds."""

    mean: float
    se: float
    seconds: float


def main() -> None:
    """Print the table and whether ours is as quick as it must be."""
    if len(sys.argv) > 1:
        print(json.dumps(timed(*sys.argv[1:])))
        return
    if not shutil.which("Rscript"):
        print("metafor is left out: there is no Rscript")
    pythons = {"livrev": sys.executable} | {
        package: python for package in ("statsmodels", "PyMARE") if (python := python_with(package))
    }
    print(f"{'':<14}{'k':>9}  {'method':<9}{'mean':>10}{'SE':>10}{'CPU s':>10}  apart")
    quick = True
    for k in SIZES:
        for method in METHODS:
            ours = in_a_process(sys.executable, "livrev", k, method)
            for name, python in pythons.items():
                line_of(name, k, method, in_a_process(python, name, k, method), ours)
            if shutil.which("Rscript"):
                line_of("metafor", k, method, by_r(k, method), ours)
            quick &= k < MUST_SIZE or (ours is not None and ours.seconds < MUST_SECONDS)
    holds = "holds" if quick else "DOES NOT HOLD"
    print(f"REML with Hartung and Knapp's interval of {MUST_SIZE:,} studies in {MUST_SECONDS} s: {holds}")


def line_of(name: str, k: int, method: str, answer: Answer | None, ours: Answer | None) -> None:
    """Print one line of the table."""
    start = f"{name:<14}{k:>9,}  {method:<9}"
    if answer is None or ours is None:
        print(f"{start}{'-':>10}{'-':>10}{'-':>10}")
        return
    apart = abs(answer.mean - ours.mean)
    print(f"{start}{answer.mean:>10.6f}{answer.se:>10.6f}{answer.seconds:>10.4f}  {apart:.0e}")


def studies(k: int) -> tuple[list[float], list[float]]:
    """Made-up logit AUCs with a tau² of 0.05, and their standard errors."""
    draw = random.Random(k)  # noqa: S311 - made-up studies, no secret
    errors = [math.sqrt(draw.uniform(0.01, 0.3)) for _ in range(k)]
    return [1.3 + draw.gauss(0, math.sqrt(0.05 + se**2)) for se in errors], errors


def timed(name: str, size: str, method: str) -> list[float] | None:
    """Mean, standard error and CPU seconds of a peer in this process; None where it has no such method."""
    pooling = POOLINGS[name](method)
    if pooling is None:
        return None
    effects, errors = studies(int(size))
    runs, start = 0, time.process_time()
    while time.process_time() - start < _LONG_ENOUGH or not runs:
        mean, se = pooling(effects, errors)
        runs += 1
    return [mean, se, (time.process_time() - start) / runs]


def livrev(method: str) -> Pooling:
    """Ours."""
    models, tau2 = import_module("curation.synthesis.models"), import_module("curation.synthesis.tau2")

    def pool(effects: Sequence[float], errors: Sequence[float]) -> tuple[float, float]:
        if method == "DL":
            fit = models.random_effects(effects, errors, models.Interval.WALD, method=tau2.Tau2Method.DL)
        else:
            fit = models.random_effects(effects, errors, models.Interval.HARTUNG_KNAPP)
        return fit.estimate, fit.se

    return pool


def statsmodels(method: str) -> Pooling | None:
    """``combine_effects``: no REML; tau² by DL is not kept from going below 0, as the 20 studies show."""
    if method != "DL":
        return None
    numpy, analysis = import_module("numpy"), import_module("statsmodels.stats.meta_analysis")

    def pool(effects: Sequence[float], errors: Sequence[float]) -> tuple[float, float]:
        found = analysis.combine_effects(numpy.asarray(effects), numpy.square(errors), method_re="chi2")
        return float(found.mean_effect_re), float(found.sd_eff_w_re)

    return pool


def pymare(method: str) -> Pooling:
    """Its two estimators; the mean's standard error is asked for, which it computes on demand."""
    numpy, package = import_module("numpy"), import_module("pymare")
    estimators = import_module("pymare.estimators")

    def pool(effects: Sequence[float], errors: Sequence[float]) -> tuple[float, float]:
        column = numpy.asarray(effects)[:, None]
        ones = numpy.ones_like(column)
        data = package.Dataset(column, numpy.square(errors)[:, None], ones, add_intercept=False)
        made = (
            estimators.DerSimonianLaird(small_sample_correction="wald")
            if method == "DL"
            else estimators.VarianceBasedLikelihoodEstimator(
                method="REML", small_sample_correction="knapp-hartung"
            )
        )
        found = made.fit_dataset(data).summary()
        return float(numpy.ravel(found.fe_params)[0]), float(numpy.ravel(found.fe_se)[0])

    return pool


POOLINGS: dict[str, Callable[[str], Pooling | None]] = {
    "livrev": livrev,
    "statsmodels": statsmodels,
    "PyMARE": pymare,
}

_R = """
a <- commandArgs(TRUE); d <- read.csv(a[1]); suppressMessages(library(metafor)); runs <- 0
start <- sum(proc.time()[1:2])
repeat {
  f <- if (a[2] == "DL") rma(y, sei=se, data=d, method="DL")
       else rma(y, sei=se, data=d, method="REML", test="knha", control=list(threshold=1e-12, maxiter=1000))
  runs <- runs + 1; took <- sum(proc.time()[1:2]) - start
  if (took > 0.2) break
}
cat(sprintf("[%.15g,%.15g,%.6g]", coef(f), f$se, took / runs))
"""


def by_r(k: int, method: str) -> Answer | None:
    """metafor, where its k x k matrices fit."""
    if k > _LARGEST_FOR_R:
        return None
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "studies.csv"
        rows = zip(*studies(k), strict=True)
        table.write_text("y,se\n" + "".join(f"{y!r},{se!r}\n" for y, se in rows), encoding="utf-8")
        return answered(["Rscript", "-e", _R, str(table), method], "metafor")


def in_a_process(python: str, name: str, k: int, method: str) -> Answer | None:
    """The answer of a peer, from a process of its own environment."""
    return answered([python, str(Path(__file__)), name, str(k), method], name)


def answered(command: Sequence[str], name: str) -> Answer | None:
    """What a command prints as JSON; None with a line where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        print(f"{name} is left out: {why}")
        return None
    said = json.loads(done.stdout)
    return None if said is None else Answer(*said)


def python_with(package: str) -> str | None:
    """Python of an environment that has the package, made on the first run; None where it cannot be."""
    folder = ENVIRONMENTS / package
    python = folder / "bin" / "python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return str(python)
    why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    print(f"{package} is left out: it could not be installed ({why})")
    return None


if __name__ == "__main__":
    main()
