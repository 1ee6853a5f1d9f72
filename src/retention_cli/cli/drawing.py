"""A campaign drawn: as a tree for a terminal, as Mermaid's flowchart for a page, as JSON.

Names come from people's files: in the terminal control characters are written out, in Mermaid every sign that could mean
something there is written by its number.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retention_cli.journey.diagram import END
from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from retention_cli.journey.diagram import Diagram, Row

WIDTH = 80
_NARROWEST = 24
"""Columns of text at least, however deep a branch lies."""


@dataclass(frozen=True, slots=True)
class _Pens:
    """The signs that a tree is drawn with; `marks` by kind of step."""

    marks: dict[str, str]
    other: str
    line: str
    way: str
    last: str


_FINE_MARKS = {"send": "\u25a0", "wait": "\u25cb", "if": "\u25c6", "split": "\u25c6", "stop": "\u25a1"}
_FINE = _Pens(_FINE_MARKS, "\u25cf", "\u2502", "\u251c\u2500", "\u2514\u2500")
_PLAIN = _Pens({"send": "#", "wait": "o", "if": "?", "split": "?", "stop": "x"}, "*", "|", "+-", "+-")


def drawn(diagram: Diagram, width: int | None = None, *, plain: bool = False) -> list[str]:
    """Return a campaign as lines of at most 80 columns, or of a narrower terminal; `plain` draws with ASCII alone."""
    pens, wide = _PLAIN if plain else _FINE, min(width or WIDTH, WIDTH)
    lines = [visible(diagram.campaign), *_folded(f"begins: {diagram.trigger}", "  ", "    ", wide)]
    for name, condition in diagram.exits:
        lines += _folded(f"ends as {name}: {condition}", "  ", "    ", wide)
    rows = diagram.rows()
    for place in range(len(rows)):
        lines += _row(diagram, rows, place, pens, wide)
    return [line.rstrip() for line in lines]


def _row(diagram: Diagram, rows: Sequence[Row], place: int, pens: _Pens, wide: int) -> Iterator[str]:
    row = rows[place]
    bars = "".join(f"{pens.line}  " if _returns(rows, place, level) else "   " for level in range(row.depth))
    goes_on = _returns(rows, place, row.depth)
    if row.label:
        yield f"{bars}{pens.way if goes_on else pens.last} {visible(row.label)}"
        if place + 1 == len(rows) or rows[place + 1].depth <= row.depth:
            yield f"{bars}{pens.line if goes_on else ' '}  (goes on)"
        return
    if place == 0 or not rows[place - 1].label or rows[place - 1].depth == row.depth:
        yield bars + pens.line
    node = diagram.by_id[row.node]
    text = f"back to {node.id}" if row.again else f"{node.text}  [{node.id}]"
    yield from _folded(text, f"{bars}{pens.marks.get(node.kind, pens.other)} ", f"{bars}{pens.line if goes_on else ' '}   ", wide)


def _returns(rows: Sequence[Row], place: int, level: int) -> bool:
    """Whether a line at this level goes on below a row."""
    following = next((row for row in rows[place + 1 :] if row.depth <= level), None)
    return following is not None and following.depth == level


def _folded(text: str, first: str, following: str, wide: int) -> list[str]:
    room = max(wide, len(first) + _NARROWEST)
    return textwrap.wrap(visible(text), room, initial_indent=first, subsequent_indent=following, break_long_words=True, break_on_hyphens=False)


_SHAPES = {"send": ("[", "]"), "wait": ("([", "])"), "if": ("{{", "}}"), "split": ("{{", "}}"), "stop": ("[/", "/]")}
_SAFE = re.compile(r"[^\w .,:+=()\[\]>-]")


def mermaid(diagram: Diagram) -> str:
    """Return a campaign as a flowchart of Mermaid."""
    numbers = {node.id: f"s{number}" for number, node in enumerate(diagram.in_order())} | {END: "finished"}
    lines = ["flowchart TD", f"    begins([{_quoted(f'{diagram.campaign}: {diagram.trigger}')}]) --> {numbers[diagram.first]}"]
    for node in diagram.in_order():
        before, after = _SHAPES.get(node.kind, ("[", "]"))
        lines.append(f"    {numbers[node.id]}{before}{_quoted(node.text)}{after}")
    if any(edge.target == END for edge in diagram.edges):
        lines.append(f"    finished([{_quoted('finished')}])")
    for edge in diagram.edges:
        label = f"|{_quoted(edge.label)}|" if edge.label else ""
        lines.append(f"    {numbers[edge.source]} -->{label} {numbers[edge.target]}")
    for number, (name, condition) in enumerate(diagram.exits):
        lines.append(f"    exit{number}[/{_quoted(f'at any time {name}: {condition}')}/]")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """Return a label in which nothing can end the label or mean anything but itself."""
    return '"' + _SAFE.sub(lambda found: f"#{ord(found[0])};", visible(text)) + '"'


def as_json(diagram: Diagram) -> dict[str, Any]:
    """Return the stable shape of `campaign graph --format json`."""
    return {
        "campaign": diagram.campaign,
        "trigger": diagram.trigger,
        "exits": [{"exit": name, "when": condition} for name, condition in diagram.exits],
        "first": diagram.first,
        "steps": [{"step": node.id, "kind": node.kind, "text": node.text, "own_id": node.is_own} for node in diagram.in_order()],
        "ways": [{"from": edge.source, "to": None if edge.target == END else edge.target, "when": edge.label or None} for edge in diagram.edges],
    }
