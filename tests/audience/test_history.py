"""Sizes of earlier evaluations, told backwards from the last one whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audience.test_memberships import Stored, aged, names, shop_of
from retention_cli.audience.history import histories
from retention_cli.audience.memberships import delta_blob, load_before, whole_blob
from retention_cli.engine.duck import DuckEngine
from retention_cli.ledger.rows import EvaluationRow, GenerationRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

AGES: Sequence[Mapping[str, int | None]] = (
    {"a": 1, "b": 3, "c": 5},
    {"a": 4, "b": 3, "c": 5, "d": 2},
    {"a": 4, "c": 1},
)
"""Three evaluations: d comes, a grows older, then b and d are gone and c is young again."""


def evaluated(root: Path, segments: Sequence[Sequence[str]]) -> tuple[list[EvaluationRow], GenerationRow]:
    """Evaluate these segments one after the other over AGES; return the rows, newest first, and the last one whole."""
    rows: list[EvaluationRow] = []
    before: GenerationRow | None = None
    with DuckEngine(threads=1) as engine:
        for number, (ages, listed) in enumerate(zip(AGES, segments, strict=True)):
            now = aged(engine, shop_of(root / str(number), listed), ages)
            known = load_before(engine, None if before is None else Stored(before.segments, before.whole))
            rows.insert(0, EvaluationRow(number, number * 10, dict(now.segments), delta_blob(engine, now, known)))
            before = GenerationRow(number, number * 10, dict(now.segments), whole_blob(engine))
    assert before is not None
    return rows, before


def sizes(ages: Mapping[str, int | None], least: int) -> int:
    return sum((age or 0) >= least for age in ages.values())


def test_earlier_sizes_follow_from_who_came_and_went(tmp_path: Path) -> None:
    listed = names(1, 6)
    rows, last = evaluated(tmp_path, [listed] * 3)
    with DuckEngine(threads=1) as engine:
        found = histories(engine, rows, last, 9)
    for name in listed:
        assert [each.size for each in found[name]] == [sizes(ages, int(name[2:])) for ages in reversed(AGES)]
        assert found[name][-1].entered is None
    newest = found["s_03"][0]
    assert (newest.entered, newest.left, newest.as_of, newest.redefined) == (0, 2, 20, False)


def test_a_limit_leaves_the_oldest_one_compared(tmp_path: Path) -> None:
    rows, last = evaluated(tmp_path, [names(1, 6)] * 3)
    with DuckEngine(threads=1) as engine:
        found = histories(engine, rows, last, 2)
    assert [(each.as_of, each.entered, each.left) for each in found["s_03"]] == [(20, 0, 2), (10, 1, 0)]


def test_where_a_segment_was_not_evaluated_the_chain_ends(tmp_path: Path) -> None:
    rows, last = evaluated(tmp_path, [["s_01", "s_03"], ["s_01"], ["s_01", "s_03"]])
    with DuckEngine(threads=1) as engine:
        found = histories(engine, rows, last, 9)
    assert [(each.as_of, each.size, each.entered) for each in found["s_03"]] == [(20, 1, None), (0, None, None)]


def test_another_condition_under_the_same_name_is_said(tmp_path: Path) -> None:
    rows, last = evaluated(tmp_path, [["s_01"]] * 3)
    rows[1] = EvaluationRow(rows[1].id, rows[1].as_of, {"s_01": "another"}, rows[1].delta)
    with DuckEngine(threads=1) as engine:
        assert [each.redefined for each in histories(engine, rows, last, 9)["s_01"]] == [True, True, False]


def test_without_an_evaluation_there_is_no_history() -> None:
    with DuckEngine(threads=1) as engine:
        assert histories(engine, [], None, 9) == {}
