"""Mistakes of a template found without a person: syntax, names, fields, filters, plural forms; all of them, with their places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from jinja2 import TemplateAssertionError, TemplateSyntaxError, nodes

from retention_cli.model.problem import NOWHERE, Place, Problem, warning
from retention_cli.model.template import TemplateFormat
from retention_cli.model.word import place_of
from retention_cli.render import filters, mjml_check
from retention_cli.render.environment import HTML, LINE, TEXT
from retention_cli.render.inlining import css_is_broken
from retention_cli.render.reads import ITEM, PRODUCT, SEGMENT, Read, reads
from retention_cli.render.recommend import NAME, Wrong, calls
from retention_cli.render.voucher import PARTS
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from retention_cli.model.template import Template
    from retention_cli.render.environment import Sandbox

ITEM_FIELDS = ("product_id", "title", "url", "image_url", "price", "quantity")
_SHOP = ("name", "email", "postal_address")
_CAMPAIGN = ("name", "kind")
_ROOTS = ("customer", "trigger", "campaign", "shop", "with", "deadline", "voucher", "unsubscribe_url")
_NAMED = {ITEM: "an item of the trigger", PRODUCT: "a product that is recommended", SEGMENT: "the project's list of segments"}
_ANSWER = re.compile(r"\s*(?:re|fwd?)\s*:", re.IGNORECASE)
_TAGS = ("if", "for", "set", "macro", "call", "filter", "raw", "with")


@dataclass(frozen=True, slots=True)
class Known:
    """What a template may read; `trigger` is None where it is not known which campaigns use it, `items` where there are none.

    `given` is what every step that sends it puts under `with`; `has_deadline`: each of their campaigns has one; `has_voucher`:
    each of them hands one out. `products` are the columns of what can be recommended, None where nothing can.
    """

    customer: Collection[str]
    trigger: Collection[str] | None = None
    items: Collection[str] | None = ITEM_FIELDS
    locale: str = "en_US"
    given: Collection[str] = ()
    has_deadline: bool = False
    has_voucher: bool = False
    segments: Collection[str] = ()
    products: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """One text of a template: what is written, in which environment it runs, where it begins."""

    source: str
    sandbox: Sandbox
    start: Place
    body_of: Template | None = None

    def place(self, line: int, word: str = "") -> Place:
        """Return where `word` stands in a line of this part; in front matter, the place of the whole text."""
        if self.sandbox is LINE:
            return self.start
        lines = self.source.split("\n")
        found = re.search(rf"\b{re.escape(word)}\b", lines[line - 1]) if word and line <= len(lines) else None
        return self.at(line, found.start() + 1 if found else 1)

    def at(self, line: int, column: int) -> Place:
        """Return where a line of this part was written, which may be in another file."""
        if self.body_of is not None:
            return self.body_of.place(line, column)
        return Place(self.start.file, self.start.line + line - 1, column)


def check(template: Template, known: Known) -> list[Problem]:
    """Return what is wrong with a template, in order of its text; empty where nothing is."""
    language = filters.known_locale(template.front.language) or known.locale
    problems = [problem for part in _parts(template) for problem in (*_of_part(part, known, language), *_of_markup(part))]
    return [*problems, *_of_front(template, known)]


def _parts(template: Template) -> Iterator[_Part]:
    top = Place(template.file, 1, 1)
    for written in (template.front.subject, template.front.preheader):
        place = place_of(written)
        yield _Part(written, LINE, place if place != NOWHERE else top)
    yield _Part(template.body, TEXT if template.is_text else HTML, template.body_place, template)
    if template.text is not None:
        yield _Part(template.text, TEXT, Place(str(PurePosixPath(template.file).with_suffix(".txt")), 1, 1))


def _of_part(part: _Part, known: Known, language: str) -> Iterator[Problem]:
    if part.sandbox is LINE and "{" not in part.source:
        return
    try:
        tree = part.sandbox.parse(part.source)
        outside = part.sandbox.outside(tree)
    except TemplateAssertionError as error:
        yield _unknown_filter(part, error)
        return
    except TemplateSyntaxError as error:
        yield _wrong_syntax(part, error)
        return
    except RecursionError:
        yield Problem(part.start, "template-syntax", "the template nests too deep")
        return
    for read in dict.fromkeys(reads(tree, outside)):
        yield from _of_read(part, read, known)
    yield from _of_filters(part, tree, language)
    yield from _of_recommendations(part, tree, known)


def _of_markup(part: _Part) -> Iterator[Problem]:
    """Yield what is wrong with the HTML or MJML itself; Markdown has no mistakes."""
    form = part.body_of.format if part.body_of is not None else None
    if form is TemplateFormat.HTML and css_is_broken(part.source):
        yield Problem(part.start, "broken-css", "a style or rule in the template cannot be read as CSS", "look for a missing colon or brace")
    if form is TemplateFormat.MJML:
        for fault in mjml_check.faults(part.source):
            yield Problem(part.at(fault.line, fault.column), fault.code, fault.message, fault.hint)


def _wrong_syntax(part: _Part, error: TemplateSyntaxError) -> Problem:
    message = error.message or "the template cannot be read"
    unknown = re.search(r"unknown tag '(\w+)'", message)
    hint = did_you_mean(unknown[1], _TAGS) if unknown else ""
    return Problem(part.place(error.lineno, unknown[1] if unknown else ""), "template-syntax", message, hint)


def _unknown_filter(part: _Part, error: TemplateAssertionError) -> Problem:
    found = re.search(r"'(\w+)'", error.message or "")
    name = found[1] if found else ""
    known = [name for name in filters.ALL if not name.startswith("_")] if "filter" in (error.message or "") else []
    kind = "filter" if known else "test"
    return Problem(part.place(error.lineno, name), "unknown-filter", f"there is no {kind} {name!r}", did_you_mean(name, known))


def _of_read(part: _Part, read: Read, known: Known) -> Iterator[Problem]:
    fields: dict[str, Collection[str] | None] = {
        "customer": known.customer,
        "trigger": None if known.trigger is None else {*known.trigger, *(() if known.items is None else ("items",))},
        "shop": _SHOP,
        "campaign": _CAMPAIGN,
        "with": known.given,
        "voucher": PARTS,
        ITEM: known.items or (),
        PRODUCT: None if known.products is None else (*known.products, "product_id"),
        SEGMENT: known.segments,
    }
    if read.root not in (*_ROOTS, *_NAMED):
        yield Problem(part.place(read.line, read.root), "unknown-name", f"there is no {read.root!r} in templates", did_you_mean(read.root, _ROOTS))
    elif read.root == "deadline" and not known.has_deadline:
        message = "there is no 'deadline': not every campaign that sends this has one"
        yield Problem(part.place(read.line, read.root), "unknown-name", message, "add deadline: {after: 3 days} to the campaign")
    elif read.root == "voucher" and not known.has_voucher:
        message = "there is no 'voucher': not every step that sends this hands one out"
        yield Problem(part.place(read.line, read.root), "unknown-name", message, "write voucher: NAME beside send")
    elif read.root in fields and read.root != "voucher" and read.field is None:
        message = f"{read.root!r} is a mapping and cannot be used as a whole, since only the fields that are named are kept"
        yield Problem(part.place(read.line, read.root), "whole-mapping", message, f"name a field: {read.root}.…")
    elif read.field is not None:
        allowed = fields.get(read.root)
        if allowed is not None and read.field not in allowed:
            what = _NAMED.get(read.root, f"{read.root!r}")
            hint = did_you_mean(read.field, allowed) or (f"write with: {{{read.field}: …}} beside send" if read.root == "with" else "")
            yield Problem(part.place(read.line, read.field), "unknown-field", f"{what} has no {read.field!r}", hint)


def _of_filters(part: _Part, tree: nodes.Template, language: str) -> Iterator[Problem]:
    for used in tree.find_all(nodes.Filter):
        place = part.place(used.lineno, used.name)
        if used.name == "vocative" and not filters.has_vocative():
            yield Problem(place, "missing-extra", "the filter `vocative` needs the extra cs", "pip install 'retention-cli[cs]'")
        if used.name == "plural" and not used.dyn_args and not filters.plural_places(language, len(used.args)):
            wanted = filters.plural_wanted(language)
            yield Problem(place, "plural-forms", f"plural takes {wanted} forms in {language}, here it is given {len(used.args)}")


def _of_recommendations(part: _Part, tree: nodes.Template, known: Known) -> Iterator[Problem]:
    for line, call in calls(tree):
        if isinstance(call, Wrong):
            yield Problem(part.place(line, NAME), "recommendation", call.message, call.hint)
        elif known.products is None:
            message = "nothing can be recommended: no event names a product"
            yield Problem(
                part.place(line, NAME), "recommendation", message, "give a source lookup: products, and call its event buy_item or view_item"
            )


def _of_front(template: Template, known: Known) -> Iterator[Problem]:
    front = template.front
    place = place_of(front.subject)
    place = place if place != NOWHERE else Place(template.file, 1, 1)
    if not front.subject.strip():
        yield Problem(place, "empty-subject", "the subject is empty")
    if _ANSWER.match(front.subject):
        yield warning(place, "false-answer", "the subject looks like an answer to a letter that nobody wrote", "leave out Re: and Fwd:")
    if front.language is not None and filters.known_locale(front.language) is None:
        yield Problem(place, "unknown-language", f"{front.language!r} is not a language", "write it like cs, en or cs_CZ")
    for name in front.requires:
        root, dot, field_ = name.partition(".")
        allowed = known.customer if not dot or root == "customer" else known.trigger if root == "trigger" else ()
        if allowed is not None and (field_ or root) not in allowed:
            yield Problem(place_of(name), "unknown-field", f"requires names {str(name)!r}, which there is not", did_you_mean(field_ or root, allowed))
