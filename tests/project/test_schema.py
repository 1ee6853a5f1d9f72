"""The JSON Schemas: they accept what the reader accepts, refuse unknown keys, and explain every key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]  # has no stubs among the tools
import pytest
from ruamel.yaml import YAML

from project.case_files import Case, cases
from retention_cli.model.campaign import Campaign
from retention_cli.model.case import Case as OwnCase
from retention_cli.model.condition import Fold
from retention_cli.model.project import Settings
from retention_cli.model.question import Op
from retention_cli.model.source import Source
from retention_cli.model.step import BestHour, DecideBy, If, NoReaction, OnDate, Path, Send, Split, Stop, Until, Variant, Wait, Ways
from retention_cli.model.target import FolderChannel, SmtpChannel, Target
from retention_cli.project.build import written
from retention_cli.project.grammar.values import BARE
from retention_cli.project.schema import DIALECT, KINDS, json_schema
from retention_cli.project.schema_conditions import FOLDS, OPERATORS

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = {
    "segments": ("conditions.cases",),
    "campaigns": ("campaigns.cases", "steps.cases"),
    "metrics": ("metrics.cases",),
    "groups": ("groups.cases",),
    "retention": ("settings.cases",),
    "tests": ("tests.cases",),
}
SOUND = [
    (kind, case)
    for kind, names in FILES.items()
    for name in names
    for case in cases(name)
    if not any(" warning " not in problem for problem in case.problems)
]
UNKNOWN = [
    (kind, case)
    for kind, names in FILES.items()
    for name in names
    for case in cases(name)
    if any("unknown-key" in problem or "mixed-condition" in problem for problem in case.problems)
]


def _load(text: str) -> Any:
    """Read YAML as an editor does: version 1.2, where 5 is a number and NO a text."""
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 2)
    yaml.constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))
    return yaml.load(text)


def _errors(kind: str, text: str) -> list[str]:
    validator = jsonschema.Draft202012Validator(json_schema(kind))
    return [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(_load(text))]


def _title(value: object) -> str:
    return value.title if isinstance(value, Case) else str(value)


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_a_schema_that_says_which(kind: str) -> None:
    schema = json_schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert (schema["$schema"], schema["title"]) == (DIALECT, kind)


@pytest.mark.parametrize(("kind", "case"), SOUND, ids=_title)
def test_what_the_reader_accepts_is_accepted(kind: str, case: Case) -> None:
    assert _errors(kind, case.text) == []


@pytest.mark.parametrize(("kind", "case"), UNKNOWN, ids=_title)
def test_unknown_keys_are_refused(kind: str, case: Case) -> None:
    assert _errors(kind, case.text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("segments", "[]"),
        ("segments", "where: {}"),
        ("segments", "where: {any: []}"),
        ("segments", "where: {age: {between: [1]}}"),
        ("segments", "where: {everyone: false}"),
        ("segments", "where: {did: order, within: soon, }"),
        ("segments", "where: {total_of: {did: order, field: total}}"),
        ("segments", "[{where: {a: b}}, {where: {a: c}}]"),
        ("segments", "{name: 'a b', where: {a: b}}"),
        ("campaigns", "{trigger: {enters: vip}, steps: []}"),
        ("campaigns", "{trigger: {enters: vip}, kind: other, steps: [stop]}"),
        ("campaigns", "{trigger: {enters: vip}, steps: [{wait: 1}]}"),
        ("campaigns", "{trigger: {enters: vip}, goals: {g: {window: 1 day}}, steps: [stop]}"),
        ("metrics", "a: {count_of: {did: order}, total_of: {did: order}}"),
        ("retention", "{name: x, sources: {}}"),
        ("retention", "{name: x, sources: {a: {path: b, max_bad_rows: 5}}}"),
        ("tests", "{as_of: 2026-05-01, given: {}, expect: {segment: vip}}"),
        ("tests", "{as_of: 2026-05-01, given: {}, expect: {metric: a, customer: b, value: 1, values: {b: 1}}}"),
        ("tests", "{as_of: 2026-05-01, given: {}, expect: {group: a, customer: b, value: 1}}"),
        ("tests", "[{as_of: 2026-05-01, given: {}, expect: []}]"),
        ("tests", "{as_of: 2026-05-01, given: {orders: {a: b}}, expect: {segment: vip, is: []}}"),
        ("groups", "{name: a, divisions: {}}"),
        ("groups", "{name: a, divisions: {x: {}}}"),
        ("groups", "{name: a, divisions: {x: {country: CZ}}, first_match: sometimes}"),
        ("template", "{subject: x, from_name: y}"),
    ],
)
def test_what_is_wrong_is_refused(kind: str, text: str) -> None:
    if text == "[]":
        assert _errors(kind, text) == []
    else:
        assert _errors(kind, text)


@pytest.mark.parametrize("text", ["subject: Hello", "{subject: x, from: y, preheader: z, requires: [first_name], language: cs, reply_to: a@b.cz}"])
def test_front_matter_is_accepted(text: str) -> None:
    assert _errors("template", text) == []


def _properties(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for name, value in node.get("properties", {}).items():
            yield f"{path}.{name}", value
        for name, value in node.items():
            yield from _properties(value, f"{path}/{name}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _properties(value, f"{path}/{index}")


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_is_explained(kind: str) -> None:
    """What an editor shows beside a key: a sentence each."""
    found = dict(_properties(json_schema(kind)))
    assert found
    assert [path for path, schema in found.items() if not schema.get("description")] == []


def test_all_operators_and_folds_are_in_it() -> None:
    """The tables of sentences are as long as the grammar's."""
    assert set(OPERATORS) == set(Op) - set(BARE.values())
    assert set(FOLDS) == set(Fold)


def test_all_fields_of_the_models_are_in_it() -> None:
    schema = json_schema("campaigns")["$defs"]
    assert set(schema["one"]["properties"]) == {written(Campaign, name) for name in Campaign.model_fields}
    for model in (Send, NoReaction, Variant, DecideBy, BestHour, Wait, Until, OnDate, If, Split, Ways, Path, Stop):
        assert set(schema[model.__name__]["properties"]) == {written(model, name) for name in model.model_fields}
    assert set(json_schema("tests")["$defs"]["one"]["properties"]) == set(OwnCase.model_fields)
    settings = json_schema("retention")
    assert set(settings["properties"]) == set(Settings.model_fields)
    for given_name in (Source, Target):
        assert set(settings["$defs"][given_name.__name__]["properties"]) == set(given_name.model_fields) - {"name", "known"}
    for channel in (FolderChannel, SmtpChannel):
        assert set(settings["$defs"][channel.__name__]["properties"]) == set(channel.model_fields)
