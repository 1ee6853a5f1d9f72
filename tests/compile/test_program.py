"""Nested steps become a flat program that goes the same ways, under ids that hold still, and survives being written down."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compile.shop import open_shop
from retention_cli.compile.program import compile_program
from retention_cli.model.condition import (
    All,
    AnyOf,
    Condition,
    Did,
    EventQuery,
    Everyone,
    FieldTest,
    Fold,
    Follow,
    InSegment,
    NoneOf,
    Not,
    Since,
    Total,
)
from retention_cli.model.duration import Duration
from retention_cli.model.encode import decode, encode
from retention_cli.model.problem import Place
from retention_cli.model.program import Deadline, StepOp, load_program
from retention_cli.model.question import Op
from retention_cli.model.question import Test as Question
from retention_cli.model.step import If, Send, Split, Stop, Wait

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.program import Program
    from retention_cli.model.step import Step

CAMPAIGN = """\
name: c
{more}trigger: {{did: order}}
steps:
{steps}
"""
STEPS = """\
  - send: hello
  - wait: 1 day
  - if: {country: CZ}
    then: [{send: czech}, {wait: 1 day}]
    else:
      - if: {age: {at_least: 18}}
        then: [{stop: enough}]
  - send: hello
"""


def campaign(root: Path, steps: str, more: str = "") -> Campaign:
    """Return a campaign of these steps."""
    files = {f"templates/{name}.html": "---\nsubject: s\n---\n<p>x</p>\n" for name in ("hello", "czech", "hello-2", "third")}
    return open_shop(root, files | {"campaigns/c.yml": CAMPAIGN.format(steps=steps, more=more)}).project.campaigns["c"]


def told(program: Program) -> dict[str, tuple[str | None, str | None]]:
    """Return where each step leads."""
    return {step.id: (step.next, step.otherwise) for step in program.steps}


def test_a_nested_campaign_is_flat_in_the_order_of_the_file(tmp_path: Path) -> None:
    program = compile_program(campaign(tmp_path, STEPS))
    first, second = (step.id for step in program.steps if step.op is StepOp.IF)
    assert told(program) == {
        "send-hello": ("wait-1-day", None),
        "wait-1-day": (first, None),
        first: ("send-czech", second),
        "send-hello-2": (None, None),
        "send-czech": ("wait-1-day-2", None),
        "wait-1-day-2": ("send-hello-2", None),
        second: ("stop-enough", "send-hello-2"),
        "stop-enough": (None, None),
    }
    assert program.first == "send-hello"


def test_a_branch_without_steps_goes_on_behind_it(tmp_path: Path) -> None:
    program = compile_program(campaign(tmp_path, "  - {if: {country: CZ}, then: [], else: [{send: czech}]}\n  - {send: hello}\n"))
    assert program.step(program.first) is not None
    assert told(program)[program.first] == ("send-hello", "send-czech")
    alone = compile_program(campaign(tmp_path, "  - {if: {country: CZ}, then: []}\n"))
    assert told(alone)[alone.first] == (None, None)


def test_ids_hold_still_when_another_step_is_put_before(tmp_path: Path) -> None:
    before = set(told(compile_program(campaign(tmp_path / "before", STEPS))))
    after = set(told(compile_program(campaign(tmp_path / "after", "  - send: third\n  - wait: 2 hours\n" + STEPS))))
    assert before < after
    assert after - before == {"send-third", "wait-2-hours"}


def test_a_step_keeps_the_id_that_it_was_given(tmp_path: Path) -> None:
    program = compile_program(campaign(tmp_path, "  - {send: hello, id: first_mail}\n  - {wait: 1 day, id: pause}\n"))
    assert told(program) == {"first_mail": ("pause", None), "pause": (None, None)}


def test_made_ids_give_way_to_given_ones_and_to_each_other(tmp_path: Path) -> None:
    """A template called `hello-2` would take the id of a second `hello`, and so would a step that was named so."""
    steps = "  - send: hello\n  - send: hello-2\n  - send: hello\n  - {if: {country: CZ}, then: [{wait: 1 day, id: send-hello}]}\n"
    program = compile_program(campaign(tmp_path, steps))
    ids = [step.id for step in program.steps]
    assert len(set(ids)) == len(ids)
    assert [step.template for step in program.steps if step.id == "send-hello"] == [None]
    assert [step.template for step in program.steps[:3]] == ["hello", "hello-2", "hello"]


def test_the_fingerprint_is_of_the_meaning(tmp_path: Path) -> None:
    """Descriptions, places and comments change nothing; a step, a template, a span, a condition, an exit does."""
    plain = compile_program(campaign(tmp_path / "plain", STEPS)).fingerprint
    same = "# a comment\n" + STEPS.replace("{country: CZ}", "{country:   CZ}")
    assert compile_program(campaign(tmp_path / "same", same, "description: something else\nowner: me\n")).fingerprint == plain
    others = [
        (STEPS.replace("send: czech", "send: third"), ""),
        (STEPS.replace("1 day", "2 days", 1), ""),
        (STEPS.replace("CZ", "SK"), ""),
        (STEPS.replace("enough", "plenty"), ""),
        (STEPS + "  - stop: done\n", ""),
        (STEPS, "exit: {left: {did: order, since: entry}}\n"),
        (STEPS, "goals: {g: {when: {did: order}, window: 1 day}}\n"),
    ]
    found = [compile_program(campaign(tmp_path / str(n), steps, more)).fingerprint for n, (steps, more) in enumerate(others)]
    assert len({plain, *found}) == len(others) + 1


def test_a_program_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    more = "exit: {left: {did: order, since: entry, same: order_id}}\ngoals: {m: {total_of: {did: order, field: total}, window: 5 days}}\n"
    program = compile_program(campaign(tmp_path, STEPS, more))
    again = load_program(program.dump())
    assert again == program
    assert again.fingerprint == program.fingerprint
    assert again.steps[0].op is StepOp.SEND


EVERYTHING = """\
  - wait: {until: saturday, at: "10:00"}
  - wait: {until: {did: order, since: entry}, at_most: 3 days}
  - wait: {until: {date: trigger.paid_at, offset: -3 days, every: year}, at: "08:00", at_most: 1 year}
  - send: hello
    channel: [preferred, email]
    subject: s
    with: {kind: x}
    at: {best_hour: {from: "07:00", otherwise: "09:00"}}
    expires: 12 hours
    on_fail: stop
    on_unknown: resend_once
    experiment: e
    hypothesis: h
    decide_by: {goal: g, at_least_each: 5, after: 1 week}
    variants: {b: {share: 33.3%, template: third}, a: {with: {kind: y}}}
    no_reaction: {after: 1 day, send: czech, channel: email}
  - split: {name: half, paths: {b: {then: [{send: hello}]}, a: {share: 25%, then: []}}}
