"""What passes as a pattern, the engine takes; what a marketer would write passes; what RE2 lacks is said by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_cli.compile.patterns import fault

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECES = [
    "a", "z", "0", "9", "-", "^", "$", ".", "|", "(", ")", "[", "]", "{", "}", "*", "+", "?", "\\", ",", ":", "<", ">", "=", "!", "_",
    " ", "\n", "é", "😀",
    r"\d", r"\w", r"\b", r"\z", r"\Z", r"\1", r"\p{L}", r"\PN", r"\p{Foo}", r"\x41", r"\x{1F600}", r"\x{D800}", r"\Q", r"\n", r"\.", r"\é",
    "(?:", "(?P<n>", "(?i)", "(?i:", "(?=", "(?x)", "[^", "[:alpha:]", "[[:digit:]", "{2}", "{2,}", "{2,3}", "{3,2}", "{,3}", "{1000}",
    "{1001}", "{100}",
]  # fmt: skip

USUAL = [
    "", "@seznam", r"^[a-z0-9._%+-]+@(seznam|email|post)\.cz$", r"(?i)^iphone\s+\d+", r"\d{3}[ -]?\d{2}", "^(Praha|Brno)( \\d+)?$",
    r"\bčaj\b", "[á-ž]+",
    r"^\+420", r"[\w.-]+\.(com|org)", "a|b|", "(?P<year>[0-9]{4})", "[^a-z]", "[]a]", "[a-]", r"[\[\]]", r"\p{Lu}\p{Ll}+", "[[:alpha:]_]",
    "x{2,}?", ".*",
    r"^\s*$", r"(a{2}b){3,5}", r"\x41\x{1F600}", "(?s).", r"[\.-z]", "a{,3}", "{", "}", "]", "#1", "R&D", "100%",
]  # fmt: skip

REFUSED = {
    "(?=x)": "look-ahead", "a(?!x)": "look-ahead", "(?<=x)a": "look-behind", "(?<!x)a": "look-behind", r"(a)\1": "back-references",
    "(?P<n>a)(?P=n)": "back-references", "(?>a)": "atomic", "(a": "without its )", "a)": "without its (", "[a": "without its ]",
    "*a": "nothing stands before",
    "a**": "follow each other", "a++": "follow each other", "a{1001}": "counts up to", "(a{100}){100}": "counts up to", "a{3,2}": "counts up to",
    r"\Z": r"knows no '\\Z'", "[z-a]": "from a lower", "[[:foo:]]": "[: :]", "(?P<n>a)(?P<n>b)": "two groups", r"a\y": "knows no",
    "(?x)a": "knows no group",
    "(" * 60 + ")" * 60: "nested too deeply", r"\p{L}{900}": "too large", "a\\": "knows no",
}  # fmt: skip

STRICTER = ("two groups", "nested too deeply")
"""What DuckDB would let pass, and RE2 elsewhere does not."""


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def takes(database: duckdb.DuckDBPyConnection, pattern: str) -> bool:
    """Whether the engine takes a pattern."""
    try:
        database.execute("SELECT regexp_matches('abc', $pattern)", {"pattern": pattern}).fetchall()
    except duckdb.InvalidInputException:
        return False
    return True


@settings(max_examples=500, deadline=None)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=8))
def test_what_passes_the_engine_takes(database: duckdb.DuckDBPyConnection, pieces: list[str]) -> None:
    pattern = "".join(pieces)
    assert fault(pattern) is not None or takes(database, pattern)


@pytest.mark.parametrize("pattern", USUAL)
def test_usual_patterns_pass(database: duckdb.DuckDBPyConnection, pattern: str) -> None:
    assert fault(pattern) is None
    assert takes(database, pattern)


@pytest.mark.parametrize(("pattern", "reason"), REFUSED.items(), ids=[pattern[:20] for pattern in REFUSED])
def test_what_is_no_pattern_is_said_by_name(database: duckdb.DuckDBPyConnection, pattern: str, reason: str) -> None:
    assert reason in (fault(pattern) or "")
    assert not takes(database, pattern) or reason in STRICTER
