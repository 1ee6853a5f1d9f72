"""The part of the JSON Schemas that describes conditions, derived from the grammar's own tables.

Operators come from `Op`, folds from `Fold`, arities from the grammar, so that schema and reader cannot drift apart; only
the sentences stand here. A scalar of a condition may be anything: the column it meets decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.model.base import DURATION_PATTERN
from retention_cli.model.condition import Fold
from retention_cli.model.question import Op
from retention_cli.model.source import SHARE_PATTERN
from retention_cli.project.grammar.events import DATA_AGE, FACT_KEYS, LAST, QUERY_KEYS
from retention_cli.project.grammar.follows import FOLLOW_KEYS
from retention_cli.project.grammar.values import BARE, COUNTING, FOR, IGNORE_CASE, LEAP, LEAPS, MEASURED, PAIR, SHARE, SOME, SPAN
from retention_cli.project.grammar.words import HEADS, JUNCTIONS
from retention_cli.project.grammar.yardsticks import KEYS as YARDSTICKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Schema = dict[str, Any]

OPERATORS: Mapping[Op, str] = {
    Op.IS: "equal to this value",
    Op.IS_NOT: "not equal to this value; the missing too",
    Op.IN: "one of these values",
    Op.NOT_IN: "none of these values; the missing too",
    Op.AT_LEAST: "this much or more",
    Op.AT_MOST: "this much or less",
    Op.MORE_THAN: "more than this",
    Op.LESS_THAN: "less than this",
    Op.BETWEEN: "between these two, both included",
    Op.CONTAINS: "has this text in it",
    Op.STARTS_WITH: "begins with this text",
    Op.ENDS_WITH: "ends with this text",
    Op.MATCHES: "has a match of this regular expression (RE2)",
    Op.UNDER: "in this branch of a tree, or one of these: Home/Kitchen",
    Op.HAS_ANY: "a list with at least one of these",
    Op.HAS_ALL: "a list with all of these",
    Op.HAS_NONE: "a list with none of these; the missing too",
    Op.WITHIN: "not longer ago than this, and not ahead",
    Op.OLDER_THAN: "longer ago than this",
    Op.IN_NEXT: "ahead, within this",
    Op.BEFORE: "before this date or time",
    Op.AFTER: "after this date or time",
    Op.DURING: "in this calendar period: yesterday, last_month, 2026-05",
    Op.ANNIVERSARY_IN: "its yearly day comes within this, today included",
    Op.ANNIVERSARY_ON: "its yearly day is this day: today, 2 days from now",
    Op.TOP: "among this share of the largest of those who have a value",
    Op.BOTTOM: "among this share of the smallest of those who have a value",
}
FOLDS: Mapping[Fold, str] = {
    Fold.TOTAL: "the sum of a column over the matching events",
    Fold.COUNT: "how many events match",
    Fold.AVERAGE: "the average of a column over the matching events",
    Fold.MEDIAN: "the median of a column over the matching events",
    Fold.SMALLEST: "the smallest value of a column over the matching events",
    Fold.LARGEST: "the largest value of a column over the matching events",
    Fold.FIRST: "the value of a column in the first matching event that has one",
    Fold.LATEST: "the value of a column in the latest matching event that has one",
}
_JUNCTIONS = {"all": "every one of these holds", "any": "at least one of these holds", "none": "none of these holds"}
_SCALAR = ["string", "number", "boolean"]


def ref(name: str, says: str = "") -> Schema:
    """Return a reference to a definition, with what it means here."""
    return {"$ref": f"#/$defs/{name}"} | ({"description": says} if says else {})


def table(properties: Schema, required: Iterable[str] = ()) -> Schema:
    """Return the schema of a mapping that has these keys and no others."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def definitions() -> Schema:
    """Return what every schema refers to: scalars, tests, conditions, event queries and folds."""
    return {
        "text": {"type": _SCALAR},
        "words": {"anyOf": [ref("text"), {"type": "array", "items": ref("text"), "minItems": 1}]},
        "flag": {"enum": [True, False, "true", "false"]},
        "variable": {"type": "string", "pattern": r"\$\{"},
        "duration": {"anyOf": [{"type": "string", "pattern": DURATION_PATTERN, "examples": ["30 minutes", "3 days", "1 year"]}, ref("variable")]},
        "share": {"anyOf": [{"type": "string", "pattern": SHARE_PATTERN, "examples": ["20%"]}, ref("variable")]},
        "yardstick": {"anyOf": [_yardstick(keys) for keys in YARDSTICKS.values()]},
        "events": _did(),
        "tests": _tests(OPERATORS),
        "lasting_tests": _tests(OPERATORS, _FOR),
        "counts": {"anyOf": [ref("text"), _operators(COUNTING)]},
        "condition": _condition(),
        "row_condition": {"anyOf": _common("row_condition")},
        "follow": table({key: _KEYS[key] for key in FOLLOW_KEYS} | {"same": _SAME_AS_BEFORE}, ["did"]),
        "query": table({"did": ref("events", "the event"), **_query()}, ["did"]),
        "total": table(_fold_keys(), ["did"]),
    }


