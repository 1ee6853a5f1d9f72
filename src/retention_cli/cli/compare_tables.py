"""What is found of a segment beside others, told: what its conditions leave, who is in several, what stands out, how it was before."""

from __future__ import annotations

from datetime import datetime
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from retention_cli.cli.bars import bar, sparkline
from retention_cli.cli.local import MISSING
from retention_cli.cli.state_tables import instant
from retention_cli.cli.told import Table, Told
from retention_cli.text import plural, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retention_cli.app.comparing import Profiled
    from retention_cli.audience.history import Evaluated
    from retention_cli.audience.overlap import Overlap
    from retention_cli.audience.profile import Middle, Seen
    from retention_cli.audience.waterfall import Waterfall
    from retention_cli.cli.local import Local
    from retention_cli.model.unit import Unit

_BAR = 12
_COMBINATIONS = 10


def waterfall_told(found: Waterfall, local: Local) -> Told:
    """Tell what is left after each condition, how many it holds for alone, and how many there would be without it."""
    start = [("everyone", "", local.number(found.of), "", "", bar(found.of, found.of, _BAR))] if found.every else []
    steps = [
        (visible(step.text), local.number(step.alone), local.number(step.left), local.change(step.change), local.number(step.without),
         bar(step.left, found.of if found.every else found.size, _BAR))
        for step in found.steps
    ]  # fmt: skip
    numbers = ("alone", "left" if found.every else "so far", "change", "without it")
    table = Table(("condition", *numbers, ""), [*start, *steps], right=numbers, kept=("",))
    keys = ("path", "line", "text", "alone", "left", "change", "without")
    plain = [{key: getattr(step, key) for key in keys} for step in found.steps]
    shape = {"segment": found.segment, "size": found.size, "of": found.of, "every": found.every, "steps": plain}
    said = f"{found.segment}: {local.number(found.size)} of {local.number(found.of)} customers"
    return Told(shape, (table,), keys, [tuple(step.values()) for step in plain], said=(said,))


def overlap_told(found: Overlap, local: Local) -> Told:
    """Tell how many are in each two segments at once, which share of the row's segment that is, and every combination."""
    names = found.segments
    letters = dict(zip(names, ascii_uppercase, strict=False))
    heads = tuple(letters.values())
    rows = [[f"{letters[a]} {a}", *(local.number(found.size(a, b)) for b in names), local.number(found.alone(a))] for a in names]
    shares = [[f"{letters[a]} {a}", *(_share(local, found.size(a, b), found.size(a)) for b in names)] for a in names]
    combinations = [
        (
            "".join(letters[name] if name in inside else "\u00b7" for name in names),
            local.number(count),
            local.share(count / found.of),
            bar(count, found.together(), _BAR),
        )
        for inside, count in found.combinations
        if inside
    ][:_COMBINATIONS]
    tables = (
        Table(("customers in both", *heads, "alone"), rows, right=(*heads, "alone")),
        Table(("share of the row's", *heads), shares, right=heads),
        Table(("exactly in", "size", "share", ""), combinations, right=("size", "share"), kept=("exactly in", "")),
    )
    said = f"{local.number(found.together())} in any of them, out of {local.number(found.of)} customers"
    matrix = [_pair(found, a, b) for a in names for b in names if a != b]
    return Told(_overlap_json(found, matrix), tables, tuple(matrix[0]), [tuple(pair.values()) for pair in matrix], said=(said,))


def _share(local: Local, part: int, whole: int) -> str:
    return local.share(part / whole) if whole else MISSING


def _pair(found: Overlap, a: str, b: str) -> dict[str, Any]:
    both, size, other = found.size(a, b), found.size(a), found.size(b)
    lift = both * found.of / (size * other) if size and other else None
    return {
        "segment": a,
        "with": b,
        "size": size,
        "both": both,
        "share": round(both / size, 6) if size else None,
        "lift": None if lift is None else round(lift, 4),
    }


