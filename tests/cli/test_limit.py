"""`run --limit` and `run --campaign`: what they leave stays where it is, and the next run takes it up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.shell import retention
from support.tiny_shop import export, make_shop, write

EVERYONE = "name: everyone\nwhere: {everyone: true}\n"
SOME = "name: some\nwhere: {country: CZ}\n"
GOALS = "goals: {back: {when: {did: order}, window: 5 days}}"
HELLO = (
    f"name: hello\ntrigger: {{enters: everyone, backfill: true}}\n{GOALS}\nsteps: [{{send: letter}}, {{wait: 1 day}}, {{send: letter, id: second}}]\n"
)
TWICE = f"name: twice\npriority: 90\ntrigger: {{enters: everyone, backfill: true}}\n{GOALS}\nsteps: [{{send: letter}}, {{send: letter, id: more}}]\n"
OLD = [("1", "a", "2026-01-10 10:00:00", "100.00"), ("2", "b", "2026-04-20 10:00:00", "50.00")]
PEOPLE = [(f"c{number}", f"person{number}@example.com", "Ann", "CZ", "2026-01-01") for number in range(5)]


def shop_of(folder: Path, **files: str) -> Path:
    """Return a shop of five people with a segment of all of them."""
    campaigns = {f"campaigns/{name}.yml": text for name, text in files.items()}
    return make_shop(folder / "shop", {"segments/everyone.yml": EVERYONE, **campaigns}, customers=PEOPLE)


def tick(shop: Path, as_of: str, *more: str) -> dict[str, Any]:
    """Run one tick; return what it did by campaign, and what it sent."""
    ran = retention(shop, "run", "--as-of", as_of, "--format", "json", *more)
    assert ran.code == 0, ran.said
    found = {each["campaign"]: each for each in ran.json["campaigns"]}
    return {**found, "sent": ran.json["messages"]["sent"]}


def addressees(shop: Path) -> list[str]:
    """Return to whom letters went, a line each, in order."""
    lines = [line for path in (shop / "outbox").glob("*.eml") for line in path.read_text(encoding="utf-8").splitlines()]
    return sorted(line for line in lines if line.startswith("To: "))


def test_who_enters_beyond_the_limit_begins_at_the_next_run(tmp_path: Path) -> None:
    """All five enter and are counted as entered; two are written to, then two, then the last: nobody twice, nobody never."""
    shop = shop_of(tmp_path, hello=HELLO)
    first = tick(shop, "2026-05-01T09:00", "--limit", "2")
    assert (first["hello"]["enter"], first["hello"]["send"], first["hello"]["beyond_limit"], first["sent"]) == (5, 2, 3, 2)
    assert first["hello"]["waiting"] == 5
    second = tick(shop, "2026-05-01T09:10", "--limit", "2")
    assert (second["hello"]["enter"], second["hello"]["send"], second["hello"]["beyond_limit"]) == (0, 2, 1)
    third = tick(shop, "2026-05-01T09:20")
    assert (third["hello"]["send"], third["hello"]["beyond_limit"]) == (1, 0)
    assert addressees(shop) == [f"To: person{number}@example.com" for number in range(5)]


def test_who_is_under_way_keeps_the_step_until_there_is_room(tmp_path: Path) -> None:
    """The second letter is due for all five; the limit spreads it over runs, and the wait is not begun again."""
    shop = shop_of(tmp_path, hello=HELLO)
    tick(shop, "2026-05-01T09:00")
    assert tick(shop, "2026-05-02T09:00", "--limit", "3")["sent"] == 3
    steps = {row["step"]: row["people"] for row in retention(shop, "campaign", "show", "hello", "--format", "json").json["steps"]}
    assert steps["wait-1-day"] == 2
    assert tick(shop, "2026-05-02T09:01", "--limit", "3")["sent"] == 2
    assert len(addressees(shop)) == 10


def test_an_exit_still_ends_who_waits_beyond_the_limit(tmp_path: Path) -> None:
    """Whoever has bought before there was room gets nothing."""
    shop = shop_of(tmp_path, hello=HELLO.replace("goals:", "exit: {bought: {did: order, since: entry}}\ngoals:"))
    tick(shop, "2026-05-01T09:00", "--limit", "0")
    export(shop, orders=[*OLD, ("9", "c3", "2026-05-01 09:05:00", "10.00")])
    report = tick(shop, "2026-05-01T10:00")
    assert (report["hello"]["exit"], report["sent"]) == ({"bought": 1}, 4)


def test_the_higher_priority_goes_first_and_the_one_who_needs_too_much_is_in_nobodys_way(tmp_path: Path) -> None:
    """A limit of one has no room for two letters at once; the campaign below is served all the same."""
    shop = shop_of(tmp_path, hello=HELLO, twice=TWICE)
    report = tick(shop, "2026-05-01T09:00", "--limit", "1")
    assert (report["twice"]["send"], report["hello"]["send"]) == (0, 1)
    report = tick(shop, "2026-05-01T09:10", "--limit", "4")
    assert (report["twice"]["send"], report["hello"]["send"]) == (4, 0)


def test_plan_says_what_a_run_with_the_same_limit_does(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, hello=HELLO)
    options = ("--as-of", "2026-05-01T09:00", "--limit", "2", "--format", "json")
    plan, run = retention(shop, "plan", *options).json, retention(shop, "run", *options).json
    assert plan["campaigns"] == run["campaigns"]
    said = retention(shop, "plan", "--as-of", "2026-05-01T09:10", "--limit", "2").said
    assert "hello: the limit leaves 1 person for the next run" in said


def test_a_run_of_one_campaign_takes_nobody_from_another(tmp_path: Path) -> None:
    """Who comes into a segment before a run of one campaign is still new to the others at the run after it."""
    other = HELLO.replace("name: hello", "name: other").replace(", backfill: true", "").replace("everyone", "some")
    shop = shop_of(tmp_path, hello=HELLO.replace(", backfill: true", "").replace("everyone", "some"), other=other)
    write(shop, "segments/some.yml", SOME)
    tick(shop, "2026-05-01T09:00")
    export(shop, customers=[*PEOPLE, ("new", "new@example.com", "New", "CZ", "2026-05-01")])
    assert tick(shop, "2026-05-01T10:00", "--campaign", "hello")["hello"]["enter"] == 1
    again = tick(shop, "2026-05-01T11:00")
    assert (again["hello"]["enter"], again["other"]["enter"]) == (0, 1)
    assert addressees(shop).count("To: new@example.com") == 2
