"""Rendering: whole personal messages of some 38 KB HTML a second on one core, and against the library's own way of packing them.

The template is the examples' cart, in MJML, inlined once; every message has its reader and six products. Beside it stand the same words
by the same templates, packed by `email.message.EmailMessage` as the documentation has it.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

from kit.measure import Figure, Missing, alternate

from retention_cli.model.campaign import Kind
from retention_cli.project.loader import load
from retention_cli.project.starters import examples_folder
from retention_cli.render.bundle import mail_settings
from retention_cli.render.compiled import compile_template
from retention_cli.render.compose import compose, render
from retention_cli.render.contexts import decode
from retention_cli.render.envelope import Envelope, From
from retention_cli.render.links import SigningKeys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kit.place import Place

    from retention_cli.render.bundle import Bundle

GOAL_RATE = 1_500
GOAL_RATIO = 8.0
MESSAGES = 300
TEMPLATE = "cart-2"
AT = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)
KEYS = SigningKeys(b"a signing key of thirty-two bytes")
SENDER = From("obchod@uveverky.example", "U Veverky", None)


def measure(place: Place, rounds: int) -> Iterator[Figure]:  # noqa: ARG001 - as every part
    """Yield the rate and the ratio."""
    bundle, contexts = _bundle(), [_context(number) for number in range(MESSAGES)]
    size = len((render(bundle, _names(contexts[0])).html or "").encode())
    times = alternate(max(rounds, 5), {"ours": lambda: _timed(bundle, contexts, ours=True), "library": lambda: _timed(bundle, contexts, ours=False)})
    ours, library = (MESSAGES / times[name].median for name in ("ours", "library"))
    what = f"personal messages of {size / 1024:.1f} KiB HTML, one core"
    yield Figure("rendering", what, f"{ours:,.0f}/s", "", ours, GOAL_RATE, unit="/s", at_least=True)
    beside = f"{library:,.0f}/s"
    yield Figure("rendering", "the same, packed by EmailMessage", f"{ours:,.0f}/s", beside, ours / library, GOAL_RATIO, at_least=True)


def _timed(bundle: Bundle, contexts: list[str], *, ours: bool) -> float:
    began = time.perf_counter()
    for number, context in enumerate(contexts):
        if ours:
            compose(bundle, decode(context), _envelope(number))
        else:
            _by_library(bundle, _names(context), number)
    return time.perf_counter() - began


def _by_library(bundle: Bundle, names: dict[str, object], number: int) -> bytes:
    content = render(bundle, names)
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "U Veverky <obchod@uveverky.example>", f"p{number}@example.com", content.subject
    message["Message-ID"] = f"<{number:064x}@uveverky.example>"
    message.set_content(content.text)
    message.add_alternative(content.html or "", subtype="html")
    return message.as_bytes()


def _bundle() -> Bundle:
    project, _ = load(examples_folder(), {})
    if project is None:
        raise Missing("the examples cannot be read")
    return compile_template(project.templates[TEMPLATE], mail_settings(project.settings, Kind.PERFORMANCE, project.target("default")))


def _names(context: str) -> dict[str, object]:
    shop = {"name": "U Veverky", "email": "obchod@uveverky.example", "postal_address": "Oříšková 12"}
    return {**decode(context), "shop": shop, "unsubscribe_url": "https://mail.uveverky.example/u/x"}


def _envelope(number: int) -> Envelope:
    return Envelope(
        sender=SENDER,
        to=f"p{number}@example.com",
        customer=f"C{number}",
        key=f"{number:064x}",
        date=AT,
        campaign="abandoned_cart",
        kind=Kind.PERFORMANCE,
        keys=KEYS,
        public_url="https://mail.uveverky.example",
        unsubscribe="odhlaseni@uveverky.example",
    )


def _context(number: int) -> str:
    items = [_product(number * 10 + place) for place in range(6)]
    told = {
        "campaign": {"kind": "performance", "name": "abandoned_cart"},
        "customer": {"salutation": f"Jano {number}", "first_name": "Jana", "last_name": f"Nováková {number}"},
        "trigger": {"cart_id": f"K{number}", "items": items},
        "deadline": "2026-05-05T20:00:00",
        "recommended": {"bought_together/3/90/": [_product(number * 10 + place) for place in range(6, 9)]},
    }
    return json.dumps(told, ensure_ascii=False)


def _product(number: int) -> dict[str, object]:
    where = f"https://www.uveverky.example/p/{number}"
    told = {"product_id": f"P{number}", "title": f"Smaltovaný hrnek, modrý, č. {number}", "price": "189.00", "quantity": 2}
    return {**told, "url": where, "image_url": f"{where}.jpg"}
