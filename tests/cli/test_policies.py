"""What holds over all campaigns, by the real command: who is not written to, when, and how much is enough."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from retention_cli.ledger.location import Location
from support.ledgers import change, query
from support.planned_ledger import faults
from support.shell import retention
from support.tiny_shop import SETTINGS, make_shop, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

PEOPLE = "customer_id,email,first_name,country,registered_at,newsletter,timezone,wanted"
ALL = "name: everybody\nwhere: {everyone: true}\n"
LETTER = """\
name: {name}
priority: {priority}
{more}trigger: {{enters: everybody, backfill: true}}
goals: {{g: {{when: {{did: order}}, window: 5 days}}}}
steps: {steps}
"""
ONE = "[{send: letter}]"


def letter(name: str = "news", priority: int = 50, steps: str = ONE, more: str = "") -> str:
    """Return a campaign that writes to everybody at once."""
    return LETTER.format(name=name, priority=priority, steps=steps, more=more)


def shop(root: Path, policies: str, campaigns: Mapping[str, str], people: Iterable[str] = ("a,ann@example.com",), source: str = "") -> Path:
    """Make a shop of these people with these policies; a person's last columns may be left out."""
    settings = SETTINGS.replace("targets:", f"{source}policies:\n{policies}targets:")
    files = {f"campaigns/{name}.yml": text for name, text in campaigns.items()}
    folder = make_shop(root / "shop", {"retention.yml": settings, "segments/everybody.yml": ALL, **files})
    customers(folder, people)
    return folder


