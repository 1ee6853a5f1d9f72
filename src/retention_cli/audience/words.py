"""A condition as one line of words: close to its YAML, so that a reader finds it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.condition import All, AnyOf, Condition, Did, Everyone, FieldTest, InSegment, NoneOf, Not, Op, Test, Total

if TYPE_CHECKING:
    from retention_cli.model.condition import EventQuery, Follow

_SHORT = {Op.IS: "=", Op.IS_NOT: "is not", Op.AT_LEAST: ">=", Op.AT_MOST: "<=", Op.MORE_THAN: ">", Op.LESS_THAN: "<"}


def in_words(node: Condition) -> str:
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
        case InSegment(name=name):
            return f"segment {name}"
        case FieldTest(field=name, tests=tests):
            return _asked(str(name), tests)
        case Did(query=query, times=times, negated=negated):
            return " ".join(part for part in ("did_not" if negated else "did", _query(query), _asked("times", times) if times else "") if part)
        case Total(fold=fold, query=query, field=name, tests=tests):
            return _asked(f"{fold} {name or 'events'} of {_query(query)}", tests)


def _asked(subject: str, tests: tuple[Test, ...]) -> str:
    return " and ".join(f"{subject} {_test(test)}" for test in tests) or subject


def _test(test: Test) -> str:
    if test.op in (Op.PRESENT, Op.MISSING):
        return str(test.op)
    what = str(test.span) if test.span is not None else " and ".join(test.values) if test.op is Op.BETWEEN else ", ".join(test.values)
    return f"{_SHORT.get(test.op, str(test.op).replace('_', ' '))} {what}{' (ignoring case)' if test.ignore_case else ''}"


def _query(query: EventQuery) -> str:
    parts = [" or ".join(map(str, query.events))]
    parts += [f"where {_inside(query.where)}"] if query.where is not None else []
    parts += [f"within {query.within}"] if query.within is not None else []
    parts += [f"older than {query.older_than}"] if query.older_than is not None else []
    parts += [f"since {'entry' if query.since.entry else query.since.text}"] if query.since is not None else []
    parts += [f"not followed by {_follow(follow)}" for follow in query.not_followed_by]
    return " ".join(parts)


def _follow(follow: Follow) -> str:
    where = f" where {_inside(follow.where)}" if follow.where is not None else ""
    same = f" of the same {follow.same}" if follow.same else ""
    return " or ".join(map(str, follow.events)) + where + same + (f" within {follow.within}" if follow.within else "")


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
