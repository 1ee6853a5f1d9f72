"""Sample templates, contexts and envelopes for tests of what messages look like."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from retention_cli.model.problem import Place
from retention_cli.model.template import FrontMatter, Template, TemplateFormat
from retention_cli.model.word import Word
from retention_cli.render.bundle import MailSettings
from retention_cli.render.envelope import Envelope, From
from retention_cli.render.links import SigningKeys

KEYS = SigningKeys(b"a signing key of thirty-two bytes")
HOST = "mail.shop.example"
SETTINGS = MailSettings("Demo shop", "shop@shop.example", "Dlouhá 1, Praha", "cs_CZ", "CZK", "Europe/Prague")

HOSTILE = (
    "=?UTF-8?Q?=0A?=Bcc: evil@x.test",
    "=?utf-8?b?DQpCY2M6IGV2aWxAeC50ZXN0?=",
    "Jan\r\nBcc: evil@x.test",
    "Jan\nX-Injected: 1\n\n<h1>body</h1>",
    "Jan\rTo: evil@x.test",
    "Jan\x00\x0b\x0c\x1b[31m\x7f\x85",
    "Jan\u2028Bcc: evil@x.test\u2029",
    "Jan\ud800\udfff",
    "{{7*7}}{% raw %}{# x #}",
    '"Jan" <evil@x.test>, other@x.test',
    "Jan\\",
    'Jan\\" <evil@x.test>',
    "a,b;c:d@e(f)[g]<h>",
    "👩‍👩‍👧‍👦 Žluťoučký kůň",
    "\u202eevil\u202c שלום \u2066x\u2069",
    "Ж" * 5_000,
    "x" * 10_000,
    "a " * 5_000,
    "=?" * 200,
    "?=" * 30,
    "\ufeff\ufffe\uffff",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "",
    "   ",
    ".",
    "\t tab",
)


def template(
    body: str,
    *,
    subject: str = "Košík čeká",
    preheader: str = "",
    text: str | None = None,
    form: TemplateFormat = TemplateFormat.HTML,
    language: str | None = None,
    requires: tuple[str, ...] = (),
) -> Template:
    """Return a template as if read from `templates/cart.html`, its body on line 4."""
    file = f"templates/cart.{form}"
    front = FrontMatter(
        subject=Word(subject, Place(file, 2, 10)),
        preheader=preheader,
        language=language,
        requires=tuple(Word(name, Place(file, 3, 5)) for name in requires),
    )
    return Template(name="cart", file=file, format=form, front=front, body=body, body_place=Place(file, 4, 1), text=text)


def envelope(
    to: str = "jana@example.org",
    *,
    to_name: str = "",
    key: str = "one",
    kind: str = "performance",
    sender: From | None = None,
    customer: str = "c-1",
    public_url: str | None = f"https://{HOST}",
    unsubscribe: str | None = "leave@shop.example",
) -> Envelope:
    """Return the envelope of a message of 1 May 2026."""
    return Envelope(
        sender=sender or From("shop@shop.example", "Demo shop", "help@shop.example"),
        to=to,
        to_name=to_name,
        customer=customer,
        key=hashlib.sha256(key.encode()).hexdigest(),
        date=datetime(2026, 5, 1, 7, 30, tzinfo=UTC),
        campaign="abandoned_cart",
        kind=kind,
        keys=KEYS,
        public_url=public_url,
        unsubscribe=unsubscribe,
    )


def context(first_name: object = "Jana", items: int = 3, **customer: object) -> dict[str, object]:
    """Return what is known of a person who left `items` products in a cart."""
    products = [
        {
            "product_id": str(number),
            "title": f"Hrnek {number}",
            "url": f"https://shop.example/p/{number}?a=1&b=2",
            "image_url": f"https://shop.example/{number}.jpg",
            "price": "249.50",
            "quantity": 1,
        }
        for number in range(items)
    ]
    return {"customer": {"first_name": first_name, **customer}, "trigger": {"cart_id": "k1", "items": products}}


CART = """<!DOCTYPE html>
<html lang="cs"><head><meta charset="utf-8"><title>Košík</title>
<style>
  p, td { font-family: Arial; color: #333333 }
  .product td { padding: 8px }
  .button { background: #0a7a3b; color: #ffffff }
  .button:hover { color: #eeeeee }
  @media (max-width: 600px) { .product td { padding: 2px !important } }
</style></head>
<body>
<h1>Dobrý den{% if customer.first_name %}, {{ customer.first_name }}{% endif %}!</h1>
<p>V košíku {{ "čeká" if trigger.items|length == 1 else "čekají" }}:</p>
<table>
  {% for item in trigger.items %}
  <tr class="product">
    <td><a href="{{ item.url }}"><img src="{{ item.image_url }}" alt="{{ item.title }}" width="80"></a></td>
    <td><a href="{{ item.url }}">{{ item.title }}</a></td>
    <td>{{ item.price | money }}</td>
  </tr>
  {% else %}
  <tr><td>Nic tu není.</td></tr>
  {% endfor %}
</table>
<ul><li>Doprava zdarma</li><li>Vrácení do 30 dnů</li></ul>
<p><a class="button" href="https://shop.example/kosik">Dokončit nákup</a></p>
<p>{{ shop.name }}, {{ shop.postal_address }}<br><a href="{{ unsubscribe_url }}">Odhlásit</a></p>
</body></html>
"""
