"""JSON Schema (2020-12) of every kind of project file, for editors and for checks without this program.

Plain mappings are described by their models; what has several shapes is described by hand, beside its reader's rules.
A schema accepts all that the reader accepts, and no unknown key; the reader knows more and refuses more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.model.base import NAME_PATTERN
from retention_cli.model.campaign import Again, Campaign, Goal
from retention_cli.model.case import Case
from retention_cli.model.condition import Fold
from retention_cli.model.group import Group
from retention_cli.model.learned import Learned
from retention_cli.model.metric import Metric
from retention_cli.model.project import Settings
from retention_cli.model.segment import Segment
from retention_cli.model.step import BestHour, OnDate, Weekday
from retention_cli.model.template import FrontMatter
from retention_cli.model.trigger import TRIGGERS, Happened
from retention_cli.model.wall import TIME_PATTERN
from retention_cli.project.moments import BEST_HOUR
from retention_cli.project.objects import SQL_FILE
from retention_cli.project.schema_cases import case_definitions
from retention_cli.project.schema_conditions import Schema, definitions, fold_properties, metric_properties, ref, table
from retention_cli.project.triggers import QUERY_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

_CLOCK: Schema = {"type": "string", "pattern": TIME_PATTERN, "examples": ["09:00"]}
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DROPPED = ("title", "discriminator", "x-def", "writeOnly")
_CONSTRAINTS = ("enum", "const", "pattern")
_SCALARS = ("string", "number", "boolean")
_GIVEN_NAMES = ("Source", "Target")
_OF_TRIGGERS = ("Move", "Change", "Lapse", "Rhythm", "Timetable", "Interest", "Every", "Zone")
_GIVEN_KEYS = ("name", "known")


def json_schema(kind: str) -> Schema:
    """Return the schema of a kind of file; raise KeyError for a kind that is not in `KINDS`."""
    schema = KINDS[kind]()
    inner = schema.pop("$defs", {})
    return {"$schema": DIALECT, "title": kind, **schema, "$defs": inner | definitions()}


def _retention() -> Schema:
    return _model(Settings)


def _template() -> Schema:
    return _model(FrontMatter)


def _segments() -> Schema:
    schema = _model(Segment)
    schema["properties"][SQL_FILE] = ref("text", "a file with one SELECT that gives customer_id: it is the whole segment")
    schema["required"] = ["name"]
    return _one_or_many(schema | {"oneOf": [{"required": [key]} for key in ("where", SQL_FILE)]})


def _groups() -> Schema:
    return _one_or_many(_model(Group))


def _metrics() -> Schema:
    shared = {key: value for key, value in _model(Metric)["properties"].items() if key not in {"name", "definition"}}
    found = {**fold_properties(), **metric_properties(), "learned": _learned()}
    metric = table({**found, **shared}) | {"oneOf": [{"required": [key]} for key in found]}
    return {"type": "object", "propertyNames": {"pattern": NAME_PATTERN}, "additionalProperties": metric}


def _learned() -> Schema:
    own = {key: value for key, value in _model(Learned)["properties"].items() if key in {"percentile", "of", "by"}}
    return table(own, ["percentile", "of"]) | {"description": "a threshold that `retention lock` learns from the shop's own customers"}


def _campaigns() -> Schema:
    schema = _model(Campaign)
    properties, inner = schema["properties"], schema["$defs"]
    for name, part in (("trigger", _trigger()), ("again", _again())):
        properties[name] = part | {"description": properties[name]["description"]}
    inner["Goal"] = _goal()
    ways = ("Send", "Wait", "If", "Split", "Update", "Start", "Call", "Stop")
    inner["step"] = {"anyOf": [*(ref(step) for step in ways), {"const": "stop", "description": "end the journey here"}]}
    inner |= {"BestHour": _model(BestHour), "OnDate": _model(OnDate), "at": _at(), "until": _until()}
    branches = (inner["If"]["properties"]["then"], inner["If"]["properties"]["else"], inner["Path"]["properties"]["then"])
    for steps in (properties["steps"], *branches):
        steps["items"] = ref("step")
    for unused in ("Again", "Started", *(model.__name__ for model in TRIGGERS.values()), *_OF_TRIGGERS):
        inner.pop(unused, None)
    return _one_or_many(schema)


def _at() -> Schema:
    bare = {"enum": [BEST_HOUR], "description": "when the customer opens most"}
    one = table({BEST_HOUR: ref("BestHour", "when the customer opens most, between two times")}, [BEST_HOUR])
    return {"anyOf": [_CLOCK, bare, one, ref("variable")]}


def _until() -> Schema:
    return {"anyOf": [_CLOCK, {"enum": list(map(str, Weekday))}, ref("OnDate"), ref("condition"), ref("variable")]}


def _tests() -> Schema:
    schema = _model(Case)
    schema["properties"]["expect"] = {
        "anyOf": [ref("expectation"), {"type": "array", "items": ref("expectation"), "minItems": 1}],
        "description": schema["properties"]["expect"]["description"],
    }
    return _one_or_many(schema | {"$defs": case_definitions()}, "test")


def _trigger() -> Schema:
    query = definitions()["query"]["properties"]
    kept = {key: query[key] for key in QUERY_KEYS}
    own = {key: value for key, value in _model(Happened)["properties"].items() if key != "query"}
    others = [_inlined(_model(model)) for model in TRIGGERS.values() if model is not Happened]
    return {"anyOf": [*others, table({**kept, **own}, ["did"])]}


def _inlined(schema: Schema) -> Schema:
    """Return a schema with the parts it names written out, so that each trigger stands by itself."""
    inner = schema.pop("$defs", {})

    def written_out(node: Any) -> Any:
        if isinstance(node, list):
            return [written_out(item) for item in node]
        if not isinstance(node, dict):
            return node
        name = str(node.get("$ref", "")).removeprefix("#/$defs/")
        if name in inner:
            return written_out(inner[name]) | {key: value for key, value in node.items() if key != "$ref"}
        return {key: written_out(value) for key, value in node.items()}

    found: Schema = written_out(schema)
    return found


def _again() -> Schema:
    own = {key: value for key, value in _model(Again)["properties"].items() if key != "never"}
    return {"anyOf": [{"enum": ["never", "always"]}, table(own) | {"minProperties": 1}]}


def _goal() -> Schema:
    own = _model(Goal)["properties"]
    either = [{"required": [key]} for key in ("when", *map(str, Fold))]
    return table({"when": own["when"], **fold_properties(), "window": own["window"]}, ["window"]) | {"oneOf": either}


def _one_or_many(one: Schema, name: str = "name") -> Schema:
    """Return the schema of a file that holds one object, whose name may be the file's, or a list of them."""
    inner = one.pop("$defs", {})
    lone = one | {"required": [key for key in one["required"] if key != name]}
    lists = [{"type": "array", "items": ref("one"), "maxItems": 1}, {"type": "array", "items": {"allOf": [ref("one")], "required": [name]}}]
    return {"anyOf": [ref("one"), *lists], "$defs": inner | {"one": lone}}


