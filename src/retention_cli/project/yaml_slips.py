"""What YAML's own errors mean to a person: the classic slips, each with a hint of its own.

libyaml says where it stumbled and in its own words why; the slip often lies before that. Places count from 1, as
everywhere; `first_line` is added to libyaml's lines, which count from 0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from retention_cli.model.problem import Place, Problem
from retention_cli.project.notes import Code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yaml.error import Mark, MarkedYAMLError

    from retention_cli.model.word import Word

CUT = re.compile(r" +(#[^\s#].*)")
_VARIABLE = re.compile(r"(?<![\"'])\$\{")
_CUT_INSIDE = re.compile(r"\s(#.*)")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})

_STARTERS = {
    "%": "a word that begins with % goes in quotes",
    "@": 'a word that begins with @ goes in quotes: "@example.com"',
    "`": "a word that begins with ` goes in quotes",
}
_BY_PROBLEM: tuple[tuple[str, str, str], ...] = (
    ("found unknown escape character", 'a backslash in "…" begins an escape that YAML does not know', "a backslash needs single quotes: '\\d+'"),
    ("found unexpected end of stream", "a quote is opened here and never closed", "close it, or leave both quotes out"),
    (
        "mapping values are not allowed",
        "a second colon with a space stands here, or the line is indented too far",
        'text with ": " in it goes in quotes',
    ),
    ("could not find expected ':'", "a key has no colon behind it", "write key: value; a longer text goes in quotes"),
    (
        "did not find expected key",
        "this line fits neither the mapping above nor a new one",
        "check the indentation, and the quotes of the line above",
    ),
    (
        "did not find expected '-' indicator",
        "this line fits neither the list above nor a new one",
        "begin each element of a list with -, all equally far in",
    ),
    ("did not find expected <document start>", "something stands behind the end of the document", "a file holds one mapping or one list"),
    ("did not find expected node content", "a value is missing here", "write it, or leave the comma out"),
    ("block sequence entries are not allowed", "a list cannot begin here", "begin it on a line of its own, or write [a, b]"),
)
_AT_CONTEXT = ("found unexpected end of stream", "could not find expected ':'")
_BY_CONTEXT: tuple[tuple[str, str, str], ...] = (
    ("while scanning an alias", "YAML reads a word that begins with * as an alias", 'put it in quotes: "*.csv", "*/5 * * * *"'),
    ("while scanning an anchor", "YAML reads a word that begins with & as an anchor", "put it in quotes"),
    (
        "while scanning a block scalar",
        "YAML reads > and | as the beginning of a block of text",
        "a comparison is a word: {more_than: 5}, {at_least: 5}",
    ),
    ("while scanning a directive", "a line that begins with % is a directive, and project files have none", "put the text in quotes"),
    ("while parsing a tag", "a word that begins with ! is a tag, and project files have none", "put it in quotes"),
    ("while scanning a tag", "a word that begins with ! is a tag, and project files have none", "put it in quotes"),
)


def explain(error: MarkedYAMLError, lines: Sequence[str], opened: Place, first_line: int) -> Problem:
    """Return the problem that a YAML error stands for; `opened` is where the innermost unfinished mapping or list began."""
    file = opened.file
    found = error.problem_mark or error.context_mark
    assert found is not None  # noqa: S101 - libyaml marks every error of its scanner and parser
    place = _place(found, file, first_line)
    line = lines[found.line] if found.line < len(lines) else ""
    if (column := tab_in_indentation(line)) is not None:
        return tab_problem(Place(file, place.line, column))
    if (slip := _slip_in_braces(error, lines, opened, first_line)) is not None:
        at, message, hint = slip
        return Problem(at, str(Code.YAML_SYNTAX), message, hint)
    return _known(error, file, first_line) or _starter(line, found.column, place) or _plain(error, place)


def _known(error: MarkedYAMLError, file: str, first_line: int) -> Problem | None:
    for wanted, message, hint in _BY_CONTEXT:
        if wanted in (error.context or "") and error.context_mark is not None:
            code = Code.YAML_TAG if "tag" in wanted else Code.YAML_SYNTAX
            return Problem(_place(error.context_mark, file, first_line), str(code), message, hint)
    for wanted, message, hint in _BY_PROBLEM:
        if wanted in (error.problem or ""):
            mark = error.context_mark if wanted in _AT_CONTEXT else error.problem_mark
            return Problem(_place(mark, file, first_line), str(Code.YAML_SYNTAX), message, hint)
    return None


def _starter(line: str, column: int, place: Place) -> Problem | None:
    if line[column : column + 1] == "\t":
        return Problem(place, str(Code.YAML_TAB), "a tab stands where a space should", "write a space")
    hint = _STARTERS.get(line[column : column + 1])
    return None if hint is None else Problem(place, str(Code.YAML_SYNTAX), f"{line[column]} cannot begin a word", hint)


def _plain(error: MarkedYAMLError, place: Place) -> Problem:
    return Problem(place, str(Code.YAML_SYNTAX), f"this is not YAML: {error.problem or error.context or 'it cannot be read'}")


_Slip = tuple[Place, str, str]


def _slip_in_braces(error: MarkedYAMLError, lines: Sequence[str], opened: Place, first_line: int) -> _Slip | None:
    """Look through an unfinished {…} or […] for what broke it: an unquoted variable, or a # that cut the line."""
    if "flow" not in (error.context or "") or error.problem_mark is None or not opened.line:
        return None
    for number in range(opened.line - first_line, min(error.problem_mark.line + 1, len(lines))):
        skip = opened.column if number == opened.line - first_line else 0
        if (match := _VARIABLE.search(lines[number], skip)) is not None:
            at = Place(opened.file, number + first_line, match.start() + 1)
            return at, "a variable inside {…} must stand in quotes", 'write it like {url: "${SMTP_URL}"}'
        if (match := _CUT_INSIDE.search(lines[number], skip)) is not None:
            at = Place(opened.file, number + first_line, match.start(1) + 1)
            return at, "the # begins a comment, and what follows it is not read", "put the text with # in quotes"
    closing = "}" if "mapping" in (error.context or "") else "]"
    return opened, f"this is never closed by {closing}, or a comma is missing in it", f"add the {closing} or the comma"


