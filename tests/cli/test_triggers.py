"""Each trigger by the real command, run after run: who enters, when, and that nobody enters twice for one occasion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.shell import retention
from support.tiny_shop import SETTINGS, export, make_shop, write

if TYPE_CHECKING:
    from pathlib import Path

STEPS = "goals: {back: {when: {did: order}, window: 30 days}}\nsteps: [{stop: done}]\n"
MORE = {
    "customers": ("customer_id", "email", "first_name", "country", "registered_at", "birthday", "zone", "tier"),
    "products": ("product_id", "title", "price", "stock", "consumption_days"),
}
ZONED = SETTINGS + "contacts: {timezone: zone}\n"


def shop_of(folder: Path, trigger: str, more: str = "", settings: str = SETTINGS, files: dict[str, str] | None = None, **tables: Any) -> Path:
    """Write a shop with one campaign called `it`."""
    campaign = f"name: it\ntrigger: {trigger}\n{more}{STEPS}"
    return make_shop(folder / "shop", {"retention.yml": settings, "campaigns/it.yml": campaign, **(files or {})}, **tables)


def tick(shop: Path, as_of: str, *more: str) -> Any:
    """Run once; return what became of the campaign."""
    ran = retention(shop, "run", "--as-of", as_of, "--format", "json", *more)
    assert ran.code in (0, 3, 5), ran.said
    return next(each for each in ran.json["campaigns"] if each["campaign"] == "it")


def entering(shop: Path, *moments: str) -> list[int]:
    """Run at each moment; return how many entered."""
    return [tick(shop, moment)["enter"] for moment in moments]


@pytest.fixture(autouse=True)
def _wider_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, columns in MORE.items():
        monkeypatch.setitem(__import__("support.tiny_shop", fromlist=["COLUMNS"]).COLUMNS, name, columns)


def people(*rows: tuple[str, str, str, str, str]) -> list[tuple[object, ...]]:
    """Return customers: (id, registered, birthday, zone, tier)."""
    return [(who, f"{who}@example.com", who.upper(), "CZ", registered, birthday, zone, tier) for who, registered, birthday, zone, tier in rows]


PLAIN = people(("a", "2026-01-01", "", "", "silver"), ("b", "2026-01-02", "", "", "none"), ("c", "2026-01-03", "", "", "none"))
STOCKED = [("p1", "Cup", "10.00", "0", "30"), ("p2", "Plate", "20.00", "7", "")]
ASLEEP = {"segments/asleep.yml": "name: asleep\nwhere: {last_order_at: {older_than: 50 days}}\n"}
OLD = [("0", "nobody", "2020-01-01 10:00:00", "1.00")]
BOUGHT = [("1", "a", "2026-01-10 10:00:00", "100.00"), ("2", "b", "2026-04-20 10:00:00", "50.00")]


def test_leaves_begins_when_somebody_goes_out(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, "{leaves: asleep}", files=ASLEEP, customers=PLAIN, products=STOCKED)
    assert entering(shop, "2026-05-01T09:00") == [0], "the first run only looks"
    export(shop, orders=[*BOUGHT, ("3", "a", "2026-05-01 20:00:00", "10.00")])
    assert entering(shop, "2026-05-02T09:00", "2026-05-03T09:00") == [1, 0]


def test_leaves_is_not_for_who_is_no_customer_any_more(tmp_path: Path) -> None:
    """I14: there is nobody to write to."""
    settings = SETTINGS.replace("key: customer_id}", "key: customer_id, guard: {max_shrink: 90%, absent_runs: 1}}", 1)
    shop = shop_of(tmp_path, "{leaves: asleep}", files=ASLEEP, settings=settings, customers=PLAIN, products=STOCKED)
    tick(shop, "2026-05-01T09:00")
    export(shop, customers=PLAIN[1:])
    assert entering(shop, "2026-05-02T09:00") == [0]


def did(who: str, event: str, product: str, day: str = "2026-04-25") -> tuple[object, ...]:
    """Return what somebody did at ten o'clock."""
    return (who, f"{day} 10:00:00", event, product, "")


TIER = {
    "groups/level.yml": "name: level\nfirst_match: true\ndivisions:\n  gold: {total_spent: {at_least: 500}}\n"
    "  silver: {total_spent: {at_least: 100}}\notherwise: none_yet\n"
}


def bought(who: str, total: int, at: str = "2026-04-30 10:00:00", order: str = "9") -> tuple[object, ...]:
    """Return an order."""
    return (f"{order}{who}{total}", who, at, f"{total}.00")


