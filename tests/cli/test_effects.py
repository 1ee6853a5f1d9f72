"""What steps do beside writing, by the real command: vouchers that messages carry, fields that are kept, campaigns that are started."""

from __future__ import annotations

from datetime import datetime
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest

from cli.test_steps import ANN, CUSTOMERS, HEAD, NEW_YORKER, ORDERS, ends, rows, sent, shop, subjects, tick
from retention_cli.ledger.location import Location
from support.ledgers import change
from support.shell import retention
from support.tiny_shop import SETTINGS, TEMPLATE, write

if TYPE_CHECKING:
    from pathlib import Path

CARL = "c,carl@example.com,Carl,Europe/Prague,,,1980-01-01\n"
VOUCHERS = SETTINGS + "vouchers: {big: {path: vouchers/big.csv, code: kod, valid_until: do}, all: {code: ZPET10, valid_until: 2026-12-31}}\n"
CODED = TEMPLATE.replace('Hello {{ customer.first_name or "there" }}\npreheader', "Dear {{ customer.first_name }} has {{ voucher }}\npreheader")
SEND = "  - {send: letter, voucher: big}\n"


def with_codes(folder: Path, codes: str, *people: str, steps: str = SEND, **more: str) -> Path:
    """Make a shop whose letter tells a code out of a file."""
    files = {"retention.yml": VOUCHERS, "vouchers/big.csv": "kod,do\n" + codes, "templates/letter.html": CODED, **more}
    return shop(folder, steps, *people, files=files)


def given(shop: Path) -> list[tuple[str, str | None]]:
    """Return who has which code, in the ledger."""
    return [(str(who), code) for who, code in rows(shop, "SELECT customer, code FROM vouchers ORDER BY message")]


def test_everybody_gets_a_code_of_their_own_in_the_order_of_the_file(tmp_path: Path) -> None:
    made = with_codes(tmp_path / "shop", "A1,\nA2,\nA3,\n", ANN, NEW_YORKER)
    planned = retention(made, "plan", "--as-of", "2026-05-01T10:30", "--format", "json")
    assert planned.json["vouchers"] == [{"pool": "big", "needed": 2, "given": 2, "left": 1}]
    assert tick(made, "2026-05-01T10:30")["vouchers"] == planned.json["vouchers"]
    assert given(made) == [("a", "A1"), ("b", "A2")]
    assert subjects(made) == ["Dear Ann has A1", "Dear Bob has A2"]


def test_who_finds_no_code_is_held_and_gets_one_once_there_are_more(tmp_path: Path) -> None:
    """It is said before anything is sent, by plan and by run alike, and what is held is tried again at every run."""
    made = with_codes(tmp_path / "shop", "A1,\n", ANN, NEW_YORKER, CARL)
    planned = retention(made, "plan", "--as-of", "2026-05-01T10:30", "--format", "json")
    assert (planned.json["campaigns"][0]["send"], planned.json["campaigns"][0]["held_back"]) == (1, {"no voucher: big": 2})
    assert "vouchers big: 3 are needed and 1 are left, so 2 messages are held; write more into vouchers/big.csv" in planned.said
    ran = retention(made, "run", "--as-of", "2026-05-01T10:30", "--format", "json")
    assert "3 are needed and 1 are left" in ran.said
    assert rows(made, "SELECT customer, state, reason FROM messages ORDER BY id") == [
        ("a", "sent", None),
        ("b", "held", "no voucher: big"),
        ("c", "held", "no voucher: big"),
    ]
    assert retention(made, "status", "--format", "json").json["vouchers"] == [{"pool": "big", "given": 1, "held": 2}]
    again = retention(made, "plan", "--as-of", "2026-05-01T11:00", "--format", "json").json["campaigns"][0]
    assert (again["send"], again["held_back"]) == (0, {"no voucher: big": 2})
    assert sent(made, "2026-05-01T11:00") == [0]
    write(made, "vouchers/big.csv", "kod,do\nA1,\nA2,\n")
    assert sent(made, "2026-05-01T11:30") == [1]
    write(made, "vouchers/big.csv", "kod,do\nA3,\n")
    assert sent(made, "2026-05-01T12:00") == [1]
    assert given(made) == [("a", "A1"), ("b", "A2"), ("c", "A3")]
    assert subjects(made) == ["Dear Ann has A1", "Dear Bob has A2", "Dear Carl has A3"]