def is_null(word: Word) -> bool:
    """Return whether YAML would read the word as nothing."""
    return word in _NULLS and not word.quoted


def explain_null(place: Place, key: Word | None, value: Word, line: str) -> Problem:
    """Return the problem of a value that is empty or null, with the slip that led there."""
    what = f"{key!r} has no value" if key is not None and not value else f"{value!r} is no value" if value else "a value is missing here"
    return Problem(place, str(Code.YAML_NULL), what, _hint_for_null(key, value, line))


def _hint_for_null(key: Word | None, value: Word, line: str) -> str:
    if value:
        return f'for the text, write "{value}"; for nothing there, write missing'
    if key is not None and not key.quoted and ":" in key:
        name, _, rest = key.partition(":")
        return f"a space is missing behind the colon: {{{name}: {rest}}}"
    cut = _CUT_INSIDE.search(line)
    if cut is not None and key is not None and line.find(key) < cut.start():
        return "the # begins a comment; put a text with # in quotes"
    return "write a value, or leave the key out" if key is not None else "write a value, or take the element out"


def lines_with_cuts(lines: Sequence[str]) -> frozenset[int]:
    """Return the lines, counted from 0, on which a # without a space behind it may cut a text."""
    return frozenset(number for number, line in enumerate(lines) if CUT.search(line))


def tab_in_indentation(line: str) -> int | None:
    """Return the column of a tab before the first word of a line, None where there is none or no word."""
    indentation = line[: len(line) - len(line.lstrip(" \t"))]
    if "\t" not in indentation or len(indentation) == len(line) or line[len(indentation)] == "#":
        return None
    return indentation.index("\t") + 1


def tab_problem(place: Place) -> Problem:
    """Return the problem of a tab in an indentation."""
    return Problem(place, str(Code.YAML_TAB), "a tab indents this line", "indent with spaces")


def _place(mark: Mark | None, file: str, first_line: int) -> Place:
    return Place(file, mark.line + first_line, mark.column + 1) if mark is not None else Place(file)