def test_moves_begins_at_the_division(tmp_path: Path) -> None:
    """Who is there at the first run is a baseline; from where nobody said is from any other."""
    shop = shop_of(tmp_path, "{moves: {group: level, to: [silver, gold]}}", files=TIER, customers=PLAIN, products=STOCKED)
    first = tick(shop, "2026-05-01T09:00")
    assert (first["enter"], first["baseline"]) == (0, 1), "a is silver already"
    export(shop, orders=[*BOUGHT, bought("b", 600)])
    assert entering(shop, "2026-05-02T09:00", "2026-05-03T09:00") == [1, 0]


def test_moves_from_one_division_to_another_only(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, "{moves: {group: level, from: silver, to: gold}}", files=TIER, customers=PLAIN, products=STOCKED)
    tick(shop, "2026-05-01T09:00")
    export(shop, orders=[*BOUGHT, bought("b", 600), bought("a", 600)])
    assert entering(shop, "2026-05-02T09:00") == [1], "a was silver, b was none_yet"


def test_once_per_lets_a_tier_begin_once_in_a_life(tmp_path: Path) -> None:
    """Falling and climbing again does not congratulate twice; another tier does."""
    shop = shop_of(tmp_path, "{moves: {group: level, to: [silver, gold]}}", "again: {once_per: to}\n", files=TIER, customers=PLAIN, products=STOCKED)
    tick(shop, "2026-05-01T09:00")
    found = []
    for day, total in enumerate((100, 10, 100, 600), 2):
        export(shop, orders=[*BOUGHT, ("9", "b", "2026-04-30 10:00:00", f"{total}.00")])
        found += entering(shop, f"2026-05-0{day}T09:00")
    assert found == [1, 0, 0, 1]


def test_a_built_in_group_is_watched_too(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, "{moves: {group: lifecycle, to: new}}", customers=PLAIN, products=STOCKED, orders=BOUGHT)
    assert tick(shop, "2026-05-01T09:00")["baseline"] == 2
    export(shop, orders=[*BOUGHT, bought("c", 10)])
    assert entering(shop, "2026-05-02T09:00") == [1]


def test_a_date_begins_on_the_day_in_the_customers_zone(tmp_path: Path) -> None:
    """It is the 2nd in Kiritimati (UTC+14) long before it is in Prague, and in Honolulu long after; T07."""
    rows = people(
        ("east", "2026-01-01", "2026-05-02", "Pacific/Kiritimati", ""),
        ("home", "2026-01-01", "2026-05-02", "", ""),
        ("west", "2026-01-01", "2026-05-02", "Pacific/Honolulu", ""),
        ("lost", "2026-01-01", "2026-05-02", "Mars/Phobos", ""),
    )
    shop = shop_of(tmp_path, '{date: birthday, at: "09:00"}', settings=ZONED, customers=rows, products=STOCKED)
    moments = ("2026-05-01T18:00+00:00", "2026-05-01T19:00+00:00", "2026-05-02T07:00+00:00", "2026-05-02T19:00+00:00", "2026-05-03T19:00+00:00")
    assert entering(shop, *moments) == [0, 1, 2, 1, 0], "who lives nowhere lives with the shop (T08)"


def test_a_yearly_date_comes_each_year_once(tmp_path: Path) -> None:
    """29 February falls on 28 in other years (T05); the day itself is no anniversary."""
    rows = people(("leap", "2026-01-01", "2000-02-29", "", ""), ("born", "2026-01-01", "2026-02-28", "", ""))
    shop = shop_of(tmp_path, "{date: birthday, every: year}", customers=rows, products=STOCKED)
    moments = (
        "2026-02-27T12:00",
        "2026-02-28T12:00",
        "2026-03-01T12:00",
        "2027-02-28T12:00",
        "2027-03-01T12:00",
        "2028-02-28T12:00",
        "2028-02-29T12:00",
    )
    assert entering(shop, *moments) == [0, 1, 0, 2, 0, 1, 1]


def test_a_date_may_be_told_ahead(tmp_path: Path) -> None:
    rows = people(("a", "2026-01-01", "1990-05-10", "", ""))
    shop = shop_of(tmp_path, '{date: birthday, every: year, offset: -7 days, at: "08:00"}', customers=rows, products=STOCKED)
    assert entering(shop, "2026-05-03T07:59", "2026-05-03T08:00", "2026-05-04T08:00", "2026-05-10T08:00") == [0, 1, 0, 0]


