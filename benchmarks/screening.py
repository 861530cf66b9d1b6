"""Starts ``voting.py``: what a vote costs. It bears the name of the package that it measures.

Python puts the folder of a script first on its path, so this file would hide the package ``screening`` from every
script beside it; it steps aside instead.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

sys.path[:] = [place for place in sys.path if Path(place or ".").resolve() != HERE]
if __name__ == "screening":
    del sys.modules["screening"]
    importlib.import_module("screening")
elif __name__ == "__main__":
    sys.exit(importlib.import_module("benchmarks.voting").main())
