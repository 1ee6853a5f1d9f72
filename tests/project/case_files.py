"""Cases as text: a title, what is written, and the problems that it should bring, one a line.

    === a title
    the text of the file
    -->
    LINE:COLUMN [warning ]CODE: MESSAGE | HINT

Nothing behind `-->` means that nothing is wrong with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retention_cli.model.problem import Problem

FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """One text and the problems it should bring."""

    title: str
    text: str
    problems: tuple[str, ...]


def cases(name: str) -> list[Case]:
    """Return the cases of a file under cases/."""
    blocks = (FOLDER / name).read_text(encoding="utf-8").split("\n=== ")
    return [_case(block) for block in blocks[1:]]


def _case(block: str) -> Case:
    title, _, rest = block.partition("\n")
    text, _, said = rest.partition("\n-->\n")
    return Case(title, text + "\n", tuple(line for line in said.split("\n") if line))


def told(problems: Iterable[Problem], file: str) -> tuple[str, ...]:
    """Return problems as a case writes them; a problem of another file than `file` says so."""
    return tuple(_tell(problem, file) for problem in problems)


def _tell(problem: Problem, file: str) -> str:
    place = str(problem.place).removeprefix(f"{file}:")
    kind = "" if problem.is_error else "warning "
    hint = f" | {problem.hint}" if problem.hint else ""
    return f"{place} {kind}{problem.code}: {problem.message}{hint}"
