"""What must be frozen of a person for a template's messages: the fields it reads, and no others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import TemplateSyntaxError, nodes

from retention_cli.errors import RenderFailed
from retention_cli.render.environment import HTML, LINE, TEXT
from retention_cli.render.reads import ITEM, SEGMENT, reads
from retention_cli.render.recommend import Request, calls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.model.template import Template

_LOCAL = frozenset({"money", "number", "date"})


@dataclass(frozen=True, slots=True)
class Needs:
    """Fields read of the customer, of the trigger, and of each of its items; `uses_locale`: something is written by language.

    `segments` are those that it asks whether the customer is in; `recommends` are the products that it asks for.
    """

    customer: frozenset[str] = frozenset()
    trigger: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    uses_items: bool = False
    uses_locale: bool = False
    segments: frozenset[str] = frozenset()
    recommends: tuple[Request, ...] = ()


def needs(template: Template) -> Needs:
    """Return what `template` reads, its front matter's `requires` with it; raise RenderFailed where its syntax is wrong."""
    try:
        trees = list(parts(template))
    except TemplateSyntaxError as error:
        raise RenderFailed(f"{template.file}: {error.message}", "run `retention validate`") from error
    found = {(read.root, read.field) for tree in trees for read in reads(tree) if read.field is not None}
    found |= {_required(str(name)) for name in template.front.requires}
    filters = {used.name for tree in trees for used in tree.find_all(nodes.Filter)}
    trigger = _fields(found, "trigger")
    return Needs(
        customer=_fields(found, "customer"),
        trigger=trigger - {"items"},
        items=_fields(found, ITEM),
        uses_items="items" in trigger,
        uses_locale=bool(filters & _LOCAL) and template.front.language is None,
        segments=_fields(found, SEGMENT),
        recommends=tuple(sorted({each for tree in trees for _, each in calls(tree) if isinstance(each, Request)})),
    )


def parts(template: Template) -> Iterator[nodes.Template]:
    """Yield the syntax trees of subject, preheader, body and text part."""
    yield LINE.parse(template.front.subject)
    yield LINE.parse(template.front.preheader)
    yield (TEXT if template.is_text else HTML).parse(template.body)
    if template.text is not None:
        yield TEXT.parse(template.text)


def _fields(found: set[tuple[str, str]], root: str) -> frozenset[str]:
    return frozenset(field for name, field in found if name == root)


def _required(path: str) -> tuple[str, str]:
    root, dot, field = path.partition(".")
    return (root, field) if dot else ("customer", path)
