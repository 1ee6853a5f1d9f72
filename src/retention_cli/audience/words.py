"""A condition as one line of words: close to its YAML, so that a reader finds it again."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, assert_never

from retention_cli.model.condition import (
    All,
    AnyOf,
    Condition,
    Consented,
    Did,
    Everyone,
    Expression,
    FieldTest,
    InSegment,
    Listed,
    NoneOf,
    Not,
    Sample,
    Selected,
    Total,
)
from retention_cli.model.question import Measure, Op, Test, Yardstick

if TYPE_CHECKING:
    from retention_cli.model.condition import EventQuery, Follow
    from retention_cli.model.duration import Duration

_SHORT = {Op.IS: "=", Op.IS_NOT: "is not", Op.AT_LEAST: ">=", Op.AT_MOST: "<=", Op.MORE_THAN: ">", Op.LESS_THAN: "<"}


def in_words(node: Condition) -> str:  # noqa: C901, PLR0912 - one line a kind of condition
    """Return a condition as a short line."""
    match node:
        case Everyone():
            return "everyone"
        case All():
            return "all of"
        case AnyOf():
            return "any of"
        case NoneOf():
            return "none of"
        case Not():
            return "not"
        case InSegment(name=name, lasting=lasting):
            return f"segment {name}{_lasting(lasting)}"
        case FieldTest(field=name, tests=tests, lasting=lasting):
            return _asked(str(name), tests) + _lasting(lasting)
        case Did(max_data_age=oldest):
            return _did(node) + (f", by facts no older than {oldest}" if oldest is not None else "")
        case Total(fold=fold, query=query, field=name, tests=tests):
            return _asked(f"{fold} {name or 'events'} of {_query(query)}", tests)
        case Sample(share=share, name=name):
            return f"sample {name}: {_percent(share)}"
        case Listed(file=file):
            return f"listed in {file}"
        case Selected(file=file):
            return f"selected by {file}"
        case Consented(channel=channel, topic=topic):
            return f"consents to {channel}{f' about {topic}' if topic else ''}"
        case Expression(text=text):
            return f"sql: {text}"
        case _:
            assert_never(node)


def _did(node: Did) -> str:
    head = "has" if node.query.facts else "did_not" if node.negated else "did"
    regularly = node.regularly
    stretches = f"in {regularly.at_least} of the last {regularly.of} x {regularly.every}" if regularly is not None else ""
    return " ".join(part for part in (head, _query(node.query), stretches, _asked("times", node.times) if node.times else "") if part)


def _lasting(span: Duration | None) -> str:
    return f" for {span}" if span is not None else ""


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}%"


def _asked(subject: str, tests: tuple[Test, ...]) -> str:
    return " and ".join(f"{subject} {_test(test)}" for test in tests) or subject


def _test(test: Test) -> str:
    if test.op in (Op.PRESENT, Op.MISSING):
        return str(test.op)
    if test.op in (Op.TOP, Op.BOTTOM):
        return f"in the {test.op} {_percent(Decimal(test.values[0]))}"
    what = str(test.span) if test.span is not None else " and ".join(test.values) if test.op is Op.BETWEEN else ", ".join(test.values)
    if test.against is not None:
        what = _measured(test.against)
    return f"{_SHORT.get(test.op, str(test.op).replace('_', ' '))} {what}{' (ignoring case)' if test.ignore_case else ''}"


def _measured(against: Yardstick) -> str:
    what = f"the {against.percentile.normalize():f}th percentile" if against.measure is Measure.PERCENTILE else str(against.name)
    what += f" of {against.name}" if against.measure is Measure.PERCENTILE and against.name else ""
    return f"{against.factor.normalize():f} x {what}" if against.factor != 1 else what


def _query(query: EventQuery) -> str:
    parts = [f"number {query.nth} of"] if query.nth and query.nth.isdigit() else [f"the {query.nth}"] if query.nth else []
    parts += [f"different {query.distinct} of"] if query.distinct is not None else []
    parts += [" or ".join(map(str, query.events))]
    parts += [f"where {_inside(query.where)}"] if query.where is not None else []
    parts += [f"within {query.within}"] if query.within is not None else []
    parts += [f"older than {query.older_than}"] if query.older_than is not None else []
    parts += [f"since {'entry' if query.since.entry else query.since.text}"] if query.since is not None else []
    parts += [f"during {query.during}"] if query.during is not None else []
    return " ".join([*parts, *_follows(query)])


def _follows(asked: EventQuery | Follow) -> list[str]:
    return [
        *(f"followed by {_follow(follow)}" for follow in asked.followed_by),
        *(f"not followed by {_follow(follow)}" for follow in asked.not_followed_by),
    ]


def _follow(follow: Follow) -> str:
    where = f" where {_inside(follow.where)}" if follow.where is not None else ""
    same = f" of the same {follow.same}" if follow.same else ""
    what = " or ".join(map(str, follow.events)) + where + same + (f" within {follow.within}" if follow.within else "")
    inner = _follows(follow)
    return f"({what} {' '.join(inner)})" if inner else what


def _inside(node: Condition) -> str:
    match node:
        case All(parts=parts):
            return " and ".join(map(_inside, parts))
        case AnyOf(parts=parts):
            return "(" + " or ".join(map(_inside, parts)) + ")"
        case NoneOf(parts=parts):
            return "none of (" + " or ".join(map(_inside, parts)) + ")"
        case Not(part=part):
            return f"not {_inside(part)}"
        case _:
            return in_words(node)


def in_full(node: Condition) -> str:
    """Return a condition with everything inside it as one line."""
    return _inside(node)


def asked_in_words(query: EventQuery) -> str:
    """Return which events count, as one line."""
    return _query(query)
