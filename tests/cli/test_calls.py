"""The step `call` by the real command: what is told, once, to whom, and what keeps it back."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from cli.test_steps import ANN, CUSTOMERS, NEW_YORKER, ends, rows, shop, tick
from support.hook import hook
from support.shell import retention, start
from support.tiny_shop import SETTINGS, write

if TYPE_CHECKING:
    from pathlib import Path

STEPS = "  - {call: crm, fields: [first_name, total_spent], with: {tier: gold}}\n  - {wait: 1 day}\n  - stop: done\n"
AT = "2026-05-01T10:30"
RECEIVERS = 'call: {crm: {url: "${CRM_HOOK}", secret: a-secret}}'


def calls(made: Path) -> list[dict[str, Any]]:
    """Return the calls that were written down."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted((made / "outbox").glob("*.json"))]


def settings(target: str = "production") -> str:
    """Return retention.yml with a target that calls; the default one sends nothing."""
    other = f"  {target}: {{ledger: sqlite, deliver: {{email: {{to: folder, path: outbox}}}}, {RECEIVERS}}}\n"
    return SETTINGS + other


def made_shop(folder: Path, steps: str = STEPS, *people: str) -> Path:
    """Make a shop whose campaign calls."""
    return shop(folder, steps, *people, files={"retention.yml": settings()})


def test_by_default_a_call_is_a_file_and_nothing_leaves(tmp_path: Path) -> None:
    made = made_shop(tmp_path / "shop")
    plan = retention(made, "plan", "--as-of", AT, "--format", "json").json["campaigns"]
    assert plan[0]["send"] == 1
    assert tick(made, AT)["campaigns"] == plan
    [told] = calls(made)
    assert told == {
        "version": 1,
        "id": told["id"],
        "campaign": "c",
        "step": "call-crm",
        "planned_at": "2026-05-01T08:30:00Z",
        "customer": {"customer_id": "a", "first_name": "Ann", "total_spent": told["customer"]["total_spent"]},
        "trigger": told["trigger"],
        "with": {"tier": "gold"},
    }
    assert told["trigger"]["product_id"] == "p1"
    assert len(told["id"]) == 64
    tick(made, "2026-05-02T10:30")
    assert len(calls(made)) == 1
    assert ends(made) == {"done": 1}


def test_a_target_calls_its_receivers_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = made_shop(tmp_path / "shop", STEPS, ANN, NEW_YORKER)
    with hook() as got:
        monkeypatch.setenv("CRM_HOOK", got.url)
        for as_of in ("2026-05-01T09:00", AT, "2026-05-01T11:00"):
            assert retention(made, "run", "--as-of", as_of, "--target", "production").code == 0
    assert sorted(json.loads(body)["customer"]["first_name"] for _, _, body in got.got) == ["Ann", "Bob"]
    assert calls(made) == []
    crash = made / ".retention" / "logs" / "crash.log"
    assert not crash.exists()


def test_what_is_refused_may_end_the_journey_and_what_is_deferred_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = "  - {call: crm, on_fail: stop}\n  - {wait: 1 day}\n  - stop: done\n"
    made = made_shop(tmp_path / "shop", steps, ANN, NEW_YORKER)
    with hook((400, {}, b"no"), (503, {"Retry-After": "1"}, b"later")) as got:
        monkeypatch.setenv("CRM_HOOK", got.url)
        run = ("run", "--target", "production", "--as-of")
        retention(made, *run, "2026-05-01T09:00")
        assert retention(made, *run, AT).code == 5
        found = dict(retention(made, "status", "--target", "production", "--format", "json").json)
    assert sorted((each["state"], each["count"]) for each in found["messages"]) == [("deferred", 1), ("refused", 1)]


