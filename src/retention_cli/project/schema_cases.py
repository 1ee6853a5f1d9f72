"""The part of the JSON Schemas that describes tests: rows of any source, and what should come out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.project.cases import HEAD_KEYS
from retention_cli.project.schema_conditions import ref, table

if TYPE_CHECKING:
    from retention_cli.project.schema_conditions import Schema

_HEADS = {
    "segment": "the segment that is asked",
    "where": "a condition of the test's own",
    "metric": "the metric, or field, that is asked",
    "group": "the group that is asked",
}
_WHO = {"is": "exactly these customers, by id", "has": "these customers, and perhaps others", "lacks": "not these customers"}
_WHAT = {
    "customer": "whose value it is, by id",
    "value": "what it is: a value, missing, or an operator with one",
    "is": "the division that the customer is in",
    "values": "what it is for several customers, by id",
}


def case_definitions() -> Schema:
    """Return what a test refers to: a row, a list of ids, and an expectation in each of its shapes."""
    value = {"anyOf": [ref("text"), {"type": "array", "items": ref("text")}]}
    return {
        "row": {"type": "object", "additionalProperties": value, "description": "values by our column names"},
        "ids": {"anyOf": [ref("text"), {"type": "array", "items": ref("text")}]},
        "expectation": {"anyOf": [*map(_who, ("segment", "where")), *map(_what, ("metric", "group"))]},
    }


def _who(head: str) -> Schema:
    asked = ref("condition" if head == "where" else "text", _HEADS[head])
    people = {key: ref("ids", _WHO[key]) for key in HEAD_KEYS[head]}
    return table({head: asked, **people}, [head]) | {"minProperties": 2}


def _what(head: str) -> Schema:
    """One person's value, or several people's; never both."""
    customer, value, values = HEAD_KEYS[head]
    keys = {customer: ref("text", _WHAT[customer]), value: ref("tests", _WHAT[value])}
    keys[values] = {"type": "object", "additionalProperties": ref("tests"), "minProperties": 1, "description": _WHAT[values]}
    ways = [{"required": [customer, value], "maxProperties": 3}, {"required": [values], "maxProperties": 2}]
    return table({head: ref("text", _HEADS[head]), **keys}, [head]) | {"oneOf": ways}
