"""`retention lock`: what is missing is learned, what is there stays until --update, and drift is told where data is."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from support.shell import retention
from support.tiny_shop import export, make_shop, write

METRICS = """\
    usual_total: {learned: {percentile: 50, of: average_order_value, by: country}}
    usual_count: {learned: {percentile: 50, of: orders_count}}
"""
PEOPLE = [(f"c{n}", f"c{n}@example.com", "Ann", "CZ" if n < 30 else "SK", "2026-01-01") for n in range(60)]


def totals(factor: int) -> list[tuple[object, ...]]:
    return [(str(n), f"c{n}", "2026-02-01 10:00:00", f"{factor * (n + 1)}.00") for n in range(60)]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a shop of sixty customers with an order each: of 1.00, of 2.00 and so on."""
    return make_shop(tmp_path / "shop", {"metrics/limits.yml": METRICS}, customers=PEOPLE, orders=totals(1))


def lock(shop: Path, *more: str) -> object:
    ran = retention(shop, "lock", "--as-of", "2026-05-01", "--format", "json", *more)
    assert ran.code == 0, ran.said
    return ran.json


def values(shop: Path, *more: str) -> dict[str, tuple[object, object]]:
    told = lock(shop, *more)
    assert isinstance(told, list)
    return {each["name"]: (each["pinned"] and each["pinned"]["value"], each["found"] and each["found"]["value"]) for each in told}


def test_what_is_missing_is_learned_and_what_is_there_stays(shop: Path) -> None:
    [warning, _] = retention(shop, "validate", "--format", "json").json
    assert (warning["code"], warning["severity"], warning["line"]) == ("not-learned", "warning", 1)
    assert values(shop) == {"usual_total": (None, 30.5), "usual_count": (None, 1)}
    text = (shop / "retention.lock").read_text(encoding="utf-8")
    assert '    meaning: "percentile 50 of average_order_value by country"\n    value: 30.5\n    people: 60\n' in text
    assert "    by:\n      CZ: 15.5\n      SK: 45.5\n" in text
    export(shop, orders=totals(2))
    assert values(shop) == {"usual_total": (30.5, 30.5), "usual_count": (1, 1)}
    assert values(shop, "--update")["usual_total"] == (30.5, 61)


def test_the_same_data_give_the_same_lock(shop: Path) -> None:
    lock(shop)
    text = (shop / "retention.lock").read_bytes()
    lock(shop, "--update")
    assert (shop / "retention.lock").read_bytes() == text


def test_an_import_keeps_what_was_learned(shop: Path) -> None:
    lock(shop)
    export(shop, orders=[*totals(1), ("x", "c1", "2026-03-01 10:00:00", "1.00")])
    assert retention(shop, "data", "import", "--as-of", "2026-05-01").code == 0
    assert "usual_total:" in (shop / "retention.lock").read_text(encoding="utf-8")


def test_another_question_is_learned_anew_and_what_nobody_asks_goes(shop: Path) -> None:
    lock(shop)
    write(shop, "metrics/limits.yml", "usual_total: {learned: {percentile: 90, of: average_order_value}}\n")
    [warning] = retention(shop, "validate", "--format", "json").json
    assert warning["code"] == "not-learned"
    assert "as the percentile 50 of average_order_value by country, and here it is the percentile 90 of average_order_value" in warning["message"]
    assert values(shop) == {"usual_total": (30.5, 54.1)}
    assert "usual_count" not in (shop / "retention.lock").read_text(encoding="utf-8")
    assert retention(shop, "validate", "--format", "json").json == []


def test_the_difference_is_shown_and_nothing_is_written(shop: Path) -> None:
    lock(shop)
    before = (shop / "retention.lock").read_bytes()
    export(shop, orders=totals(2))
    told = lock(shop, "--diff")
    assert isinstance(told, dict)
    assert [(each["name"], each["pinned"]["value"], each["found"]["value"]) for each in told["learned"]] == [
        ("usual_total", 30.5, 61),
        ("usual_count", 1, 1),
    ]
    assert told["moves"] == [], "no segment stands on it"
    assert (shop / "retention.lock").read_bytes() == before
    ran = retention(shop, "lock", "--diff", "--as-of", "2026-05-01")
    assert [line.split() for line in ran.out.splitlines()[2:]] == [
        ["usual_total", "everybody", "30.5", "61"], ["usual_total", "CZ", "15.5", "31"], ["usual_total", "SK", "45.5", "91"],
    ]  # fmt: skip
    assert "nobody would move" in ran.said


