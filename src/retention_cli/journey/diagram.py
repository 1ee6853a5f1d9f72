"""A campaign as a picture: its steps as nodes, the ways between them as edges, each told in words. Pure.

It is made from the compiled program, so that it shows what is run: each step once, with the id that the ledger knows it by.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, assert_never

from retention_cli.audience.words import in_full
from retention_cli.compile.program import compile_program
from retention_cli.journey.beginnings import trigger_words
from retention_cli.model.program import StepOp
from retention_cli.model.step import all_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.program import Program, Step, Way

END = "(end)"
"""Where a journey has finished; no step can have this id."""


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Node:
    """One step. `is_own`: its id was written by hand and not made from its content."""

    id: str
    kind: str
    text: str
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from a step to the next, or to `END`; `label` says when it is taken, empty where it always is."""

    source: str
    target: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a diagram told as a tree: a step, the beginning of a way (`label`), or a way back to a step that is told already (`again`)."""

    depth: int
    node: str = ""
    label: str = ""
    again: bool = False


@dataclass(frozen=True)
class Diagram:
    """A campaign drawn: how it begins, what may end it at any time, its steps, and the ways between them."""

    campaign: str
    trigger: str
    exits: tuple[tuple[str, str], ...]
    first: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @cached_property
    def by_id(self) -> dict[str, Node]:
        """The steps by their ids."""
        return {node.id: node for node in self.nodes}

    def ways(self, node: str) -> list[Edge]:
        """Return the ways on from a step, in the order in which they are asked."""
        return self._ways.get(node, [])

    def rows(self) -> list[Row]:
        """Return the diagram as a tree: what all ways of a step come back to stands below them, at the step's own depth."""
        return list(self._told(self.first, END, 0, set()))

    def in_order(self) -> list[Node]:
        """Return the steps in the order in which they are read."""
        return [self.by_id[row.node] for row in self.rows() if row.node and not row.again]

    def _told(self, node: str, until: str, depth: int, seen: set[str]) -> Iterator[Row]:
        while node not in {until, END}:
            yield Row(depth, node, again=node in seen)
            if node in seen:
                return
            seen.add(node)
            ways = self.ways(node)
            meeting = self._meets_at(node) if len(ways) > 1 else ways[0].target if ways else END
            for edge in ways if len(ways) > 1 else ():
                yield Row(depth, label=edge.label)
                yield from self._told(edge.target, meeting, depth + 1, seen)
            node = meeting

    def _meets_at(self, node: str) -> str:
        """Return the step at which all ways on from a step have met again; `END` where they never do."""
        return max((self._after[node] or {END}) - {node}, key=lambda each: len(self._after[each] or ()), default=END)

    @cached_property
    def _ways(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.source, []).append(edge)
        return found

    @cached_property
    def _after(self) -> dict[str, frozenset[str] | None]:
        """For each step those that every journey still comes through, itself among them; None where all ways stop before the end."""
        found: dict[str, frozenset[str] | None] = {END: frozenset({END})}
        targets = {node.id: [edge.target for edge in self.ways(node.id)] for node in self.nodes}
        for node in TopologicalSorter(targets).static_order():
            if node != END:
                met = [after for target in targets[node] if (after := found[target]) is not None]
                found[node] = frozenset({node}) | frozenset.intersection(*met) if met else None
        return found


def draw(campaign: Campaign) -> Diagram:
    """Return the diagram of a campaign as its file says it now."""
    program = compile_program(campaign)
    exits = tuple((each.name, in_full(each.condition)) for each in program.exits)
    edges = tuple(edge for step in program.steps for edge in _ways_of(step))
    return Diagram(str(campaign.name), trigger_words(campaign.trigger), exits, program.first, nodes_of(campaign, program), edges)


def nodes_of(campaign: Campaign, program: Program) -> tuple[Node, ...]:
    """Return the steps of a program in words."""
    own = {str(step.id) for step in all_steps(campaign.steps) if step.id is not None}
    return tuple(Node(step.id, str(step.op), step_words(step), step.id in own) for step in program.steps)


def _ways_of(step: Step) -> list[Edge]:
    match step.op:
        case StepOp.STOP:
            return []
        case StepOp.IF:
            return [Edge(step.id, step.next or END, "yes"), Edge(step.id, step.otherwise or END, "no")]
        case StepOp.SPLIT:
            return [Edge(step.id, way.next or END, _way_words(way)) for way in step.ways]
        case StepOp.SEND | StepOp.WAIT | StepOp.UPDATE | StepOp.START | StepOp.CALL:
            return [Edge(step.id, step.next or END)]
        case _:
            assert_never(step.op)


def _way_words(way: Way) -> str:
    return f"{way.name} {(way.share * 100).normalize():f}%"


def step_words(step: Step) -> str:
    """Return what a step does, as one line."""
    match step.op:
        case StepOp.SEND:
            return _send_words(step)
        case StepOp.WAIT:
            return _wait_words(step)
        case StepOp.IF if step.reaction_to is not None:
            return f"opened or clicked {step.reaction_to}?"
        case StepOp.IF:
            return f"{in_full(step.condition)}?" if step.condition is not None else "?"
        case StepOp.SPLIT:
            return f"split by lot: {step.experiment.name if step.experiment is not None else step.id}"
        case StepOp.UPDATE:
            return f"update {', '.join(_written_words(step))}"
        case StepOp.START:
            return f"start the campaign {step.starts}"
        case StepOp.CALL:
            return f"call {step.receiver}" + (f" with {', '.join(step.fields)}" if step.fields else "")
        case StepOp.STOP:
            return f"stop: {step.reason}"
        case _:
            assert_never(step.op)


def _send_words(step: Step) -> str:
    said = [f"send {step.template}"]
    named = step.channels or ((step.channel,) if step.channel is not None else ())
    if named not in {(), ("email",)}:
        said.append(f"by {' or '.join(named)}")
    if step.clock is not None:
        said.append(f"at {step.clock.at}")
    if step.best is not None:
        said.append("at the best hour")
    if step.voucher is not None:
        said.append(f"with a voucher of {step.voucher}")
    if step.ways:
        said.append(f"({', '.join(map(_way_words, step.ways))})")
    return " ".join(said)


def _written_words(step: Step) -> list[str]:
    said = [f"{name} = {value}" if value else f"{name} = (missing)" for name, value in step.sets]
    return [*said, *(f"tag +{tag}" for tag in step.add_tags), *(f"tag -{tag}" for tag in step.remove_tags)]


def _wait_words(step: Step) -> str:
    at_most = f", at most {step.at_most}" if step.at_most is not None else ""
    if step.condition is not None:
        return f"wait until {in_full(step.condition)}{at_most}"
    if step.date is not None:
        name = f"trigger.{step.date.field}" if step.date.of_trigger else step.date.field
        offset = f" {step.date.offset}" if step.date.offset is not None else ""
        return f"wait until the date {name}{offset}{at_most}"
    if step.clock is not None:
        day = f"{_DAYS[step.clock.weekday]} " if step.clock.weekday is not None else ""
        return f"wait until {day}{step.clock.at}"
    return f"wait {step.span}"