def test_an_instant_begins_when_it_comes(tmp_path: Path) -> None:
    """A field that tells the hour needs none; nobody enters before he registered."""
    rows = people(("a", "2026-05-01 14:30:00", "", "", ""), ("b", "2026-04-30 10:00:00", "", "", ""))
    shop = shop_of(tmp_path, "{date: registered_at}", customers=rows, products=STOCKED)
    assert entering(shop, "2026-05-01T14:00", "2026-05-01T14:29", "2026-05-01T14:31", "2026-05-02T14:31") == [0, 0, 1, 0]


def test_what_elapsed_is_counted_by_product_and_from_the_latest(tmp_path: Path) -> None:
    """A week before the month of a cup is over; buying it again starts the clock again; a plate has no such time."""
    trigger = "{elapsed: {since: {did: buy}, for: {field: consumption_days, plus: -7 days}, per: product_id}, late: 5 days}"
    web = [
        ("a", "2026-04-09 10:00:00", "buy", "p1", ""),
        ("b", "2026-04-09 10:00:00", "buy", "p1", ""),
        ("c", "2026-04-09 10:00:00", "buy", "p2", ""),
    ]
    shop = shop_of(tmp_path, trigger, "again: always\n", customers=PLAIN, products=STOCKED, web=web)
    assert entering(shop, "2026-05-01T10:00") == [0]
    export(shop, web=[*web, ("b", "2026-05-01 12:00:00", "buy", "p1", "")])
    assert entering(shop, "2026-05-02T10:30", "2026-05-03T10:30") == [1, 0], "a, after 23 days; b has bought anew"
    assert entering(shop, "2026-05-24T12:30") == [1]


def test_elapsed_goes_by_the_customers_own_rhythm(tmp_path: Path) -> None:
    """Orders every 10 days: due 20 days after the last; who has no rhythm is never due."""
    trigger = "{elapsed: {since: {did: order}, for: {metric: days_between_orders, factor: 2}}}"
    orders = [("1", "a", "2026-04-01 10:00:00", "1.00"), ("2", "a", "2026-04-11 10:00:00", "1.00"), ("3", "b", "2026-04-11 10:00:00", "1.00")]
    shop = shop_of(tmp_path, trigger, customers=PLAIN, products=STOCKED, orders=orders)
    assert entering(shop, "2026-05-01T09:00", "2026-05-01T10:30", "2026-05-02T10:30") == [0, 1, 0]


def test_elapsed_may_be_a_length_of_time(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, "{elapsed: {since: {did: order}, for: 30 days}}", customers=PLAIN, products=STOCKED, orders=BOUGHT)
    assert entering(shop, "2026-05-20T09:00", "2026-05-20T10:30") == [0, 1]


def test_a_timetable_takes_its_whole_audience_by_their_own_clocks(tmp_path: Path) -> None:
    rows = people(("home", "2026-01-01", "", "", ""), ("west", "2026-01-01", "", "America/New_York", ""), ("out", "2026-01-01", "", "", "none"))
    trigger = '{schedule: {every: thursday, at: "06:00"}}'
    shop = shop_of(tmp_path, trigger, "audience: {tier: missing}\n", settings=ZONED, customers=rows, products=STOCKED)
    moments = ("2026-05-06T12:00+00:00", "2026-05-07T03:59+00:00", "2026-05-07T04:00+00:00", "2026-05-07T09:00+00:00", "2026-05-07T10:00+00:00")
    assert entering(shop, *moments) == [0, 0, 1, 0, 1]
    assert entering(shop, "2026-05-14T10:00+00:00") == [2], "each occurrence"


def test_a_machine_that_slept_takes_the_last_time_only(tmp_path: Path) -> None:
    """T12: three days off, a timetable of every hour, one journey."""
    shop = shop_of(tmp_path, '{schedule: {cron: "0 * * * *"}}', customers=PLAIN, products=STOCKED)
    assert entering(shop, "2026-05-01T09:30", "2026-05-01T10:05", "2026-05-04T10:05", "2026-05-04T10:10") == [0, 3, 3, 0]


def test_a_day_that_a_month_lacks_is_its_last(tmp_path: Path) -> None:
    """T06: from the calendar, not chained."""
    shop = shop_of(tmp_path, "{schedule: {every: month, day: 31}}", customers=PLAIN, products=STOCKED)
    assert entering(shop, "2026-01-30T12:00", "2026-01-31T00:00", "2026-02-28T00:00", "2026-03-28T00:00", "2026-03-31T00:00") == [0, 3, 3, 0, 3]


