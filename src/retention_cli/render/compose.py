"""Bundle + context + envelope → one finished message, the same bytes each time.

The only function that makes messages. Jinja templates are compiled once a process, by the bundle's hash. Whatever goes
wrong with one person's message is a RenderFailed whose sentence names templates and fields, never what a field holds.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from jinja2 import TemplateError, UndefinedError

from retention_cli.errors import MissingExtra, RenderFailed
from retention_cli.render import mime
from retention_cli.render.bundle import TextFrom
from retention_cli.render.envelope import WaysOut, header_fields, recipient, ways_out
from retention_cli.render.environment import HTML, LINE, TEXT
from retention_cli.render.filters import FORMATS, Formats, known_locale
from retention_cli.render.frame import without_footer
from retention_cli.render.headers import clean
from retention_cli.render.html_text import html_to_text, settle
from retention_cli.render.inlining import inline
from retention_cli.render.limits import MAX_TEXT, TooMuch
from retention_cli.render.mjml import convert

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Template

    from retention_cli.render.bundle import Bundle
    from retention_cli.render.envelope import Envelope, From

_NAMED = re.compile(r"'([A-Za-z_][A-Za-z0-9_]*)'(?: is undefined)?\Z|\A'([A-Za-z_][A-Za-z0-9_]*)' is undefined")
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


@dataclass(frozen=True, slots=True)
class Finished:
    """A message as it leaves: `raw` with CRLF, not dot-stuffed; `body_sha` is the SHA-256 of `raw`, in hex."""

    raw: bytes
    subject: str
    body_sha: str
    sender: str
    recipient: str
    needs_smtputf8: bool


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says, before it is packed."""

    subject: str
    text: str
    html: str | None


@dataclass(frozen=True, slots=True)
class _Prepared:
    subject: Template
    text: Template
    html: Template | None
    links: bool


def compose(bundle: Bundle, context: Mapping[str, object], envelope: Envelope) -> Finished:
    """Return the finished message; raise RenderFailed where this person's message cannot be made."""
    out = ways_out(envelope) if envelope.is_marketing or _prepared(bundle).links else WaysOut(None, None, "")
    content = render(bundle, {**context, **_surroundings(bundle, envelope, out)})
    sender = _sender(bundle, envelope)
    around = envelope if sender is envelope.sender else replace(envelope, sender=sender)
    raw = mime.message(header_fields(around, content.subject, out), content.text, content.html, envelope.key)
    to = recipient(envelope)
    return Finished(
        raw=raw,
        subject=content.subject,
        body_sha=hashlib.sha256(raw).hexdigest(),
        sender=sender.email,
        recipient=str(to),
        needs_smtputf8=to.needs_smtputf8,
    )


def say(bundle: Bundle, context: Mapping[str, object], envelope: Envelope) -> Content:
    """Return what a message says where it is no mail; raise RenderFailed where this person's cannot be made."""
    bundle = _bare(bundle)
    out = ways_out(envelope) if _prepared(bundle).links else WaysOut(None, None, "")
    return render(bundle, {**context, **_surroundings(bundle, envelope, out)})


def render(bundle: Bundle, names: Mapping[str, object]) -> Content:
    """Return what a message says to one person, with `names` in reach; raise RenderFailed where it cannot be said."""
    _require(bundle, names)
    prepared = _prepared(bundle)
    reach = {**names, FORMATS: _formats(bundle, names)}
    subject = clean(_run(bundle, "subject", prepared.subject, reach))
    if not subject:
        raise RenderFailed(f"{bundle.name}: the subject is empty")
    html = _run(bundle, "HTML part", prepared.html, reach) if prepared.html else None
    if html is not None and bundle.is_mjml:
        html = convert(html)
    if html is not None and not bundle.inlined:
        html = inline(html)
    if html is not None and bundle.text_from is TextFrom.MESSAGE:
        return Content(subject, html_to_text(html), html)
    text = _run(bundle, "text part", prepared.text, reach)
    return Content(subject, settle(text) if bundle.text_from is TextFrom.TEMPLATE else _tidy(text), html)


