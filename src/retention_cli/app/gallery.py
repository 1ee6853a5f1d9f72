"""`message preview --web`: every template for chosen and edge readers in the browser, on this machine alone, anew after each save.

A mail is shown in a frame that runs no script and loads nothing but pictures over https (SEC11): names and titles come from
strangers. Only requests that name this server's own address are answered, so no page elsewhere can read it by another name.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from markupsafe import Markup

from retention_cli.app.edges import REAL, edge
from retention_cli.app.gallery_page import CSS, JS, index
from retention_cli.app.message import Prepared, made, prepare, senders
from retention_cli.app.watching import stamps
from retention_cli.app.workspace import open_project
from retention_cli.errors import ProjectInvalid, RetentionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from retention_cli.app.facts import View

_PAGE = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'"
_MAIL = "sandbox; default-src 'none'; img-src https: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
_DARK = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)")
_LIGHT = re.compile(r"\(\s*prefers-color-scheme\s*:\s*light\s*\)")
_TEXT = Markup('<!doctype html><meta charset="utf-8"><pre style="white-space: pre-wrap">{}</pre>')
_ALWAYS, _NEVER = "(min-width: 0)", "(max-width: 0)"


@dataclass
class Gallery:
    """What is shown: the project as it is saved, its messages by template, reader and edge; `lock` lets one request at a time ask."""

    view: View
    customers: Sequence[str]
    say: Callable[[str], None]
    seen: object = None
    prepared: dict[tuple[str, str], Prepared] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def version(self) -> str:
        """Return a word that is another one after each save."""
        return f"{hash(tuple(sorted(stamps(self.view.work.root).items()))):x}"

    def page(self, template: str) -> str:
        """Return the page about a template; about the first where there is none of that name."""
        with self.lock:
            self._refresh()
            known = sorted(senders(self.view.work.project))
        return index(known, template if template in known else next(iter(known), ""), self.customers, self.version())

    def mail(self, template: str, customer: str, reader: str, *, dark: bool) -> str:
        """Return the HTML of a message, its media queries settled to a light or a dark look."""
        with self.lock:
            self._refresh()
            if (template, customer) not in self.prepared:
                self.prepared[template, customer] = prepare(self.view, template, customer or None, None)
            found = self.prepared[template, customer]
            raw = made(self.view, found, edge(found.context, reader), self.say).raw
        html = _shown(raw)
        return _LIGHT.sub(_NEVER if dark else _ALWAYS, _DARK.sub(_ALWAYS if dark else _NEVER, html))

    def _refresh(self) -> None:
        """Read the project again where a file was saved; its exports stay as they were."""
        now = stamps(self.view.work.root)
        if now != self.seen:
            self.view = replace(self.view, work=open_project(self.view.work.root, self.view.work.target_name))
            self.seen, self.prepared = now, {}


def _shown(raw: bytes) -> str:
    """Return what a message shows as a page; of one that is text alone the text, which is never read as HTML."""
    body = message_from_bytes(raw, policy=policy.default).get_body(("html", "plain"))
    content = str(body.get_content()) if body is not None else ""
    return content if body is not None and body.get_content_subtype() == "html" else str(_TEXT.format(content))


def serve(gallery: Gallery, port: int) -> ThreadingHTTPServer:
    """Return a server on this machine's own address; port 0 is any that is free."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(gallery))
    server.daemon_threads = True
    return server


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to a request."""

    status: HTTPStatus
    kind: str
    text: str
    policy: str


def answer(gallery: Gallery, host: str, path: str) -> Answer:
    """Return what a request gets that names a host and a path; a mistake in a file is told, and mended by the next save."""
    if not _is_own(host):
        return Answer(HTTPStatus.FORBIDDEN, "text/plain", "this server answers to 127.0.0.1 alone", _MAIL)
    where = urlsplit(path)
    asked = {name: values[0] for name, values in parse_qs(where.query).items()}
    try:
        return _page(gallery, where.path, asked)
    except ProjectInvalid as error:
        lines = "\n".join(f"{problem.place}: {problem.message}" for problem in error.problems)
        return Answer(HTTPStatus.CONFLICT, "text/plain", f"{error}\n\n{lines}", _MAIL)
    except (RetentionError, KeyError) as error:
        return Answer(HTTPStatus.CONFLICT, "text/plain", str(error), _MAIL)


def _page(gallery: Gallery, path: str, asked: Mapping[str, str]) -> Answer:
    match path:
        case "/":
            return Answer(HTTPStatus.OK, "text/html", gallery.page(asked.get("template", "")), _PAGE)
        case "/mail":
            parts = (asked.get("template", ""), asked.get("customer", ""), asked.get("edge", REAL))
            return Answer(HTTPStatus.OK, "text/html", gallery.mail(*parts, dark="dark" in asked), _MAIL)
        case "/version":
            return Answer(HTTPStatus.OK, "text/plain", gallery.version(), _PAGE)
        case "/gallery.css":
            return Answer(HTTPStatus.OK, "text/css", CSS, _PAGE)
        case "/gallery.js":
            return Answer(HTTPStatus.OK, "text/javascript", JS, _PAGE)
        case _:
            return Answer(HTTPStatus.NOT_FOUND, "text/plain", "there is no such page", _PAGE)


def _handler(gallery: Gallery) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answer(gallery, self.headers.get("Host", ""), self.path)
            body = found.text.encode("utf-8", "replace")
            self.send_response(found.status)
            self.send_header("Content-Type", f"{found.kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", found.policy)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Referrer-Policy", "no-referrer")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: addresses hold customers' ids."""

    return Handler


def _is_own(host: str) -> bool:
    return host.partition(":")[0] in {"127.0.0.1", "localhost"}
