"""`retention message lint`: finished messages read by checks that share nothing with what makes them.

A template is made for somebody, by what would have begun a campaign that sends it; a message file is read as it lies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from retention_cli.app.message import made, prepare, senders, wanted
from retention_cli.errors import RenderFailed, UsageError
from retention_cli.model.campaign import Kind
from retention_cli.render.lint import clients, page
from retention_cli.render.lint.finding import Finding, Level
from retention_cli.render.lint.message import check as check_message
from retention_cli.render.lint.scan import Broken, mailbox, read
from retention_cli.render.lint.tree import read as read_page
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from retention_cli.app.facts import View
    from retention_cli.model.template import Template

_SAFE = re.compile(r"\|\s*safe\b")
_UNSUBSCRIBE_HOST = re.compile(r"<https://([^/>\s]+)")


@dataclass(frozen=True, slots=True)
class Linted:
    """What was found in one message: of a template, or in a file."""

    name: str
    findings: tuple[Finding, ...]

    @property
    def is_wrong(self) -> bool:
        """Whether it must not be sent so."""
        return any(each.level is Level.ERROR for each in self.findings)


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a message is made, and what began it; None: whoever and whatever is found."""

    customer: str | None = None
    trigger: str | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What a message must be besides sound: to whom, from where, of what kind, and where its way out leads."""

    to: str
    domain: str
    kind: str
    host: str | None


def programs(named: Collection[str]) -> tuple[str, ...]:
    """Return the mail programs of these names, the usual ones where there are none, all for `all`; raise UsageError for an unknown one."""
    known = clients.table().clients
    if "all" in named:
        return tuple(known)
    for name in named:
        if name not in known:
            raise UsageError(f"there is no mail program {name!r}", did_you_mean(name, known) or f"known: {', '.join(known)}")
    return tuple(named) or clients.USUAL


def lint(view: View, templates: Collection[str], asked: Collection[str], say: Callable[[str], None]) -> Iterator[Linted]:
    """Yield what is wrong with the messages of templates (none named: all that a campaign sends)."""
    names = wanted(templates, senders(view.work.project))
    with view.engine() as engine:
        open_view = replace(view, held=engine)
        for name in names:
            yield lint_one(open_view, name, Reader(), asked, say)


def lint_one(view: View, template: str, reader: Reader, asked: Collection[str], say: Callable[[str], None]) -> Linted:
    """Return what is wrong with the message of a template for somebody."""
    found = [*_of_source(view.work.project.templates[template])]
    try:
        prepared = prepare(view, template, reader.customer, reader.trigger)
        raw = made(view, prepared, prepared.context, say).raw
    except (UsageError, RenderFailed) as error:
        return Linted(template, (*found, Finding(Level.ERROR, "R01", f"it cannot be made: {error}", error.hint)))
    return Linted(template, (*found, *_of_raw(raw, _expected(view, raw, prepared.kind), asked)))


def lint_file(name: str, raw: bytes, asked: Collection[str]) -> Linted:
    """Return what is wrong with a finished message, taking what it says of itself as what it should be."""
    try:
        scan = read(raw)
        spec = [mailbox(scan.one(each))[1] for each in ("To", "From")]
    except Broken:
        return Linted(name, tuple(map(_violation, check_message(raw, to="", sender_domain="", kind=Kind.BRAND, host=None))))
    host = _UNSUBSCRIBE_HOST.match(scan.one("List-Unsubscribe"))
    kind = Kind.TRANSACTIONAL if scan.one("Auto-Submitted") else Kind.BRAND
    return Linted(name, tuple(_of_raw(raw, Expected(spec[0], spec[1].rpartition("@")[2], str(kind), host and host[1]), asked)))


def _expected(view: View, raw: bytes, kind: str) -> Expected:
    settings, target = view.work.project.settings, view.work.target
    domain = str(settings.sender.email).rpartition("@")[2] if settings.sender is not None else ""
    where = urlsplit(target.public_url or "")
    host = where.netloc if where.scheme == "https" else None
    return Expected(mailbox(read(raw).one("To"))[1], domain, kind, host)


def _of_source(template: Template) -> Iterator[Finding]:
    """Yield what a template does that no finished message shows."""
    for number, line in enumerate(template.body.splitlines()):
        if _SAFE.search(line):
            place = template.place(number + 1, 1)
            message = f"{place.file}:{place.line} writes what data bring as HTML (| safe)"
            yield Finding(Level.WARNING, "H15", message, "leave it out, or be sure that no stranger can write it")


def _of_raw(raw: bytes, expected: Expected, asked: Collection[str]) -> Iterator[Finding]:
    violations = check_message(raw, to=expected.to, sender_domain=expected.domain, kind=expected.kind, host=expected.host)
    yield from (_violation(each) for each in violations)
    try:
        part = read(raw).part("html")
    except Broken:
        return
    if part is not None:
        root = read_page(part.text)
        yield from page.check(root, len(part.text.encode()))
        yield from clients.check(root, asked)


def _violation(line: str) -> Finding:
    code, _, message = line.partition(" ")
    return Finding(Level.ERROR, code, message) if re.fullmatch(r"M\d\d", code) else Finding(Level.ERROR, "M03", line)