"""
GOAL = 'goals: {g: {when: {did: order}, window: 1 day}}\ndeadline: {after: 3 days, at: "20:00"}\n'


def test_a_program_of_every_word_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    program = compile_program(campaign(tmp_path, EVERYTHING, GOAL))
    again = load_program(program.dump())
    assert again == program
    assert again.deadline == Deadline(Duration(3, "day"), "20:00")
    assert [way.share for step in again.steps for way in step.ways] == [Decimal("0.667"), Decimal("0.333"), Decimal("0.25"), Decimal("0.75")]


def test_a_program_that_was_pinned_before_these_words_is_still_read() -> None:
    """Running journeys finish on their revision, whatever has been added to the language since."""
    text = (
        '{"_":"Program","first":"send-a","goals":[],"exits":[],"steps":[{"_":"Step","channel":"email","id":"send-a","next":"wait-1-day","op":"send",'
        '"template":"a"},{"_":"Step","id":"wait-1-day","op":"wait","span":{"_":"Duration","count":1,"unit":"day"}}]}'
    )
    sent, waits = load_program(text).steps
    assert (sent.wordings, sent.channel, sent.ways, waits.span, waits.is_looked_at) == ((("a", None),), "email", (), Duration(1, "day"), False)
    assert load_program(text).deadline is None


def test_ways_stand_by_name_whatever_their_order(tmp_path: Path) -> None:
    one = "  - split: {name: half, paths: {a: {share: 25%, then: []}, b: {then: [{send: hello}]}}}\n"
    other = "  - split: {name: half, paths: {b: {share: 75%, then: [{send: hello}]}, a: {then: []}}}\n"
    assert compile_program(campaign(tmp_path / "one", one)) == compile_program(campaign(tmp_path / "other", other))


def test_an_if_on_a_step_is_a_step_before_it(tmp_path: Path) -> None:
    program = compile_program(
        campaign(tmp_path, "  - {send: hello, if: {country: CZ}, id: x}\n  - {stop: done, if: {country: CZ}}\n  - send: third\n")
    )
    first, second = (step.id for step in program.steps if step.op is StepOp.IF)
    assert told(program) == {
        first: ("x", second), "x": (second, None), second: ("stop-done", "send-third"), "stop-done": (None, None), "send-third": (None, None),
    }  # fmt: skip
    assert program.first == first


def test_a_message_for_who_did_not_react_stands_between(tmp_path: Path) -> None:
    steps = "  - send: hello\n    no_reaction: {after: 1 day, send: third}\n  - stop: done\n"
    program = compile_program(campaign(tmp_path, steps))
    assert told(program) == {
        "send-hello": ("send-hello-wait", None),
        "send-hello-wait": ("send-hello-reaction", None),
        "send-hello-reaction": ("stop-done", "send-third"),
        "send-third": ("stop-done", None),
        "stop-done": (None, None),
    }


TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
SPANS = st.builds(Duration, st.integers(0, 400), st.sampled_from(["second", "minute", "hour", "day", "week", "month", "year"]))
MAYBE_SPAN = st.none() | SPANS
QUESTIONS = st.lists(
    st.builds(Question, op=st.sampled_from(Op), values=st.lists(TEXT, max_size=2).map(tuple), span=MAYBE_SPAN, ignore_case=st.booleans()), max_size=2
).map(tuple)
FIELDS = st.builds(FieldTest, field=TEXT, tests=QUESTIONS, place=st.builds(Place, TEXT, st.integers(0, 9), st.integers(0, 9)), path=TEXT)
NAMES = st.lists(TEXT, min_size=1, max_size=2).map(tuple)
FOLLOWS = st.lists(st.builds(Follow, events=NAMES, where=st.none() | FIELDS, within=MAYBE_SPAN, same=st.none() | TEXT), max_size=2).map(tuple)
QUERIES = st.builds(
    EventQuery, events=NAMES, where=st.none() | FIELDS, within=MAYBE_SPAN, older_than=MAYBE_SPAN,
    since=st.none() | st.builds(Since, text=TEXT, entry=st.booleans()), not_followed_by=FOLLOWS, same=st.none() | TEXT,
)  # fmt: skip
LEAVES = (
    st.builds(Everyone)
    | FIELDS
    | st.builds(InSegment, name=TEXT)
    | st.builds(Did, query=QUERIES, times=QUESTIONS, negated=st.booleans())
    | st.builds(Total, fold=st.sampled_from(Fold), query=QUERIES, field=st.none() | TEXT, tests=QUESTIONS)
)


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    parts = st.lists(inner, max_size=3).map(tuple)
    return st.builds(All, parts=parts) | st.builds(AnyOf, parts=parts) | st.builds(NoneOf, parts=parts) | st.builds(Not, part=inner)


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(LEAVES, _nested, max_leaves=6)


@settings(max_examples=80, deadline=None)
@given(condition=CONDITIONS)
def test_any_condition_is_read_back_as_it_was_written(condition: Condition) -> None:
    written = json.dumps(encode(condition))
    again = decode(json.loads(written), {})
    assert again == condition
    assert json.dumps(encode(again)) == written


def steps(depth: int) -> st.SearchStrategy[list[Step]]:
    """Lists of steps, nested so deep."""
    simple: st.SearchStrategy[Any] = st.sampled_from([
        Send.model_validate({"send": "hello"}), Send.model_validate({"send": "hello-2"}), Send.model_validate({"send": "x", "id": "send-hello"}),
        Wait.model_validate({"wait": "1 day"}), Wait.model_validate({"wait": "2 hours"}), Stop.model_validate({"stop": "enough"}),
    ])  # fmt: skip
    if depth == 0:
        return st.lists(simple, max_size=3)
    asked = st.sampled_from([FieldTest(field=name, tests=()) for name in "ab"])
    branch = st.builds(
        lambda where, then, other: If.model_validate({"if": where, "then": then, "else": other}), asked, steps(depth - 1), steps(depth - 1)
    )
    split = st.builds(_split, steps(depth - 1), steps(depth - 1))
    return st.lists(simple | branch | split, max_size=3)


def _split(one: Sequence[Step], other: Sequence[Step]) -> Split:
    paths = {"a": {"share": "50%", "then": one}, "b": {"then": other}}
    return Split.model_validate({"split": {"name": "half", "paths": paths}})


Path_ = list[tuple[str, object]]


def nested_paths(written: Sequence[Step], rest: Sequence[Sequence[Step]] = ()) -> list[Path_]:
    """Return every way through nested steps, as what is met on it."""
    if not written:
        return nested_paths(rest[0], rest[1:]) if rest else [[]]
    step, after = written[0], [written[1:], *rest]
    match step:
        case Stop():
            return [[("stop", str(step.stop))]]
        case Send():
            met: list[Path_] = [[("send", str(step.send))]]
        case Wait():
            met = [[("wait", step.wait)]]
        case If():
            ways = [("then", step.then), ("else", step.else_)]
            return [[(way, step.if_), *path] for way, inside in ways for path in nested_paths(inside, after)]
        case Split():
            inner = [(str(name), path.then) for name, path in step.split.paths.items()]
            return [[(name, "half"), *path] for name, inside in inner for path in nested_paths(inside, after)]
    return [[*met[0], *path] for path in nested_paths(after[0], after[1:])]


def flat_paths(program: Program, at: str | None) -> list[Path_]:
    """Return every way through a program, in the same words."""
    step = program.step(at) if at else None
    if step is None:
        return [[]]
    match step.op:
        case StepOp.STOP:
            return [[("stop", step.reason)]]
        case StepOp.IF:
            ways = [("then", step.next), ("else", step.otherwise)]
            return [[(way, step.condition), *path] for way, following in ways for path in flat_paths(program, following)]
        case StepOp.SPLIT:
            return [[(way.name, "half"), *path] for way in step.ways for path in flat_paths(program, way.next)]
        case StepOp.SEND:
            met: tuple[str, object] = ("send", step.template)
        case StepOp.WAIT:
            met = ("wait", step.span)
    return [[met, *path] for path in flat_paths(program, step.next)]


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return campaign(tmp_path_factory.mktemp("some"), STEPS)


@settings(max_examples=80, deadline=None)
@given(written=steps(2).filter(bool))
def test_every_way_through_the_nested_steps_is_a_way_through_the_flat_ones(some: Campaign, written: list[Step]) -> None:
    """And the other way about; ids stay unique whatever repeats, save where a user gave one twice (which validate refuses)."""
    program = compile_program(some.model_copy(update={"steps": tuple(unique(written, set()))}))
    ids = [step.id for step in program.steps]
    assert len(set(ids)) == len(ids)
    assert flat_paths(program, program.first) == nested_paths(unique(written, set()))


def unique(written: Sequence[Step], seen: set[str]) -> list[Step]:
    """Drop a given id where it stands a second time."""
    found: list[Step] = []
    for step in written:
        changes: dict[str, object] = {"id": None} if str(step.id) in seen else {}
        seen.add(str(step.id))
        if isinstance(step, If):
            changes |= {"then": tuple(unique(step.then, seen)), "else_": tuple(unique(step.else_, seen))}
        if isinstance(step, Split):
            paths = {name: path.model_copy(update={"then": tuple(unique(path.then, seen))}) for name, path in step.split.paths.items()}
            changes |= {"split": step.split.model_copy(update={"paths": paths})}
        found.append(step.model_copy(update=changes))
    return found