def customers(folder: Path, people: Iterable[str]) -> None:
    """Write the export of customers anew."""
    rows = [person.split(",") for person in people]
    full = ["", "", "Ann", "CZ", "2026-01-01", "true", "", ""]
    with (folder / "data/customers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(PEOPLE.split(","))
        writer.writerows([*row, *full[len(row) :]] for row in rows)


def run(folder: Path, as_of: str, *more: str) -> Any:
    """Do one tick; what was sent was sent as of then, for no clock in a test is as late as that of the machine."""
    planned = retention(folder, "plan", "--as-of", as_of, "--format", "json", *more).json
    ran = retention(folder, "run", "--as-of", as_of, "--format", "json", *more)
    assert ran.code in (0, 5), ran.said
    assert ran.json["campaigns"] == planned["campaigns"], "what plan says is what run does"
    change(ledger(folder), "UPDATE messages SET changed_at = :at WHERE state = 'sent' AND changed_at > :at", at=micros(as_of))
    assert faults(ledger(folder)) == []
    return ran.json


def micros(as_of: str) -> int:
    """Return an instant of the shop's clock (in summer) as the ledger keeps it."""
    return int(datetime.fromisoformat(f"{as_of}+02:00").timestamp() * 1_000_000)


def ledger(folder: Path) -> Location:
    """Return where the shop's ledger is."""
    return Location.parse(None, folder)


def messages(folder: Path) -> list[tuple[str, str, str, str | None]]:
    """Return (campaign, customer, state, reason) of every message."""
    rows = query(
        ledger(folder),
        "SELECT c.name, m.customer, m.state, m.reason FROM messages m JOIN campaigns c ON c.id = m.campaign ORDER BY c.name, m.customer, m.id",
    )
    return [tuple(row) for row in rows]


def told(report: Any, name: str = "news") -> tuple[int, dict[str, int]]:
    """Return what a report says that a campaign sends and holds back."""
    found = next(each for each in report["campaigns"] if each["campaign"] == name)
    return found["send"], found["held_back"]


def test_who_did_not_consent_gets_nothing_but_what_is_transactional(tmp_path: Path) -> None:
    """A field a channel: false and missing are no consent."""
    people = ("a,ann@example.com", "b,bob@example.com,Bob,CZ,2026-01-01,false", "c,cid@example.com,Cid,CZ,2026-01-01,")
    bill = letter("bill", more="kind: transactional\n")
    folder = shop(tmp_path, "  consent: {email: newsletter}\n", {"news": letter(), "bill": bill}, people)
    report = run(folder, "2026-05-01T09:00")
    assert told(report) == (1, {"no consent": 2})
    assert told(report, "bill") == (3, {})
    assert [row for row in messages(folder) if row[0] == "news"] == [
        ("news", "a", "sent", None),
        ("news", "b", "suppressed", "no consent: newsletter"),
        ("news", "c", "suppressed", "no consent: newsletter"),
    ]


def test_consent_by_changes_tells_when_it_was_changed_last(tmp_path: Path) -> None:
    """The campaign's topic decides; silence is what the topic says."""
    source = "  consents: {path: data/consents.csv, customer: customer_id, time: changed_at, event: consent_changed, types: {consent: boolean}}\n"
    policies = "  consent: {source: consents, topics: {news: opt_in, service: opt_out}}\n"
    campaigns = {"news": letter(more="topic: news\n"), "service": letter("service", more="topic: service\n")}
    people = ("a,ann@example.com", "b,bob@example.com", "c,cid@example.com")
    folder = shop(tmp_path, policies, campaigns, people, source)
    write(
        folder,
        "data/consents.csv",
        "customer_id,changed_at,topic,channel,consent\n"
        "a,2026-01-01 10:00:00,news,email,true\nb,2026-01-01 10:00:00,news,email,true\nb,2026-02-01 10:00:00,news,email,false\n",
    )
    report = run(folder, "2026-05-01T09:00")
    assert told(report) == (1, {"no consent": 2})
    assert told(report, "service") == (3, {})
    assert [row[3] for row in messages(folder)][:3] == [
        None,
        "no consent: news by email, changed 2026-02-01T09:00:00Z",
        "no consent: news by email, nothing said",
    ]


def test_a_topic_that_consent_does_not_know_is_a_mistake(tmp_path: Path) -> None:
    folder = shop(tmp_path, "  consent: {source: web, topics: {news: opt_in}}\n", {"news": letter(more="topic: nwes\n")})
    said = retention(folder, "validate").out
    assert "unknown-topic" in said
    assert "did you mean 'news'?" in said


def test_what_waits_for_the_morning_is_asked_again_for_consent_and_its_address(tmp_path: Path) -> None:
    """I16: who withdraws in the night gets nothing, and who moves gets it at the new address."""
    policies = '  consent: {email: newsletter}\n  quiet_hours: {from: "21:00", to: "08:00"}\n'
    people = ("a,ann@example.com", "b,bob@example.com", "c,cid@example.com")
    folder = shop(tmp_path, policies, {"news": letter()}, people)
    assert told(run(folder, "2026-05-01T22:00")) == (0, {"quiet hours": 3})
    customers(folder, ("a,ann@example.com,Ann,CZ,2026-01-01,false", "b,new@example.com", "c,cid@example.com"))
    retention(folder, "run", "--as-of", "2026-05-01T23:00")
    rows = query(ledger(folder), "SELECT customer, state, reason, address, address_key FROM messages ORDER BY customer")
    assert [(row[0], row[3]) for row in rows] == [("a", "ann@example.com"), ("b", "new@example.com"), ("c", "cid@example.com")]
    assert rows[0][1:3] == ("suppressed", "no consent: newsletter")
    assert rows[1][4] == "new@example.com"


def test_an_opt_out_from_the_old_address_holds_for_the_new_one(tmp_path: Path) -> None:
    """I16: but that the old one does not exist says nothing of the new one."""
    folder = shop(tmp_path, '  quiet_hours: {from: "21:00", to: "08:00"}\n', {"news": letter()}, ("a,ann@example.com", "b,bob@example.com"))
    run(folder, "2026-05-01T22:00")
    insert = "INSERT INTO suppressions (channel, address, reason, source, at) VALUES ('email', :address, :reason, 'web', 1)"
    change(ledger(folder), insert, address="ann@example.com", reason="unsubscribed")
    change(ledger(folder), insert, address="bob@example.com", reason="hard_bounce")
    customers(folder, ("a,ann2@example.com", "b,bob2@example.com"))
    retention(folder, "run", "--as-of", "2026-05-01T23:00")
    assert [row[2:] for row in messages(folder)] == [("suppressed", "suppressed"), ("held", "quiet hours")], "the machine's clock is past that window"
    assert query(ledger(folder), "SELECT address FROM messages WHERE customer = 'b'") == [("bob2@example.com",)]
    write(folder, "campaigns/more.yml", letter("more"))
    assert told(run(folder, "2026-05-02T12:00"), "more") == (1, {"suppressed": 1}), "nor does a later campaign write to the new one"


def test_a_file_of_suppressions_holds_at_the_next_run_and_lifts_only_its_own(tmp_path: Path) -> None:
    """However an address is written; what another source said stays when the line goes."""
    people = ("a,ann@example.com", "b,Bob@Example.com", "c,cid@example.com", "d,dan@example.com")
    folder = shop(tmp_path, "  suppression: {path: lists/out.csv}\n", {"news": letter()}, people)
    write(folder, "lists/out.csv", "email;reason\n BOB@example.COM ;asked by phone\ncid@example.com;\n")
    assert told(run(folder, "2026-05-01T09:00")) == (2, {"suppressed": 2})
    standing = "SELECT address, reason, source FROM suppressions WHERE lifted_at IS NULL ORDER BY address, source"
    assert query(ledger(folder), standing) == [("bob@example.com", "asked by phone", "file"), ("cid@example.com", "listed", "file")]
    insert = "INSERT INTO suppressions (channel, address, reason, source, at) VALUES ('email', 'cid@example.com', 'unsubscribed', 'web', 1)"
    change(ledger(folder), insert)
    write(folder, "lists/out.csv", "dan@example.com\n")
    write(folder, "campaigns/more.yml", letter("more"))
    assert told(run(folder, "2026-05-02T09:00"), "more") == (2, {"suppressed": 2})
    assert query(ledger(folder), standing) == [("cid@example.com", "unsubscribed", "web"), ("dan@example.com", "listed", "file")]


def test_a_line_for_the_old_address_holds_for_the_new_one_in_the_same_run(tmp_path: Path) -> None:
    """I16: the line and the new address come with one night's exports."""
    policies = '  suppression: {path: out.csv}\n  quiet_hours: {from: "21:00", to: "08:00"}\n'
    folder = shop(tmp_path, policies, {"news": letter()}, ("a,Ann@b\u00fccher.example", "b,bob@example.com"))
    write(folder, "out.csv", "email,reason\n")
    run(folder, "2026-05-01T22:00")
    write(folder, "out.csv", "email,reason\nann@B\u00dcCHER.example,asked\nbob@example.com,hard_bounce\n")
    customers(folder, ("a,new@example.com", "b,bob2@example.com"))
    report = retention(folder, "plan", "--as-of", "2026-05-01T23:00", "--format", "json").json
    assert told(report) == (0, {"quiet hours": 1, "suppressed": 1})


def test_plan_writes_no_suppression(tmp_path: Path) -> None:
    folder = shop(tmp_path, "  suppression: {path: out.csv}\n", {"news": letter()}, ("a,ann@example.com",))
    write(folder, "out.csv", "email\n")
    run(folder, "2026-05-01T09:00")
    write(folder, "out.csv", "email\nann@example.com\n")
    write(folder, "campaigns/more.yml", letter("more"))
    report = retention(folder, "plan", "--as-of", "2026-05-02T09:00", "--format", "json").json
    assert told(report, "more") == (0, {"suppressed": 1})
    assert query(ledger(folder), "SELECT count(*) FROM suppressions") == [(0,)]


@pytest.mark.parametrize(("body", "said"), [(None, "cannot be read"), ("", "is empty"), ("a,b\n1,2\n", "has no column 'email'")])
def test_a_file_of_suppressions_that_is_not_to_be_trusted_stops_the_run(tmp_path: Path, body: str | None, said: str) -> None:
    """Exit 3: sending without it is the dangerous direction."""
    folder = shop(tmp_path, "  suppression: {path: out.csv}\n", {"news": letter()})
    if body is not None:
        write(folder, "out.csv", body)
    for command in ("plan", "run"):
        ran = retention(folder, command, "--as-of", "2026-05-01T09:00")
        assert (ran.code, said in ran.said) == (3, True), ran.said
    assert list((folder / "outbox").glob("*.eml")) == []


def test_quiet_hours_are_the_customers_own(tmp_path: Path) -> None:
    """T13: at 22:00 in Prague it is afternoon in New York; whoever tells no zone lives in the shop's."""
    people = ("a,ann@example.com", "b,bob@example.com,Bob,US,2026-01-01,true,America/New_York", "c,cid@example.com,Cid,JP,2026-01-01,true,Asia/Tokyo")
    bill = letter("bill", more="kind: transactional\n")
    folder = shop(tmp_path, '  quiet_hours: {from: "21:00", to: "08:00"}\n', {"news": letter(), "bill": bill}, people)
    report = run(folder, "2026-05-01T22:00")
    assert told(report) == (1, {"quiet hours": 2})
    assert told(report, "bill") == (3, {})
    rows = query(ledger(folder), "SELECT customer, not_before, open_until FROM messages WHERE kind = 'performance' ORDER BY customer")
    shown = [(customer, *(at and datetime.fromtimestamp(at / 1e6, UTC).isoformat() for at in times)) for customer, *times in rows]
    assert shown == [
        ("a", "2026-05-02T06:00:00+00:00", "2026-05-02T19:00:00+00:00"),
        ("b", None, "2026-05-02T01:00:00+00:00"),
        ("c", "2026-05-01T23:00:00+00:00", "2026-05-02T12:00:00+00:00"),
    ]


def test_a_quiet_day_is_quiet_as_a_whole(tmp_path: Path) -> None:
    """Saturday 23:00 to Monday 08:00, over a quiet Sunday."""
    folder = shop(tmp_path, '  quiet_hours: {from: "21:00", to: "08:00", days: [sun]}\n', {"news": letter()})
    run(folder, "2026-05-02T23:00")
    assert query(ledger(folder), "SELECT not_before FROM messages") == [(micros("2026-05-04T08:00"),)]


def test_a_message_whose_window_is_over_is_given_another(tmp_path: Path) -> None:
    """The gate holds it back, and the next tick plans it again."""
    folder = shop(tmp_path, '  quiet_hours: {from: "21:00", to: "08:00"}\n', {"news": letter()})
    retention(folder, "run", "--as-of", "2026-05-01T22:00")
    [(state, reason)] = query(ledger(folder), "SELECT state, reason FROM messages")
    assert (state, reason) == ("held", "quiet hours"), "the machine's clock is past the evening of that window"
    report = retention(folder, "plan", "--as-of", "2026-05-02T10:00", "--format", "json").json
    assert told(report) == (1, {})
    retention(folder, "run", "--as-of", "2026-05-02T23:00")
    assert query(ledger(folder), "SELECT not_before, open_until FROM messages") == [(micros("2026-05-03T08:00"), micros("2026-05-03T21:00"))]


def test_j10_of_five_campaigns_the_first_by_priority_is_sent(tmp_path: Path) -> None:
    campaigns = {f"c{n}": letter(f"c{n}", priority=n * 10) for n in range(1, 6)}
    folder = shop(tmp_path, "  caps: [{at_most: 1, per: day}]\n  when_capped: drop\n", campaigns)
    report = run(folder, "2026-05-01T09:00")
    assert told(report, "c5") == (1, {})
    assert [told(report, f"c{n}") for n in range(1, 5)] == [(0, {"capped: 1 per day": 1})] * 4
    assert Counter(row[2] for row in messages(folder)) == {"sent": 1, "capped": 4}
    assert report["messages"]["capped"] == 4


def test_j11_what_waits_for_its_cap_goes_when_there_is_room_before_lower_priorities(tmp_path: Path) -> None:
    campaigns = {"high": letter("high", 80), "low": letter("low", 20)}
    folder = shop(tmp_path, "  caps: [{at_most: 1, per: day}]\n", {"top": letter("top", 90)})
    run(folder, "2026-05-01T09:00")
    for name, text in campaigns.items():
        write(folder, f"campaigns/{name}.yml", text)
    report = run(folder, "2026-05-01T10:00")
    assert [told(report, name) for name in ("high", "low")] == [(0, {"capped: 1 per day": 1})] * 2
    assert report["messages"]["held"] == 2
    assert told(run(folder, "2026-05-01T23:59"), "high") == (0, {"capped: 1 per day": 1})
    write(folder, "campaigns/new.yml", letter("new", 10))
    report = run(folder, "2026-05-02T00:01")
    assert [told(report, name) for name in ("high", "low", "new")] == [(1, {}), (0, {"capped: 1 per day": 1}), (0, {"capped: 1 per day": 1})]
    assert told(run(folder, "2026-05-03T09:00"), "low") == (1, {})


def test_what_a_cap_holds_stays_so_while_its_campaign_is_off_or_not_asked_for(tmp_path: Path) -> None:
    """Neither forgets why the journey stands still: released, its two letters stay a day apart."""
    two = letter("two", steps="[{send: letter}, {wait: 1 day}, {send: letter, id: second}]")
    folder = shop(tmp_path, "  caps: [{at_most: 1, per: 1 day}]\n", {"top": letter("top", 90)})
    run(folder, "2026-05-01T09:00")
    write(folder, "campaigns/two.yml", two)
    run(folder, "2026-05-01T10:00")
    held = ("two", "a", "held", "capped: 1 per 1 day")
    run(folder, "2026-05-03T10:00", "--campaign", "top")
    assert messages(folder)[1:] == [held]
    write(folder, "campaigns/two.yml", two + "enabled: false\n")
    run(folder, "2026-05-03T11:00")
    assert messages(folder)[1:] == [held]
    write(folder, "campaigns/two.yml", two)
    assert told(run(folder, "2026-05-03T12:00"), "two") == (1, {})
    assert told(run(folder, "2026-05-04T11:00"), "two") == (0, {})
    assert told(run(folder, "2026-05-04T12:00"), "two") == (1, {})


def test_t15_a_rolling_day_is_no_day_of_the_calendar(tmp_path: Path) -> None:
    """23:59 and 00:01: two days of the calendar, two minutes apart."""
    for per, expected in (("day", (1, {})), ("1 day", (0, {"capped: 1 per 1 day": 1}))):
        folder = shop(tmp_path / per, f"  caps: [{{at_most: 1, per: {per}}}]\n", {"news": letter()})
        run(folder, "2026-05-01T23:59")
        write(folder, "campaigns/more.yml", letter("more"))
        assert told(run(folder, "2026-05-02T00:01"), "more") == expected


def test_a_held_message_holds_its_journey_and_the_wait_begins_anew(tmp_path: Path) -> None:
    """Two letters a day apart stay a day apart, however long a cap held the first."""
    steps = "[{send: letter}, {wait: 1 day}, {send: letter, id: second}]"
    folder = shop(tmp_path, "  caps: [{at_most: 1, per: 2 days}]\n", {"top": letter("top", 90)})
    run(folder, "2026-05-01T09:00")
    write(folder, "campaigns/two.yml", letter("two", steps=steps))
    assert told(run(folder, "2026-05-01T10:00"), "two") == (0, {"capped: 1 per 2 days": 1})
    assert told(run(folder, "2026-05-02T11:00"), "two") == (0, {"capped: 1 per 2 days": 1}), "the wait is over, but the journey stands"
    assert told(run(folder, "2026-05-03T10:00"), "two") == (1, {})
    assert query(ledger(folder), "SELECT due_at FROM journeys WHERE step = 'wait-1-day'") == [(micros("2026-05-04T10:00"),)]
    assert told(run(folder, "2026-05-04T11:00"), "two") == (0, {"capped: 1 per 2 days": 1}), "the second letter comes to its cap too"
    assert told(run(folder, "2026-05-05T12:00"), "two") == (1, {})


def test_what_waits_for_one_cap_goes_on_naming_it_when_another_is_full_too(tmp_path: Path) -> None:
    """A letter of lower priority fills the other cap in the same tick; the tick once more changes nothing."""
    caps = "  caps: [{at_most: 2, per: 3 days}, {at_most: 1, per: month, kind: brand}]\n"
    folder = shop(tmp_path, caps, {"top": letter("top", 90, more="kind: brand\n")})
    run(folder, "2026-05-01T09:00")
    write(folder, "campaigns/high.yml", letter("high", 80, more="kind: brand\n"))
    write(folder, "campaigns/low.yml", letter("low", 20))
    for _ in range(2):
        run(folder, "2026-05-01T10:00")
        assert ("high", "a", "held", "capped: 1 per month (brand)") in messages(folder)
        assert ("low", "a", "sent", None) in messages(folder)
    said = query(ledger(folder), "SELECT reason FROM transitions WHERE to_state = 'held'")
    assert said == [("capped: 1 per month (brand)",)]
    assert told(run(folder, "2026-06-01T09:00"), "high") == (0, {"held too long": 1})


def test_j11_nothing_is_held_for_ever(tmp_path: Path) -> None:
    """After a week it expires, and the journey goes on; an exit ends it before."""
    steps = "[{send: letter}, {wait: 1 day}, stop]"
    exits = "exit: {ordered: {did: order, since: entry}}\n"
    people = ("a,ann@example.com", "b,bob@example.com")
    folder = shop(tmp_path, "  caps: [{at_most: 1, per: month}]\n", {"top": letter("top", 90)}, people)
    run(folder, "2026-05-01T09:00")
    write(folder, "campaigns/two.yml", letter("two", steps=steps, more=exits))
    assert told(run(folder, "2026-05-01T10:00"), "two") == (0, {"capped: 1 per month": 2})
    write(folder, "data/orders.csv", "order_id,customer_id,ordered_at,total\n1,b,2026-05-02 10:00:00,5\n2,c,2026-04-02 10:00:00,5\n")
    run(folder, "2026-05-07T10:00")
    report = run(folder, "2026-05-08T10:00")
    assert told(report, "two") == (0, {"held too long": 1})
    assert [row[1:] for row in messages(folder) if row[0] == "two"] == [
        ("a", "expired", "held too long: capped: 1 per month"),
        ("b", "suppressed", "exit: ordered"),
    ]
    assert query(ledger(folder), "SELECT customer, reason FROM journeys WHERE campaign = 2 ORDER BY 1") == [("a", "stopped"), ("b", "ordered")]


def test_j12_what_is_in_doubt_or_deferred_counts(tmp_path: Path) -> None:
    people = ("a,ann@example.com", "b,bob@example.com", "c,cid@example.com", "d,dan@example.com")
    folder = shop(tmp_path, "  caps: [{at_most: 1, per: 1 day}]\n  when_capped: drop\n", {"news": letter()}, people)
    run(folder, "2026-05-01T09:00")
    states = {"a": "unknown", "b": "refused", "c": "deferred", "d": "sent"}
    for customer, state in states.items():
        sql = "UPDATE messages SET state = :state, next_attempt_at = 9000000000000000 WHERE customer = :customer"
        change(ledger(folder), sql, state=state, customer=customer)
    write(folder, "campaigns/more.yml", letter("more"))
    report = retention(folder, "plan", "--as-of", "2026-05-01T10:00", "--format", "json").json
    assert told(report, "more") == (1, {"capped: 1 per 1 day": 3}), "what was refused was not got"
    later = retention(folder, "plan", "--as-of", "2026-05-09T10:00", "--format", "json").json
    assert told(later, "more") == (3, {"capped: 1 per 1 day": 1}), "what has not left is reserved, however long ago it was planned"


def test_caps_of_some_messages_and_of_some_people(tmp_path: Path) -> None:
    """kind, channel and topic say which messages, `who` which people, a field how many."""
    caps = (
        "  caps:\n"
        "    - {at_most: 1, per: week, kind: brand}\n"
        "    - {at_most: 1, per: month, topic: news, channel: email}\n"
        "    - {at_most: 1, per: month, who: {country: SK}}\n"
        "    - {at_most: {field: wanted, if_missing: 9}, per: month}\n"
    )
    people = (
        "a,ann@example.com",
        "b,bob@example.com,Bob,SK",
        "c,cid@example.com,Cid,CZ,2026-01-01,true,,2",
        "d,dan@example.com,Dan,CZ,2026-01-01,true,,0",
    )
    campaigns = {
        f"c{n}": letter(f"c{n}", 90 - n, more=more) for n, more in enumerate(("topic: news\n", "kind: brand\n", "topic: news\n", "kind: brand\n", ""))
    }
    folder = shop(tmp_path, caps, campaigns, people)
    run(folder, "2026-05-01T09:00")
    sent = [(name, customer) for name, customer, state, _ in messages(folder) if state == "sent"]
    assert sent == [("c0", "a"), ("c0", "b"), ("c0", "c"), ("c1", "a"), ("c1", "c"), ("c4", "a")]
    of_none = {row[2:] for row in messages(folder) if row[1] == "d"}
    assert of_none == {("capped", "capped: wanted per month")}, "who wants none is not made to wait"


def test_a_cap_of_nothing_is_said_and_kept(tmp_path: Path) -> None:
    """J13: 0 is nothing at all; a blank is a mistake."""
    folder = shop(tmp_path, "  caps: [{at_most: 0, per: month}]\n", {"news": letter()})
    assert "nothing-sent" in retention(folder, "validate").out
    assert told(run(folder, "2026-05-01T09:00")) == (0, {"capped: 0 per month": 1})
    write(folder, "retention.yml", (folder / "retention.yml").read_text(encoding="utf-8").replace("at_most: 0", 'at_most: ""'))
    blank = retention(folder, "validate")
    assert (blank.code, "take the whole cap out" in blank.out) == (2, True)


def test_i17_one_address_gets_a_step_once(tmp_path: Path) -> None:
    """I07: two customers at one address, however it is written: the first by id gets it, and caps count for both."""
    people = ("b,Both@example.com", "a, both@EXAMPLE.com", "c,cid@example.com")
    policies = "  one_per_address: true\n  caps: [{at_most: 2, per: month}]\n"
    folder = shop(tmp_path, policies, {"news": letter()}, people)
    assert told(run(folder, "2026-05-01T09:00")) == (2, {"one per address": 1})
    assert [row[1:] for row in messages(folder)] == [("a", "sent", None), ("b", "capped", "one per address"), ("c", "sent", None)]
    for n in (1, 2):
        write(folder, f"campaigns/more{n}.yml", letter(f"more{n}", 50 - n))
    report = run(folder, "2026-05-02T09:00")
    assert told(report, "more1") == (2, {"one per address": 1})
    assert told(report, "more2") == (0, {"capped: 2 per month": 3})
    customers(folder, (*people, "d,both@example.com"))
    assert told(run(folder, "2026-05-20T09:00"), "news") == (0, {"one per address": 1}), "who comes later at that address"


def test_without_one_per_address_each_customer_counts(tmp_path: Path) -> None:
    folder = shop(tmp_path, "  caps: [{at_most: 1, per: month}]\n", {"news": letter()}, ("a,both@example.com", "b,both@example.com"))
    assert told(run(folder, "2026-05-01T09:00")) == (2, {})
