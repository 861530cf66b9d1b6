"""Keys of the presets, single keys set otherwise, and every clash refused by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.keys import Keys, _character_to_key

from screening.terminal import keys


@pytest.mark.parametrize("preset", keys.PRESETS)
def test_every_preset_gives_every_action_a_key_of_its_own(preset: str) -> None:
    chosen = keys.bindings(preset, {})
    assert chosen.keys() == keys.ACTIONS.keys()
    assert len(keys.by_key(chosen)) == sum(len(one.split(",")) for one in chosen.values())


@pytest.mark.parametrize(
    ("preset", "key", "action"),
    [
        ("livrev", "i", "include"),
        ("livrev", "question_mark", "help"),
        ("rayyan", "i", "include"),
        ("rayyan", "u", "maybe"),
        ("rayyan", "z", "undo"),
        ("asreview", "r", "include"),
        ("asreview", "i", "exclude"),
        ("covidence", "1", "exclude"),
        ("covidence", "left", "exclude"),
        ("covidence", "2", "maybe"),
        ("covidence", "down", "maybe"),
        ("covidence", "3", "include"),
        ("covidence", "right", "include"),
    ],
)
def test_a_preset_decides_as_the_other_tool_does(preset: str, key: str, action: str) -> None:
    assert keys.by_key(keys.bindings(preset, {}))[key] == action


def test_a_single_key_is_set_otherwise_and_an_empty_one_is_not() -> None:
    chosen = keys.bindings(
        "livrev", {"include": "y", "exclude": "", "find": "ctrl+f", "note": "?,N", "help": "f1"}
    )
    assert (chosen["include"], chosen["exclude"], chosen["find"]) == ("y", "e", "ctrl+f")
    assert chosen["note"] == "question_mark,N"


def test_a_setting_may_carry_the_preset_beside_its_keys() -> None:
    assert keys.of_setting({"preset": "asreview", "maybe": "x"})["include"] == "r"
    assert keys.of_setting({}) == keys.bindings("livrev", {})
    whole = keys.bindings("covidence", {})
    assert keys.of_setting(whole) == whole


@pytest.mark.parametrize(
    ("preset", "overrides", "says"),
    [
        ("livrev", {"include": "e"}, r"key e would mean both include and exclude"),
        ("rayyan", {"undo": "u"}, r"key u would mean both maybe and undo"),
        ("livrev", {"find": "?"}, r"key \? would mean both find and help"),
        ("livrev", {"include": "hyper"}, r"include: there is no key named 'hyper'"),
        ("livrev", {"include": "ctrl+ä"}, r"there is no key named"),
        ("livrev", {"include": "enter"}, r"the screen needs enter itself"),
        ("livrev", {"skip": "4"}, r"skip: 4 names an exclusion reason at full text"),
        ("livrev", {"incldue": "x"}, r"no key is needed for incldue"),
        ("emacs", {}, r"choose one of livrev, rayyan, asreview, covidence"),
    ],
)
def test_keys_that_cannot_be_are_refused_with_what_is_wrong(
    preset: str, overrides: dict[str, str], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        keys.bindings(preset, overrides)


@given(st.characters(min_codepoint=33, max_codepoint=0x24F, categories=("L", "N", "P", "S")))
def test_a_sign_gets_the_name_that_textual_gives_it(sign: str) -> None:
    assert keys._of_sign(sign) == _character_to_key(sign)


@pytest.mark.parametrize("named", [str(key.value) for key in Keys])
def test_every_key_that_textual_names_can_be_chosen(named: str) -> None:
    expected = named if named not in keys.RESERVED else None
    try:
        got = keys.bindings("livrev", {"keywords": named})["keywords"]
    except ValueError:
        got = None
    assert got == expected


def test_keys_are_shown_as_they_stand_on_a_keyboard() -> None:
    assert keys.shown("1,left") == "1 ←"
    assert keys.shown("question_mark") == "?"
    assert keys.shown("slash,minus,space,f2") == "/ - Space f2"
    assert keys.first("3,right") == "3"
