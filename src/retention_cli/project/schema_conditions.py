"""The part of the JSON Schemas that describes conditions, derived from the grammar's own tables.

Operators come from `Op`, folds from `Fold`, arities from the grammar, so that schema and reader cannot drift apart; only
the sentences stand here. A scalar of a condition may be anything: the column it meets decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.model.base import DURATION_PATTERN
from retention_cli.model.condition import Fold, Op
from retention_cli.project.grammar.values import BARE, COUNTING, IGNORE_CASE, PAIR, SOME, SPAN
from retention_cli.project.grammar.words import HEADS, JUNCTIONS

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
    Op.HAS_ANY: "a list with at least one of these",
    Op.HAS_ALL: "a list with all of these",
    Op.HAS_NONE: "a list with none of these; the missing too",
    Op.WITHIN: "not longer ago than this, and not ahead",
    Op.OLDER_THAN: "longer ago than this",
    Op.IN_NEXT: "ahead, within this",
    Op.BEFORE: "before this date or time",
    Op.AFTER: "after this date or time",
}
FOLDS: Mapping[Fold, str] = {
    Fold.TOTAL: "the sum of a column over the matching events",
    Fold.COUNT: "how many events match",
    Fold.AVERAGE: "the average of a column over the matching events",
    Fold.MEDIAN: "the median of a column over the matching events",
    Fold.SMALLEST: "the smallest value of a column over the matching events",
    Fold.LARGEST: "the largest value of a column over the matching events",
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
        "tests": _tests(OPERATORS),
        "counts": {"anyOf": [ref("text"), _operators(COUNTING)]},
        "condition": _condition(),
        "row_condition": {"anyOf": _common("row_condition")},
        "follow": table({"did": _did("the event that must not follow"), **_window(("where", "within")), "same": _SAME_AS_BEFORE}, ["did"]),
        "query": table({"did": _did("the event"), **_query()}, ["did"]),
        "total": table(_fold_keys(), ["did"]),
    }


_SAME_AS_BEFORE = ref("text", "the column whose value is the same as in the event before")


def _tests(operators: Iterable[Op]) -> Schema:
    some = {"type": "array", "items": ref("text"), "minItems": 1}
    return {"anyOf": [{"type": _SCALAR, "examples": list(BARE)}, some, _operators(operators)]}


def _operators(operators: Iterable[Op]) -> Schema:
    return table(_operator_keys(operators)) | {"minProperties": 1}


def _operator_keys(operators: Iterable[Op]) -> Schema:
    found = {str(op): _operand(op) for op in operators}
    return found | {IGNORE_CASE: ref("flag", "whether capital and small letters are alike")}


def _operand(op: Op) -> Schema:
    says = {"description": OPERATORS[op]}
    if op in SOME:
        return ref("words") | says
    if op in PAIR:
        return {"type": "array", "items": ref("text"), "minItems": 2, "maxItems": 2} | says
    return (ref("duration") if op in SPAN else ref("text")) | says


def _condition() -> Schema:
    return {"anyOf": [*_common("condition"), *_events(), *_folds(), _segment(), _everyone()]}


def _common(inner: str) -> list[Schema]:
    parts = {"type": "array", "items": ref(inner), "minItems": 1}
    return [
        parts,
        {
            "type": "object",
            "description": "fields: all of them must hold",
            "minProperties": 1,
            "propertyNames": {"not": {"enum": sorted(HEADS)}},
            "additionalProperties": ref("tests"),
        },
        table({"field": ref("text", "any field, whatever it is called"), **_operator_keys(OPERATORS)}, ["field"]) | {"minProperties": 2},
        *(table({word: parts | {"description": _JUNCTIONS[word]}}, [word]) for word in JUNCTIONS),
        table({"not": ref(inner, "this does not hold")}, ["not"]),
    ]


def _did(says: str) -> Schema:
    return ref("words", f"{says}; a list: any of them")


def _window(keys: Iterable[str]) -> Schema:
    known = {
        "where": ref("row_condition", "with these columns of the event"),
        "within": ref("duration", "not longer ago than this"),
        "older_than": ref("duration", "longer ago than this"),
        "since": ref("text", "from this date or time on; entry: since the entry into the campaign"),
    }
    return {key: known[key] for key in keys}


def _query() -> Schema:
    follows = [ref("follow"), {"type": "array", "items": ref("follow"), "minItems": 1}]
    return {
        **_window(("where", "within", "older_than", "since")),
        "not_followed_by": {"anyOf": follows, "description": "no such event came later; a list: none of them"},
        "same": ref("text", "the column whose value is the same as in the event that began the journey"),
    }


def _events() -> list[Schema]:
    says = {"did": "has done this event", "did_not": "has not done this event"}
    times = {"times": ref("counts", "so often; left out: at least once")}
    return [table({head: _did(text), **times, **_query()}, [head]) for head, text in says.items()]


def _fold_keys() -> Schema:
    return {"did": _did("the event"), "field": ref("text", "the column of the event"), **_query()}


def _folds() -> list[Schema]:
    asked = table({**_fold_keys(), "value": ref("tests", "what is asked of the number")}, ["did", "value"])
    return [table({str(fold): asked | {"description": says}}, [str(fold)]) for fold, says in FOLDS.items()]


def _segment() -> Schema:
    return table({"segment": ref("text", "is in this segment")}, ["segment"])


def _everyone() -> Schema:
    return table({"everyone": {"enum": [True, "true"], "description": "everybody"}}, ["everyone"])


def fold_properties() -> Schema:
    """Return the folds as keys of a mapping that is a number: a metric, or a goal."""
    return {str(fold): ref("total", says) for fold, says in FOLDS.items()}
