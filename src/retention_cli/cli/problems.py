"""Problems as people, programs and code hosts want to read them: the line with a caret, JSON, or annotations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from retention_cli.cli.output import say, show
from retention_cli.project.files import source_line
from retention_cli.text import plural, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.model.problem import Problem


def show_problems(problems: Sequence[Problem], root: Path) -> None:
    """Tell problems on stderr, each with its line and a caret under the word."""
    for problem in problems:
        for line in as_text(problem, root):
            say_line(line)
    if problems:
        say(summary(problems))


def print_problems(problems: Sequence[Problem], root: Path) -> None:
    """Print problems on stdout, as `validate` does: there they are the data."""
    for problem in problems:
        for line in as_text(problem, root):
            show(line)


def say_line(line: str) -> None:
    """Say a line that is already safe for a terminal."""
    say(line)


def summary(problems: Sequence[Problem]) -> str:
    """Return `2 errors, 1 warning`."""
    errors = sum(problem.is_error for problem in problems)
    return f"{plural(errors, 'error')}, {plural(len(problems) - errors, 'warning')}"


def as_text(problem: Problem, root: Path) -> list[str]:
    """Return a problem's lines: where and what, the line of the file, a caret under the word, and the hint."""
    lines = [visible(f"{problem.place}: {problem.severity}: {problem.message} [{problem.code}]")]
    line = source_line(root, problem.place)
    if line is not None and line.strip():
        lines += [
            f"    {_shown(line)}",
            "    " + " " * len(_shown(line[: problem.place.column - 1])) + "^" * _word_length(line, problem.place.column),
        ]
    return [*lines, f"    hint: {visible(problem.hint)}"] if problem.hint else lines


def _shown(line: str) -> str:
    return visible(line.replace("\t", " "))


def _word_length(line: str, column: int) -> int:
    """Return how long the word at a column is; at least one sign."""
    rest = line[column - 1 :]
    end = next((position for position, sign in enumerate(rest) if sign in " ,:]}\t\r\n"), len(rest))
    return max(end, 1)


def as_json(problem: Problem) -> dict[str, object]:
    """Return a problem in the shape of the output contract."""
    place = problem.place
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "severity": str(problem.severity),
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
    }


def as_github(problem: Problem) -> str:
    """Return a problem as a workflow command, which a pull request shows beside the line."""
    place = problem.place
    text = problem.message + (f" ({problem.hint})" if problem.hint else "")
    where = f"file={_property(place.file)},line={max(place.line, 1)},col={max(place.column, 1)},title={_property(problem.code)}"
    return f"::{problem.severity} {where}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