def test_a_killed_call_is_a_listed_doubt_and_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the last byte and before the answer nobody knows whether it came."""
    made = made_shop(tmp_path / "shop")
    with hook("hang") as got:
        monkeypatch.setenv("CRM_HOOK", got.url)
        retention(made, "run", "--target", "production", "--as-of", "2026-05-01T09:00")
        child = start(made, "run", "--target", "production", "--as-of", AT)
        assert got.seen.wait(30)
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=30)
        got.answers[:] = [(204, {}, b"")]
        assert retention(made, "send", "--target", "production").code == 5
    assert len(got.got) == 1
    [doubt] = retention(made, "unknown", "list", "--target", "production", "--format", "json").json
    assert (doubt["campaign"], doubt["step"]) == ("c", "call-crm")


def test_consent_quiet_hours_and_caps_are_about_messages_to_customers(tmp_path: Path) -> None:
    """And an exit, a holdout and a switched off campaign are about calls too."""
    policies = 'policies: {consent: {email: newsletter}, quiet_hours: {from: "00:00", to: "23:00"}, caps: [{at_most: 1, per: 7 days}]}\n'
    made = shop(
        tmp_path / "shop",
        "  - {call: crm}\n  - {call: crm, id: again}\n",
        files={"retention.yml": settings().replace("targets:", policies + "targets:")},
    )
    write(made, "data/customers.csv", CUSTOMERS.replace("birthday", "birthday,newsletter") + "a,,Ann,,,,,false\n")
    tick(made, AT)
    assert [each["step"] for each in sorted(calls(made), key=lambda each: each["step"])] == ["again", "call-crm"]
    out = shop(
        tmp_path / "out",
        "  - {call: crm}\n",
        head="name: c\ntrigger: {did: add_to_cart}\nexit: {czech: {first_name: Ann}}\n",
        files={"retention.yml": settings()},
    )
    tick(out, AT)
    assert calls(out) == []


def test_mail_conditions_know_of_no_call(tmp_path: Path) -> None:
    steps = "  - {call: crm}\n  - {wait: 1 hour}\n  - {if: {did: email_sent, since: entry}, then: [{stop: mailed}]}\n  - stop: silent\n"
    made = made_shop(tmp_path / "shop", steps)
    tick(made, AT)
    tick(made, "2026-05-01T11:30")
    assert ends(made) == {"silent": 1}
    assert rows(made, "SELECT channel, address, state, kind FROM messages") == [("call", "crm", "sent", "transactional")]


def test_it_is_drawn_shown_told_and_tested(tmp_path: Path) -> None:
    made = made_shop(tmp_path / "shop")
    assert "call crm with first_name, total_spent" in retention(made, "campaign", "graph", "c").out
    write(
        made,
        "tests/t.yml",
        "test: the crm hears of a cart\nwhen: [{at: 2026-05-01T10:00, customer: x, did: add_to_cart}]\n"
        "expect: {campaign: c, customer: x, until: 2026-05-04, sends: [{template: call:crm, at: 2026-05-01T10:00, channel: call}], ends: done}\n",
    )
    retention(made, "data", "import", "--as-of", AT)
    ran = retention(made, "test")
    assert (ran.code, ran.out) == (0, ""), ran.out + ran.said


WRONG = {
    "  - {call: cmr}\n": ("unknown-receiver", "no target has a receiver 'cmr'", "did you mean 'crm'?"),
    "  - {call: crm, fields: [frist_name]}\n": ("unknown-field", "'frist_name'", "did you mean 'first_name'?"),
    "  - {call: crm, chanel: sms}\n": ("unknown-key", "'chanel'", ""),
    "  - {call: crm, on_fail: perhaps}\n": ("wrong-value", "perhaps", ""),
}


@pytest.mark.parametrize("steps", WRONG)
def test_what_is_wrong_with_a_call_is_told(tmp_path: Path, steps: str) -> None:
    made = made_shop(tmp_path / "shop")
    write(made, "campaigns/c.yml", f"name: c\ntrigger: {{did: add_to_cart}}\nsteps:\n{steps}")
    ran = retention(made, "validate")
    for words in WRONG[steps]:
        assert words in ran.out + ran.said


def test_a_receiver_that_the_target_lacks_is_told_of_each_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = "call: {erp: {url: 'http://127.0.0.1:1/', secret: s}}"
    spare = f"  spare: {{ledger: 'sqlite:spare.db', deliver: {{email: {{to: folder, path: out}}}}, {erp}}}\n"
    other = settings() + spare
    made = shop(tmp_path / "shop", "  - {call: crm}\n", files={"retention.yml": other})
    monkeypatch.setenv("CRM_HOOK", "http://127.0.0.1:1/")
    retention(made, "run", "--target", "spare", "--as-of", "2026-05-01T09:00")
    report = retention(made, "run", "--target", "spare", "--as-of", AT, "--format", "json").json
    assert report["campaigns"][0]["held_back"] == {"no receiver: crm": 1}