def test_drift_is_a_warning_where_data_is(shop: Path) -> None:
    """Half as much again is drift; five in a hundred is not. Without imported data there is nothing to compare."""
    lock(shop)
    assert retention(shop, "validate", "--format", "json").json == [], "nothing was imported yet"
    export(shop, orders=[(number, who, at, f"{float(str(total)) * 1.05:.2f}") for number, who, at, total in totals(1)])
    assert retention(shop, "data", "import", "--as-of", "2026-05-01").code == 0
    assert retention(shop, "validate", "--format", "json").json == []
    export(shop, orders=totals(2))
    checked = retention(shop, "data", "check", "--as-of", "2026-05-01")
    assert (checked.code, "'usual_total' has drifted: retention.lock has 30.5 for everybody, the data 61, and 2 more" in checked.said) == (0, True)
    assert retention(shop, "data", "import", "--as-of", "2026-05-01").code == 0
    [warning] = retention(shop, "validate", "--format", "json").json
    assert (warning["file"], warning["line"], warning["code"]) == ("metrics/limits.yml", 1, "learned-drift")
    assert retention(shop, "validate").code == 0


def test_what_nobody_has_is_said(shop: Path) -> None:
    write(shop, "metrics/limits.yml", "gap: {learned: {percentile: 50, of: days_between_orders}}\n")
    ran = retention(shop, "lock", "--as-of", "2026-05-01")
    assert ran.code == 0
    assert "gap: nobody has the number yet" in ran.said
    assert "learned" not in (shop / "retention.lock").read_text(encoding="utf-8")


def test_without_thresholds_the_sources_are_settled(shop: Path) -> None:
    (shop / "metrics/limits.yml").unlink()
    ran = retention(shop, "lock", "--as-of", "2026-05-01")
    assert (ran.code, ran.out) == (0, "")
    assert "orders:" in (shop / "retention.lock").read_text(encoding="utf-8")


def test_exports_that_are_not_to_be_trusted_teach_nothing(shop: Path) -> None:
    settings = (shop / "retention.yml").read_text(encoding="utf-8")
    (shop / "retention.yml").write_text(settings.replace("time: ordered_at,", "time: ordered_at, guard: {min_rows: 1000},"), encoding="utf-8")
    assert retention(shop, "lock", "--as-of", "2026-05-01").code == 3
    assert not (shop / "retention.lock").exists()


def test_diff_and_update_exclude_each_other(shop: Path) -> None:
    ran = retention(shop, "lock", "--diff", "--update")
    assert ran.code == 2
    assert "take one of them" in ran.said


def test_whom_a_new_value_would_move(shop: Path) -> None:
    """Segments and divisions that stand on a threshold, and those that stand on them; each with who enters and who leaves."""
    write(shop, "segments/big.yml", "where: {average_order_value: {at_least: {learned: usual_total}}}\n")
    write(shop, "segments/upon.yml", "where: [{segment: big}, {country: CZ}]\n")
    write(shop, "segments/other.yml", "where: {country: CZ}\n")
    write(shop, "segments/often.yml", "where: {orders_count: {more_than: {learned: usual_count}}}\n")
    divisions = "divisions:\n  large: {average_order_value: {at_least: {learned: usual_total}}}\notherwise: small\n"
    write(shop, "groups/size.yml", divisions)
    assert values(shop) == {"usual_total": (None, 30.5), "usual_count": (None, 1)}, "what is not pinned yet is no reason not to learn it"
    sizes = {each["segment"]: each["size"] for each in retention(shop, "segment", "size", "--as-of", "2026-05-01", "--format", "json").json}
    assert sizes == {"big": 30, "upon": 15, "other": 30, "often": 0}, "each country has its own median"
    more = [(str(n), f"c{n}", "2026-02-01 10:00:00", f"{(n + 1) * (1 if n % 2 else 3)}.00") for n in range(60)]
    export(shop, orders=more)
    told = lock(shop, "--diff")
    assert isinstance(told, dict)
    moves = {each["name"]: (each["size"], each["enter"], each["leave"]) for each in told["moves"]}
    assert set(moves) == {"segment big", "segment upon", "segment often", "group size: large", "group size: small"}
    assert moves["segment often"] == (0, 0, 0), "it stands on a threshold that nobody moves by"
    assert moves["segment big"] == moves["group size: large"]
    size, enter, leave = moves["segment big"]
    assert (size, enter) == (before(more), 0)
    assert size - leave == after(more)
    assert moves["group size: small"] == (60 - size, leave, 0)


def before(rows: list[tuple[str, str, str, str]]) -> int:
    """Return how many reach the medians of the old orders: 15.5 and 45.5."""
    return sum(float(total) >= (15.5 if n < 30 else 45.5) for n, (_, _, _, total) in enumerate(rows))


def after(rows: list[tuple[str, str, str, str]]) -> int:
    """Return how many reach the medians of the new ones."""
    paid = [float(total) for _, _, _, total in rows]
    limits = (statistics.median(paid[:30]), statistics.median(paid[30:]))
    return sum(total >= limits[n >= 30] for n, total in enumerate(paid))