def _overlap_json(found: Overlap, matrix: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    sizes = {name: found.size(name) for name in found.segments}
    return {
        "of": found.of,
        "together": found.together(),
        "segments": [
            {"segment": name, "size": size, "share": round(size / found.of, 6) if found.of else 0.0, "alone": found.alone(name)}
            for name, size in sizes.items()
        ],
        "matrix": matrix,
        "combinations": [{"segments": [name for name in found.segments if name in inside], "size": count} for inside, count in found.combinations],
    }


def profile_told(found: Profiled, units: Mapping[str, Unit], limit: int, local: Local) -> Told:
    """Tell what is more and less frequent than in everyone, and where the numbers lie; a star is a field of the condition itself."""
    profile = found.profile
    tables = [
        Table(("field", "value", "here", "everyone", "lift"), [_seen(each, found, local) for each in seen[:limit]],
              right=("here", "everyone", "lift"), kept=("field",), title=title)
        for title, seen in (("More often than in everyone", profile.over), ("Less often than in everyone", profile.under))
        if seen
    ]  # fmt: skip
    if profile.numbers:
        middles = [_middle(each, units[each.field], found, local) for each in profile.numbers[:limit]]
        columns = ("field", "median here", "everyone's", "below it", "")
        tables.append(
            Table(
                columns,
                middles,
                right=columns[1:4],
                kept=("field", ""),
                title="Where the numbers lie (below it: the part of everyone under the median here)",
            )
        )
    remarks = [f"{found.segment}: {local.number(profile.size)} of {local.number(profile.of)} customers"]
    if not profile.over and not profile.under:
        remarks.append("no value is so much more or less frequent here that it could not be chance")
    if profile.left_out:
        remarks.append("not told: " + "; ".join(f"{visible(field)} ({why})" for field, why in profile.left_out.items()))
    values = [_seen_json(each, found) for each in (*profile.over, *profile.under)]
    numbers = [_middle_json(each, found) for each in profile.numbers]
    shape = {
        "segment": found.segment,
        "size": profile.size,
        "of": profile.of,
        "values": values,
        "numbers": numbers,
        "left_out": dict(profile.left_out),
    }
    return Told(shape, tuple(tables), *_profile_cells(values, numbers), said=tuple(remarks))


def _seen(each: Seen, found: Profiled, local: Local) -> tuple[str, ...]:
    value = local.cell(each.value)
    return (_starred(each.field, found), value, local.share(each.share_here), local.share(each.share_everyone), f"{local.number(each.lift)} \u00d7")


def _starred(field: str, found: Profiled) -> str:
    return f"{visible(field)}{' *' if field in found.defining else ''}"


def _middle(each: Middle, unit: Unit, found: Profiled, local: Local) -> tuple[str, ...]:
    here, everyone = (None if cuts is None else _to_the_day(cuts[1]) for cuts in (each.here, each.everyone))
    place = MISSING if each.position is None else local.share(each.position)
    marked = "" if each.position is None else _marked(each.position)
    return (_starred(each.field, found), local.cell(here, unit), local.cell(everyone, unit), place, marked)


def _to_the_day(value: Any) -> Any:
    return value.date() if isinstance(value, datetime) else value


def _marked(position: float) -> str:
    """Draw where the members' median lies between the least and the most of everyone."""
    place = min(int(position * _BAR), _BAR - 1)
    return "\u2500" * place + "\u25cf" + "\u2500" * (_BAR - 1 - place)


def _seen_json(each: Seen, found: Profiled) -> dict[str, Any]:
    keys = ("field", "value", "here", "everyone", "share_here", "share_everyone", "lift")
    return {**{key: getattr(each, key) for key in keys}, "in_condition": each.field in found.defining}


def _middle_json(each: Middle, found: Profiled) -> dict[str, Any]:
    keys = ("field", "known_here", "known_everyone", "position")
    quartiles = {"quartiles_here": each.here, "quartiles_everyone": each.everyone}
    return {**{key: getattr(each, key) for key in keys}, "type": str(each.type), **quartiles, "in_condition": each.field in found.defining}


def _profile_cells(values: Sequence[Mapping[str, Any]], numbers: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], list[list[Any]]]:
    """Return one CSV of both: a value has shares and a lift, a number its medians and its position."""
    columns = ("field", "value", "here", "everyone", "share_here", "share_everyone", "lift", "median_here", "median_everyone", "position")
    rows = [[each.get(key) for key in columns] for each in values]
    for each in numbers:
        medians = {f"median_{who}": each[f"quartiles_{who}"] and each[f"quartiles_{who}"][1] for who in ("here", "everyone")}
        row = {"field": each["field"], "here": each["known_here"], "everyone": each["known_everyone"], "position": each["position"], **medians}
        rows.append([row.get(key) for key in columns])
    return columns, rows


def history_told(found: Mapping[str, Sequence[Evaluated]], local: Local) -> Told:
    """Tell each evaluation of each segment, the newest first, with who entered and who left."""
    tables = tuple(_history(name, evaluations, local) for name, evaluations in found.items() if evaluations)
    plain = [{"segment": name, "evaluations": [_evaluated(each) for each in evaluations]} for name, evaluations in found.items()]
    cells = [(each["segment"], *evaluation.values()) for each in plain for evaluation in each["evaluations"]]  # type: ignore[attr-defined]
    never = [name for name, evaluations in found.items() if not evaluations]
    said = (f"never evaluated: {', '.join(never)}; each `retention run` evaluates all segments",) if never else ()
    return Told(plain, tables, ("segment", "as_of", "size", "entered", "left", "redefined"), cells, said=said)


def _history(name: str, evaluations: Sequence[Evaluated], local: Local) -> Table:
    most = max((each.size or 0 for each in evaluations), default=0)
    rows = [
        (local.cell(instant(each.as_of)), local.cell(each.size), local.cell(each.entered), local.cell(each.left),
         bar(each.size or 0, most, _BAR), "another condition than before" if each.redefined else "")
        for each in evaluations
    ]  # fmt: skip
    trend = sparkline([each.size for each in reversed(evaluations)])
    title = f"{name}  {trend}  {plural(len(evaluations), 'evaluation')}"
    return Table(("as of", "size", "entered", "left", "", " "), rows, right=("size", "entered", "left"), kept=("as of", ""), title=title)


def _evaluated(each: Evaluated) -> dict[str, Any]:
    return {"as_of": instant(each.as_of), "size": each.size, "entered": each.entered, "left": each.left, "redefined": each.redefined}
