"""Steps by the real command, day by day: what waits until when, who goes which way, what leaves, and what does not."""

from __future__ import annotations

import json
import re
import sqlite3
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest

from support.shell import retention
from support.tiny_shop import SETTINGS, TEMPLATE, make_shop, write

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """\
name: c
trigger: {did: add_to_cart}
goals: {ordered: {when: {did: order}, window: 5 days}}
"""
CUSTOMERS = "customer_id,email,first_name,timezone,phone,preferred_channel,birthday\n"
ANN = "a,ann@example.com,Ann,Europe/Prague,,,1990-05-20\n"
NEW_YORKER = "b,bob@example.com,Bob,America/New_York,,,1990-02-28\n"
ORDERS = "order_id,customer_id,ordered_at,total,delivered_at\n"
WEB = "customer_id,occurred_at,event,product_id,cart_id\n"


def shop(folder: Path, steps: str, *people: str, at: str = "2026-05-01 10:00:00", head: str = HEAD, files: dict[str, str] | None = None) -> Path:
    """Make a shop whose people (Ann, by default) each put something into the cart at one moment of the shop's clock."""
    made = make_shop(
        folder, {"campaigns/c.yml": head + "steps:\n" + steps, "templates/second.html": TEMPLATE.replace("Hello", "Again"), **(files or {})}
    )
    everybody = people or (ANN,)
    write(made, "data/customers.csv", CUSTOMERS + "".join(everybody))
    write(made, "data/web.csv", WEB + "".join(f"{each.split(',')[0]},{at},add_to_cart,p1,k\n" for each in everybody))
    write(made, "data/orders.csv", ORDERS + "1,x,2026-01-10 10:00:00,100.00,2026-01-12\n")
    tick(made, at.replace(" ", "T")[:13] + ":00" if at[14:16] != "00" else _hour_before(at))
    return made


def _hour_before(at: str) -> str:
    return f"{at[:10]}T{int(at[11:13]) - 1:02d}:00"


def tick(shop: Path, as_of: str) -> Any:
    """Run one tick, as of a moment of the shop's clock; it must have ended well."""
    ran = retention(shop, "run", "--as-of", as_of, "--format", "json")
    assert ran.code in (0, 5), ran.said
    return ran.json


def sent(shop: Path, *as_of: str) -> list[int]:
    """Run ticks; return how many messages each sent."""
    return [tick(shop, each)["messages"]["sent"] for each in as_of]


def rows(shop: Path, sql: str) -> list[tuple[Any, ...]]:
    """Ask the shop's ledger."""
    [file] = (shop / ".retention").rglob("ledger*.db")
    with sqlite3.connect(file) as connection:
        return connection.execute(sql).fetchall()