_SAME_AS_BEFORE = ref("text", "the column whose value is the same as in the event before")
_FOR = {FOR: ref("duration", "it has held for so long, from one snapshot to the next")}
_FOLLOWS = {"anyOf": [ref("follow"), {"type": "array", "items": ref("follow"), "minItems": 1}]}
_KEYS: Schema = {
    "did": ref("events", "the event; a list: any of them"),
    "where": ref("row_condition", "with these columns of the event"),
    "within": ref("duration", "not longer ago than this; of a later event: not later than this"),
    "older_than": ref("duration", "longer ago than this"),
    "since": ref("text", "from this date or time on; entry: since the entry into the campaign"),
    "during": ref("text", "in this calendar period: yesterday, last_month, 2026-05"),
    "nth": {"type": _SCALAR, "pattern": rf"^([1-9]\d*|{LAST})$", "minimum": 1, "description": "only this one of a customer's events: 1, 2, last"},
    "distinct": ref("text", "count the different values of this column, not the events"),
    "followed_by": _FOLLOWS | {"description": "such an event came later; a list: each of them"},
    "not_followed_by": _FOLLOWS | {"description": "no such event came later; a list: none of them"},
    "same": ref("text", "the column whose value is the same as in the event that began the journey"),
}
_YARDSTICK: Schema = {
    "percentile": {"type": _SCALAR, "description": "the value below which so many in a hundred lie, of all customers who have one"},
    "of": ref("text", "the metric that the percentile is of; left out: the value's own"),
    "metric": ref("text", "another number of the same customer"),
    "learned": ref("text", "a threshold pinned in retention.lock"),
    "factor": {"type": _SCALAR, "description": "times this"},
    "if_missing": {"type": _SCALAR, "description": "this, where there is none"},
}


def _yardstick(keys: tuple[str, ...]) -> Schema:
    return table({key: _YARDSTICK[key] for key in keys}, keys[:1])


_ALIKE = {"source": "every event of a source", "starts_with": "every event whose name begins so"}


def _did() -> Schema:
    alike = [table({key: ref("text", says)}, [key]) for key, says in _ALIKE.items()]
    several = {"type": "array", "items": {"anyOf": [ref("text"), *alike]}, "minItems": 1}
    return {"anyOf": [ref("text"), *alike, several]}


def _tests(operators: Iterable[Op], more: Schema | None = None) -> Schema:
    some = {"type": "array", "items": ref("text"), "minItems": 1}
    return {"anyOf": [{"type": _SCALAR, "examples": list(BARE)}, some, _operators(operators, more)]}


def _operators(operators: Iterable[Op], more: Schema | None = None) -> Schema:
    return table(_operator_keys(operators) | (more or {})) | {"minProperties": 1}


def _operator_keys(operators: Iterable[Op]) -> Schema:
    found = {str(op): _operand(op) for op in operators}
    leap = {"enum": list(LEAPS), "description": "how 29 February counts in other years: as 28 February, or as 1 March"}
    return found | {IGNORE_CASE: ref("flag", "whether capital and small letters are alike"), LEAP: leap}


def _operand(op: Op) -> Schema:
    says = {"description": OPERATORS[op]}
    if op in SOME:
        return ref("words") | says
    if op in PAIR:
        return {"type": "array", "items": ref("text"), "minItems": 2, "maxItems": 2} | says
    if op in MEASURED:
        return {"anyOf": [ref("text"), ref("yardstick")]} | says
    return ref("duration" if op in SPAN else "share" if op in SHARE else "text") | says


def _condition() -> Schema:
    return {"anyOf": [*_common("condition", "lasting_tests", _FOR), *_events(), *_folds(), *_heads()]}


