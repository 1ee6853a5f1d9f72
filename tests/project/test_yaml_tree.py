"""The strict reader: what it keeps, where it says things are, and that no text can hurt it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_cli.model.problem import Place
from retention_cli.model.word import Word
from retention_cli.project.yaml_tree import Raw, Series, Table, read


def _plain(raw: Raw | None) -> object:
    if isinstance(raw, Table):
        return {str(key): _plain(value) for key, value in raw.items()}
    return [_plain(value) for value in raw] if isinstance(raw, Series) else str(raw)


def test_scalars_stay_text() -> None:
    """SEC03: nothing is coerced, whatever it looks like."""
    raw, problems = read("{a: NO, b: 1:30, c: 02134, d: 1.10, e: 2026-01-01, f: on, g: 0x1F, h: 1e3, i: 'NO'}")
    assert _plain(raw) == {"a": "NO", "b": "1:30", "c": "02134", "d": "1.10", "e": "2026-01-01", "f": "on", "g": "0x1F", "h": "1e3", "i": "NO"}
    assert problems == []


def test_every_value_and_key_knows_its_place() -> None:
    raw, _ = read("a:\n  - b: c\n    'd': [e]\n", "f.yml")
    assert isinstance(raw, Table)
    assert raw.key("a").place == Place("f.yml", 1, 1)
    series = raw["a"]
    assert isinstance(series, Series)
    table = series[0]
    assert isinstance(table, Table)
    assert (series.place, table.place) == (Place("f.yml", 2, 3), Place("f.yml", 2, 5))
    assert [(word.place.line, word.place.column, word.quoted) for word in table.words()] == [(2, 5, False), (3, 5, True)]
    assert table["b"].place == Place("f.yml", 2, 8)


def test_a_byte_order_mark_is_no_character() -> None:
    raw, problems = read("\ufeffa: b", "f.yml")
    assert isinstance(raw, Table)
    assert (_plain(raw), problems, raw.place.column) == ({"a": "b"}, [], 1)


def test_windows_line_ends_do_not_move_places() -> None:
    raw, _ = read("a: b\r\nc: d\r\n", "f.yml")
    assert isinstance(raw, Table)
    assert raw["c"].place == Place("f.yml", 2, 4)


def test_a_text_that_begins_later_in_its_file() -> None:
    """The front matter of a template tells the lines of the template."""
    raw, problems = read("a: b\nc: ~\n", "t.html", first_line=2)
    assert isinstance(raw, Table)
    assert raw["a"].place == Place("t.html", 2, 4)
    assert problems[0].place == Place("t.html", 3, 4)


def test_the_first_of_two_keys_is_kept_and_reading_goes_on() -> None:
    raw, problems = read("a: 1\na: 2\nb: 3\n")
    assert _plain(raw) == {"a": "1", "b": "3"}
    assert [problem.code for problem in problems] == ["yaml-duplicate-key"]


def test_what_could_not_be_kept_is_remembered() -> None:
    raw, _ = read("a: *x\nb: ~\nc: [~]\n")
    assert isinstance(raw, Table)
    series = raw["c"]
    assert raw.broken == {"a", "b"}
    assert isinstance(series, Series)
    assert series.broken


@pytest.mark.parametrize("text", ["[" * 20_000, "{a: " * 20_000, "- " * 20_000, "[{a: " * 10_000, "? " * 20_000])
def test_deep_nesting_is_refused_by_counting(text: str) -> None:
    """SEC02: 20,000 levels end at the 51st, and never in a RecursionError."""
    raw, problems = read(text)
    assert raw is None
    assert [problem.code for problem in problems] == ["yaml-too-deep"]


def test_fifty_levels_are_read() -> None:
    raw, problems = read("[" * 50 + "]" * 50)
    assert raw is not None
    assert problems == []


def test_an_alias_bomb_is_refused_and_not_expanded() -> None:
    """SEC02: aliases are problems, each at its place; nothing grows."""
    bomb = "a: &a [x, x]\n" + "".join(f"{name}: &{name} [*{before}, *{before}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True))
    raw, problems = read(bomb)
    assert {problem.code for problem in problems} == {"yaml-anchor", "yaml-alias"}
    assert _plain(raw) == {"a": ["x", "x"]} | {name: [] for name in "bcdefghi"}


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x7f", "\x85", "\u2028", "\ud800", "\ufeff", "\uffff"])
def test_invisible_characters_are_refused_with_their_place(character: str) -> None:
    """J17: NUL and its kin are named by number, where they stand."""
    _, problems = read(f"a: b\nc: x{character}y\n", "f.yml")
    assert [(problem.code, problem.place) for problem in problems] == [("yaml-character", Place("f.yml", 2, 5))]


_YAMLISH = st.lists(
    st.sampled_from(
        [
            "a",
            "b: ",
            "- ",
            "[",
            "]",
            "{",
            "}",
            ",",
            ": ",
            "\n",
            "\n  ",
            "\t",
            "'",
            '"',
            "|",
            ">",
            "#",
            " #x",
            "&a",
            "*a",
            "!t",
            "? ",
            "~",
            "---\n",
            "...",
            "%",
            "@",
            "\\",
            "${",
            "é",
        ]
    )
)


@given(st.text() | _YAMLISH.map("".join))
def test_any_text_gives_a_tree_or_problems(text: str) -> None:
    """No text raises; where there is no tree and there was something to read, a problem says why."""
    raw, problems = read(text, "f.yml")
    lines = text.count("\n") + text.count("\r") + 2
    assert all(1 <= problem.place.line <= lines and problem.place.column >= 1 for problem in problems)
    if raw is None:
        assert problems or not [line for line in text.removeprefix("\ufeff").split("\n") if line.strip() and not line.lstrip().startswith("#")]


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\u2028\u2029\ufeff\ufffe\uffff"), max_size=40))
def test_a_single_quoted_text_comes_back_whole(text: str) -> None:
    raw, problems = read("a: '" + text.replace("'", "''") + "'")
    assert isinstance(raw, Table)
    assert isinstance(raw["a"], Word)
    assert (raw["a"], problems) == (text, [])