def tell(shop: Path, *events: tuple[str, str, int, dict[str, Any]]) -> None:
    """Record events of messages an hour after they were planned, as a web server would tell them: (event, customer, message, data)."""
    [file] = (shop / ".retention").rglob("ledger*.db")
    with sqlite3.connect(file) as connection:
        for number, (event, customer, message, data) in enumerate(events):
            at = connection.execute("SELECT planned_at FROM messages WHERE id = ?", (message,)).fetchone()[0] + 3_600_000_000
            values = ("test", f"{event}{message}{number}", customer, event, at, message, json.dumps(data))
            connection.execute("INSERT INTO events (source, key, customer, event, at, message, data) VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def subjects(shop: Path) -> list[str]:
    """Return the subjects of everything that left."""
    return sorted(str(message_from_bytes(path.read_bytes(), policy=policy.default)["Subject"]) for path in (shop / "outbox").glob("*.eml"))


def ends(shop: Path) -> dict[str, int]:
    """Return how journeys ended, or that they are open, with how many."""
    found = retention(shop, "status", "--format", "json").json["journeys"]
    return {each["reason"] or each["state"]: each["count"] for each in found}


def test_a_wait_of_a_day_keeps_the_clock_and_one_of_24_hours_does_not(tmp_path: Path) -> None:
    """T04: over the night of 29 March, when clocks in Prague go forward."""
    day = shop(tmp_path / "day", "  - wait: 1 day\n  - send: letter\n", at="2026-03-28 12:00:00")
    assert sent(day, "2026-03-28T12:00", "2026-03-29T11:59", "2026-03-29T12:00") == [0, 0, 1]
    hours = shop(tmp_path / "hours", "  - wait: 24 hours\n  - send: letter\n", at="2026-03-28 12:00:00")
    assert sent(hours, "2026-03-28T12:00", "2026-03-29T12:59", "2026-03-29T13:00") == [0, 0, 1]


def test_a_day_is_one_of_the_customers_clock(tmp_path: Path) -> None:
    """Clocks in New York went forward on 8 March: a day there had 23 hours, and in Prague 24."""
    both = shop(tmp_path / "shop", "  - wait: 1 day\n  - send: letter\n", ANN, NEW_YORKER, at="2026-03-07 20:00:00")
    assert sent(both, "2026-03-07T20:00", "2026-03-08T18:59", "2026-03-08T19:00", "2026-03-08T20:00") == [0, 0, 1, 1]


def test_a_wait_until_a_time_ends_at_the_customers_own(tmp_path: Path) -> None:
    both = shop(tmp_path / "shop", '  - wait: {until: "09:00"}\n  - send: letter\n', ANN, NEW_YORKER)
    assert sent(both, "2026-05-01T10:30", "2026-05-01T14:59", "2026-05-01T15:00", "2026-05-02T08:59", "2026-05-02T09:00") == [0, 0, 1, 0, 1]


def test_a_wait_until_saturday_ends_there(tmp_path: Path) -> None:
    """1 May 2026 is a Friday."""
    made = shop(tmp_path / "shop", '  - send: letter\n  - wait: {until: saturday, at: "10:00"}\n  - send: second\n')
    assert sent(made, "2026-05-01T10:30", "2026-05-02T09:59", "2026-05-02T10:00") == [1, 0, 1]


def test_a_wait_until_something_happens_ends_then_or_at_its_end(tmp_path: Path) -> None:
    """Asked in every run: who ordered goes on at once, who did not at the end of the three days."""
    steps = (
        "  - wait: {until: {did: order, since: entry}, at_most: 3 days}\n"
        "  - {if: {did: order, since: entry}, then: [{send: letter}], else: [{send: second}]}\n"
    )
    made = shop(tmp_path / "shop", steps, ANN, NEW_YORKER)
    assert sent(made, "2026-05-01T10:30", "2026-05-02T10:00") == [0, 0]
    assert rows(made, "SELECT count(*) FROM transitions WHERE subject = 'journey'") == [(2,)], "who waits on is not written again"
    write(made, "data/orders.csv", ORDERS + "2,a,2026-05-02 11:00:00,10.00,\n")
    assert sent(made, "2026-05-02T12:00", "2026-05-04T10:29", "2026-05-04T10:30") == [1, 0, 1]
    assert subjects(made) == ["Again Bob", "Hello Ann"]


def test_an_exit_ends_a_wait_that_is_asked_about_in_every_run(tmp_path: Path) -> None:
    head = HEAD + "exit: {ordered: {did: order, since: entry}}\n"
    made = shop(
        tmp_path / "shop",
        "  - wait: {until: {did: order, within: 1 hour, where: {total: {at_least: 1000}}}, at_most: 9 days}\n  - send: letter\n",
        head=head,
    )
    tick(made, "2026-05-01T10:30")
    write(made, "data/orders.csv", ORDERS + "2,a,2026-05-02 11:00:00,10.00,\n")
    tick(made, "2026-05-02T12:00")
    assert ends(made) == {"ordered": 1}


def test_a_wait_until_a_date_of_the_event_reads_it_again(tmp_path: Path) -> None:
    """The parcel's day is not known when the order comes, and moves later."""
    head = HEAD.replace("add_to_cart", "order")
    steps = "  - wait: {until: {date: trigger.delivered_at, offset: 2 days}, at_most: 30 days}\n  - send: letter\n"
    made = shop(tmp_path / "shop", steps, head=head)
    for delivered, as_of, expected in (
        ("", "2026-05-01T12:00", 0), ("", "2026-05-04T09:00", 0), ("2026-05-06", "2026-05-07T09:00", 0),
        ("2026-05-09", "2026-05-08T09:00", 0), ("2026-05-09", "2026-05-10T23:59", 0), ("2026-05-09", "2026-05-11T00:00", 1),
    ):  # fmt: skip
        write(made, "data/orders.csv", ORDERS + f"0,x,2026-01-10 10:00:00,100.00,2026-01-12\n2,a,2026-05-01 11:00:00,10.00,{delivered}\n")
        assert sent(made, as_of) == [expected], (delivered, as_of)


def test_a_wait_until_a_date_that_never_comes_ends_at_most_then(tmp_path: Path) -> None:
    head = HEAD.replace("add_to_cart", "order")
    made = shop(tmp_path / "shop", "  - wait: {until: {date: trigger.delivered_at}, at_most: 3 days}\n  - send: letter\n", head=head)
    write(made, "data/orders.csv", ORDERS + "0,x,2026-01-10 10:00:00,100.00,2026-01-12\n2,a,2026-05-01 11:00:00,10.00,\n")
    assert sent(made, "2026-05-01T12:00", "2026-05-04T11:59", "2026-05-04T12:00") == [0, 0, 1]


def test_a_wait_until_a_yearly_day_comes_round(tmp_path: Path) -> None:
    """Ann's birthday is on 20 May; Leo's, the 29th of February, is kept on the 28th. A day begins on the customer's clock."""
    leo = "l,leo@example.com,Leo,America/New_York,,,1992-02-29\n"
    steps = "  - wait: {until: {date: birthday, every: year, offset: -1 day}, at_most: 1 year}\n  - send: letter\n"
    made = shop(tmp_path / "shop", steps, ANN, leo)
    assert sent(made, "2026-05-01T10:30", "2026-05-18T23:59", "2026-05-19T00:00") == [0, 0, 1]
    assert sent(made, "2027-02-27T05:59", "2027-02-27T06:00") == [0, 1]


def test_a_wait_that_is_over_already_holds_nobody_up(tmp_path: Path) -> None:
    """Who comes to it goes on in the same run, but never past it with a message just sent."""
    first = shop(tmp_path / "first", "  - wait: {until: {email: present}, at_most: 1 day}\n  - send: letter\n")
    assert sent(first, "2026-05-01T10:30") == [1]
    two = shop(tmp_path / "two", "  - send: letter\n  - wait: {until: {email: present}, at_most: 1 day}\n  - send: second\n")
    assert sent(two, "2026-05-01T10:30", "2026-05-01T10:31") == [1, 1]


def test_a_machine_that_was_off_sends_one_message_and_waits_again(tmp_path: Path) -> None:
    """T12."""
    made = shop(tmp_path / "shop", '  - send: letter\n  - wait: 1 day\n  - send: second\n  - wait: {until: "09:00"}\n  - send: letter\n')
    assert sent(made, "2026-05-01T10:30", "2026-05-05T08:00", "2026-05-05T08:30", "2026-05-05T09:00") == [1, 1, 0, 1]


SPLIT = """\
  - split:
      name: third
      paths:
        plain: {share: 30%, then: [{send: letter}]}
        other: {then: [{send: second}]}
  - wait: 1 day
  - stop: done
"""
CROWD = tuple(f"p{n},p{n}@example.com,P{n},,,,\n" for n in range(40))


def ways(shop: Path) -> dict[str, str]:
    return {customer: path for customer, path in rows(shop, "SELECT customer, path FROM assignments")}  # noqa: C416 - rows


def test_a_split_draws_by_name_and_customer_alone(tmp_path: Path) -> None:
    """J16: the same in another folder, in another order of the file and of the customers; and each goes where they were drawn."""
    first = shop(tmp_path / "first", SPLIT, *CROWD)
    turned = SPLIT.replace("        plain: {share: 30%, then: [{send: letter}]}\n        other: {then: [{send: second}]}\n",
                           "        other: {share: 70%, then: [{send: second}]}\n        plain: {then: [{send: letter}]}\n")  # fmt: skip
    assert turned != SPLIT
    second = shop(tmp_path / "second", turned, *reversed(CROWD))
    assert sent(first, "2026-05-01T10:30") == sent(second, "2026-05-01T10:30") == [40]
    assert ways(first) == ways(second)
    assert set(ways(first).values()) == {"plain", "other"}
    plain = sorted(subject.removeprefix("Hello ").lower() for subject in subjects(first) if subject.startswith("Hello"))
    assert plain == sorted(customer for customer, path in ways(first).items() if path == "plain")


def test_weights_that_change_move_nobody_who_was_drawn(tmp_path: Path) -> None:
    head = HEAD + "again: always\n"
    made = shop(tmp_path / "shop", SPLIT, *CROWD, head=head)
    assert sent(made, "2026-05-01T10:30") == [40]
    before = ways(made)
    write(made, "campaigns/c.yml", head + "steps:\n" + SPLIT.replace("30%", "90%"))
    late = tuple(f"q{n},q{n}@example.com,Q{n},,,,\n" for n in range(20))
    write(made, "data/customers.csv", CUSTOMERS + "".join((*CROWD, *late)))
    carts = "".join(f"{each.split(',')[0]},2026-05-02 10:00:00,add_to_cart,p1,k\n" for each in (*CROWD, *late))
    write(made, "data/web.csv", (made / "data/web.csv").read_text() + carts)
    assert sent(made, "2026-05-02T10:30") == [60]
    after = ways(made)
    assert {customer: path for customer, path in after.items() if customer in before} == before
    assert sum(path == "plain" for customer, path in after.items() if customer not in before) > 10, "newcomers are drawn by the new shares"
    again = [step for (step,) in rows(made, "SELECT step FROM messages WHERE customer IN (SELECT customer FROM assignments WHERE path = 'plain')")]
    assert set(again) == {"send-letter"}


VARIANTS = """\
  - send: letter
    experiment: subjects
    hypothesis: A name is opened more often
    decide_by: {goal: ordered, at_least_each: 100, after: 14 days}
    subject: Plain
    with: {kind: none}
    variants:
      named: {share: 50%, subject: "For {{ customer.first_name }}", with: {kind: bestsellers}}
      other: {share: 50%, template: second}
"""


def test_variants_have_their_own_subject_template_and_words(tmp_path: Path) -> None:
    letter = TEMPLATE.replace("enough words", "{{ with.kind }}")
    made = shop(tmp_path / "shop", VARIANTS, *CROWD, files={"templates/letter.html": letter})
    assert sent(made, "2026-05-01T10:30") == [40]
    drawn = ways(made)
    assert sorted(subjects(made)) == sorted(f"For {name.upper()}" if path == "named" else "Plain" for name, path in drawn.items())
    assert dict(rows(made, "SELECT customer, variant FROM messages")) == drawn
    texts = [path.read_text() for path in (made / "outbox").glob("*.eml")]
    assert sum("bestsellers" in text for text in texts) == sum(path == "named" for path in drawn.values())
    program = json.loads(rows(made, "SELECT program FROM revisions")[0][0])
    assert program["steps"][0]["experiment"]["goal"] == "ordered"
    write(made, "segments/named.yml", "where: {did: email_sent, where: {variant: named, template: letter}}\n")
    write(made, "segments/other.yml", "where: {did: email_sent, where: {variant: other, template: second}}\n")
    for name in ("named", "other"):
        found = retention(made, "segment", "export", name, "--as-of", "2099-05-01T11:00").out
        assert set(re.findall(r"\bp\d+\b", found)) == {customer for customer, path in drawn.items() if path == name}


def test_any_step_may_have_a_condition(tmp_path: Path) -> None:
    steps = (
        "  - {send: letter, if: {first_name: Ann}}\n  - {stop: known, if: {first_name: Ann}}\n"
        "  - {wait: 1 day, if: {first_name: Bob}}\n  - {send: second}\n"
    )
    made = shop(tmp_path / "shop", steps, ANN, NEW_YORKER)
    assert sent(made, "2026-05-01T10:30", "2026-05-02T11:30") == [1, 1]
    assert subjects(made) == ["Again Bob", "Hello Ann"]
    assert ends(made) == {"known": 1, "finished": 1}


def test_a_message_goes_by_the_first_channel_that_reaches(tmp_path: Path) -> None:
    """The target delivers mail alone: who likes text messages best gets mail; who has no address but a telephone is told of."""
    likes_sms = "s,sam@example.com,Sam,,+420123,sms,\n"
    only_phone = "o,,Ola,,+420456,,\n"
    nothing = "n,,Nic,,,,\n"
    made = shop(tmp_path / "shop", "  - {send: letter, channel: [preferred, email, sms]}\n", likes_sms, only_phone, nothing)
    assert sent(made, "2026-05-01T10:30") == [1]
    told = dict(rows(made, "SELECT customer, channel || ' ' || coalesce(reason, 'left') FROM messages"))
    assert told == {"s": "email left", "o": "email no address", "n": "email no address"}


def test_what_no_channel_delivers_is_held_back_and_told(tmp_path: Path) -> None:
    made = shop(tmp_path / "shop", "  - {send: letter, channel: sms}\n", "s,sam@example.com,Sam,,+420123,,\n")
    report = tick(made, "2026-05-01T10:30")
    assert report["campaigns"][0]["held_back"] == {"no channel: sms": 1}
    assert rows(made, "SELECT channel, address, state, reason FROM messages") == [("sms", "+420123", "suppressed", "no channel: sms")]
    assert "the target 'default' delivers no sms" in retention(made, "validate").out


def test_a_message_leaves_at_its_time_on_the_customers_clock(tmp_path: Path) -> None:
    made = shop(tmp_path / "shop", '  - {send: letter, at: "09:00"}\n', ANN, NEW_YORKER, at="2099-05-01 10:00:00")
    first = tick(made, "2099-05-01T10:30")
    assert (first["messages"]["sent"], first["campaigns"][0]["send"], first["campaigns"][0]["held_back"]) == (0, 0, {"not yet": 2})
    due = dict(rows(made, "SELECT customer, datetime(not_before / 1000000, 'unixepoch') FROM messages"))
    assert due == {"a": "2099-05-02 07:00:00", "b": "2099-05-01 13:00:00"}


def mails(*opened: tuple[str, str]) -> str:
    return "customer_id,happened_at,event\n" + "".join(f"{customer},{at},email_opened\n" for customer, at in opened)


def test_the_best_hour_is_the_one_at_which_a_customer_opens(tmp_path: Path) -> None:
    """Ann opens at 18, often enough; Bob only twice; Cyd at night, which is outside."""
    steps = '  - {send: letter, at: {best_hour: {from: "07:00", to: "20:00", otherwise: "09:00", evidence: 3}}}\n'
    settings = SETTINGS.replace(
        "targets:", "  mails: {path: data/mails.csv, customer: customer_id, time: happened_at, event: {column: event}}\ntargets:"
    )
    opened = [("a", f"2026-04-0{n} 18:20:00") for n in (1, 2, 3)] + [("b", f"2026-04-0{n} 18:20:00") for n in (1, 2)]
    opened += [("c", f"2026-04-0{n} 03:20:00") for n in (1, 2, 3)]
    files = {"retention.yml": settings, "data/mails.csv": mails(*opened)}
    made = shop(tmp_path / "shop", steps, ANN, "b,bob@example.com,Bob,,,,\n", "c,cyd@example.com,Cyd,,,,\n", files=files)
    tick(made, "2026-05-01T10:30")
    due = dict(rows(made, "SELECT customer, datetime(not_before / 1000000, 'unixepoch') FROM messages"))
    assert due == {"a": "2026-05-01 16:00:00", "b": "2026-05-02 07:00:00", "c": "2026-05-02 07:00:00"}


def test_a_message_expires_from_when_it_may_leave(tmp_path: Path) -> None:
    made = shop(tmp_path / "shop", '  - {send: letter, at: "09:00", expires: 12 hours}\n')
    tick(made, "2026-05-01T10:30")
    assert rows(made, "SELECT (not_after - not_before) / 3600000000 FROM messages") == [(12,)]


NO_REACTION = """\
  - send: letter
    id: first
    no_reaction: {after: 1 day, send: second, id: nudge}
  - wait: 1 day
  - send: letter
"""


@pytest.mark.parametrize(
    ("event", "data", "expected"),
    [
        ("email_opened", {}, [0, 0, 1]),
        ("email_clicked", {}, [0, 0, 1]),
        ("email_opened", {"machine": True}, [1, 0, 1]),
        ("email_delivered", {}, [1, 0, 1]),
    ],
)
def test_who_did_not_react_to_this_very_message_gets_another(tmp_path: Path, event: str, data: dict[str, Any], expected: list[int]) -> None:
    made = shop(tmp_path / "shop", NO_REACTION)
    assert sent(made, "2026-05-01T10:30") == [1]
    tell(made, (event, "a", 1, data))
    assert sent(made, "2026-05-02T10:30", "2026-05-03T10:29", "2026-05-03T10:30") == expected
    assert ("nudge" in {step for (step,) in rows(made, "SELECT step FROM messages")}) is bool(expected[0])


def test_a_reaction_to_another_message_of_the_same_template_does_not_count(tmp_path: Path) -> None:
    made = shop(tmp_path / "shop", NO_REACTION, head=HEAD + "again: always\n")
    tick(made, "2026-05-01T10:30")
    write(made, "data/web.csv", (made / "data/web.csv").read_text() + "a,2026-05-01 11:00:00,add_to_cart,p1,k\n")
    tick(made, "2026-05-01T11:30")
    tell(made, ("email_opened", "a", 2, {}))
    assert sent(made, "2026-05-02T10:30", "2026-05-02T11:30") == [1, 0], "the first journey's message was not opened, the second's was"


def test_the_wait_for_a_reaction_counts_from_when_the_message_may_leave(tmp_path: Path) -> None:
    steps = '  - send: letter\n    at: "09:00"\n    no_reaction: {after: 1 day, send: second}\n'
    made = shop(tmp_path / "shop", steps)
    tick(made, "2026-05-01T10:30")
    assert rows(made, "SELECT datetime(due_at / 1000000, 'unixepoch') FROM journeys") == [("2026-05-03 07:00:00",)]


def refuse(shop: Path, state: str) -> None:
    """Say of every message that was sent that it ended otherwise."""
    [file] = (shop / ".retention").rglob("ledger*.db")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE messages SET state = ?", (state,))


def test_a_refused_message_ends_the_journey_only_where_it_should(tmp_path: Path) -> None:
    """J14: and the step is not told as sent in either case."""
    head = HEAD + "exit: {told: {did: email_sent, since: entry}}\n"
    stops = shop(tmp_path / "stops", "  - {send: letter, on_fail: stop}\n  - wait: 1 day\n  - send: second\n", head=head)
    goes_on = shop(tmp_path / "goes_on", "  - {send: letter}\n  - wait: 1 day\n  - send: second\n", head=head)
    for made, expected, end in ((stops, 0, "refused: send-letter"), (goes_on, 1, "finished")):
        tick(made, "2026-05-01T10:30")
        refuse(made, "refused")
        assert sent(made, "2026-05-02T10:30") == [expected]
        assert ends(made) == {end: 1}


def test_a_message_of_unknown_fate_is_sent_again_once_where_it_should(tmp_path: Path) -> None:
    for written, expected in (("resend_once", [1, 0]), ("hold", [0, 0])):
        files = {"retention.yml": SETTINGS.replace("public_url", "max_age: 3650 days, public_url")}
        made = shop(tmp_path / written, f"  - {{send: letter, on_unknown: {written}}}\n", files=files)
        tick(made, "2026-05-01T10:30")
        refuse(made, "unknown")
        found = [tick(made, "2026-05-01T10:40")["messages"]["sent"]]
        refuse(made, "unknown")
        found.append(tick(made, "2026-05-01T10:50")["messages"]["sent"])
        assert found == expected, written


def test_a_message_of_unknown_fate_is_not_sent_again_after_an_exit(tmp_path: Path) -> None:
    head = HEAD + "exit: {ordered: {did: order, since: entry}}\n"
    made = shop(tmp_path / "shop", "  - {send: letter, on_unknown: resend_once}\n  - wait: 3 days\n", head=head)
    tick(made, "2026-05-01T10:30")
    refuse(made, "unknown")
    write(made, "data/orders.csv", ORDERS + "2,a,2026-05-01 11:00:00,10.00,\n")
    assert sent(made, "2026-05-01T12:00") == [0]


def test_a_deadline_ends_the_journey_and_is_told_on_the_customers_clock(tmp_path: Path) -> None:
    head = HEAD + 'deadline: {after: 3 days, at: "20:00"}\n'
    letter = TEMPLATE.replace("enough words", "until {{ deadline | date('d. M. HH:mm') }}")
    made = shop(
        tmp_path / "shop",
        "  - send: letter\n  - wait: 2 weeks\n  - send: second\n",
        ANN,
        NEW_YORKER,
        at="2099-05-01 10:00:00",
        head=head,
        files={"templates/letter.html": letter},
    )
    assert sent(made, "2099-05-01T10:30") == [2]
    told = [path.read_text() for path in (made / "outbox").glob("*.eml")]
    assert all("4. 5. 20:00" in text for text in told), "each by their own clock"
    assert dict(rows(made, "SELECT customer, datetime(not_after / 1000000, 'unixepoch') FROM messages")) == {
        "a": "2099-05-04 18:00:00", "b": "2099-05-05 00:00:00",
    }  # fmt: skip
    tick(made, "2099-05-04T19:59")
    assert ends(made) == {"open": 2}
    tick(made, "2099-05-04T20:00")
    assert ends(made) == {"open": 1, "deadline": 1}
    assert sent(made, "2099-05-05T02:00", "2099-06-01T10:00") == [0, 0]
    assert ends(made) == {"deadline": 2}


def test_a_deadline_without_a_time_keeps_the_entrys(tmp_path: Path) -> None:
    made = shop(tmp_path / "shop", "  - wait: 2 weeks\n", head=HEAD + "deadline: {after: 1 day}\n", at="2026-03-28 12:00:00")
    tick(made, "2026-03-28T12:30")
    assert rows(made, "SELECT datetime(deadline_at / 1000000, 'unixepoch') FROM journeys") == [("2026-03-29 10:00:00",)]


def test_a_preview_has_the_words_and_the_deadline_of_its_step(tmp_path: Path) -> None:
    letter = TEMPLATE.replace("enough words", "{{ with.kind }} until {{ deadline | date('yyyy') }}")
    head = HEAD + "deadline: {after: 1 day}\n"
    made = shop(tmp_path / "shop", "  - {send: letter, with: {kind: bestsellers}}\n", head=head, files={"templates/letter.html": letter})
    ran = retention(made, "message", "preview", "letter", "--customer", "a", "--as-of", "2026-05-01T10:00")
    assert "bestsellers until 2026" in ran.out, ran.said
