"""Groups that are no division, conditions that never hold, values that nobody has: told by `validate`, with data and without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.shell import retention
from support.tiny_shop import make_shop, write

if TYPE_CHECKING:
    from pathlib import Path

AVATAR = """\
    name: avatar
    divisions:
      active: {{last_order_at: {{within: 30 days}}}}
      asleep: {{last_order_at: {{older_than: {asleep}}}}}
"""


def told(shop: Path, *more: str) -> list[tuple[str, str]]:
    """Return what `validate` says beside that nothing is proven of campaigns: (code, message)."""
    ran = retention(shop, "validate", "--format", "json", "--as-of", "2026-05-01", *more)
    return [(problem["code"], problem["message"]) for problem in ran.json]


def of_group(tmp_path: Path, text: str) -> list[tuple[str, str]]:
    """Return what is said of one group without any data."""
    return told(make_shop(tmp_path / "shop", {"groups/g.yml": text}))


def test_a_gap_between_days_is_named(tmp_path: Path) -> None:
    assert of_group(tmp_path, AVATAR.format(asleep="50 days")) == [
        ("group-gap", "the group 'avatar' has a gap: last_order_at from 30 to 50 days ago")
    ]


def test_within_and_older_than_are_exact_complements(tmp_path: Path) -> None:
    assert of_group(tmp_path, AVATAR.format(asleep="30 days")) == []


def test_an_overlap_is_named_unless_the_order_decides(tmp_path: Path) -> None:
    overlapping = AVATAR.format(asleep="20 days")
    message = "the divisions 'active' and 'asleep' overlap: last_order_at from 20 to 30 days ago"
    assert of_group(tmp_path, overlapping) == [("group-overlap", message)]
    assert of_group(tmp_path, overlapping + "    first_match: true\n") == []


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        ("{at_most: 3}", "{at_least: 4}", []),
        ("{less_than: 4}", "{more_than: 3}", []),
        ("{at_most: 3}", "{at_least: 6}", ["orders_count from 4 to 5"]),
        ("{at_most: 3}", "{more_than: 4}", ["orders_count 4"]),
        ("{between: [1, 3]}", "{at_least: 4}", ["orders_count up to 0"]),
        ("{in: [0, 1]}", "{at_least: 2}", ["orders_count up to -1"]),
    ],
)
def test_whole_numbers_meet(tmp_path: Path, low: str, high: str, said: list[str]) -> None:
    group = f"    name: buyers\n    divisions:\n      few: {{orders_count: {low}}}\n      many: {{orders_count: {high}}}\n"
    assert [message.partition(": ")[2] for _, message in of_group(tmp_path, group)] == said


def test_multiples_of_one_yardstick_are_compared(tmp_path: Path) -> None:
    gap = "{{metric: days_between_orders, factor: {}}}"
    group = (
        "    name: rhythm\n    divisions:\n"
        f"      fresh: {{days_since_last_order: {{less_than: {gap.format('0.6')}}}}}\n"
        f"      due: {{days_since_last_order: {{at_least: {gap.format('0.9')}}}}}\n"
    )
    assert [message for _, message in of_group(tmp_path, group)] == [
        "the group 'rhythm' has a gap: days_since_last_order from 0.6 to 0.9 x days_between_orders"
    ]


def test_where_nothing_can_be_reasoned_data_tells_with_a_witness(tmp_path: Path) -> None:
    group = "    name: mixed\n    divisions:\n      czech: {country: CZ}\n      buyers: {did: order}\n"
    shop = make_shop(tmp_path / "shop", {"groups/mixed.yml": group})
    assert told(shop) == [], "without data nothing is known"
    assert retention(shop, "run", "--as-of", "2026-05-01").code == 0
    assert told(shop) == [("group-overlap", "the divisions 'czech' and 'buyers' overlap: 1 customer fits both, 'a' for one")]
    write(shop, "groups/mixed.yml", "    name: mixed\n    divisions:\n      czech: {country: CZ}\n      polish: {country: PL}\n")
    assert ("group-gap", "the group 'mixed' has a gap: 1 customer is in no division, 'b' for one") in told(shop)


def test_a_value_that_no_row_has_is_a_warning_with_the_nearest(tmp_path: Path) -> None:
    files = {"segments/far.yml": "where: [{country: CZE}, {did: page_view, where: {product_id: {is_not: p11}}}]\n"}
    shop = make_shop(tmp_path / "shop", files)
    retention(shop, "run", "--as-of", "2026-05-01")
    ran = retention(shop, "validate", "--format", "json", "--as-of", "2026-05-01")
    assert ran.code == 0
    found: list[dict[str, Any]] = ran.json
    assert [(p["line"], p["column"], p["severity"], p["code"], p["hint"]) for p in found] == [
        (1, 19, "warning", "value-unheard", "did you mean 'CZ'?"),
        (1, 71, "warning", "value-unheard", "did you mean 'p1'?"),
    ]


@pytest.mark.parametrize(
    "never",
    [
        "{orders_count: {at_least: 5, less_than: 5}}",
        "[{orders_count: {at_least: 5}}, {country: CZ}, {orders_count: 2}]",
        "{country: {is: CZ, is_not: CZ}}",
        "[{country: [CZ, SK]}, {country: PL}]",
        "{last_order_at: {within: 10 days, older_than: 20 days}}",
        "{did: order, times: {at_least: 3, at_most: 2}}",
        "{total_of: {did: order, field: total, value: {more_than: 10, less_than: 10}}}",
    ],
)
def test_what_can_never_hold_is_an_error(tmp_path: Path, never: str) -> None:
    shop = make_shop(tmp_path / "shop", {"segments/nobody.yml": f"where: {never}\n"})
    assert [code for code, _ in told(shop)] == ["never-holds"]
    assert retention(shop, "validate").code == 2


@pytest.mark.parametrize(
    "sound",
    [
        "{orders_count: {at_least: 5, at_most: 5}}",
        "{any: [{orders_count: {at_least: 5}}, {orders_count: 2}]}",
        "{last_order_at: {within: 20 days, older_than: 10 days}}",
        "{country: {in: [CZ, SK], is_not: CZ}}",
        "{total_spent: {more_than: 10, less_than: 10.5}}",
    ],
)
def test_what_can_hold_is_left_in_peace(tmp_path: Path, sound: str) -> None:
    assert told(make_shop(tmp_path / "shop", {"segments/some.yml": f"where: {sound}\n"})) == []