def test_a_journey_stands_still_while_its_message_waits_for_a_code(tmp_path: Path) -> None:
    made = with_codes(tmp_path / "shop", "", steps=SEND + "  - wait: 1 day\n  - send: second\n")
    assert sent(made, "2026-05-01T10:30", "2026-05-03T10:30") == [0, 0]
    write(made, "vouchers/big.csv", "kod,do\nA1,\n")
    assert sent(made, "2026-05-03T11:00", "2026-05-04T10:59", "2026-05-04T11:00") == [1, 0, 1]


def test_what_waits_a_week_for_a_code_is_left(tmp_path: Path) -> None:
    made = with_codes(tmp_path / "shop", "")
    assert sent(made, "2026-05-01T10:30", "2026-05-08T10:31") == [0, 0]
    assert rows(made, "SELECT state, reason FROM messages") == [("expired", "held too long: no voucher: big")]


def test_a_code_whose_last_day_is_over_is_not_handed_out(tmp_path: Path) -> None:
    """The last day itself still counts, by the shop's clock."""
    made = with_codes(tmp_path / "shop", "OLD,2026-04-30\nLAST,01.05.2026\nNEW,2026-05-02\n", ANN, NEW_YORKER)
    assert sent(made, "2026-05-01T23:59") == [2]
    assert given(made) == [("a", "LAST"), ("b", "NEW")]


def test_one_code_for_everybody_never_runs_out(tmp_path: Path) -> None:
    made = with_codes(tmp_path / "shop", "", ANN, NEW_YORKER, steps="  - {send: letter, voucher: all}\n")
    assert tick(made, "2026-05-01T10:30")["vouchers"] == [{"pool": "all", "needed": 2, "given": 2, "left": None}]
    assert subjects(made) == ["Dear Ann has ZPET10", "Dear Bob has ZPET10"]


def test_a_message_that_cannot_leave_and_a_held_out_person_use_no_code(tmp_path: Path) -> None:
    nobody = "d,,Dan,Europe/Prague,,,1980-01-01\n"
    made = with_codes(tmp_path / "shop", "A1,\nA2,\n", nobody, ANN)
    assert sent(made, "2026-05-01T10:30") == [1]
    assert given(made) == [("a", "A1")]
    held = shop(
        tmp_path / "held",
        SEND,
        head=HEAD + "holdout: 100%\n",
        files={"retention.yml": VOUCHERS, "vouchers/big.csv": "kod,do\nA1,\n", "templates/letter.html": CODED},
    )
    tick(held, "2026-05-01T10:30")
    assert (ends(held), given(held)) == ({"holdout": 1}, [])


def test_a_message_that_a_cap_holds_takes_no_code_until_it_may_leave(tmp_path: Path) -> None:
    settings = VOUCHERS + "policies: {caps: [{at_most: 1, per: 1 day}]}\n"
    steps = "  - {send: second}\n  - {send: letter, voucher: big}\n"
    made = with_codes(tmp_path / "shop", "A1,\n", steps=steps, **{"retention.yml": settings})
    assert sent(made, "2026-05-01T10:30") == [1]
    assert given(made) == [("a", None)]
    left_at = int(datetime.fromisoformat("2026-05-01T10:30+02:00").timestamp() * 1_000_000)
    change(Location.parse(None, made), "UPDATE messages SET changed_at = :at WHERE state = 'sent'", at=left_at)
    assert sent(made, "2026-05-02T10:31") == [1]
    assert given(made) == [("a", "A1")]


