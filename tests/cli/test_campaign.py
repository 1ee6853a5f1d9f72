"""What is shown of campaigns: which there are, where their people stand, and how they go."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from support.shell import process, retention
from support.terminal import in_terminal
from support.tiny_shop import SETTINGS, export, make_shop, write

CART = """\
    name: cart
    description: A left cart
    priority: 80
    trigger: {did: add_to_cart, not_followed_by: {did: order, within: 30 minutes}}
    audience: {country: [CZ, SK]}
    exit: {ordered: {did: order, since: entry}}
    goals: {bought: {when: {did: order}, window: 5 days}}
    steps:
      - {send: letter, id: first}
      - wait: 1 day
      - if: {total_spent: {at_least: 80}}
        then: [{send: letter, id: big}]
        else: [{stop: enough}]
      - wait: 2 days
      - send: letter
"""
WAKE = """\
    name: wake
    enabled: false
    kind: transactional
    trigger: {enters: asleep}
    goals: {back: {when: {did: order}, window: 30 days}}
    steps: [{send: letter}]
"""
CARTS = [(customer, "2026-05-01 10:00:00", "add_to_cart", "p1", f"k{customer}") for customer in ("a", "b", "c", "x")]
OLD = [("1", "a", "2026-01-10 10:00:00", "100.00"), ("2", "b", "2026-04-20 10:00:00", "50.00")]
HOSTILE = """\
    name: hostile
    trigger: {did: add_to_cart, where: {event: "a\\"]; click begins \\"javascript:x"}}
    goals: {back: {when: {did: order}, window: 30 days}}
    steps:
      - if: {country: ["CZ\\"]; end", "`%%{init: 1}%%` | --> <b>#&", "\\u001b[31mred\\n  s0 --> s1"]}
        then: [{stop: "end"}]
      - send: letter
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a shop with a campaign that is on and one that is off."""
    files = {"segments/asleep.yml": "where: {last_order_at: {older_than: 50 days}}", "campaigns/cart.yml": CART, "campaigns/wake.yml": WAKE}
    return make_shop(tmp_path / "shop", files, web=CARTS)


def run(shop: Path, as_of: str) -> None:
    """Run one tick."""
    done = retention(shop, "run", "--as-of", as_of)
    assert done.code == 0, done.said


def show(shop: Path, name: str = "cart") -> Any:
    """Return what is shown of a campaign."""
    return retention(shop, "campaign", "show", name, "--format", "json").json


def files_of(folder: Path) -> dict[str, str]:
    """Return every file below a folder by what is in it."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def test_the_list_names_each_with_what_begins_it_the_highest_priority_first(shop: Path) -> None:
    found = retention(shop, "campaign", "list", "--format", "json").json
    assert [(each["campaign"], each["kind"], each["priority"], each["enabled"], each["steps"]) for each in found] == [
        ("cart", "performance", 80, True, 7),
        ("wake", "transactional", 50, False, 1),
    ]
    assert [each["trigger"] for each in found] == ["did add_to_cart not followed by order within 30 minutes", "enters asleep"]
    assert [(each["open"], each["sent_30d"], each["next_look"]) for each in found] == [(0, 0, None)] * 2


def test_the_list_knows_who_is_under_way_what_left_and_who_is_due_next(shop: Path) -> None:
    for as_of in ("2026-05-01T09:00", "2026-05-01T11:00"):
        run(shop, as_of)
    cart = retention(shop, "campaign", "list", "--format", "json").json[0]
    assert (cart["open"], cart["sent_30d"], cart["next_look"]) == (3, 2, "2026-05-02T09:00:00+00:00")
    assert "wake (off)" in retention(shop, "campaign", "list").out


def test_a_campaign_whose_file_is_gone_is_said_as_long_as_somebody_is_in_it(shop: Path) -> None:
    for as_of in ("2026-05-01T09:00", "2026-05-01T11:00"):
        run(shop, as_of)
    (shop / "campaigns" / "cart.yml").unlink()
    assert "cart is in no file any more: its journeys stay where they are" in retention(shop, "campaign", "list").said


def test_show_counts_people_by_step_and_messages_by_what_became_of_them(shop: Path) -> None:
    """Of four carts one is of nobody known; c has no address; a buys, b does not."""
    for as_of in ("2026-05-01T09:00", "2026-05-01T11:00"):
        run(shop, as_of)
    now = show(shop)
    assert (now["entered"], now["open"], now["sent"], now["stopped"], now["turned_away"]) == (3, 3, 2, {"no address": 1}, {"no_customer": 1})
    steps = {step["step"]: step for step in now["steps"]}
    assert list(steps) == [
        "first",
        "wait-1-day",
        *[name for name in steps if name.startswith("if-")],
        "stop-enough",
        "big",
        "wait-2-days",
        "send-letter",
    ]
    assert (steps["first"]["own_id"], steps["first"]["sent"], steps["first"]["stopped"]) == (True, 2, {"no address": 1})
    assert (steps["wait-1-day"]["own_id"], steps["wait-1-day"]["people"]) == (False, 3)
    export(shop, orders=[*OLD, ("3", "b", "2026-05-02 08:00:00", "10.00")])
    run(shop, "2026-05-02T11:00")
    then = show(shop)
    assert (then["open"], then["ended"]) == (1, {"ordered": 1, "enough": 1})
    assert then["goals"] == [{"goal": "bought", "reached": 1, "total": None}]
    assert {step["step"]: step["people"] for step in then["steps"]}["wait-2-days"] == 1


def test_revisions_stand_side_by_side_with_who_is_on_each(shop: Path) -> None:
    """Who entered before the change finishes on the old revision; its step that the file has no more is still told."""
    for as_of in ("2026-05-01T09:00", "2026-05-01T11:00"):
        run(shop, as_of)
    write(shop, "campaigns/cart.yml", CART.replace("wait: 1 day", "wait: 5 days"))
    before = show(shop)["revisions"]
    assert [(each["current"], each["first_run"] is None, each["open"]) for each in before] == [(True, True, 0), (False, False, 3)]
    export(shop, web=[*CARTS, ("a", "2026-05-01 11:10:00", "add_to_cart", "p2", "k2")])
    write(shop, "campaigns/cart.yml", CART.replace("wait: 1 day", "wait: 5 days") + "    again: always\n")
    run(shop, "2026-05-01T12:00")
    found = show(shop)
    assert [(each["current"], each["open"], each["entered"]) for each in found["revisions"]] == [(True, 1, 1), (False, 3, 3)]
    assert {step["step"]: (step["kind"], step["people"]) for step in found["steps"] if "wait" in step["step"]} == {
        "wait-5-days": ("wait", 1),
        "wait-2-days": ("wait", 0),
        "wait-1-day": (None, 3),
    }
    assert "(of an earlier revision)" in retention(shop, "campaign", "show", "cart").out


def test_what_a_server_says_is_never_a_reason_to_count_by(shop: Path) -> None:
    """A refusal may quote an address: it is counted as refused, and its words stay in the ledger."""
    settings = SETTINGS.replace("{to: folder, path: outbox}", "{to: fake}")
    people = [("a", "refuse@example.com", "Ann", "CZ", "2026-01-01")]
    write(shop, "retention.yml", settings)
    export(shop, customers=people, web=CARTS[:1])
    for as_of in ("2026-05-01T09:00", "2026-05-01T11:00"):
        retention(shop, "run", "--as-of", as_of)
    assert show(shop)["stopped"] == {"refused": 1}


def test_looking_needs_no_ledger_and_writes_nothing(shop: Path, own_state_folder: Path) -> None:
    """Zeros before the first run; no byte and no file is other afterwards, with a ledger or without one."""
    looks = (("list",), ("show", "cart"), ("graph", "cart"), ("graph", "cart", "--format", "mermaid"))
    for turn in range(2):
        before = files_of(shop), files_of(own_state_folder)
        for look in looks:
            assert retention(shop, "campaign", *look).code == 0
        assert (files_of(shop), files_of(own_state_folder)) == before
        if turn == 0:
            assert show(shop)["entered"] == 0
            run(shop, "2026-05-01T09:00")


def test_tables_of_programs(shop: Path) -> None:
    """CSV has a row a campaign, and of one campaign a row a step."""
    listed = retention(shop, "campaign", "list", "--format", "csv").out.splitlines()
    assert listed[0].startswith("campaign,description,file,kind,priority,enabled,trigger,steps,open,sent_30d,next_look")
    assert len(listed) == 3
    shown = retention(shop, "campaign", "show", "cart", "--format", "csv").out.splitlines()
    assert (shown[0], len(shown)) == ("step,kind,text,own_id,people,sent,waiting,stopped", 8)


@pytest.mark.parametrize("command", ["show", "graph"])
def test_a_name_that_is_not_there_is_met_with_the_nearest(shop: Path, command: str) -> None:
    ran = retention(shop, "campaign", command, "carts")
    assert (ran.code, "did you mean 'cart'?" in ran.said) == (2, True)


def test_the_drawing_of_a_campaign(shop: Path) -> None:
    """What every way that does not stop comes through stands below the question, not in a branch."""
    drawn = re.sub(r"if-\w{6}", "if-000000", retention(shop, "campaign", "graph", "cart").out)
    assert (
        drawn
        == """\
cart
  begins: did add_to_cart not followed by order within 30 minutes
  ends as ordered: did order since entry
│
■ send letter  [first]
│
○ wait 1 day  [wait-1-day]
│
◆ total_spent >= 80?  [if-000000]
├─ yes
│  (goes on)
├─ no
│  □ stop: enough  [stop-enough]
│
■ send letter  [big]
│
○ wait 2 days  [wait-2-days]
│
■ send letter  [send-letter]
"""
    )


def test_ways_that_both_go_on_meet_below_the_question(shop: Path) -> None:
    write(shop, "campaigns/cart.yml", CART.replace("[{stop: enough}]", "[{wait: 3 days}, {send: letter, id: small}]"))
    drawn = retention(shop, "campaign", "graph", "cart").out
    assert (
        """\
├─ yes
│  ■ send letter  [big]
├─ no
│  ○ wait 3 days  [wait-3-days]
│  │
│  ■ send letter  [small]
│
○ wait 2 days  [wait-2-days]
"""
        in drawn
    )


def test_a_long_question_is_folded_into_80_columns_in_a_pipe_and_on_a_terminal(shop: Path) -> None:
    where = ", ".join(f"country{number}" for number in range(30))
    write(shop, "campaigns/cart.yml", CART.replace("{total_spent: {at_least: 80}}", f"{{country: [{where}]}}"))
    piped = retention(shop, "campaign", "graph", "cart").out
    assert max(map(len, piped.splitlines())) <= 80
    narrow = in_terminal(shop, [["campaign", "graph", "cart"]], columns=50)
    assert max(map(len, narrow.splitlines())) <= 50
    assert "\x1b" not in narrow


def test_a_pipe_of_ascii_is_drawn_in_ascii(shop: Path) -> None:
    drawn = process(shop, "campaign", "graph", "cart", env={"PYTHONIOENCODING": "ascii"}).out
    assert drawn.isascii()
    assert "+- no\n|  x stop: enough  [stop-enough]" in drawn


def test_the_ways_as_json(shop: Path) -> None:
    found = retention(shop, "campaign", "graph", "cart", "--format", "json").json
    question = next(step["step"] for step in found["steps"] if step["kind"] == "if")
    assert found["first"] == "first"
    assert [way for way in found["ways"] if way["from"] == question] == [
        {"from": question, "to": "big", "when": "yes"},
        {"from": question, "to": "stop-enough", "when": "no"},
    ]
    assert {"from": "send-letter", "to": None, "when": None} in found["ways"]


LABEL = r'"[\w .,:+=()\[\]>#;-]*"'
NODE = rf"(?:begins|finished|s\d+|exit\d+)(?:\(\[{LABEL}\]\)|\[{LABEL}\]|\{{\{{{LABEL}\}}\}}|\[/{LABEL}/\])?"
STATEMENT = re.compile(rf"    {NODE}(?: -->(?:\|{LABEL}\|)? {NODE})?")


@pytest.mark.parametrize("name", ["cart", "hostile"])
def test_mermaid_is_a_flowchart_whatever_the_names_are(shop: Path, name: str) -> None:
    """Every line is one statement of Mermaid's grammar; quotes, brackets, comments and line ends of a name are only text."""
    write(shop, "campaigns/hostile.yml", HOSTILE)
    drawn = retention(shop, "campaign", "graph", name, "--format", "mermaid").out
    first, *statements = drawn.splitlines()
    assert first == "flowchart TD"
    assert [line for line in statements if not STATEMENT.fullmatch(line)] == []
    named = {found for line in statements for found in re.findall(r"\b(?:s\d+|finished)\b(?=[\[({])", line)}
    used = {word for line in statements for word in re.findall(r"(?:^    |\| |> )(s\d+|finished)\b", line)}
    assert used <= named


def test_a_hostile_name_does_not_move_the_cursor(shop: Path) -> None:
    write(shop, "campaigns/hostile.yml", HOSTILE)
    for look in (("graph", "hostile"), ("show", "hostile"), ("list",)):
        assert "\x1b" not in retention(shop, "campaign", *look).out


def test_who_is_held_out_is_counted_apart(tmp_path: Path) -> None:
    """They have entered, get nothing and are not under way."""
    people = [(f"c{number}", f"p{number}@example.com", "Ann", "CZ", "2026-01-01") for number in range(40)]
    held = "name: held\nholdout: 50%\ntrigger: {enters: all_of_us, backfill: true}\ngoals: {back: {when: {did: order}, window: 5 days}}\n"
    steps = "steps: [{send: letter}, {wait: 1 day}, {send: letter, id: more}]\n"
    files = {"segments/all_of_us.yml": "where: {everyone: true}", "campaigns/held.yml": held + steps}
    shop = make_shop(tmp_path / "shop", files, customers=people)
    run(shop, "2026-05-01T09:00")
    found = show(shop, "held")
    assert (found["entered"], found["open"] + found["held_out"], found["ended"]) == (40, 40, {})
    assert 0 < found["held_out"] < 40
    assert found["sent"] == found["open"]
    assert f"{found['held_out']} held out" in retention(shop, "campaign", "show", "held").out
