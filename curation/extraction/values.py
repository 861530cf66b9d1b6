"""Reads what an extractor wrote in a cell: the digits stay as printed, what they mean is compared.

``NR``, ``NA`` and ``unclear`` say that a value is not reported, not applicable or unclear; an empty cell says nothing.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from curation.extraction.form import Column, Kind

LEVEL = Decimal("0.95")  # of an interval that does not say its own
_MISSING = {
    "nr": "NR", "not reported": "NR", "na": "NA", "n/a": "NA", "not applicable": "NA", "unclear": "unclear",
}  # fmt: skip
_N = r"(?:[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+)"
_SIGNED = rf"-?{_N}"
_NUMBER = re.compile(_SIGNED)
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:[ ,'][0-9]{3})+")
_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2},[0-9]{3}")
_MEAN_SD = re.compile(rf"({_SIGNED}) ?(?:±|\+/?-|\(? ?(?:SD|±)|\() ?({_N}) ?\)?", re.IGNORECASE)
_SHARE = re.compile(rf"([0-9]+) ?(?:/|of) ?([0-9]+)(?: ?[(,;]? ?({_N}) ?% ?\)?)?")
_PERCENT = re.compile(rf"({_N}) ?%")
_AUC = re.compile(
    rf"({_N})(?: ?[(\[,;]? ?(?:(?:({_N}) ?% ?)?(?:CI|confidence interval)?[:,]? ?)({_N}) ?(?:-|to|,|;) ?({_N}) ?[)\]]?)?",
    re.IGNORECASE,
)
_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-") | {"·": ".", "‘": "'", "’": "'", "“": '"', "”": '"'})


class Unreadable(ValueError):
    """What stands in a cell is not what the form asks for; the message says what it must be."""


@dataclass(frozen=True, slots=True)
class Missing:
    """No value, with the word for why."""

    word: str


@dataclass(frozen=True, slots=True)
class MeanSd:
    """A mean with its standard deviation."""

    mean: Decimal
    sd: Decimal


@dataclass(frozen=True, slots=True)
class Share:
    """``n`` of ``of``, and the percentage (0 to 100) as printed; None where one is not given."""

    n: int | None
    of: int | None
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class Auc:
    """An AUC with its interval (None where there is none) at ``level``; proportions."""

    auc: Decimal
    low: Decimal | None
    high: Decimal | None
    level: Decimal = LEVEL


Meaning = Missing | Decimal | int | MeanSd | Share | Auc | str | frozenset[str]


@dataclass(frozen=True, slots=True)
class Value:
    """A cell's ``text`` as printed, what it means, and a ``doubt`` about it that an extractor should look at."""

    text: str
    meaning: Meaning
    doubt: str = ""


def read_value(column: Column, text: str) -> Value:
    """The value of a cell that is not empty.

    Raises Unreadable with what it must be.
    """
    printed = " ".join(text.split())
    plain = _plain(printed)
    missing = _MISSING.get(plain.casefold())
    if missing is not None and not _is_choice(column, plain):
        return Value(missing, Missing(missing))
    return _READERS[column.kind](column, printed, plain)


def parts(text: str) -> tuple[str, ...]:
    """Several texts or choices of one cell."""
    return tuple(part for part in (piece.strip() for piece in text.split(";")) if part)


def number_of(text: str, *, whole: bool = False) -> Decimal:
    """The number that a text prints: decimal point, comma or middle dot; thousands only where it is ``whole``.

    Raises Unreadable when it is none, or could be two.
    """
    plain = _plain(text)
    if whole and _THOUSANDS.fullmatch(plain):
        return Decimal(re.sub(r"[ ,']", "", plain))
    if _AMBIGUOUS.fullmatch(plain):
        raise Unreadable(f"{text!r} can be a thousand or a decimal; write it without the comma")
    if not _NUMBER.fullmatch(plain):
        raise Unreadable(f"must be a number, like {'90' if whole else '0.812'}; it is {text!r}")
    return Decimal(plain.replace(",", "."))


def _plain(text: str) -> str:
    return " ".join(text.translate(_DASHES).split())


def _is_choice(column: Column, plain: str) -> bool:
    return any(plain.casefold() == choice.casefold() for choice in column.choices)


def _text(column: Column, printed: str, _: str) -> Value:
    if column.many:
        return Value("; ".join(parts(printed)), frozenset(map(folded, parts(printed))))
    return Value(printed, folded(printed))


def folded(text: str) -> str:
    """A text without what printing changes: case, dashes, quotes, spaces, a full stop at the end."""
    return _plain(unicodedata.normalize("NFKC", text)).casefold().rstrip(". ")


def _choice(column: Column, printed: str, _: str) -> Value:
    chosen = [_chosen(column, part) for part in (parts(printed) if column.many else (printed,))]
    return Value("; ".join(chosen), frozenset(map(folded, chosen)))


def _chosen(column: Column, text: str) -> str:
    given = folded(text)
    earlier = {folded(old): new for old, new in column.formerly.items()}
    for choice in column.choices:
        if folded(choice) == folded(earlier.get(given, text)):
            return choice
    if any(folded(c) == "other" for c in column.choices) and given.startswith("other:"):
        return f"other: {text.partition(':')[2].strip()}"
    raise Unreadable(f"must be one of: {', '.join(column.choices)}; it is {text!r}")


