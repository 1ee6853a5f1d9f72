"""What a metric is found by: a fold over events, a condition, a score, or a favourite.

metric = {total_of|count_of|…: {…}} | {when: condition} | {score: {of: METRIC, bins: 5 | [30, 90], best: high|low, step:, among: condition}}
| {favourite: {of: COLUMN, weights: {EVENT: number, …}, half_life:, rank:}}
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from retention_cli.model.condition import Fold
from retention_cli.model.metric import Favourite, Score, When
from retention_cli.model.word import Word
from retention_cli.project.grammar.conditions import condition
from retention_cli.project.grammar.events import total
from retention_cli.project.grammar.follows import note_missing
from retention_cli.project.grammar.spot import check_keys
from retention_cli.project.grammar.values import duration, name
from retention_cli.project.grammar.yardsticks import number
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Series, Table

if TYPE_CHECKING:
    from retention_cli.model.metric import Definition
    from retention_cli.project.grammar.spot import Spot
    from retention_cli.project.yaml_tree import Raw

SCORE_KEYS = ("of", "bins", "best", "step", "among")
FAVOURITE_KEYS = ("of", "weights", "half_life", "rank")
HEADS = (*map(str, Fold), "when", "score", "favourite")
_BEST = ("high", "low")
_MOST_BINS, _MOST_RANK = 100, 20


def definition(table: Table, spot: Spot) -> Definition | None:
    """Return what a mapping of one head defines, or None and notes."""
    head = next(head for head in HEADS if head in table)
    if head in {str(fold) for fold in Fold}:
        return total(table, spot)
    check_keys(table, (head,), spot, head=head)
    raw, inner = table[head], spot.key(head)
    if head == "when":
        return When(condition=condition(raw, inner), place=table.place, path=spot.path)
    if not isinstance(raw, Table):
        form = "{of: days_since_last_order, bins: 5, best: low}" if head == "score" else "{of: category, weights: {buy_item: 1}}"
        inner.shape(raw, "a mapping", f"write {head}: {form}")
        return None
    return _score(raw, inner) if head == "score" else _favourite(raw, inner)


def _score(table: Table, spot: Spot) -> Score | None:
    check_keys(table, SCORE_KEYS, spot)
    of = _of(table, "which metric: of: days_since_last_order", spot)
    bins = _whole(table, "bins", spot, 2, _MOST_BINS) if not isinstance(table.get("bins"), Series) else 0
    limits = _limits(table, spot)
    best = table.get("best", Word("high"))
    if not isinstance(best, Word) or best not in _BEST:
        spot.error(best, Code.WRONG_VALUE, "'best' should be high or low", "low, where a small number is the best: best: low")
        return None
    step = number(table["step"], spot.key("step")) if "step" in table else Decimal(1)
    if of is None or bins is None or limits is None or step is None:
        return None
    among = condition(table["among"], spot.key("among")) if "among" in table else None
    return Score(of=of, bins=bins or 5, limits=limits, best=str(best), step=step, among=among, place=table.place, path=spot.path)


def _limits(table: Table, spot: Spot) -> tuple[Decimal, ...] | None:
    raw = table.get("bins")
    if not isinstance(raw, Series):
        return ()
    found = [number(each, spot.key("bins").item(index)) for index, each in enumerate(raw)]
    limits = tuple(each for each in found if each is not None)
    if len(limits) < len(found):
        return None
    if not limits or list(limits) != sorted(set(limits)):
        spot.error(raw, Code.WRONG_VALUE, "the limits of 'bins' should rise", "write bins: [30, 90, 180, 365]")
        return None
    return limits


def _favourite(table: Table, spot: Spot) -> Favourite | None:
    check_keys(table, FAVOURITE_KEYS, spot)
    of = _of(table, "which column of the events: of: category", spot)
    weights = _weights(table, spot)
    half_life = duration(table["half_life"], spot.key("half_life")) if "half_life" in table else None
    rank = _whole(table, "rank", spot, 1, _MOST_RANK)
    if of is None or not weights or rank is None:
        return None
    return Favourite(of=of, weights=weights, half_life=half_life, rank=rank or 1, place=table.place, path=spot.path)


def _weights(table: Table, spot: Spot) -> tuple[tuple[str, Decimal], ...]:
    raw, inner = table.get("weights"), spot.key("weights")
    if raw is None:
        note_missing(table, "weights", "say what each event weighs: weights: {view_item: 1, buy_item: 10}", spot)
        return ()
    if not isinstance(raw, Table) or not raw:
        inner.shape(raw, "a mapping of events to numbers", "write weights: {view_item: 1, buy_item: 10}")
        return ()
    found = [(event, number(raw[event], inner.key(event))) for event in raw.words()]
    return tuple((event, weight) for event, weight in found if weight is not None)


def _of(table: Table, hint: str, spot: Spot) -> Word | None:
    if "of" in table:
        return name(table["of"], spot.key("of"))
    note_missing(table, "of", f"say {hint}", spot)
    return None


def _whole(table: Table, key: str, spot: Spot, least: int, most: int) -> int | None:
    """Return a whole number, 0 where it is left out, None and a note where it is none."""
    raw: Raw | None = table.get(key)
    if raw is None:
        return 0
    if not isinstance(raw, Word) or not (raw.isascii() and raw.isdigit()) or not least <= int(raw) <= most:
        spot.error(raw, Code.WRONG_VALUE, f"{key!r} should be a whole number from {least} to {most}")
        return None
    return int(raw)
