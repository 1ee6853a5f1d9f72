"""Raw trees into models: pydantic validates, and its errors become problems in YAML's words, at YAML's places.

An error's location is walked through the raw tree; what the tree does not have (union tags, for one) is skipped, so
that the place is that of the deepest thing that was really written. What a variable stood for is never repeated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from retention_cli.model.project import SHORT_KEY
from retention_cli.model.word import Word, place_of
from retention_cli.project.environment import Expanded
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Raw, Series, Table
from retention_cli.text import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pydantic_core import ErrorDetails

    from retention_cli.model.base import Model
    from retention_cli.model.problem import Place
    from retention_cli.project.notes import Notes

M = TypeVar("M", bound="Model")
Location = tuple[int | str, ...]

_KEY = "[key]"
_SHAPES = {
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
    "string_type": "text",
    "is_instance_of": "text",
}
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")


def build(
    model: type[M], raw: Table, notes: Notes, replaced: Mapping[str, object] | None = None, *, what: str = "", given: Collection[str] = ()
) -> M | None:
    """Return the model of a mapping, or None and notes. `replaced` are values already read; `given` are keys no file may set."""
    return _Building(model, raw, notes, replaced or {}, what or f"a {model.__name__.lower()}", frozenset(given)).build()


class _Building(Generic[M]):
    def __init__(self, model: type[M], raw: Table, notes: Notes, replaced: Mapping[str, object], what: str, given: frozenset[str]) -> None:  # noqa: PLR0917 - the fields
        self.model = model
        self.raw = raw
        self.notes = notes
        self.replaced = replaced
        self.what = what
        self.given = given

    def build(self) -> M | None:
        for name in self.given & set(self.raw):
            self._note_unknown(self.raw.key(name).place, name, ())
        values = {str(key): value for key, value in self.raw.items() if key not in self.given} | dict(self.replaced)
        try:
            return self.model.model_validate(values)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
            for detail in details:
                self._note(detail, details)
            return None

    def _note(self, detail: ErrorDetails, details: Sequence[ErrorDetails]) -> None:
        *parents, last = detail["loc"] or ("",)
        above = tuple(parents)
        if detail["type"] == "missing":
            if not _is_misspelt(detail, details):
                self._note_missing(above, str(last))
        elif detail["type"] == "extra_forbidden":
            table = self._walk(above)
            place = table.key(str(last)).place if isinstance(table, Table) else place_of(table)
            self._note_unknown(place, str(last), above)
        elif last == _KEY:
            self._note_key(detail, above)
        else:
            self._note_value(detail)

    def _note_missing(self, above: Location, key: str) -> None:
        table = self._walk(above)
        if not (isinstance(table, Table) and key in table.broken):
            self.notes.error(place_of(table), Code.MISSING_KEY, f"{self._owner(above)} needs {key!r}", f"add {key}: …")

    def _note_unknown(self, place: Place, key: str, above: Location) -> None:
        known = {written(model, name) for model in self._models_at(above) for name in model.model_fields} - self.given
        message = f"this version knows no key {key!r} in {self._owner(above)}"
        self.notes.error(place, Code.UNKNOWN_KEY, message, did_you_mean(key, known))

    def _note_key(self, detail: ErrorDetails, above: Location) -> None:
        """Note a key of a free mapping that does not fit: `deliver: {sms: …}`, or a name with a space."""
        *owner, name = above
        table = self._walk(tuple(owner))
        place = table.key(str(name)).place if isinstance(table, Table) else place_of(table)
        context = detail.get("ctx") or {}
        if detail["type"] == "literal_error":
            message = f"this version knows no key {str(name)!r} in {self._owner(tuple(owner))}"
            self.notes.error(place, Code.UNKNOWN_KEY, message, did_you_mean(str(name), _choices(str(context.get("expected", "")))))
        else:
            message, _, hint = str(context.get("error", "this is no name")).partition("; ")
            self.notes.error(place, Code.WRONG_VALUE, message, hint)

    def _note_value(self, detail: ErrorDetails) -> None:
        kind, location = detail["type"], detail["loc"]
        found = self._walk(location)
        if kind in _SHAPES:
            if not getattr(found, "broken", False):
                self.notes.error(place_of(found), Code.WRONG_SHAPE, f"{self._owner(location)} should be {_SHAPES[kind]}, not {_shape(found)}")
        elif kind in {"union_tag_invalid", "union_tag_not_found"}:
            self._note_tag(detail, found)
        elif isinstance(found, Expanded):
            hint = detail["msg"] if kind == SHORT_KEY else ""
            self.notes.error(found.place, Code.WRONG_VALUE, f"{self._owner(location)}: what {found.written} stands for does not fit here", hint)
        else:
            self.notes.error(self._place(location), Code.WRONG_VALUE, *self._say(detail, found))

    def _note_tag(self, detail: ErrorDetails, table: Raw) -> None:
        choices = _choices(str((detail.get("ctx") or {}).get("expected_tags", "'folder', 'smtp', 'fake'")))
        tag = table.get("to") if isinstance(table, Table) else None
        if tag is None:
            self.notes.error(place_of(table), Code.MISSING_KEY, f"{self._owner(detail['loc'])} needs 'to'", "known: " + ", ".join(choices))
        else:
            self.notes.error(place_of(tag), Code.WRONG_VALUE, f"'to' cannot be {tag!r}", did_you_mean(str(tag), choices))

    def _say(self, detail: ErrorDetails, found: Raw) -> tuple[str, str]:
        kind, owner = detail["type"], self._owner(detail["loc"])
        context: dict[str, Any] = detail.get("ctx") or {}
        if kind in {"enum", "literal_error"}:
            choices = _choices(str(context.get("expected", "")))
            return f"{owner} cannot be {found!r}", did_you_mean(str(found), choices)
        if kind == "value_error":
            message, _, hint = str(context.get("error", "")).partition("; ")
            return f"{owner}: {message}", hint
        return f"{owner}: {_bound(kind, context, found)}", self._description(detail["loc"]) if kind == "string_pattern_mismatch" else ""

    def _description(self, location: Location) -> str:
        """Return what the field says of itself, for a value whose pattern cannot be told in words."""
        parents, last = location[:-1], location[-1]
        fields = [field for model in self._models_at(parents) for name, field in model.model_fields.items() if written(model, name) == last]
        return next((field.description for field in fields if field.description), "")

    def _owner(self, location: Location) -> str:
        """Return what a problem calls the spot: the last key that was really written, else the whole."""
        raw: Raw = self.raw
        name = self.what
        for part in location:
            if isinstance(raw, Table) and part in raw:
                raw, name = raw[str(part)], repr(str(part))
            elif isinstance(raw, Series) and isinstance(part, int) and part < len(raw):
                raw = raw[part]
            elif len(location) == 1 and isinstance(part, str):
                name = repr(part)
        return name

    def _walk(self, location: Location) -> Raw:
        raw: Raw = self.raw
        for part in location:
            if isinstance(raw, Table) and part in raw:
                raw = raw[str(part)]
            elif isinstance(raw, Series) and isinstance(part, int) and part < len(raw):
                raw = raw[part]
        return raw

    def _place(self, location: Location) -> Place:
        replaced = self.replaced.get(str(location[0])) if location else None
        return replaced.place if isinstance(replaced, Word) else place_of(self._walk(location))

    def _models_at(self, location: Location) -> list[type[BaseModel]]:
        models: list[type[BaseModel]] = [self.model]
        for part in location:
            fields = [model.model_fields[name] for model in models for name in model.model_fields if written(model, name) == part]
            if fields:
                models = [inner for field in fields for inner in _models_in(field.annotation)]
            elif tagged := [model for model in models if _tag(model) == part]:
                models = tagged
        return models


def _is_misspelt(missing: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """Return whether a missing key is there under a slip of the pen, which is told on its own."""
    *parents, key = missing["loc"] or ("",)
    beside = [str(other["loc"][-1]) for other in details if other["type"] == "extra_forbidden" and list(other["loc"][:-1]) == parents]
    return nearest(str(key), beside) is not None


def _choices(expected: str) -> list[str]:
    return _QUOTED.findall(expected)


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


def _shape(raw: object) -> str:
    return "a mapping" if isinstance(raw, Table) else "a list" if isinstance(raw, Series) else "text"


def written(model: type[BaseModel], name: str) -> str:
    """Return the key that a file writes for a model's field."""
    return model.model_fields[name].alias or name


def _tag(model: type[BaseModel]) -> str | None:
    tag = model.model_fields.get("to")
    return next(iter(get_args(tag.annotation)), None) if tag is not None else None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [inner for argument in get_args(annotation) for inner in _models_in(argument)]
