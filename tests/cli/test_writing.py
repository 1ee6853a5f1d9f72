"""How values, bars, tables and progress are written."""

from __future__ import annotations

import io
import sys
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from retention_cli.cli import progress
from retention_cli.cli.bars import bar, sparkline
from retention_cli.cli.layout import Sheet, lay_out
from retention_cli.cli.local import MISSING, Local
from retention_cli.model.source import ColumnType
from retention_cli.model.unit import Unit, unit_of_name

CZECH, AMERICAN = Local("cs_CZ", ZoneInfo("Europe/Prague"), "CZK"), Local("en_US", ZoneInfo("America/New_York"), "USD")


@pytest.mark.parametrize(
    ("value", "unit", "czech", "american"),
    [
        (1234567, Unit.COUNT, "1\xa0234\xa0567", "1,234,567"),
        (Decimal("1234.50"), Unit.MONEY, "1\xa0234,50\xa0Kč", "$1,234.50"),
        (Decimal("71.562025"), Unit.DAYS, "71,56", "71.56"),
        (0.1234, Unit.SHARE, "12,3\xa0%", "12.3%"),
        (datetime(2026, 5, 1, 7, 3, tzinfo=UTC), Unit.TIME, "1. 5. 2026 9:03", "5/1/2026 03:03"),
        (datetime(2026, 5, 1, 7, 3), Unit.TIME, "1. 5. 2026 9:03", "5/1/2026 03:03"),  # noqa: DTZ001 - as the engine gives it: UTC
        (date(2026, 5, 1), Unit.TIME, "1. 5. 2026", "5/1/2026"),
        (None, Unit.MONEY, MISSING, MISSING),
        (True, Unit.NONE, "yes", "yes"),
        (["a", "\x1b"], Unit.NONE, "a, \\u001b", "a, \\u001b"),
        ("a\nb", Unit.NONE, "a\\u000ab", "a\\u000ab"),
    ],
)
def test_values_are_written_by_the_locale(value: object, unit: Unit, czech: str, american: str) -> None:
    assert (CZECH.cell(value, unit), AMERICAN.cell(value, unit)) == (czech, american)


def test_an_unknown_locale_writes_plainly() -> None:
    assert Local("xx_XX").number(1234) == "1,234"
    assert [Local("cs").change(change) for change in (3, -1200, 0, None)] == ["+3", "\u22121\xa0200", "0", MISSING]


@pytest.mark.parametrize(
    ("name", "unit"),
    [("total_spent", Unit.MONEY), ("margin", Unit.MONEY), ("margin_rate", Unit.SHARE), ("days_since_registered", Unit.DAYS), ("age", Unit.NONE)],
)
def test_a_name_tells_its_unit(name: str, unit: Unit) -> None:
    assert unit_of_name(name, ColumnType.DECIMAL) is unit
    assert unit_of_name(name, ColumnType.TEXT) is Unit.NONE


def test_bars_are_true_to_an_eighth() -> None:
    assert [bar(part, 10, 2) for part in (0, 0.001, 5, 10, 11)] == ["", "▏", "█", "██", "██"]
    assert bar(7, 16, 2) == "▉"
    assert bar(1, 0, 5) == ""
    assert sparkline([1, None, 5, 9]) == "▁ ▅█"
    assert (sparkline([4, 4]), sparkline([None]), sparkline([])) == ("▄▄", "", "")


SHEET = Sheet(
    ("customer_id", "name", "orders_count"), [["c1", "a long name that goes on", "3"], ["c2", "短い名前", "12"]], frozenset({"orders_count"})
)


def test_in_a_pipe_nothing_is_folded() -> None:
    assert lay_out(SHEET, None) == [
        "customer_id  name                      orders_count",
        "───────────────────────────────────────────────────",
        "c1           a long name that goes on             3",
        "c2           短い名前                            12",
    ]


def test_headings_break_and_texts_fold_before_a_table_is_told_by_rows() -> None:
    assert lay_out(SHEET, 34) == [
        "                           orders_",
        "customer_id  name            count",
        "──────────────────────────────────",
        "c1           a long name         3",
        "             that goes on",
        "c2           短い名前           12",
    ]
    assert lay_out(SHEET, 12)[:3] == ["c1", "  name          a long name that goes on", "  orders_count  3"]


class Terminal(io.StringIO):
    """A stderr that says that it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_long_work_shows_that_it_is_alive_and_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    with progress.Working("reading") as working:
        while "reading" not in screen.getvalue():
            time.sleep(0.001)
        working.say("orders: read 3 rows")
    assert "\r\x1b[Korders: read 3 rows\n" in screen.getvalue()
    assert screen.getvalue().rpartition("reading")[2].count("\x1b[K") >= 1, "nothing of it stays"


def test_quick_work_and_pipes_show_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for screen, patience in ((Terminal(), 60.0), (io.StringIO(), 0.001)):
        monkeypatch.setattr(sys, "stderr", screen)
        monkeypatch.setattr(progress, "PATIENCE", patience)
        with progress.Working("reading"):
            time.sleep(0.01)
        assert screen.getvalue() == ""