@lru_cache(maxsize=256)
def _bare(bundle: Bundle) -> Bundle:
    """Return the text of a template alone, without the footer that marketing by mail has."""
    text = without_footer(bundle.settings, bundle.text, (bundle.language or bundle.settings.locale).replace("_", "-"))
    return replace(bundle, text=text, html=None if bundle.text_from is TextFrom.WRITTEN else bundle.html)


@lru_cache(maxsize=256)
def _prepared(bundle: Bundle) -> _Prepared:
    try:
        return _Prepared(
            subject=LINE.from_string(bundle.subject),
            text=(LINE if bundle.text_from is TextFrom.TEMPLATE else TEXT).from_string(bundle.text),
            html=HTML.from_string(bundle.html) if bundle.html is not None else None,
            links="unsubscribe_url" in bundle.text or "unsubscribe_url" in (bundle.html or ""),
        )
    except TemplateError as error:
        raise RenderFailed(f"{bundle.name}: the template's syntax is wrong", "run `retention validate`") from error


def _surroundings(bundle: Bundle, envelope: Envelope, out: WaysOut) -> dict[str, object]:
    """Return the names that are not one person's data."""
    settings = bundle.settings
    return {
        "campaign": {"name": envelope.campaign, "kind": envelope.kind},
        "shop": {"name": settings.shop, "email": settings.email, "postal_address": settings.postal_address},
        "unsubscribe_url": out.shown,
    }


def _sender(bundle: Bundle, envelope: Envelope) -> From:
    sender = envelope.sender
    if not bundle.from_name and not bundle.reply_to:
        return sender
    return replace(sender, name=bundle.from_name or sender.name, reply_to=bundle.reply_to or sender.reply_to)


def _formats(bundle: Bundle, names: Mapping[str, object]) -> Formats:
    """Return how values are written: as the template's own language has it, else the customer's, else the shop's."""
    customer = names.get("customer")
    theirs = customer.get("locale") if isinstance(customer, dict) else None
    language = known_locale(bundle.language) or known_locale(bundle.settings.locale) or "en_US"
    locale = known_locale(bundle.language) or known_locale(theirs) or language
    return Formats(locale, language, bundle.settings.currency, bundle.settings.timezone)


def _require(bundle: Bundle, names: Mapping[str, object]) -> None:
    for path in bundle.requires:
        first, _, rest = path.partition(".")
        holder, field = (names.get(first), rest) if rest else (names.get("customer"), first)
        if not isinstance(holder, dict) or holder.get(field) in (None, "", []):
            raise RenderFailed(f"{bundle.name}: the required {path} is missing")


def _run(bundle: Bundle, part: str, template: Template, names: Mapping[str, object]) -> str:
    """Render one part (its budget bounds what it can grow to); every failure becomes a sentence without data."""
    try:
        made = template.render(names)
        if len(made) > MAX_TEXT:
            raise TooMuch("the text is longer than a message may be")
    except MissingExtra as error:
        raise RenderFailed(str(error), error.hint) from None
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError, AttributeError) as error:
        raise RenderFailed(f"{bundle.name}: the {part} cannot be written: {_reason(error, bundle)}") from None
    return made


def _reason(error: Exception, bundle: Bundle) -> str:
    if isinstance(error, TooMuch):
        return str(error)
    if not isinstance(error, UndefinedError):
        return f"{type(error).__name__} in one of its expressions"
    found = _NAMED.search(str(error))
    name = (found[1] or found[2]) if found else ""
    source = f"{bundle.subject} {bundle.html} {bundle.text}"
    return f"there is no {name!r}" if name and re.search(rf"\b{name}\b", source) else "a name in it is undefined"


def _tidy(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return _EMPTY_LINES.sub("\n\n", lines).strip() + "\n"
