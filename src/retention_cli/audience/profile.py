"""What tells a segment from everyone: values that its members have more or less often, and where its numbers lie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from retention_cli.compile import sql
from retention_cli.compile.profile import ORDERED, TABLE, Profiled, positions_query, profiled_query, summary_query, values_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from retention_cli.compile.conditions import Compiler
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.condition import Condition
    from retention_cli.model.source import ColumnType

FEWEST = 5
"""A value tells nothing that fewer members have (or would have, were they like everyone); of large segments 1 %."""
_CHANCE = 0.05
"""How likely it may be that one value or more is shown by accident, over all values that are looked at (Bonferroni)."""
_MANY, _UNLIKE = 50, 0.5
"""A text of more than so many values, most of which only one customer has, tells people apart and not groups."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How often a value (None: no value at all) occurs: `here` among the members, `everyone` among all; shares are 0 to 1 of these."""

    field: str
    value: str | None
    here: int
    everyone: int
    share_here: float
    share_everyone: float

    @property
    def lift(self) -> float:
        """How many times as often as in everyone the value is here; 0 where no member has it."""
        return round(self.share_here / self.share_everyone, 4)


@dataclass(frozen=True, slots=True)
class Middle:
    """Where a field's values lie: (lower quartile, median, upper quartile), None where nobody has one.

    `position` is the part of everyone below the members' median, ties counted half: 0.5 is the middle of all.
    """

    field: str
    type: ColumnType
    known_here: int
    known_everyone: int
    here: tuple[Any, ...] | None
    everyone: tuple[Any, ...] | None
    position: float | None


@dataclass(frozen=True, slots=True)
class Profile:
    """`over` and `under` are values more and less frequent than in everyone, strongest first; `left_out`: fields of which nothing is told."""

    size: int
    of: int
    over: tuple[Seen, ...]
    under: tuple[Seen, ...]
    numbers: tuple[Middle, ...]
    left_out: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Summary:
    known: int
    known_here: int
    distinct: int
    quartiles: Sequence[Any] | None
    quartiles_here: Sequence[Any] | None


def profile(engine: DuckEngine, compiler: Callable[[], Compiler], condition: Condition, fields: Sequence[str]) -> Profile:
    """Hold the members of a segment against everyone, in four queries however many fields there are."""
    profiled = profiled_query(compiler(), condition, fields)
    engine.execute(sql.created(TABLE, profiled.query), profiled.query.values)
    query = summary_query(profiled)
    everyone, members, *rest = engine.run(query.sql, query.values)[0]
    width = len(_Summary.__slots__)
    summaries = {field: _Summary(*rest[width * n : width * (n + 1)]) for n, field in enumerate(profiled.fields)}
    left_out = {field: why for field, kind in profiled.fields.items() if (why := _untold(summaries[field], ordered=kind in ORDERED))}
    told = [field for field in profiled.fields if field not in left_out]
    by_value = {field: summaries[field] for field in told if profiled.fields[field] not in ORDERED}
    seen = _values(engine, profiled, by_value, int(members), int(everyone))
    middles = _middles(engine, profiled, {field: summaries[field] for field in told if profiled.fields[field] in ORDERED})
    over = sorted((each for each in seen if each.lift > 1), key=lambda each: (-each.lift, -each.here, each.field, each.value or ""))
    under = sorted((each for each in seen if each.lift < 1), key=lambda each: (each.lift, -each.everyone, each.field, each.value or ""))
    return Profile(int(members), int(everyone), tuple(over), tuple(under), tuple(middles), left_out)


def _untold(summary: _Summary, *, ordered: bool) -> str:
    if not summary.known:
        return "nobody has one"
    if not ordered and summary.distinct > _MANY and summary.distinct > _UNLIKE * summary.known:
        return "nearly everybody has another one"
    return ""


def _values(engine: DuckEngine, profiled: Profiled, summaries: Mapping[str, _Summary], members: int, everyone: int) -> list[Seen]:
    fields = list(summaries)
    if not fields or members in (0, everyone):
        return []
    fewest = max(FEWEST, math.ceil(members / 100))
    query = values_query(profiled, fields, fewest, math.ceil(fewest * everyone / members))
    looked_at = sum(summary.distinct for summary in summaries.values())
    return list(_telling(engine.run(query.sql, query.values), fields, members, everyone, looked_at))


def _telling(rows: Sequence[Sequence[Any]], fields: Sequence[str], members: int, everyone: int, looked_at: int) -> Iterator[Seen]:
    sure = NormalDist().inv_cdf(1 - _CHANCE / 2 / max(looked_at, 1))
    for field, value, here, total in rows:
        if _surprise(int(here), members, int(total), everyone) >= sure:
            yield Seen(fields[int(field)], value, int(here), int(total), round(here / members, 6), round(total / everyone, 6))


def _surprise(here: int, members: int, total: int, everyone: int) -> float:
    """Return how many standard errors the members lie off the rest: the root of the likelihood ratio of the four counts (G-test).

    The plain difference of two shares is far too sure of itself where a handful of people have a value.
    """
    observed = (here, members - here, total - here, everyone - members - total + here)
    expected = (members * total, members * (everyone - total), (everyone - members) * total, (everyone - members) * (everyone - total))
    ratio = sum(count * math.log(count * everyone / likely) for count, likely in zip(observed, expected, strict=True) if count)
    return math.sqrt(max(2 * ratio, 0.0))


def _middles(engine: DuckEngine, profiled: Profiled, summaries: Mapping[str, _Summary]) -> list[Middle]:
    medians = {field: summary.quartiles_here[1] for field, summary in summaries.items() if summary.quartiles_here}
    positions: dict[str, float] = {}
    if medians:
        query = positions_query(profiled, medians)
        positions = dict(zip(medians, map(float, engine.run(query.sql, query.values)[0]), strict=True))
    found = [_middle(field, profiled.fields[field], summary, positions.get(field)) for field, summary in summaries.items()]
    return sorted(found, key=lambda each: (-abs((0.5 if each.position is None else each.position) - 0.5), each.field))


def _middle(field: str, kind: ColumnType, summary: _Summary, position: float | None) -> Middle:
    here, everyone = (None if cuts is None else tuple(cuts) for cuts in (summary.quartiles_here, summary.quartiles))
    return Middle(field, kind, int(summary.known_here), int(summary.known), here, everyone, position)
