"""Campaigns, told: which there are, and where the people and the messages of one are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.app.campaigns import file_of
from retention_cli.cli.local import MISSING
from retention_cli.cli.tick_tables import reasons
from retention_cli.cli.told import Table, Told
from retention_cli.cli.trial_tables import compared, comparison_table, remarks
from retention_cli.text import plural, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from retention_cli.app.campaigns import Listed, RevisionTally, Shown, StepTally, Tally
    from retention_cli.cli.local import Local


def list_told(found: Sequence[Listed], strays: Sequence[str], local: Local) -> Told:
    """Tell every campaign; `strays` are names that only the ledger knows."""
    rows = [_list_row(each, local) for each in found]
    numbers = ("priority", "steps", "open", "sent 30 d")
    columns = ("campaign", "kind", "priority", "begins", "steps", "open", "sent 30 d", "next look")
    table = Table(columns, rows, right=numbers, kept=("next look",))
    plain = [_listed(each) for each in found]
    keys = tuple(plain[0]) if plain else ("campaign",)
    said = [] if found else ["no campaign yet: `retention init --demo` shows some"]
    said += [f"{visible(name)} is in no file any more: its journeys stay where they are" for name in strays]
    return Told(plain, (table,), keys, [tuple(each.values()) for each in plain], said=tuple(said))


def _list_row(each: Listed, local: Local) -> tuple[str, ...]:
    campaign = each.campaign
    return (
        str(campaign.name) if campaign.enabled else f"{campaign.name} (off)",
        str(campaign.kind),
        local.number(campaign.priority),
        visible(each.diagram.trigger),
        local.number(len(each.diagram.nodes)),
        local.number(each.open),
        local.number(each.recent),
        MISSING if each.next_look is None else local.time(each.next_look),
    )


def _listed(each: Listed) -> dict[str, Any]:
    campaign = each.campaign
    return {
        "campaign": str(campaign.name),
        "description": campaign.description,
        "file": file_of(campaign),
        "kind": str(campaign.kind),
        "priority": campaign.priority,
        "enabled": campaign.enabled,
        "trigger": each.diagram.trigger,
        "steps": len(each.diagram.nodes),
        "open": each.open,
        "sent_30d": each.recent,
        "next_look": each.next_look,
    }


def shown_told(found: Shown, local: Local) -> Told:
    """Tell one campaign: what it did, by revision, and by step."""
    tables = [_steps_table(found.steps, local), _revisions_table(found.revisions, local)]
    if found.overall.goals:
        goals = [
            (visible(goal), local.number(reached), MISSING if total is None else local.number(total)) for goal, reached, total in found.overall.goals
        ]
        tables.append(Table(("goal", "reached", "total"), goals, right=("reached", "total"), title="goals"))
    tables += [comparison_table(each, local) for each in found.comparisons]
    said = tuple(remark for each in found.comparisons for remark in remarks(each, local))
    rows = [tuple(_flat(step).values()) for step in map(_step, found.steps)]
    return Told(_shown(found), tuple(tables), tuple(_flat(_step(found.steps[0]))), rows, lines=(*_head(found, local), ""), said=said)


def _head(found: Shown, local: Local) -> Iterable[str]:
    campaign, overall = found.campaign, found.overall
    off = "" if campaign.enabled else ", off"
    yield f"{campaign.name}: {campaign.kind}, priority {campaign.priority}{off}"
    if campaign.description:
        yield f"  {visible(campaign.description)}"
    yield f"  begins: {visible(found.diagram.trigger)}"
    for name, condition in found.diagram.exits:
        yield f"  ends as {visible(name)}: {visible(condition)}"
    held_out = f", {local.number(overall.held_out)} held out" if overall.held_out else ""
    yield f"  {local.number(overall.entered)} entered{held_out}, {local.number(overall.open)} under way, {plural(overall.sent, 'message')} sent"
    for what, counts in (("turned away", found.turned_away), ("ended", overall.ended), ("not sent", overall.stopped)):
        if counts:
            yield f"  {what}: {reasons(counts, local)}"


def _steps_table(steps: Sequence[StepTally], local: Local) -> Table:
    rows = [
        (
            visible(each.id),
            visible(each.text) if each.kind else "(of an earlier revision)",
            *(local.number(count) for count in (each.people, each.sent, each.waiting)),
            reasons(each.stopped, local),
        )
        for each in steps
    ]
    columns = ("step", "does", "people here", "sent", "to send", "not sent")
    return Table(columns, rows, right=("people here", "sent", "to send"), title="steps")


def _revisions_table(revisions: Sequence[RevisionTally], local: Local) -> Table:
    rows = [
        (
            f"{each.fingerprint}{' (now)' if each.is_current else ''}",
            MISSING if each.first_as_of is None else local.time(each.first_as_of),
            *(local.number(count) for count in (each.tally.entered, each.tally.open, each.tally.sent)),
            reasons(each.tally.ended, local),
        )
        for each in revisions
    ]
    columns = ("revision", "first run", "entered", "under way", "sent", "ended")
    return Table(columns, rows, right=("entered", "under way", "sent"), kept=("revision", "first run"), title="revisions")


def _goals_table(tally: Tally, local: Local) -> Table:
    rows = [(visible(goal), local.number(reached), MISSING if total is None else local.number(total)) for goal, reached, total in tally.goals]
    return Table(("goal", "reached", "total"), rows, right=("reached", "total"), title="goals")


def _shown(found: Shown) -> dict[str, Any]:
    campaign = found.campaign
    return {
        "campaign": str(campaign.name),
        "description": campaign.description,
        "file": file_of(campaign),
        "kind": str(campaign.kind),
        "priority": campaign.priority,
        "enabled": campaign.enabled,
        "trigger": found.diagram.trigger,
        "turned_away": dict(found.turned_away),
        **_tally(found.overall),
        "revisions": [_revision(each) for each in found.revisions],
        "steps": [_step(each) for each in found.steps],
        "comparisons": [compared(each) for each in found.comparisons],
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "entered": tally.entered,
        "open": tally.open,
        "held_out": tally.held_out,
        "ended": dict(tally.ended),
        "sent": tally.sent,
        "waiting": tally.waiting,
        "stopped": dict(tally.stopped),
        "goals": [{"goal": goal, "reached": reached, "total": total} for goal, reached, total in tally.goals],
    }


def _revision(each: RevisionTally) -> dict[str, Any]:
    return {"revision": each.fingerprint, "current": each.is_current, "first_run": each.first_as_of, **_tally(each.tally)}


def _step(each: StepTally) -> dict[str, Any]:
    return {
        "step": each.id,
        "kind": each.kind or None,
        "text": each.text,
        "own_id": each.is_own,
        "people": each.people,
        "sent": each.sent,
        "waiting": each.waiting,
        "stopped": dict(each.stopped),
    }


def _flat(step: Mapping[str, Any]) -> dict[str, Any]:
    return {**step, "stopped": ", ".join(f"{reason} {count}" for reason, count in step["stopped"].items())}
