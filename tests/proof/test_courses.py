"""Campaigns run through time: what is sent to whom, when, and what ends it; and what is told where it goes otherwise."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from proof.campaign_shop import CASES, make_shop, verdicts
from retention_cli.app.mails import mails_of
from retention_cli.app.workspace import open_project
from retention_cli.engine.duck import DuckEngine
from retention_cli.proof import simulation
from retention_cli.proof.harness import Harness
from retention_cli.proof.instants import Instants, Span
from retention_cli.proof.scenes import What
from retention_cli.sources.peek import peek

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from retention_cli.model.case import Case
    from retention_cli.proof.scenes import Scene

FILES = sorted(path.name for path in CASES.glob("*.yml") if path.name != "campaigns.yml")
CART = """\
when:
  - {at: 2026-05-01T10:00, customer: anna, did: add_to_cart}
  - {at: 2026-05-01T11:00, customer: anna, did: order, total: 10}
expect:
"""


@pytest.mark.parametrize("name", FILES)
def test_cases(name: str, tmp_path: Path) -> None:
    """Each file of cases/, as a shop would write it."""
    found = verdicts(tmp_path, {f"tests/{name}": (CASES / name).read_text(encoding="utf-8")})
    assert found
    assert [(str(verdict.case.test), failure.expected, failure.found) for verdict in found for failure in verdict.failures] == []


WRONG = {
    "enters: false": [("enters: never", "enters: once")],
    "enters: 2": [("enters: twice", "enters: once")],
    "sends: []": [("sends: nothing", "sends: cart-1 at 2026-05-01 10:30")],
    "sends: [cart-1, cart-2]": [("sends: cart-1, cart-2", "sends: cart-1 at 2026-05-01 10:30")],
    "sends: [cart-2]": [("sends: cart-2", "sends: cart-1 at 2026-05-01 10:30")],
    "sends: [{template: cart-1, at: 2026-05-01T10:31}]": [("sends: cart-1 at 2026-05-01 10:31", "sends: cart-1 at 2026-05-01 10:30")],
    "sends: [{template: cart-1, at: 2026-05-02}]": [("sends: cart-1 at 2026-05-02", "sends: cart-1 at 2026-05-01 10:30")],
    "sends: [{template: cart-1, channel: sms}]": [("sends: cart-1 by sms", "sends: cart-1 by email at 2026-05-01 10:30")],
    "ends: finished": [("ends: finished", "ends: ordered")],
    "ends: false": [("ends: under way", "ends: ordered")],
    "goals: {ordered: false, revenue: 9}": [("goal ordered: false", "goal ordered: true"), ("goal revenue: 9", "goal revenue: 10.00")],
    "enters: false, ends: finished": [("enters: never", "enters: once"), ("ends: finished", "ends: ordered")],
}


def test_what_goes_otherwise_fails_and_says_both(tmp_path: Path) -> None:
    expected = [f"  - {{campaign: cart, customer: anna, until: 2026-05-10, {expect}}}\n" for expect in WRONG]
    failures = verdicts(tmp_path, {"tests/t.yml": CART + "".join(expected)})[0].failures
    assert [list(zip(failure.expected, failure.found, strict=True)) for failure in failures] == list(WRONG.values())
    assert [(failure.asked, failure.place.line) for failure in failures] == [("campaign cart for anna", 5 + n) for n in range(len(WRONG))]


def test_a_total_counts_when_its_window_is_over(tmp_path: Path) -> None:
    expected = "  {campaign: cart, customer: anna, until: 2026-05-05, goals: {ordered: true, revenue: 10}}\n"
    [failure] = verdicts(tmp_path, {"tests/t.yml": CART + expected})[0].failures
    assert (failure.expected, failure.found) == (("goal revenue: 10",), ("goal revenue: not counted yet",))


def told(scenes: Sequence[Scene]) -> list[tuple[str, str, int]]:
    """Return scenes as (time in UTC, text, line)."""
    return [(f"{scene.at:%d %H:%M}", scene.text, scene.place.line) for scene in scenes]


def test_a_failure_tells_every_decision_with_what_it_rests_on(tmp_path: Path) -> None:
    text = f"{CART}  {{campaign: cart, customer: anna, until: 2026-05-04, ends: finished}}\n"
    [failure] = verdicts(tmp_path, {"tests/t.yml": text})[0].failures
    assert told(failure.story) == [
        ("30 08:00", "nothing begins", 0),
        ("01 08:00", "did add_to_cart", 2),
        ("01 08:00", "nothing begins", 0),
        ("01 08:30", "enters", 2),
        ("01 08:30", "sent cart-1", 13),
        ("01 08:30", "waits at wait-1-day", 0),
        ("01 09:00", "did order (total 10)", 3),
        ("01 09:00", "reaches the goal ordered", 0),
        ("01 09:30", "still waits at wait-1-day", 0),
        ("02 08:30", "ends by its exit ordered", 8),
        ("03 22:00", "nothing begins", 0),
    ]
    entered, ended = failure.story[3], failure.story[9]
    assert [(each.text, each.holds, each.value) for each in entered.reasons] == [("newsletter = true", True, True)]
    assert [(each.text, each.holds, each.value) for each in ended.reasons] == [("did order since entry", True, 1)]
    assert failure.story[5].until == datetime(2026, 5, 2, 8, 30, tzinfo=UTC)


def test_the_story_tells_why_nothing_came_of_it(tmp_path: Path) -> None:
    """Not in the audience, no address, the branch that was taken, a segment that nobody came into."""
    files: dict[str, str | None] = {
        "tests/t.yml": """\
