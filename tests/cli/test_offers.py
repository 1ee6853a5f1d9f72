"""What conditions reach beside the exports: the tool's own mail, files of ids, files of SQL, and the past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.shell import retention
from support.tiny_shop import PEOPLE, export, make_shop, write

if TYPE_CHECKING:
    from pathlib import Path

EVERYBODY = """\
    name: everybody
    where: {everyone: true}
"""
GREETING = """\
    name: greeting
    kind: brand
    trigger: {enters: everybody, backfill: true}
    goals: {ordered: {when: {did: order}, window: 5 days}}
    steps:
      - send: letter
"""


def members(shop: Path, name: str, as_of: str) -> list[str]:
    """Return the ids of a segment's members."""
    ran = retention(shop, "segment", "export", name, "--as-of", as_of)
    assert ran.code == 0, ran.said
    return ran.out.split()[1:]


def test_mail_that_was_sent_is_an_event_with_its_campaign(tmp_path: Path) -> None:
    files = {
        "segments/everybody.yml": EVERYBODY,
        "campaigns/greeting.yml": GREETING,
        "segments/written_to.yml": "where: {did: email_sent, where: {campaign: greeting, template: letter, kind: brand, channel: email}}\n",
        "segments/by_another.yml": "where: {did: email_sent, where: {campaign: farewell}}\n",
        "segments/left_alone.yml": "where: {did_not: email_sent, within: 1 day}\n",
    }
    shop = make_shop(tmp_path / "shop", files)
    assert members(shop, "written_to", "2026-05-01T09:00") == [], "no ledger yet: no mail yet"
    assert retention(shop, "run", "--as-of", "2026-05-01T10:00", "--format", "json").json["messages"]["sent"] == 2
    soon = "2099-01-01"  # the marks carry the clock's time
    assert members(shop, "written_to", soon) == ["a", "b"]
    assert members(shop, "by_another", soon) == []
    assert members(shop, "left_alone", soon) == ["a", "b", "c"]
    assert members(shop, "written_to", "2026-05-01T10:00") == [], "nothing after as_of"


def test_a_list_of_ids_is_a_condition(tmp_path: Path) -> None:
    files = {
        "segments/chosen.yml": "where: {listed: lists/vip.csv}\n",
        "lists/vip.csv": "customer_id,why\nb,friend\n'; DROP TABLE customers; --,x\n00a,y\n",
    }
    shop = make_shop(tmp_path / "shop", files)
    assert members(shop, "chosen", "2026-05-01") == ["b"]
    write(shop, "lists/vip.csv", "a\nc\n")
    assert members(shop, "chosen", "2026-05-01") == ["a", "c"], "one id a line is enough"


def test_a_list_that_is_not_there_is_told_at_its_place(tmp_path: Path) -> None:
    files = {"segments/chosen.yml": "where: {listed: ../vip.csv}\n", "segments/other.yml": "where: {none: [{listed: lists/vpi.csv}]}\n"}
    ran = retention(make_shop(tmp_path / "shop", files), "validate", "--format", "json")
    assert ran.code == 2
    assert [(p["file"], p["line"], p["column"], p["code"]) for p in ran.json if p["severity"] == "error"] == [
        ("segments/chosen.yml", 1, 17, "file-missing"),
        ("segments/other.yml", 1, 25, "file-missing"),
    ]


def test_a_file_of_sql_selects_a_segment(tmp_path: Path) -> None:
    select = "-- who paid much\nSELECT customer_id FROM orders WHERE total >= 60 AND ordered_at > $as_of - INTERVAL 1 YEAR\n"
    files = {
        "segments/payers.yml": "sql_file: segments/payers.sql\n",
        "segments/payers.sql": select,
        "segments/others.yml": "where: {not: {segment: payers}}\n",
    }
    shop = make_shop(tmp_path / "shop", files)
    assert members(shop, "payers", "2026-05-01") == ["a"]
    assert members(shop, "others", "2026-05-01") == ["b", "c"]
    assert members(shop, "payers", "2026-01-10T09:00") == [], "an event after as_of does not exist there either"


def test_a_file_of_sql_that_may_not_run_is_told_before_it_does(tmp_path: Path) -> None:
    """SEC05: one SELECT of the project's sources that gives customer_id, and nothing else."""
    wrong = {
        "two": "SELECT customer_id FROM orders; DROP TABLE orders",
        "file": "SELECT customer_id FROM read_csv('data/customers.csv')",
        "quoted": "SELECT customer_id FROM 'data/customers.csv'",
        "unknown": "SELECT customer_id FROM ordrs",
        "no_id": "SELECT total FROM orders",
        "write": "COPY orders TO 'x.csv'",
        "value": "SELECT customer_id FROM orders WHERE total > $limit",
        "broken": "SELECT customer_id FROM",
    }
    files = {f"segments/{name}.yml": f"sql_file: segments/{name}.sql\n" for name in wrong} | {
        f"segments/{name}.sql": text for name, text in wrong.items()
    }
    ran = retention(make_shop(tmp_path / "shop", files), "validate", "--format", "json")
    found = {p["file"]: p for p in ran.json if p["severity"] == "error"}
    assert {p["code"] for p in found.values()} == {"bad-selection"}
    assert set(found) == {f"segments/{name}.yml" for name in wrong}
    assert "did you mean 'orders'" in found["segments/unknown.yml"]["hint"]


