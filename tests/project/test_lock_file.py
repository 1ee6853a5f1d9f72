"""retention.lock: written whole, the same bytes for the same content, and read back by the strict reader."""

from __future__ import annotations

import errno
import os
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project.case_files import told
from retention_cli.model.dress import CsvFormat
from retention_cli.model.lock import LearnedValue, Lock, SourceLock
from retention_cli.model.source import Column, ColumnType
from retention_cli.project.lock_file import LOCK, format_lock, read_lock, write_lock
from retention_cli.project.yaml_tree import read

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = Lock(
    {
        "orders": SourceLock(
            (
                Column(name="total", type=ColumnType.DECIMAL, origin="Celkem s DPH", scale=2),
                Column(name="order_id", type=ColumnType.TEXT, origin="order_id"),
            ),
            CsvFormat(delimiter=";", encoding="cp1250", date_format="%d.%m.%Y"),
            ("refund", "order"),
        ),
        "customers": SourceLock((Column(name="e-mail: ?", type=ColumnType.TEXT, origin='a "b" # \n\u2028'),)),
    },
    {
        "typical_gap": LearnedValue(
            Decimal("34.50"),
            1203,
            {"Bikes: all": Decimal(61), "null": Decimal("12.25")},
            {"orders": "0123456789abcdef"},
            "2026-05-01T07:00:00+00:00",
            "percentile 50 of days_between_orders by favourite_category",
        ),
        "usual_total": LearnedValue(Decimal("1E+3"), 0),
    },
)
TEXT = """\
# What the first import settled about each source. Written by `retention`; reviewed like code.
sources:
  customers:
    columns:
      "e-mail: ?": {type: text, origin: "a \\"b\\" # \\n\\u2028"}
  orders:
    csv: {delimiter: ";", encoding: "cp1250", date_format: "%d.%m.%Y"}
    events: ["order", "refund"]
    columns:
      order_id: {type: text, origin: "order_id"}
      total: {type: decimal, scale: 2, origin: "Celkem s DPH"}
learned:
  typical_gap:
    meaning: "percentile 50 of days_between_orders by favourite_category"
    value: 34.50
    people: 1203
    as_of: "2026-05-01T07:00:00+00:00"
    sources:
      orders: "0123456789abcdef"
    by:
      "Bikes: all": 61
      "null": 12.25
  usual_total:
    meaning: ""
    value: 1000
    people: 0
"""


def test_the_text_is_sorted_and_reviewable() -> None:
    assert format_lock(EXAMPLE) == TEXT


def test_it_is_read_back(tmp_path: Path) -> None:
    write_lock(tmp_path, EXAMPLE)
    found, problems = read_lock(tmp_path)
    assert problems == []
    assert found.sources["orders"] == SourceLock(
        (
            Column(name="order_id", type=ColumnType.TEXT, origin="order_id"),
            Column(name="total", type=ColumnType.DECIMAL, origin="Celkem s DPH", scale=2),
        ),
        CsvFormat(delimiter=";", encoding="cp1250", date_format="%d.%m.%Y"),
        ("order", "refund"),
    )
    assert found.learned == EXAMPLE.learned
    assert format_lock(found) == TEXT


def test_none_is_an_empty_one(tmp_path: Path) -> None:
    assert read_lock(tmp_path) == (Lock(), [])
    write_lock(tmp_path, Lock())
    assert read_lock(tmp_path) == (Lock(), [])


def test_nothing_but_the_lock_is_left_behind(tmp_path: Path) -> None:
    for lock in (Lock(), EXAMPLE):
        write_lock(tmp_path, lock)
    assert [path.name for path in tmp_path.iterdir()] == [LOCK]


def test_a_full_disk_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_lock(tmp_path, EXAMPLE)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_lock(tmp_path, Lock())
    assert [path.name for path in tmp_path.iterdir()] == [LOCK]
    assert (tmp_path / LOCK).read_text(encoding="utf-8") == TEXT


def test_mistakes_of_a_merge_are_problems(tmp_path: Path) -> None:
    """A lock edited by hand, or with a conflict left in it, is told like any other file."""
    (tmp_path / LOCK).write_text("sources:\n  a: {columns: {b: {type: txt, origin: b}}, evnts: []}\n", encoding="utf-8")
    assert told(read_lock(tmp_path)[1], LOCK) == (
        "2:27 wrong-value: 'type' cannot be 'txt' | did you mean 'text'?",
        "2:45 unknown-key: this version knows no key 'evnts' in 'a' | did you mean 'events'?",
    )
    (tmp_path / LOCK).write_text("<<<<<<< ours\nsources: {}\n", encoding="utf-8")
    assert [problem.code for problem in read_lock(tmp_path)[1]] == ["yaml-syntax"]


_TEXT = st.text(st.characters(blacklist_categories=["Cs"]))
_COLUMNS = st.builds(Column, name=_TEXT, type=st.sampled_from(ColumnType), origin=_TEXT, scale=st.integers(0, 9))
_SOURCES = st.builds(
    SourceLock,
    st.lists(_COLUMNS, unique_by=lambda column: column.name).map(lambda found: tuple(sorted(found, key=lambda column: column.name))),
    st.sampled_from([CsvFormat(), CsvFormat(delimiter=",", quote="'"), CsvFormat(delimiter="\t", decimal=",", escape="\\")]),
    st.lists(_TEXT, unique=True).map(lambda found: tuple(sorted(found))),
)


_LIMITS = st.dictionaries(_TEXT, st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9), max_size=3)
_LEARNED = st.builds(LearnedValue, st.just(Decimal(1)), st.integers(0, 9), _LIMITS, st.dictionaries(_TEXT, _TEXT, max_size=2), _TEXT, _TEXT)


@given(st.dictionaries(_TEXT, _SOURCES, max_size=3), st.dictionaries(_TEXT, _LEARNED, max_size=2))
def test_any_names_survive(sources: dict[str, SourceLock], learned: dict[str, LearnedValue]) -> None:
    """Headers and categories come from strangers: quotes, colons, line ends and direction marks come back as they were."""
    text = format_lock(Lock(sources, learned))
    assert read(text)[1] == []
    found = _reread(text)
    assert found.learned == learned
    assert format_lock(found) == text


def _reread(text: str) -> Lock:
    import tempfile  # noqa: PLC0415 - hypothesis forbids the fixture of a folder
    from pathlib import Path  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / LOCK).write_text(text, encoding="utf-8", newline="\n")
        lock, problems = read_lock(Path(folder))
    assert problems == []
    return lock