def test_once_takes_everybody_once(tmp_path: Path) -> None:
    """Also where the campaign comes a little late; a day too late it does not begin any more."""
    shop = shop_of(tmp_path, "{once: 2026-05-01 09:00, late: 12 hours}", customers=PLAIN, products=STOCKED)
    assert entering(shop, "2026-05-01T08:59", "2026-05-01T09:00", "2026-05-01T09:05", "2026-05-02T09:00") == [0, 3, 0, 0]
    late = shop_of(tmp_path / "late", "{once: 2026-05-01 09:00, late: 12 hours}", customers=PLAIN, products=STOCKED)
    assert entering(late, "2026-05-01T10:00") == [3]
    too_late = shop_of(tmp_path / "too late", "{once: 2026-05-01 09:00, late: 12 hours}", customers=PLAIN, products=STOCKED)
    assert entering(too_late, "2026-05-01T21:01") == [0]


def test_changes_is_from_one_run_to_the_next(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, "{changes: {field: tier, to: [gold, silver]}}", customers=PLAIN, products=STOCKED)
    tick(shop, "2026-05-01T09:00")
    assert entering(shop, "2026-05-01T10:00") == [0]
    changed = people(("a", "2026-01-01", "", "", "gold"), ("b", "2026-01-02", "", "", "silver"), ("c", "2026-01-03", "", "", "bronze"))
    export(shop, customers=changed)
    assert entering(shop, "2026-05-02T09:00", "2026-05-03T09:00") == [2, 0]


def test_changes_of_another_source_from_and_to(tmp_path: Path) -> None:
    trigger = "{changes: {field: total, of: orders, from: 50, to: 60}, per: order_id}"
    shop = shop_of(tmp_path, trigger, customers=PLAIN, products=STOCKED, orders=BOUGHT)
    tick(shop, "2026-05-01T09:00")
    export(shop, orders=[("1", "a", "2026-01-10 10:00:00", "60.00"), ("2", "b", "2026-04-20 10:00:00", "60.00")])
    assert entering(shop, "2026-05-02T09:00") == [1], "the first was 100"


def test_a_change_is_not_lost_to_a_run_of_another_campaign(tmp_path: Path) -> None:
    other = f"name: other\ntrigger: {{enters: asleep}}\n{STEPS}"
    files = {**ASLEEP, "campaigns/other.yml": other}
    shop = shop_of(tmp_path, "{changes: {field: tier, to: gold}}", files=files, customers=PLAIN, products=STOCKED)
    tick(shop, "2026-05-01T09:00")
    export(shop, customers=people(("a", "2026-01-01", "", "", "gold"), *[("b", "2026-01-02", "", "", "none"), ("c", "2026-01-03", "", "", "none")]))
    assert retention(shop, "run", "--as-of", "2026-05-02T09:00", "--campaign", "other").code == 0
    assert entering(shop, "2026-05-02T10:00") == [1]


def test_back_in_stock_is_told_to_who_looked(tmp_path: Path) -> None:
    """All products of one tick are one journey, and its exit knows each of them."""
    web = [did("a", "view_item", "p1"), did("a", "view_item", "p2"), did("b", "view_item", "p2"), did("c", "buy", "p2", "2026-04-01")]
    empty = [("p1", "Cup", "10.00", "0", "30"), ("p2", "Plate", "20.00", "2", "")]
    trigger = "{restocked: {interested: {did: view_item, within: 30 days}, at_least: 5}}"
    more = "exit: {bought: {did: buy, same: product_id, since: entry}}\n"
    shop = shop_of(tmp_path, trigger, more, customers=PLAIN, products=empty, web=web)
    write(
        shop,
        "campaigns/it.yml",
        f"name: it\ntrigger: {trigger}\n{more}goals: {{b: {{when: {{did: order}}, window: 1 day}}}}\nsteps: [{{wait: 2 days}}, {{stop: done}}]\n",
    )
    tick(shop, "2026-05-01T09:00")
    export(shop, products=[("p1", "Cup", "10.00", "5", "30"), ("p2", "Plate", "20.00", "9", "")])
    assert entering(shop, "2026-05-02T09:00", "2026-05-02T10:00") == [2, 0]
    export(shop, web=[*web, ("a", "2026-05-03 10:00:00", "buy", "p2", ""), ("b", "2026-05-03 10:00:00", "buy", "p1", "")])
    assert tick(shop, "2026-05-04T09:30")["exit"] == {"bought": 1}, "b bought what was not his to wait for"