given: {customers: [{customer_id: a, newsletter: false}, {customer_id: b, email: ""}]}
when:
  - {at: 2026-05-01T10:00, customer: a, did: add_to_cart}
  - {at: 2026-05-01T10:00, customer: b, did: order, total: 10}
expect:
  - {campaign: cart, customer: a, until: 2026-05-04, enters: true}
  - {campaign: opened, customer: b, until: 2026-05-04, sends: [thanks]}
  - {campaign: asleep, customer: b, until: 2026-05-04, enters: true}
"""
    }
    away, stopped, outside = verdicts(tmp_path, files)[0].failures
    [scene] = [scene for scene in away.story if scene.what is What.TURNED_AWAY]
    assert (scene.text, scene.reason, scene.place.line) == ("does not enter: is not in the audience", "not_in_audience", 6)
    assert [(each.text, each.holds, each.value) for each in scene.reasons] == [("newsletter = true", False, False)]
    texts = [scene.text for scene in stopped.story]
    assert "thanks is suppressed: no address" in texts
    assert "if did email_sent since entry times = 1: else" in texts
    assert texts[-2:] == ["ends: unsent", "nothing begins"]
    [first, *_] = [scene for scene in outside.story if scene.what is What.LOOKED]
    assert first.text == "is not in segment silent"
    assert [(each.text, each.holds, each.value) for each in first.reasons] == [("last_order_at older than 90 days", False, None)]


def cases_of(root: Path) -> Iterator[tuple[Harness, Case]]:
    """Yield every test of cases/, with what runs it."""
    work = open_project(make_shop(root, {f"tests/{name}": (CASES / name).read_text(encoding="utf-8") for name in FILES}))
    with DuckEngine(threads=1) as engine:
        harness = Harness(engine, work.project, peek(work.project, work.lock.sources), mails=mails_of(work))
        with closing(harness):
            for case in work.project.cases:
                yield harness, case


def decided(scenes: Sequence[Scene]) -> list[tuple[object, ...]]:
    """Return what was decided; a goal is told when somebody looks."""
    return sorted((scene.at, scene.what, scene.campaign, scene.customer, scene.text) for scene in scenes if scene.what is not What.GOAL)


def test_the_outcome_is_the_same_however_often_somebody_looks(tmp_path: Path) -> None:
    compared = 0
    for harness, case in cases_of(tmp_path):
        if "minute" in case.test or "window is over" in case.test or "opened by who" in case.test:
            start = datetime(2026, 4, 30, 8, 7, tzinfo=UTC)
            often = [start + n * timedelta(hours=11) for n in range(36)]
            assert decided(harness.story(case, also=often).scenes) == decided(harness.story(case).scenes)
            compared += 1
    assert compared == 4


def test_a_journey_begins_at_its_instant_whenever_somebody_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a trigger of which no instant is known beforehand: a tick that comes too late is taken back."""
    text = f"{CART}  {{campaign: cart, customer: anna, until: 2026-05-02T22:00, sends: [{{template: cart-1, at: 2026-05-01T10:30}}]}}\n"

    def late(_project: object, _rows: object, span: Span, *_: object) -> Instants:
        return Instants([span.until], [], (), restless=False)

    monkeypatch.setattr(simulation, "instants_of", late)
    assert verdicts(tmp_path, {"tests/t.yml": text})[0].failures == ()


def test_only_the_campaigns_that_are_asked_about_run(tmp_path: Path) -> None:
    """And no made-up person is held by another's mail."""
    run = [harness.story(case) for harness, case in cases_of(tmp_path) if case.test == "once in a fortnight, however often"]
    assert [{scene.campaign for scene in story.scenes} for story in run] == [{"", "cart"}]


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No ledger in the project, no folder of the simulation's own, and no witness in the user's state directory."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "state").mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    text = f"{CART}  {{campaign: cart, customer: anna, until: 2026-05-04, ends: ordered}}\n"
    assert verdicts(tmp_path / "shop", {"tests/t.yml": text})[0].passed
    assert not (tmp_path / "shop/.retention").exists()
    assert [*(tmp_path / "tmp").iterdir(), *(tmp_path / "state").iterdir()] == []