def test_a_message_stopped_after_it_got_its_code_keeps_it(tmp_path: Path) -> None:
    """Nobody else ever gets that code: the customer may have seen it."""
    steps, files = '  - {send: letter, voucher: big, at: "18:00"}\n', {"retention.yml": VOUCHERS, "vouchers/big.csv": "kod\nA1\nA2\n"}
    files["retention.yml"] = VOUCHERS.replace(", valid_until: do", "")
    made = shop(tmp_path / "shop", steps, at="2099-05-01 10:00:00", files=files)
    tick(made, "2099-05-01T10:30")
    assert given(made) == [("a", "A1")]
    write(made, "data/customers.csv", CUSTOMERS + ANN.replace("ann@example.com", "") + CARL)
    write(made, "data/web.csv", "customer_id,occurred_at,event,product_id,cart_id\nc,2099-05-01 11:00:00,add_to_cart,p1,k\n")
    tick(made, "2099-05-01T11:30")
    assert rows(made, "SELECT customer, state FROM messages ORDER BY id")[0] == ("a", "suppressed")
    assert given(made) == [("a", "A1"), ("c", "A2")]


def test_a_template_tells_the_last_day_of_a_code(tmp_path: Path) -> None:
    body = TEMPLATE.replace("with enough words.", "{{ voucher.code }} until {{ voucher.valid_until | date('short') }}.")
    made = with_codes(tmp_path / "shop", "A1,2026-06-30\n", **{"templates/letter.html": body})
    tick(made, "2026-05-01T10:30")
    [letter] = (made / "outbox").glob("*.eml")
    text = message_from_bytes(letter.read_bytes(), policy=policy.default).get_body(("plain",))
    assert text is not None
    assert "A1 until 6/30/26." in text.get_content()
    shown = retention(made, "message", "preview", "letter", "--customer", "a", "--as-of", "2026-05-01T10:30")
    assert shown.code == 0, shown.said
    assert "VOUCHER-CODE" in shown.out


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("code\nA1\n", "the voucher file vouchers/big.csv has no column 'kod'"),
        ("kod,do\nA1,soon\n", "vouchers/big.csv:2: 'soon' is no day"),
        ('kod,do\n"A1', "the voucher file vouchers/big.csv cannot be read"),
    ],
)
def test_a_file_that_is_not_understood_stops_the_run(tmp_path: Path, body: str, said: str) -> None:
    made = with_codes(tmp_path / "shop", "")
    write(made, "vouchers/big.csv", body)
    ran = retention(made, "run", "--as-of", "2026-05-01T10:30")
    assert ran.code == 3
    assert said in ran.said


def test_a_template_may_speak_of_a_voucher_only_where_every_step_hands_one_out(tmp_path: Path) -> None:
    made = with_codes(tmp_path / "shop", "A1,\n")
    assert retention(made, "validate").code == 0
    write(made, "campaigns/c.yml", HEAD + "steps:\n" + SEND + "  - send: letter\n")
    told = retention(made, "validate")
    assert "there is no 'voucher': not every step that sends this hands one out" in told.out + told.said


FIELDS = (
    SETTINGS
    + "fields: {profile_reward: {type: boolean}, asked_on: {type: date}, level: {type: integer}, spend: {type: decimal}, note: {type: text}}\n"
)
UPDATE = "  - update: {set: {profile_reward: true, asked_on: today, level: 3, spend: 12.50, note: first}}\n"


def test_what_a_step_writes_is_a_field_from_the_next_run_on(tmp_path: Path) -> None:
    """In conditions, segments and templates, with its declared type; the history stays."""
    steps = (
        UPDATE + "  - {if: {profile_reward: true}, then: [{stop: too_soon}]}\n  - wait: 1 hour\n"
        "  - if: [{profile_reward: true, level: {at_least: 3}, asked_on: 2026-05-01, spend: {less_than: 13}}, {segment: first}]\n"
        "    then: [{update: {set: {level: 4, note: ''}}}, {wait: 1 hour}, {send: letter}]\n"
    )
    template = TEMPLATE.replace('{{ customer.first_name or "there" }}\npreheader', "level {{ customer.level }}{{ customer.note }}\npreheader")
    files = {"retention.yml": FIELDS, "segments/first.yml": "where: {note: first}\n", "templates/letter.html": template}
    made = shop(tmp_path / "shop", steps, ANN, NEW_YORKER, files=files)
    assert sent(made, "2026-05-01T10:00", "2026-05-01T11:00", "2026-05-01T12:00") == [0, 0, 2]
    assert subjects(made) == ["Hello level 4", "Hello level 4"]
    history = rows(made, "SELECT value FROM customer_fields WHERE customer = 'a' AND field = 'level' ORDER BY at")
    assert history == [("3",), ("4",)]
    before, after = (retention(made, "segment", "export", "first", "--as-of", f"2026-05-01T{at}").out.split() for at in ("10:30", "11:30"))
    assert (before, after) == (["customer_id", "a", "b"], ["customer_id"]), "as of any moment, what held then"