def _number(column: Column, printed: str, plain: str) -> Value:
    number = number_of(_without_unit(column, plain))
    return Value(printed, _within(column, number))


def _count(column: Column, printed: str, plain: str) -> Value:
    number = number_of(_without_unit(column, plain), whole=True)
    if number < 0 or number != number.to_integral_value():
        raise Unreadable(f"must be a whole number, 0 or more; it is {printed!r}")
    return Value(printed, int(_within(column, number)))


def _mean_sd(column: Column, printed: str, plain: str) -> Value:
    found = _MEAN_SD.fullmatch(_without_unit(column, plain))
    if not found:
        raise Unreadable(f"must be a mean and its SD, like 58.2 ± 9.3; it is {printed!r}")
    mean, sd = number_of(found[1]), number_of(found[2])
    return Value(printed, MeanSd(_within(column, mean), sd))


def _proportion(_: Column, printed: str, plain: str) -> Value:
    if found := _SHARE.fullmatch(plain):
        percent = number_of(found[3]) if found[3] else None
        return _share(printed, int(found[1]), int(found[2]), percent)
    if found := _PERCENT.fullmatch(plain):
        percent = number_of(found[1])
    else:
        share = number_of(plain)
        if not 0 <= share <= 1:
            raise Unreadable(f"must be like 2/11, 18.2 % or 0.182; it is {printed!r}")
        percent = share * 100
    if not 0 <= percent <= 100:  # noqa: PLR2004 - per cent
        raise Unreadable(f"a percentage lies between 0 and 100; it is {printed!r}")
    return Value(printed, Share(None, None, percent))


def _share(printed: str, n: int, of: int, percent: Decimal | None) -> Value:
    if n > of or of == 0:
        raise Unreadable(f"{n} of {of} is no part of a whole; it is {printed!r}")
    share = Share(n, of, percent)
    if percent is None or printed_from(percent, n, of):
        return Value(printed, share)
    return Value(printed, share, f"{percent} % is not {n}/{of}, which is {100 * n / of:.1f} %")


def printed_from(percent: Decimal, n: int, of: int) -> bool:
    """Whether a printed percentage is ``n`` of ``of``, rounded to its digits either way."""
    digits = percent.as_tuple().exponent
    half = Decimal(5).scaleb(digits - 1) if isinstance(digits, int) else Decimal(0)
    return abs(percent * of - 100 * n) <= half * of


def _date(_: Column, printed: str, plain: str) -> Value:
    if not _DATE.fullmatch(plain):
        raise Unreadable(f"must be a date like 2024-03-15, 2024-03 or 2024; it is {printed!r}")
    try:
        dt.date.fromisoformat(plain + "-01-01"[: 0 if len(plain) == 10 else 6 if len(plain) == 4 else 3])  # noqa: PLR2004 - lengths of the three forms
    except ValueError:
        raise Unreadable(f"{printed!r} is in no calendar") from None
    return Value(plain, plain)


def _auc(_: Column, printed: str, plain: str) -> Value:
    found = _AUC.fullmatch(plain)
    if not found:
        raise Unreadable(
            f"must be an AUC, like 0.812 (0.710-0.914) or 0.81 (90% CI 0.75 to 0.87); it is {printed!r}"
        )
    auc, low, high = (number_of(part) if part else None for part in (found[1], found[3], found[4]))
    level = number_of(found[2]) / 100 if found[2] else LEVEL
    if auc is None or any(number is not None and not 0 <= number <= 1 for number in (auc, low, high)):
        raise Unreadable(f"AUC and limits lie between 0 and 1; it is {printed!r}")
    if low is not None and high is not None and low > high:
        raise Unreadable(f"the lower limit is above the upper one; it is {printed!r}")
    if not 0 < level < 1:
        raise Unreadable(f"the level of an interval lies between 0 and 100 %; it is {printed!r}")
    return Value(printed, Auc(auc, low, high, level), _outside(auc, low, high))


def _outside(auc: Decimal, low: Decimal | None, high: Decimal | None) -> str:
    if low is None or high is None or low <= auc <= high:
        return ""
    return f"AUC {auc} is not inside its interval {low} to {high}; check the page"


def _within(column: Column, number: Decimal) -> Decimal:
    least = -math.inf if column.least is None else column.least
    most = math.inf if column.most is None else column.most
    if not least <= number <= most:
        unit = f" {column.unit}" if column.unit else ""
        if column.most is None:
            raise Unreadable(f"must be {column.least:g} or more{unit}; it is {number}")
        if column.least is None:
            raise Unreadable(f"must be {column.most:g} or less{unit}; it is {number}")
        raise Unreadable(f"must lie between {column.least:g} and {column.most:g}{unit}; it is {number}")
    return number


def _without_unit(column: Column, plain: str) -> str:
    unit = _plain(column.unit)
    return plain[: -len(unit)].strip() if unit and plain.casefold().endswith(unit.casefold()) else plain


def _no_cell(column: Column, *_: str) -> Value:
    raise Unreadable(f"{column.id} is a table; write in its rows")


_READERS: dict[Kind, Callable[[Column, str, str], Value]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.MEAN_SD: _mean_sd,
    Kind.COUNT: _count,
    Kind.PROPORTION: _proportion,
    Kind.DATE: _date,
    Kind.CHOICE: _choice,
    Kind.AUC: _auc,
    Kind.TABLE: _no_cell,
}
