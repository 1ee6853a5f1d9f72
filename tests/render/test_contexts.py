"""Contexts come back from JSON as plain, exact values."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_cli.errors import RenderFailed
from retention_cli.model.source import ColumnType
from retention_cli.render.contexts import decode


def test_fractions_are_exact_and_texts_stay_texts() -> None:
    found = decode('{"customer": {"spent": 1234567890.10, "zip": "02134", "n": 3, "vip": true, "x": null, "l": ["a", 0.1]}}')
    assert found == {"customer": {"spent": Decimal("1234567890.10"), "zip": "02134", "n": 3, "vip": True, "x": None, "l": ["a", Decimal("0.1")]}}


def test_types_settle_dates_times_and_decimals_by_path() -> None:
    types = {
        "customer.birthday": ColumnType.DATE,
        "customer.at": ColumnType.TIME,
        "customer.spent": ColumnType.DECIMAL,
        "customer.zip": ColumnType.TEXT,
    }
    found = decode('{"customer": {"birthday": "2000-02-29", "at": "2026-05-01T10:00:00", "spent": "12.50", "zip": "1"}}', types)
    assert found["customer"] == {
        "birthday": date(2000, 2, 29),
        "at": datetime.fromisoformat("2026-05-01T10:00:00"),
        "spent": Decimal("12.50"),
        "zip": "1",
    }


def test_a_missing_value_stays_missing_whatever_its_type() -> None:
    assert decode('{"customer": {"birthday": null}}', {"customer.birthday": ColumnType.DATE, "nobody.x": ColumnType.DATE}) == {
        "customer": {"birthday": None}
    }


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '"x"', "null", "[" * 100_000])
def test_what_is_no_context_is_refused(text: str) -> None:
    with pytest.raises(RenderFailed):
        decode(text)


def test_a_value_of_the_wrong_type_is_refused_without_being_shown() -> None:
    with pytest.raises(RenderFailed, match=r"customer\.birthday is no date") as caught:
        decode('{"customer": {"birthday": "jana@example.org"}}', {"customer.birthday": ColumnType.DATE})
    assert "jana" not in str(caught.value)


def test_nan_is_missing() -> None:
    assert decode(json.dumps({"x": math.nan, "y": math.inf})) == {"x": None, "y": None}


@given(st.text(max_size=40))
def test_what_no_message_may_carry_is_dropped_and_nothing_else(text: str) -> None:
    """Whether escaped or written out in the JSON."""
    unfit = {*range(9), 11, 12, *range(14, 32), *range(0x7F, 0xA0), 0x2028, 0x2029, 0xFEFF, 0xFFFD, 0xFFFE, 0xFFFF}
    meant = "".join(character for character in text if ord(character) not in unfit and not "\ud800" <= character <= "\udfff")
    for ascii_only in (True, False):
        assert decode(json.dumps({"a": [{"b": text}]}, ensure_ascii=ascii_only)) == {"a": [{"b": meant}]}


def test_half_characters_are_dropped() -> None:
    assert decode('{"a": "x\\ud800y"}') == {"a": "xy"}
