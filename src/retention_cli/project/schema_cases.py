"""The part of the JSON Schemas that describes tests: rows of any source, and what should come out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.project.cases import HEAD_KEYS
from retention_cli.project.courses import CAMPAIGN, COURSE_KEYS, ROW_KEYS, SENDING_KEYS
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
_COURSE = {
    "customer": "whose journeys, by id",
    "until": "up to which moment the campaign runs, by the shop's clock",
    "enters": "true, false, or how many times",
    "sends": "exactly these messages, in their order; [] for none",
    "ends": "the reason of the end: an exit, a stop, finished; false while it is under way",
    "goals": "for each goal true, false or a number",
}
_SENDING = {"template": "which template", "at": "when it leaves, by the shop's clock", "channel": "by which way"}
_HAPPENING = {
    "at": "when, by the shop's clock",
    "customer": "who, by id",
    "did": "the event; the row's own columns stand beside it",
    "source": "the source of the event, where several know it",
    "set": "fields of the customer, or columns of the row, that have these values from then on",
    "row": "whose columns change: the key of a row",
    "of": "the source of that row",
}


def case_definitions() -> Schema:
    """Return what a test refers to: a row, a list of ids, and an expectation in each of its shapes."""
    return {
        "value": {"anyOf": [ref("text"), {"type": "array", "items": ref("text")}]},
        "row": {"type": "object", "additionalProperties": ref("value"), "description": "values by our column names"},
        "ids": {"anyOf": [ref("text"), {"type": "array", "items": ref("text")}]},
        "expectation": {"anyOf": [*map(_who, ("segment", "where")), *map(_what, ("metric", "group")), _course()]},
        "happening": {"anyOf": [_happening(), _change()]},
        "sending": {"anyOf": [ref("text"), _sending()]},
    }


def _course() -> Schema:
    shapes: Schema = {
        "customer": ref("text"),
        "until": ref("text"),
        "enters": ref("text"),
        "sends": {"type": "array", "items": ref("sending")},
        "ends": ref("text"),
        "goals": {"type": "object", "additionalProperties": ref("text")},
    }
    said = {key: shapes[key] | {"description": _COURSE[key]} for key in COURSE_KEYS}
    return table({CAMPAIGN: ref("text", "the campaign that runs"), **said}, [CAMPAIGN, "customer", "until"]) | {"minProperties": 4}


def _sending() -> Schema:
    return table({key: ref("text", _SENDING[key]) for key in SENDING_KEYS}, ["template"])


def _happening() -> Schema:
    """Return an event: what is known of it, and its row's own columns."""
    known = {key: ref("text", _HAPPENING[key]) for key in ("at", "customer", "did", "source")}
    return {
        "type": "object",
        "properties": known,
        "required": ["at", "customer", "did"],
        "additionalProperties": ref("value"),
        "not": {"required": ["set"]},
    }


def _change() -> Schema:
    fields = {"type": "object", "additionalProperties": ref("value"), "description": _HAPPENING["set"]}
    keys = {key: ref("text", _HAPPENING[key]) for key in ("at", "customer", *ROW_KEYS)}
    ways: list[Schema] = [{"required": ["customer"], "maxProperties": 3}, {"required": [*ROW_KEYS], "maxProperties": 4}]
    return table({**keys, "set": fields}, ["at", "set"]) | {"oneOf": ways}


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
