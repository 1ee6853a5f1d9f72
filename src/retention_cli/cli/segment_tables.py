"""What is found of segments, told: which there are, how large, who, and why this one."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from retention_cli.cli.bars import bar, sparkline
from retention_cli.cli.local import MISSING
from retention_cli.cli.told import Table, Told, values_table
from retention_cli.model.unit import Unit, unit_of_name
from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from retention_cli.app.evaluations import Listed
    from retention_cli.audience.evidence import Row
    from retention_cli.audience.explain import Explanation, Part
    from retention_cli.audience.members import Members, Size
    from retention_cli.cli.local import Local

_BAR = 24
_SHOWN_COLUMNS = 4


def list_told(found: Sequence[Listed], local: Local) -> Told:
    """Tell every segment: how large, how it moved, what it is for and who uses it."""
    rows = [
        (
            each.size.segment,
            local.number(each.size.size),
            local.share(each.size.share),
            local.change(each.change),
            sparkline((*each.trend, each.size.size)) if each.trend else "",
            visible(each.description),
        )
        for each in found
    ]
    numbers = ("size", "share", "change")
    table = Table(("segment", *numbers, "trend", "description"), rows, right=numbers, kept=("segment", "trend"))
    plain = [_listed(each) for each in found]
    cells = [[*(value for key, value in row.items() if key not in ("used_by", "trend")), ", ".join(row["used_by"])] for row in plain]
    return Told(plain, (table,), ("segment", "description", "file", "size", "of", "share", "change", "used_by"), cells)


def _listed(each: Listed) -> dict[str, Any]:
    return {
        "segment": each.size.segment,
        "description": each.description,
        "file": each.file,
        "used_by": each.used_by,
        "size": each.size.size,
        "of": each.size.of,
        "share": each.size.share,
        "change": each.change,
        "trend": each.trend,
    }


def size_told(found: Sequence[Size], local: Local) -> Told:
    """Tell how many are in each segment, with a bar beside the others."""
    most = max((each.size for each in found), default=0)
    rows = [(each.segment, local.number(each.size), local.share(each.share), bar(each.size, most, _BAR)) for each in found]
    table = Table(("segment", "size", "share", ""), rows, right=("size", "share"), kept=("segment", ""))
    plain = [{"segment": each.segment, "size": each.size, "of": each.of, "share": each.share} for each in found]
    said = (f"of {local.number(found[0].of)} customers",) if found else ("there are no segments",)
    return Told(plain, (table,), ("segment", "size", "of", "share"), [tuple(row.values()) for row in plain], said=said)


def preview_told(name: str, found: Members, units: Mapping[str, Unit], local: Local) -> Told:
    """Tell some members, their numbers with their units."""
    plain = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    shape = {"segment": name, "size": found.size, "of": found.of, "columns": found.columns, "rows": plain}
    said = f"{local.number(len(found.rows))} of {local.number(found.size)} members, out of {local.number(found.of)} customers"
    return Told(shape, (values_table(found.columns, found.rows, units, local),), found.columns, found.rows, said=(said,))


def explain_told(found: Explanation, units: Mapping[str, Unit], local: Local) -> Told:
    """Tell a segment for one customer: a line a part, what it looked at, and the rows that decided."""
    verdict = "is in" if found.member else "is not in"
    lines = [f"{visible(found.customer)} {verdict} {found.segment}", *(line for part in found.conditions for line in _part_lines(part, units, local))]
    said = ("nearest: " + "; ".join(f"{visible(part.text)} (line {part.line})" for part in found.nearest_miss),) if found.nearest_miss else ()
    plain = {
        "segment": found.segment,
        "customer": found.customer,
        "member": found.member,
        "conditions": [_part(part) for part in found.conditions],
        "nearest_miss": [_part(part) for part in found.nearest_miss] or None,
    }
    cells = [(part.path, part.line, part.text, part.holds, part.value, part.evidence.counted) for part in found.conditions]
    return Told(plain, (), ("path", "line", "text", "holds", "value", "counted"), cells, said=said, lines=tuple(lines))


def _part(part: Part) -> dict[str, Any]:
    return {
        "path": part.path,
        "line": part.line,
        "text": part.text,
        "holds": part.holds,
        "value": part.value,
        "counted": part.evidence.counted,
        "rows": [asdict(row) for row in part.evidence.rows],
    }


def _part_lines(part: Part, units: Mapping[str, Unit], local: Local) -> Iterator[str]:
    indent = "  " * (part.depth + 1)
    value = f"  ({local.cell(part.value, units.get(part.of, Unit.NONE))})" if _is_leaf(part) else ""
    yield f"{indent}{'✓' if part.holds else '✗'} {visible(part.text)}{value}"
    for row in part.evidence.rows:
        yield f"{indent}    {'·' if row.counts else 'passed over:'} {_row_text(row, local)}"
    more = part.evidence.counted - len(part.evidence.rows)
    if part.evidence.counted and more > 0:
        yield f"{indent}    · and {local.number(more)} more"


def _row_text(row: Row, local: Local) -> str:
    """Write a row's source, time, and its first columns, which are those that the condition reads."""
    there = [
        (name, value) for name, value in row.columns.items() if name != "customer_id" and value not in (None, "", []) and not _is_time(value, row)
    ]
    told = ", ".join(f"{visible(name)} {local.cell(value, unit_of_name(name.rpartition('.')[2], None))}" for name, value in there[:_SHOWN_COLUMNS])
    return f"{row.source} {local.time(row.at)}  {told}"


def _is_time(value: Any, row: Row) -> bool:
    return isinstance(value, str) and value.startswith(f"{row.at:%Y-%m-%dT%H:%M:%S}")


def _is_leaf(part: Part) -> bool:
    return part.text not in ("all of", "any of", "none of", "not", "everyone") and not part.text.startswith("segment ")


def metrics_told(found: Sequence[Any], local: Local) -> Told:
    """Tell every metric: what it is counted in, where it is from, and how it is made."""
    plain = [
        {
            "name": each.name,
            "origin": str(each.origin),
            "type": None if each.type is None else str(each.type),
            "unit": local.currency or "money" if each.unit is Unit.MONEY else str(each.unit) or None,
            "formula": each.formula,
            "description": each.description,
            "file": each.place or None,
            "sources": each.sources,
            "not_there": each.not_there or None,
        }
        for each in found
    ]
    tables = tuple(
        _metrics(title, where, [each for each in plain if each["origin"] == origin])
        for title, where, origin in (("Your own", "file", "own"), ("Built in", "sources", "built-in"))
        if any(each["origin"] == origin for each in plain)
    )
    keys = ("name", "origin", "type", "unit", "formula", "description", "file", "sources", "not_there")
    return Told(plain, tables, keys, [[each[key] for key in keys] for each in plain])


def _metrics(title: str, where: str, found: Sequence[Mapping[str, Any]]) -> Table:
    rows = [(each["name"], each["unit"] or each["type"] or MISSING, _joined(each[where]), visible(_made(each))) for each in found]
    return Table(("metric", "unit", "from", "what it is"), rows, kept=("metric", "unit"), title=title)


def _joined(where: str | Sequence[str]) -> str:
    return visible(where if isinstance(where, str) else ", ".join(where))


def _made(each: Mapping[str, Any]) -> str:
    told = f"{each['description']}: {each['formula']}" if each["description"] else each["formula"]
    return f"{told} (not here: {each['not_there']})" if each["not_there"] else told