def _common(inner: str, asked: str = "tests", more: Schema | None = None) -> list[Schema]:
    parts = {"type": "array", "items": ref(inner), "minItems": 1}
    return [
        parts,
        {
            "type": "object",
            "description": "fields: all of them must hold",
            "minProperties": 1,
            "propertyNames": {"not": {"enum": sorted(HEADS)}},
            "additionalProperties": ref(asked),
        },
        table({"field": ref("text", "any field, whatever it is called"), **_operator_keys(OPERATORS), **(more or {})}, ["field"])
        | {"minProperties": 2},
        *(table({word: parts | {"description": _JUNCTIONS[word]}}, [word]) for word in JUNCTIONS),
        table({"not": ref(inner, "this does not hold")}, ["not"]),
    ]


def _query() -> Schema:
    return {key: _KEYS[key] for key in QUERY_KEYS}


_DATA_AGE = {DATA_AGE: ref("duration", "in an exit: while the facts are older than this, messages of the campaign are held")}
_TIMES = {"times": ref("counts", "so often; left out: at least once")}


def _events() -> list[Schema]:
    says = {"did": "has done this event; a list: any of them", "did_not": "has not done this event"}
    did = [table({head: ref("events", text), **_TIMES, "regularly": _regularly(), **_query(), **_DATA_AGE}, [head]) for head, text in says.items()]
    fact = {"has": ref("events", "a fact without a time"), **_TIMES, **{key: _KEYS[key] for key in FACT_KEYS}}
    return [*did, table(fact, ["has"])]


def _regularly() -> Schema:
    counted = table({"at_least": _said("in so many of them"), "of": _said("of the last so many")}, ["at_least", "of"])
    keys = {"every": ref("duration", "how long a stretch is"), "in": counted | {"description": "in how many stretches"}}
    return table(keys, ["every", "in"]) | {"description": "in so many of the last stretches of time"}


def _said(what: str) -> Schema:
    return {"type": _SCALAR, "description": what}


def _fold_keys() -> Schema:
    return {"did": ref("events", "the event"), "field": ref("text", "the column of the event"), **_query()}


def _folds() -> list[Schema]:
    asked = table({**_fold_keys(), "value": ref("tests", "what is asked of the number")}, ["did", "value"])
    return [table({str(fold): asked | {"description": says}}, [str(fold)]) for fold, says in FOLDS.items()]


def _heads() -> list[Schema]:
    sample = table(
        {"share": ref("share", "so many of all customers"), "name": ref("text", "what the sample is called: it alone decides who is in it")},
        ["share", "name"],
    )
    consent = table({"channel": ref("text", "email, sms, push"), "topic": ref("text", "one of the topics of policies: consent")}, ["channel"])
    return [
        table({"segment": ref("text", "is in this segment"), **_FOR}, ["segment"]),
        table({"everyone": {"enum": [True, "true"], "description": "everybody"}}, ["everyone"]),
        table({"sample": sample | {"description": "a lasting share of all customers"}}, ["sample"]),
        table({"listed": ref("text", "stands in this file of customer ids")}, ["listed"]),
        table({"consent": consent | {"description": "consented to the channel, and to the topic"}}, ["consent"]),
        table({"sql": ref("text", "a boolean expression over fields and metrics")}, ["sql"]),
    ]


def fold_properties() -> Schema:
    """Return the folds as keys of a mapping that is a number: a metric, or a goal."""
    return {str(fold): ref("total", says) for fold, says in FOLDS.items()}


def metric_properties() -> Schema:
    """Return what else a metric may be found by: a condition, a score, a favourite."""
    number = {"type": _SCALAR}
    bins = {"anyOf": [number, {"type": "array", "items": number, "minItems": 1}]}
    score = {
        "of": ref("text", "the metric that is scored"),
        "bins": bins | {"description": "so many, cut at the quantiles; or the limits themselves"},
        "best": {"enum": ["high", "low"], "description": "which end of the metric gets the best score"},
        "among": ref("condition", "who is compared and scored; left out: everybody who has the metric"),
        "step": number | {"description": "what is added to a quantile to cut there; left out: 1"},
    }
    weights = {"type": "object", "minProperties": 1, "additionalProperties": number, "description": "what each event weighs"}
    favourite = {
        "of": ref("text", "the column of the events"),
        "weights": weights,
        "half_life": ref("duration", "after which an event weighs half as much"),
        "rank": number | {"description": "2: the second favourite"},
    }
    return {
        "when": ref("condition", "true for whom this holds"),
        "score": table(score, ["of"]) | {"description": "a score among all customers, 1 the worst"},
        "favourite": table(favourite, ["of", "weights"]) | {"description": "the value of a column that the events weigh most for"},
    }