KINDS: dict[str, Callable[[], Schema]] = {
    "retention": _retention,
    "segments": _segments,
    "groups": _groups,
    "campaigns": _campaigns,
    "metrics": _metrics,
    "tests": _tests,
    "template": _template,
}
"""What there is a schema of: the settings, the folders of objects, and a template's front matter."""


def _model(model: type[BaseModel]) -> Schema:
    schema: Schema = _polished(model.model_json_schema())
    for name in _GIVEN_NAMES:
        if name in schema.get("$defs", {}):
            for given in _GIVEN_KEYS:
                schema["$defs"][name]["properties"].pop(given, None)
    schema.get("$defs", {}).pop("Known", None)
    return schema


def _polished(node: Any) -> Any:
    """Return pydantic's schema as files are written: no null, no objects as defaults, scalars of any look, variables."""
    if isinstance(node, list):
        return [_polished(part) for part in node]
    if not isinstance(node, dict):
        return node
    if "x-def" in node:
        return ref(node["x-def"], node.get("description", ""))
    kept = {key: _properties(value) if key in {"properties", "$defs"} else _polished(value) for key, value in node.items() if key not in _DROPPED}
    if isinstance(kept.get("default"), (dict, list, type(None))):
        kept.pop("default", None)
    return _scalar(_without_null(kept))


def _properties(node: Schema) -> Schema:
    return {name: _polished(value) for name, value in node.items()}


def _without_null(node: Schema) -> Schema:
    ways: list[Schema] = [way for key in ("anyOf", "oneOf") for way in node.pop(key, []) if way != {"type": "null"}]
    if len(ways) == 1:
        return ways[0] | node
    return node | {"anyOf": ways} if ways else node


def _scalar(node: Schema) -> Schema:
    if node.get("type") == "object" or "$ref" in node or "anyOf" in node:
        return node
    if any(key in node for key in _CONSTRAINTS) or node.get("type") in ("integer", "number", "boolean"):
        outer = {key: node.pop(key) for key in ("description", "default", "examples") if key in node}
        return outer | {"anyOf": [node, ref("variable")]}
    if node.get("type") == "string":
        return node | {"type": list(_SCALARS)}
    return node