def test_a_lower_price_is_told_from_so_many_percent(tmp_path: Path) -> None:
    web = [did("a", "view_item", "p1"), did("b", "view_item", "p2")]
    shop = shop_of(
        tmp_path, "{price_dropped: {interested: {did: view_item, within: 30 days}, at_least: 10}}", customers=PLAIN, products=STOCKED, web=web
    )
    tick(shop, "2026-05-01T09:00")
    export(shop, products=[("p1", "Cup", "9.00", "0", "30"), ("p2", "Plate", "18.01", "7", "")])
    assert entering(shop, "2026-05-02T09:00", "2026-05-03T09:00") == [1, 0]


def test_per_counts_journeys_apart(tmp_path: Path) -> None:
    """Two products, two journeys; the same product again finds one inside."""
    web = [("a", f"2026-05-01 10:0{n}:00", "view_item", product, "") for n, product in enumerate(("p1", "p2", "p1"))]
    shop = shop_of(tmp_path, "{did: view_item, per: product_id}", customers=PLAIN, products=STOCKED, web=web)
    tick(shop, "2026-05-01T09:00")
    report = tick(shop, "2026-05-01T11:00")
    assert (report["enter"], report["turned_away"]) == (2, {"inside": 1})


def test_a_holdout_enters_gets_nothing_and_is_measured(tmp_path: Path) -> None:
    """The same people whatever the order of runs; those held out reach goals like all others."""
    rows = people(*((f"c{n:03}", "2026-01-01", "", "", "") for n in range(200)))
    shop = shop_of(tmp_path, "{once: 2026-05-01 09:00}", "holdout: 10%\n", customers=rows, products=STOCKED, orders=OLD)
    tick(shop, "2026-05-01T08:00")
    report = tick(shop, "2026-05-01T09:00")
    assert report["enter"] + report["hold_out"] == 200
    assert 10 <= report["hold_out"] <= 30
    export(shop, orders=[(f"{n}", f"c{n:03}", "2026-05-01 12:00:00", "1.00") for n in range(200)])
    tick(shop, "2026-05-02T09:00")
    status = retention(shop, "status", "--format", "json").json
    assert sum(goal["count"] for goal in status["goals"]) == 200


def test_the_programmes_holdout_is_out_of_every_campaign_but_the_transactional(tmp_path: Path) -> None:
    rows = people(*((f"c{n:03}", "2026-01-01", "", "", "") for n in range(200)))
    settings = SETTINGS + "policies: {holdout: 20%}\n"
    shop = shop_of(tmp_path, "{once: 2026-05-01 09:00}", settings=settings, customers=rows, products=STOCKED, orders=OLD)
    write(shop, "campaigns/notice.yml", f"name: notice\nkind: transactional\ntrigger: {{once: 2026-05-01 09:00}}\n{STEPS}")
    ran = retention(shop, "run", "--as-of", "2026-05-01T09:30", "--format", "json").json
    found = {each["campaign"]: (each["enter"], each["hold_out"]) for each in ran["campaigns"]}
    assert found["notice"] == (200, 0)
    assert 20 <= found["it"][1] <= 60


def test_too_many_at_once_are_nobody_until_approved(tmp_path: Path) -> None:
    """I18, J05: the flow is held and told with exit 3, others run; whom it held enters when somebody has said so."""
    rows = people(*((f"c{n:03}", "2026-01-01", "", "", "none") for n in range(50)))
    settings = SETTINGS + "policies: {surge: {at_most: 20%}}\n"
    shop = shop_of(tmp_path, "{changes: {field: tier, to: gold}}", settings=settings, customers=rows, products=STOCKED, orders=OLD)
    tick(shop, "2026-05-01T09:00")
    export(shop, customers=people(*((f"c{n:03}", "2026-01-01", "", "", "gold" if n < 11 else "none") for n in range(50))))
    planned = next(each for each in retention(shop, "plan", "--as-of", "2026-05-02T09:00", "--format", "json").json["campaigns"])
    assert planned["turned_away"] == {"surge": 11}
    ran = retention(shop, "run", "--as-of", "2026-05-02T09:00", "--format", "json")
    assert ran.code == 3
    assert "--approve it" in ran.said
    assert entering(shop, "2026-05-02T10:00") == [0]
    assert tick(shop, "2026-05-02T11:00", "--approve", "it")["enter"] == 11
    assert entering(shop, "2026-05-02T12:00") == [0]
