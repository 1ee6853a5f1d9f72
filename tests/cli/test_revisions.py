"""A campaign changes while people are under way: they end on the old steps, or move, and nobody is left in limbo (J01 to J04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support.shell import retention
from support.tiny_shop import make_shop, write

if TYPE_CHECKING:
    from pathlib import Path

    from support.shell import Ran

HEAD = "name: it\ntrigger: {once: 2026-05-01 09:00}\ngoals: {g: {when: {did: order}, window: 5 days}}\n"
FIRST = "steps: [{wait: 7 days}, {stop: seven}]\n"


def run(shop: Path, as_of: str) -> Ran:
    """Run once."""
    return retention(shop, "run", "--as-of", as_of, "--format", "json")


def begun(folder: Path) -> Path:
    """Return a shop in which three people wait for seven days."""
    shop = make_shop(folder / "shop", {"campaigns/it.yml": HEAD + FIRST})
    assert run(shop, "2026-05-01T09:00").json["campaigns"][0]["waiting"] == 3
    return shop


def ends(shop: Path) -> Any:
    """Return by which reason journeys ended, with how many."""
    rows = retention(shop, "status", "--format", "json").json["journeys"]
    return {row["reason"]: row["count"] for row in rows if row["state"] == "ended"}


def test_who_is_under_way_ends_on_the_steps_that_he_entered(tmp_path: Path) -> None:
    """J01: a step before, after and between; the old ones finish as they began."""
    shop = begun(tmp_path)
    write(shop, "campaigns/it.yml", HEAD + "steps: [{if: {country: CZ}, then: []}, {wait: 7 days}, {wait: 30 days}, {stop: later}]\n")
    assert run(shop, "2026-05-08T10:00").code == 0
    assert ends(shop) == {"seven": 3}


def test_who_is_under_way_moves_where_the_file_says_so(tmp_path: Path) -> None:
    shop = begun(tmp_path)
    write(shop, "campaigns/it.yml", HEAD + "on_change: {migrate: {wait-7-days: wait-3-days}}\nsteps: [{wait: 3 days}, {stop: three}]\n")
    plan = retention(shop, "plan", "--as-of", "2026-05-08T10:00", "--format", "json").json
    assert plan["in_flight"] == [{"campaign": "it", "journeys": 3, "messages": 0, "state": "continues", "moved": 3}]
    assert "3 journeys move to the steps of now" in retention(shop, "plan", "--as-of", "2026-05-08T10:00").said
    assert run(shop, "2026-05-02T10:00").code == 0, "they moved, and wait on as they did"
    assert run(shop, "2026-05-08T10:00").code == 0
    assert ends(shop) == {"three": 3}


def test_a_step_of_the_same_id_takes_them_without_a_word(tmp_path: Path) -> None:
    shop = begun(tmp_path)
    write(shop, "campaigns/it.yml", HEAD + "on_change: {migrate: {}}\nsteps: [{wait: 7 days}, {stop: other}]\n")
    assert run(shop, "2026-05-08T10:00").code == 0
    assert ends(shop) == {"other": 3}


def test_a_step_that_is_gone_while_somebody_stands_on_it_stops_everything(tmp_path: Path) -> None:
    """J02: plan, run and validate say how many stand there, and nothing is decided."""
    shop = begun(tmp_path)
    write(shop, "campaigns/it.yml", HEAD + "on_change: {migrate: {wait-7-days: wait-4-days}}\nsteps: [{wait: 3 days}, {stop: three}]\n")
    for words in (("run", "--as-of", "2026-05-08T10:00"), ("plan", "--as-of", "2026-05-08T10:00")):
        ran = retention(shop, *words)
        assert ran.code == 2
        assert "3 journeys of 'it' stand on the step 'wait-7-days'" in ran.said
        assert "[removed-step]" in ran.said
    write(shop, "campaigns/it.yml", HEAD + FIRST)
    assert run(shop, "2026-05-08T10:00").code == 0
    assert ends(shop) == {"seven": 3}


def test_validate_asks_the_ledger_of_the_target_it_is_given(tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop", {"campaigns/it.yml": HEAD + FIRST})
    settings = (shop / "retention.yml").read_text(encoding="utf-8")
    write(shop, "retention.yml", settings + "  rehearsal: {ledger: 'sqlite:rehearsal.db', deliver: {email: {to: folder, path: out}}}\n")
    assert retention(shop, "run", "--as-of", "2026-05-01T09:00", "--target", "rehearsal").code == 0
    write(shop, "campaigns/it.yml", HEAD + "on_change: {migrate: {}}\nsteps: [{wait: 3 days}, {stop: three}]\n")
    assert retention(shop, "validate").code == 0
    ran = retention(shop, "validate", "--target", "rehearsal")
    assert ran.code == 2
    assert "removed-step" in ran.out + ran.said


def test_j03_a_wait_that_became_shorter_makes_nobody_due_at_once(tmp_path: Path) -> None:
    """J03: who waits goes on waiting as told then; the new wait is that of whoever comes to it, one step a run (and one of three has no address)."""
    steps = "steps: [{{wait: {wait}, id: first}}, {{send: letter}}, {{wait: {wait}, id: second}}, {{send: letter, id: more}}]\n"
    head = HEAD + "on_change: {migrate: {}}\n"
    shop = make_shop(tmp_path / "shop", {"campaigns/it.yml": head + steps.format(wait="7 days")})
    assert run(shop, "2026-05-01T09:00").json["campaigns"][0]["waiting"] == 3
    write(shop, "campaigns/it.yml", head + steps.format(wait="1 day"))
    for as_of, sent in (("2026-05-05T09:00", 0), ("2026-05-08T09:00", 2), ("2026-05-09T08:59", 0), ("2026-05-09T09:00", 2)):
        assert run(shop, as_of).json["campaigns"][0]["send"] == sent