def test_a_select_that_fails_is_told_without_its_data(tmp_path: Path) -> None:
    text = "SELECT customer_id FROM orders WHERE CAST(customer_id AS INTEGER) > 1\n"
    shop = make_shop(tmp_path / "shop", {"segments/odd.yml": "sql_file: segments/odd.sql\n", "segments/odd.sql": text})
    ran = retention(shop, "segment", "size", "odd", "--as-of", "2026-05-01")
    assert ran.code == 2
    assert "the SELECT of segments/odd.sql failed: Conversion" in ran.said


def test_for_asks_every_snapshot_since(tmp_path: Path) -> None:
    """A field's value must have held in the snapshot of that time and in each one after; what nobody saw has not held."""
    held = "where: {country: {is: CZ, for: 7 days}}\n"
    shop = make_shop(tmp_path / "shop", {"segments/settled.yml": held, "segments/everybody.yml": EVERYBODY})
    moved = [(*row[:3], {"a": "SK", "b": "CZ"}.get(str(row[0]), "CZ"), row[4]) for row in PEOPLE]
    assert members(shop, "settled", "2026-05-20") == [], "no run has seen anything yet"
    retention(shop, "run", "--as-of", "2026-05-01T10:00")
    assert members(shop, "settled", "2026-05-05") == [], "not 7 days ago yet"
    assert members(shop, "settled", "2026-05-08T10:00") == ["a", "c"]
    export(shop, customers=moved)
    retention(shop, "run", "--as-of", "2026-05-09T10:00")
    export(shop, customers=PEOPLE)
    retention(shop, "run", "--as-of", "2026-05-10T10:00")
    assert members(shop, "settled", "2026-05-12") == ["c"], "a was elsewhere for a day"
    assert members(shop, "settled", "2026-05-17T10:00") == ["a", "c"]


def test_for_asks_how_long_somebody_has_been_in_a_division(tmp_path: Path) -> None:
    """Of the shop's own groups and of those built in; several divisions at once cannot be asked."""
    files = {
        "groups/mood.yml": "name: mood\ndivisions:\n  silent: {last_order_at: {older_than: 50 days}}\notherwise: awake\n",
        "segments/long.yml": "where: {mood: {is: silent, for: 10 days}}\n",
        "segments/long_ago.yml": "where: {lifecycle: {is: prospect, for: 10 days}}\n",
    }
    shop = make_shop(tmp_path / "shop", files)
    for day in ("2026-02-20", "2026-03-05", "2026-03-10"):
        assert retention(shop, "run", "--as-of", f"{day}T10:00").code == 0
    assert members(shop, "long", "2026-03-14") == [], "a is silent since the evaluation of 5 March"
    assert members(shop, "long", "2026-03-15T10:00") == ["a"]
    assert members(shop, "long_ago", "2026-03-15T10:00") == ["b", "c"]
    write(shop, "segments/long.yml", "where: {mood: {in: [silent, awake], for: 10 days}}\n")
    ran = retention(shop, "segment", "size", "long", "--as-of", "2026-03-15")
    assert ran.code == 2
    assert "can be asked of one division" in ran.said


def test_for_asks_how_long_somebody_has_been_in_a_segment(tmp_path: Path) -> None:
    files = {
        "segments/silent.yml": "where: {last_order_at: {older_than: 50 days}}\n",
        "segments/long_silent.yml": "where: {segment: silent, for: 10 days}\n",
    }
    shop = make_shop(tmp_path / "shop", files)
    for day in ("2026-02-20", "2026-03-05", "2026-03-10"):
        assert retention(shop, "run", "--as-of", f"{day}T10:00").code == 0
    assert members(shop, "long_silent", "2026-03-14") == [], "a is silent since the evaluation of 5 March"
    assert members(shop, "long_silent", "2026-03-15T10:00") == ["a"]
    export(shop, orders=[("1", "a", "2026-01-10 10:00:00", "100.00"), ("3", "a", "2026-03-16 10:00:00", "1.00")])
    assert members(shop, "long_silent", "2026-03-17") == [], "who is not in it now has not been in it for long"