def test_of_two_journeys_that_write_at_once_the_later_says_the_last_word(tmp_path: Path) -> None:
    head = HEAD.replace("trigger: {did: add_to_cart}", "trigger: {did: add_to_cart}\nagain: always")
    made = shop(
        tmp_path / "shop",
        "  - update: {set: {note: one}}\n  - update: {set: {note: two}}\n",
        head=head,
        files={"retention.yml": FIELDS},
    )
    tick(made, "2026-05-01T10:30")
    assert rows(made, "SELECT customer, field, value FROM customer_fields") == [("a", "note", "two")]


def test_tags_are_those_of_the_export_with_what_steps_add_and_without_what_they_remove(tmp_path: Path) -> None:
    steps = (
        "  - update: {add_tags: [vip, loud], remove_tags: new}\n  - wait: 1 hour\n"
        "  - if: {tags: {has_all: [vip, old]}}\n    then: [{if: {tags: {has_none: [new]}}, then: [{send: letter}]}]\n"
        "  - update: {remove_tags: [vip]}\n  - wait: 1 hour\n  - if: {tags: {has_none: [vip]}}\n    then: [{send: second}]\n"
    )
    settings = SETTINGS.replace("key: customer_id}", 'key: customer_id, types: {tags: {list: "|"}}}')
    made = shop(tmp_path / "shop", steps, files={"retention.yml": settings})
    write(made, "data/customers.csv", CUSTOMERS.strip() + ",tags\n" + ANN.strip() + ",old|new\n")
    assert sent(made, "2026-05-01T10:00", "2026-05-01T11:00", "2026-05-01T12:00") == [0, 1, 1]


def test_tags_without_a_column_are_what_steps_add(tmp_path: Path) -> None:
    steps = "  - update: {add_tags: vip}\n  - wait: 1 hour\n  - if: {tags: {has_any: [vip]}}\n    then: [{send: letter}]\n"
    made = shop(tmp_path / "shop", steps)
    assert sent(made, "2026-05-01T10:00", "2026-05-01T11:00") == [0, 1]


def test_a_kept_field_may_not_be_called_like_a_column(tmp_path: Path) -> None:
    made = shop(tmp_path / "shop", "  - send: letter\n", files={"retention.yml": SETTINGS})
    write(made, "retention.yml", SETTINGS + "fields: {first_name: {type: text}}\n")
    told = retention(made, "validate", "--format", "json")
    assert [each["code"] for each in told.json if each["severity"] == "error"] == ["duplicate-name"]


def test_a_value_of_another_type_is_an_error(tmp_path: Path) -> None:
    made = shop(tmp_path / "shop", "  - send: letter\n", files={"retention.yml": FIELDS})
    write(made, "campaigns/c.yml", HEAD + "steps:\n  - update: {set: {level: 1.5, profile_reward: maybe}}\n")
    told = retention(made, "validate")
    assert "'1.5' is not a whole number, and 'level' is declared as one" in told.out + told.said
    assert "'maybe' is not true or false" in told.out + told.said


OTHER = "name: other\ngoals: {ordered: {when: {did: order}, window: 5 days}}\n"


def test_a_campaign_that_is_started_begins_at_the_next_run_and_by_its_own_rules(tmp_path: Path) -> None:
    """Its audience, its exits and how often one may enter hold; without a trigger nothing else begins it."""
    other = (
        OTHER
        + "audience: {country: {is_not: XX}, birthday: {after: 1985-01-01}}\nexit: {ordered: {did: order, since: entry}}\nsteps: [{send: second}]\n"
    )
    made = shop(
        tmp_path / "shop",
        "  - {start: other}\n  - {send: letter}\n",
        ANN,
        NEW_YORKER,
        CARL,
        files={"campaigns/other.yml": other.replace("country: {is_not: XX}, ", "")},
    )
    assert sent(made, "2026-05-01T10:30") == [3]
    assert sent(made, "2026-05-01T11:00", "2026-05-01T11:30") == [2, 0]
    assert subjects(made) == ["Again Ann", "Again Bob", "Hello Ann", "Hello Bob", "Hello Carl"]
    assert rows(made, "SELECT customer, occurrence FROM journeys WHERE campaign = 2 ORDER BY id") == [
        ("a", "started by 1 start-other"),
        ("b", "started by 2 start-other"),
    ]
    assert rows(made, "SELECT customer, verdict FROM verdicts WHERE campaign = 2") == [("c", "not_in_audience")]


