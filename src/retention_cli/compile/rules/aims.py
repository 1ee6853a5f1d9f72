"""Goals that tell nothing, and exits that end too much or too little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.compile.rules.known import Facts, decided, facts, with_segments
from retention_cli.model.condition import Did, EventsLike, Expression, FieldTest, InSegment, Total, walk
from retention_cli.model.duration import Duration
from retention_cli.model.kind import Kind
from retention_cli.model.problem import Problem, warning
from retention_cli.model.rule import Rule
from retention_cli.model.step import If, Split, Wait, all_steps, asked_by, letters
from retention_cli.model.trigger import Enters, Happened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from retention_cli.compile.rules.course import Way
    from retention_cli.compile.schema import Schema
    from retention_cli.model.campaign import Campaign
    from retention_cli.model.condition import Condition
    from retention_cli.model.project import Project
    from retention_cli.model.step import Step

_OPENS = {"email_opened": "email_clicked"}
_ORDER = "order"
_SELLING = frozenset({Kind.PERFORMANCE, Kind.BRAND})


def goals_at_entry(project: Project, campaign: Campaign) -> Iterator[Problem]:
    """Yield the goals that everybody who enters has reached."""
    known = at_entry(project, campaign)
    for name, goal in campaign.goals.items():
        if goal.when is not None and not _counts_from_entry(goal.when) and _holds(goal.when, campaign, known):
            message = f"the goal {str(name)!r} is reached at the entry: what begins a journey is enough for it"
            yield warning(name.place, Rule.GOAL_AT_ENTRY, message, "leave 'within' out, so that it counts from the entry, or ask for something else")


def _counts_from_entry(condition: Condition) -> bool:
    """Whether a goal asks for events without saying since when: they count from the entry."""
    asked = [node.query for node in walk(condition) if isinstance(node, (Did, Total))]
    return any(query.within is None and query.since is None for query in asked)


def goals_too_short(campaign: Campaign) -> Iterator[Problem]:
    """Yield the goals whose window is over before the first wait is."""
    wait = _first_wait(campaign.steps)
    for name, goal in campaign.goals.items() if wait is not None else ():
        if wait is not None and goal.window.longest < wait.shortest:
            message = f"the goal {str(name)!r} is measured for {goal.window}, and the first wait lasts {wait}: what is sent behind it cannot show"
            yield warning(goal.window.place, Rule.GOAL_TOO_SHORT, message, f"write a longer window, such as {_longer(campaign)}")


def _first_wait(steps: Sequence[Step]) -> Duration | None:
    """Return the first wait that everybody comes to, where something is sent behind it."""
    for index, step in enumerate(steps):
        if isinstance(step, Wait):
            behind = any(True for _ in letters(steps[index + 1 :]))
            return step.wait if behind and isinstance(step.wait, Duration) and step.if_ is None else None
        if isinstance(step, (If, Split)) and any(isinstance(inner, Wait) for inner in all_steps([step])):
            return None
    return None


def _longer(campaign: Campaign) -> str:
    """Return a window that reaches beyond all waits that say how long they are."""
    days = sum(step.wait.longest.days + 1 for step in all_steps(campaign.steps) if isinstance(step, Wait) and isinstance(step.wait, Duration))
    return f"{days + 5} days"


def exits_on_opens(campaign: Campaign) -> Iterator[Problem]:
    """Yield where an exit believes that an opened mail was read by somebody."""
    for condition in campaign.exit.values():
        for node in walk(condition):
            opened = next((str(event) for event in node.query.events if event in _OPENS), None) if isinstance(node, (Did, Total)) else None
            if opened is not None:
                message = "an exit by 'email_opened': mail programs open mail by themselves, and many people who read show no opening"
                yield warning(node.place, Rule.EXIT_ON_OPENS, message, "ask for a click or an order: {did: [email_clicked, order], since: entry}")


def exits_at_entry(project: Project, campaign: Campaign) -> Iterator[Problem]:
    """Yield the exits that end every journey before its first step."""
    known = at_entry(project, campaign)
    for name, condition in campaign.exit.items():
        if _holds(condition, campaign, known):
            message = f"the exit {str(name)!r} holds at the entry already: every journey ends before its first step"
            yield Problem(condition.place, "exit-at-entry", message, "ask for what comes later: since: entry, or the opposite: not: {segment: …}")


def at_entry(project: Project, campaign: Campaign) -> Facts:
    """Return what holds of everybody who enters a campaign, by its trigger and its audience."""
    known = () if campaign.audience is None else tuple(facts(campaign.audience))
    if isinstance(campaign.trigger, Enters):
        known = (*known, *facts(InSegment(name=str(campaign.trigger.enters))))
    return with_segments(known, project.segments)


def _holds(condition: Condition, campaign: Campaign, known: Facts) -> bool:
    """Whether a condition certainly holds when a journey begins."""
    if decided(condition, known) is True:
        return True
    query = condition.query if isinstance(condition, Did) and not condition.negated and not condition.times and condition.regularly is None else None
    if query is None or not isinstance(campaign.trigger, Happened) or query.within is None:
        return False
    trigger = campaign.trigger
    is_bare = not (query.is_sequence or query.nth or query.since or query.during or query.older_than)
    silence = max((each.within.longest for each in trigger.query.not_followed_by if each.within is not None), default=None)
    lasts = query.within.shortest if silence is None else query.within.shortest - silence
    is_same = set(trigger.query.events) <= set(query.events) and (query.where is None or query.where == trigger.query.where)
    return is_bare and is_same and lasts >= trigger.late.longest


def no_order_exit(schema: Schema, campaign: Campaign, through: Sequence[Way]) -> Iterator[Problem]:
    """Yield a campaign that goes on selling to who has bought: several messages, and nothing in it asks for orders."""
    orders = {table.source for table in schema.tables_of(_ORDER)}
    trigger = campaign.trigger
    begins_by_one = isinstance(trigger, Happened) and any(_is_order(str(event), orders, schema) for event in trigger.query.events)
    sends_several = any(len(way.sent) > 1 for way in through)
    if campaign.kind not in _SELLING or not orders or begins_by_one or not sends_several or _asks_for_orders(campaign, orders, schema):
        return
    message = f"the campaign {str(campaign.name)!r} sends several messages, and goes on when its customer has ordered"
    yield warning(campaign.name.place, Rule.NO_ORDER_EXIT, message, "add exit: {ordered: {did: order, since: entry}}")


def _asks_for_orders(campaign: Campaign, orders: set[str], schema: Schema) -> bool:
    """Whether an exit or a step asks for orders or what is in them; an exit by a field or a segment may."""
    exits = [node for condition in campaign.exit.values() for node in walk(condition)]
    steps = [node for step in all_steps(campaign.steps) for condition in asked_by(step) for node in walk(condition)]
    if any(isinstance(node, (FieldTest, InSegment, Expression)) for node in exits):
        return True
    queries = [node.query for node in (*exits, *steps) if isinstance(node, (Did, Total))]
    return any(_is_order(event.source if isinstance(event, EventsLike) else event, orders, schema) for query in queries for event in query.events)


def _is_order(name: str, orders: set[str], schema: Schema) -> bool:
    """Whether an event, or all events of a source, are orders or parts of them."""
    sources = {name, *(table.source for table in schema.tables_of(name))}
    return bool(orders & (sources | {str(schema.parent(source)) for source in sources if source in schema.sources}))
