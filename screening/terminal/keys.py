"""Which key does what: four presets, single keys set otherwise, and no key that serves two ends.

Keys go by Textual's names (``i``, ``I``, ``space``, ``f2``, ``right``); a sign may stand for its name (``?``).
Several keys for one action are separated by commas (``1,left``).

The digits name exclusion reasons at full text, whatever the preset: Covidence's 1, 2 and 3 decide at title and
abstract only, its arrows at both stages.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

ACTIONS = {
    "include": "include",
    "exclude": "exclude; at full text, choose the reason",
    "maybe": "maybe: goes on like an include (title and abstract only)",
    "undo": "take your last decision back; again for the one before",
    "skip": "put the report to the end of your queue",
    "back": "list your decisions, to go back to one",
    "note": "write a note on the report",
    "tag": "tag the report, or take a tag off",
    "flag": "flag the report for discussion",
    "highlights": "highlighted terms on or off",
    "find": "find words in the report",
    "criteria": "eligibility criteria on or off",
    "keywords": "keywords on or off",
    "open": "open full text, DOI or PubMed",
    "help": "all keys",
    "quit": "leave; everything is stored already",
}
_LIVREV = {
    "include": "i",
    "exclude": "e",
    "maybe": "m",
    "undo": "u",
    "skip": "s",
    "back": "b",
    "note": "n",
    "tag": "t",
    "flag": "f",
    "highlights": "h",
    "find": "slash",
    "criteria": "c",
    "keywords": "k",
    "open": "o",
    "help": "question_mark",
    "quit": "q",
}
PRESETS: dict[str, dict[str, str]] = {
    "livrev": _LIVREV,
    "rayyan": {**_LIVREV, "maybe": "u", "undo": "z"},
    "asreview": {**_LIVREV, "include": "r", "exclude": "i"},
    "covidence": {**_LIVREV, "include": "3,right", "exclude": "1,left", "maybe": "2,down"},
}
RESERVED = ("enter", "escape", "tab", "shift+tab", "ctrl+c", "ctrl+q")
_DIGITS = frozenset("123456789")
_SIGNS = {
    "/": "slash",
    "\\": "backslash",
    "@": "at",
    "-": "minus",
    "+": "plus",
    "_": "underscore",
    " ": "space",
}
_SHOWN = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "space": "Space",
}


def bindings(preset: str, overrides: Mapping[str, str]) -> dict[str, str]:
    """Keys of every action, as ``{"exclude": "1,left", ...}``; an empty override leaves the preset's.

    Raise ValueError for an unknown preset or action, a key that two actions claim, one that Textual cannot
    name, one that the screen needs itself, and an action that only digits reach (they are reasons at full text).
    """
    if preset not in PRESETS:
        message = f"there are no keys named {preset!r}; choose one of {', '.join(PRESETS)}"
        raise ValueError(message)
    unknown = sorted(overrides.keys() - ACTIONS.keys())
    if unknown:
        message = f"no key is needed for {', '.join(unknown)}; actions are {', '.join(ACTIONS)}"
        raise ValueError(message)
    given = {action: keys for action, keys in overrides.items() if keys.strip()}
    chosen = {action: _named(action, given.get(action, PRESETS[preset][action])) for action in ACTIONS}
    _refuse_shared(chosen)
    return chosen


def of_setting(keys: Mapping[str, str]) -> dict[str, str]:
    """The same from one mapping, in which ``preset`` may stand beside the actions."""
    return bindings(keys.get("preset") or "livrev", {k: v for k, v in keys.items() if k != "preset"})


def by_key(chosen: Mapping[str, str]) -> dict[str, str]:
    """The action of every key."""
    return {key: action for action, keys in chosen.items() for key in keys.split(",")}


def shown(keys: str) -> str:
    """Keys as they stand on the screen: ``1 ←`` for ``1,left``, ``?`` for ``question_mark``."""
    return " ".join(_sign(key) for key in keys.split(","))


def first(keys: str) -> str:
    """The first of the keys, as it stands on the screen."""
    return shown(keys.split(",", maxsplit=1)[0])


def _named(action: str, keys: str) -> str:
    named = [_name(action, key.strip()) for key in keys.split(",") if key.strip()]
    if action != "maybe" and set(named) <= _DIGITS:
        message = (
            f"{action}: {', '.join(named)} names an exclusion reason at full text; "
            f"give another key, or one more ({','.join(named)},{PRESETS['livrev'][action]})"
        )
        raise ValueError(message)
    return ",".join(named)


def _name(action: str, key: str) -> str:
    name = _of_sign(key) if len(key) == 1 else key.lower()
    if name in RESERVED:
        message = f"{action}: the screen needs {name} itself; give another key"
        raise ValueError(message)
    if not _exists(name):
        message = (
            f"{action}: there is no key named {key!r}; write it like i, I, ?, space, f2, right or ctrl+x"
        )
        raise ValueError(message)
    return name


def _of_sign(sign: str) -> str:
    if sign.isalnum() or not sign.isprintable():
        return sign
    return _SIGNS.get(sign) or unicodedata.name(sign).lower().replace("-", "_").replace(" ", "_")


def _exists(name: str) -> bool:
    if len(name) == 1:
        return name.isprintable()
    from textual.keys import Keys  # noqa: PLC0415 - the line mode, which has no keys, should not wait for it

    return name in {str(key.value) for key in Keys} or _character(name) is not None


def _character(name: str) -> str | None:
    for sign, its_name in _SIGNS.items():
        if name == its_name:
            return sign
    try:
        return unicodedata.lookup(name.replace("_", " ").upper())
    except KeyError:
        return "-" if name == "hyphen_minus" else None


def _sign(key: str) -> str:
    if len(key) == 1:
        return key
    sign = _SHOWN.get(key) or _character(key) or key
    return "Space" if sign == " " else sign


def _refuse_shared(chosen: Mapping[str, str]) -> None:
    owner: dict[str, str] = {}
    for action, keys in chosen.items():
        for key in keys.split(","):
            if owner.setdefault(key, action) != action:
                message = f"key {shown(key)} would mean both {owner[key]} and {action}; give one of them another key"
                raise ValueError(message)