def test_plan_and_run_tell_alike_whom_steps_write_of_and_what_they_start(tmp_path: Path) -> None:
    """Two of three: the third goes the other way."""
    steps = "  - {if: {first_name: [Ann, Bob]}, then: [{update: {add_tags: [seen]}}, {update: {add_tags: [warm]}}, {start: other}]}\n"
    other = "name: other\ntrigger: {did: email_clicked}\ngoals: {g: {when: {did: order}, window: 1 day}}\nsteps: [{send: letter}]\n"
    made = shop(tmp_path / "shop", steps, ANN, NEW_YORKER, CARL, files={"campaigns/other.yml": other})
    plan = retention(made, "plan", "--as-of", "2026-05-01T10:00", "--format", "json").json["campaigns"]
    assert {each["campaign"]: (each["update"], each["start"]) for each in plan} == {"c": (2, {"other": 2}), "other": (0, {})}
    said = retention(made, "plan", "--as-of", "2026-05-01T10:00").said
    assert "c: of 2 customers something is written down" in said
    assert "c: 2 customers enter other at the next run" in said
    assert tick(made, "2026-05-01T10:00")["campaigns"] == plan
    assert [each["enter"] for each in tick(made, "2026-05-01T10:01")["campaigns"]] == [0, 2]


def test_an_exit_and_a_holdout_of_the_started_campaign_hold(tmp_path: Path) -> None:
    other = OTHER + "holdout: 100%\nsteps: [{send: second}]\n"
    made = shop(tmp_path / "held", "  - start: other\n", files={"campaigns/other.yml": other})
    assert sent(made, "2026-05-01T10:30", "2026-05-01T11:00") == [0, 0]
    assert ends(made) == {"finished": 1, "holdout": 1}
    leaving = OTHER + "exit: {ordered: {did: order, since: entry}}\nsteps: [{send: second}]\n"
    out = shop(tmp_path / "out", "  - start: other\n", files={"campaigns/other.yml": leaving})
    tick(out, "2026-05-01T10:30")
    write(out, "data/orders.csv", ORDERS + "2,a,2026-05-01 10:45:00,10.00,\n")
    assert sent(out, "2026-05-01T11:00") == [0]
    assert ends(out) == {"finished": 1, "ordered": 1}


def test_a_start_waits_a_week_for_a_campaign_that_is_off(tmp_path: Path) -> None:
    off = OTHER + "enabled: false\nsteps: [{send: second}]\n"
    for name, day, expected in (("soon", "2026-05-08T10:29", [1]), ("late", "2026-05-08T10:31", [0])):
        made = shop(tmp_path / name, "  - start: other\n", files={"campaigns/other.yml": off})
        assert sent(made, "2026-05-01T10:30") == [0]
        write(made, "campaigns/other.yml", off.replace("enabled: false\n", ""))
        assert sent(made, day) == expected


def test_what_is_started_is_drawn_and_shown(tmp_path: Path) -> None:
    steps = "  - {start: other, if: {first_name: present}}\n" + UPDATE.replace(", asked_on: today, level: 3, spend: 12.50, note: first", "") + SEND
    settings = FIELDS + "vouchers: {big: {code: ALL}}\n"
    made = shop(tmp_path / "shop", steps, files={"retention.yml": settings, "campaigns/other.yml": OTHER + "steps: [{send: second}]\n"})
    told = retention(made, "campaign", "show", "c").out
    for words in ("start the campaign other", "update profile_reward = true", "send letter with a voucher of big"):
        assert words in told
    assert "started by another campaign" in retention(made, "campaign", "show", "other").out
    assert "start the campaign other" in retention(made, "campaign", "graph", "c").out
