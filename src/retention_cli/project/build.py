"""Raw trees into models: pydantic validates, and its errors become problems in YAML's words, at YAML's places.

An error's location is walked through the raw tree; what the tree does not have (union tags, for one) is skipped, so
that the place is that of the deepest thing that was really written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from retention_cli.model.word import place_of
from retention_cli.project.environment import Expanded
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Raw, Series, Table
from retention_cli.text import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydantic_core import ErrorDetails

    from retention_cli.model.base import Model
    from retention_cli.model.problem import Place
    from retention_cli.project.notes import Notes

M = TypeVar("M", bound="Model")

_SHAPES = {
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
    "string_type": "text",
    "is_instance_of": "text",
}


def build(
    model: type[M], raw: Table, notes: Notes, replaced: Mapping[str, object] | None = None, *, what: str = "", given: Iterable[str] = ()
) -> M | None:
    """Return the model of a mapping, or None and notes. `replaced` are values already read; `given` are keys no file may set."""
    _note_forbidden(model, raw, notes, what or _label(model), given)
    values = {str(key): value for key, value in raw.items() if key not in given} | dict(replaced or {})
    try:
        return model.model_validate(values)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            _note(model, detail, raw, notes, what or _label(model))
        return None


def _label(model: type[Model]) -> str:
    return model.__name__.lower()


def _note_forbidden(model: type[Model], raw: Table, notes: Notes, what: str, given: Iterable[str]) -> None:
    for name in given:
        if name in raw:
            _note_unknown(raw.key(name).place, name, known_keys([model]) - set(given), what, notes)


def known_keys(models: Sequence[type[BaseModel]]) -> set[str]:
    """Return the keys that mappings of these models may have, as a file writes them."""
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


def _note(model: type[Model], detail: ErrorDetails, raw: Table, notes: Notes, what: str) -> None:
    kind = detail["type"]
    *parents, last = detail["loc"] or ("",)
    if kind == "missing":
        _note_missing(_walk(raw, parents), str(last), what if len(parents) == 0 else _name(parents), notes)
    elif kind == "extra_forbidden":
        table = _walk(raw, parents)
        place = table.key(str(last)).place if isinstance(table, Table) else place_of(table)
        _note_unknown(place, str(last), known_keys(_models_at(model, parents)), what if len(parents) == 0 else _name(parents), notes)
    else:
        found = _walk(raw, detail["loc"])
        notes.error(_place(raw, detail["loc"]), *_say(kind, detail, found, _name(detail["loc"]) or what))


def _note_missing(table: Raw, key: str, what: str, notes: Notes) -> None:
    if not (isinstance(table, Table) and key in table.broken):
        notes.error(place_of(table), Code.MISSING_KEY, f"{what} needs {key!r}", f"add {key}: …")


def _note_unknown(place: Place, key: str, known: set[str], what: str, notes: Notes) -> None:
    notes.error(place, Code.UNKNOWN_KEY, f"this version knows no key {key!r} in {what}", did_you_mean(key, known))


def _say(kind: str, detail: ErrorDetails, found: Raw, name: str) -> tuple[Code, str, str]:
    context: dict[str, Any] = detail.get("ctx") or {}
    if kind in _SHAPES:
        return Code.WRONG_SHAPE, f"{name} should be {_SHAPES[kind]}, not {_shape(found)}", ""
    if isinstance(found, Expanded):
        return Code.WRONG_VALUE, f"{name}: what {found.written} stands for does not fit here", ""
    if kind in {"enum", "literal_error"}:
        return _say_choice(found, name, str(context.get("expected", "")))
    if kind == "union_tag_invalid":
        return _say_choice(found, f"{name}.to", str(context.get("expected_tags", "")))
    if kind == "union_tag_not_found":
        return Code.MISSING_KEY, f"{name} needs 'to'", "add to: folder, or to: smtp"
    if kind == "value_error":
        message, _, hint = str(context.get("error", "")).partition("; ")
        return Code.WRONG_VALUE, f"{name}: {message}", hint
    return Code.WRONG_VALUE, f"{name}: {_bound(kind, context, found)}", ""


def _bound(kind: str, context: Mapping[str, Any], found: Raw) -> str:
    match kind:
        case "too_short" | "string_too_short":
            return "this must not be empty"
        case "greater_than_equal":
            return f"{found!r} is too small; at least {context.get('ge')}"
        case "less_than_equal":
            return f"{found!r} is too big; at most {context.get('le')}"
        case _:
            return f"{found!r} does not fit here"


def _say_choice(found: Raw, name: str, expected: str) -> tuple[Code, str, str]:
    choices = [part.strip().strip("'") for part in expected.replace(" or ", ", ").split(",")]
    value = found.get("to", found) if isinstance(found, Table) else found
    near = nearest(str(value), choices)
    hint = f"did you mean {near!r}?" if near else "known: " + ", ".join(choices)
    return Code.WRONG_VALUE, f"{name} cannot be {value!r}", hint


def _shape(raw: object) -> str:
    return "a mapping" if isinstance(raw, Table) else "a list" if isinstance(raw, Series) else "text"


def _name(location: Sequence[int | str]) -> str:
    parts = [str(part) for part in location if isinstance(part, str) and part != "[key]"]
    return repr(parts[-1]) if parts else ""


def _walk(raw: Raw, location: Sequence[int | str]) -> Raw:
    for part in location:
        if isinstance(raw, Table) and part in raw:
            raw = raw[str(part)]
        elif isinstance(raw, Series) and isinstance(part, int) and part < len(raw):
            raw = raw[part]
    return raw


def _place(raw: Table, location: Sequence[int | str]) -> Place:
    """Return the place of a value; where the error is about a key, the place of the key."""
    if location and location[-1] == "[key]":
        table = _walk(raw, location[:-2])
        return table.key(str(location[-2])).place if isinstance(table, Table) else place_of(table)
    return place_of(_walk(raw, location))


def _models_at(model: type[BaseModel], location: Sequence[int | str]) -> list[type[BaseModel]]:
    models = [model]
    for part in location:
        annotations = [
            candidate.model_fields[name].annotation for candidate in models for name in candidate.model_fields if _written(candidate, name) == part
        ]
        if annotations:
            models = [inner for annotation in annotations for inner in _models_in(annotation)]
        elif tagged := [candidate for candidate in models if _tag(candidate) == part]:
            models = tagged
    return models


def _written(model: type[BaseModel], name: str) -> str:
    return model.model_fields[name].alias or name


def _tag(model: type[BaseModel]) -> str | None:
    tag = model.model_fields.get("to")
    return next(iter(get_args(tag.annotation)), None) if tag is not None else None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [inner for argument in get_args(annotation) for inner in _models_in(argument)]
