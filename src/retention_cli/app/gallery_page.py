"""The gallery's own page: a list of templates, and for one of them a frame for each reader and edge, wide, narrow and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from markupsafe import Markup

from retention_cli.app.edges import REAL

if TYPE_CHECKING:
    from collections.abc import Sequence

EDGES = {
    REAL: "as it is",
    "bare": "no name, no text of the customer",
    "hostile": "a hostile name",
    "longest": "the longest titles",
    "picture": "no pictures",
    "alone": "nothing recommended",
}
LOOKS = (("desktop", 660, False), ("phone", 375, False), ("phone, dark", 375, True))

CSS = """\
:root { color-scheme: light dark; font: 14px/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; grid-template-columns: 220px 1fr; height: 100vh; }
nav { overflow: auto; padding: 12px; border-right: 1px solid #8884; }
nav a { display: block; padding: 4px 8px; border-radius: 4px; color: inherit; text-decoration: none; overflow-wrap: anywhere; }
nav a[aria-current] { background: #8883; font-weight: 600; }
main { overflow: auto; padding: 12px 16px; }
h1 { font-size: 18px; margin: 0 0 4px; }
h2 { font-size: 14px; margin: 20px 0 6px; }
.row { display: flex; gap: 16px; }
figure { margin: 0; }
figcaption { font-size: 12px; opacity: .7; }
iframe { border: 1px solid #8886; background: #fff; height: 720px; }
.w660 { width: 660px; } .w375 { width: 375px; }
"""
JS = """\
const seen = document.body.dataset.version;
setInterval(async () => {
  const now = await fetch('/version').then((answer) => answer.text()).catch(() => seen);
  if (now !== seen) location.reload();
}, 700);
"""
_WHOLE = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><link rel="stylesheet" href="/gallery.css">'
    '<script src="/gallery.js" defer></script></head><body data-version="{version}"><nav aria-label="Templates">{links}</nav>'
    "<main><h1>{title}</h1>{rows}</main></body></html>"
)
_LINK = Markup('<a href="/?{query}"{current}>{name}</a>')
_ROW = Markup('<h2>{what}</h2><div class="row">{frames}</div>')
_FRAME = Markup(
    '<figure><figcaption>{look}</figcaption><iframe class="w{width}" sandbox="" loading="lazy" title="{title}" src="/mail?{query}"></iframe></figure>'
)


def index(templates: Sequence[str], chosen: str, customers: Sequence[str], version: str) -> str:
    """Return the page about one template: for somebody with every edge, then for each customer who is asked for."""
    links = Markup().join(_link(name, current=name == chosen) for name in templates)
    cases = [("", edge, told) for edge, told in EDGES.items()] + [(customer, REAL, f"customer {customer}") for customer in customers]
    rows = Markup().join(_row(chosen, customer, edge, told) for customer, edge, told in cases if chosen)
    rows = rows or Markup("<p>No campaign sends a message.</p>")
    return str(_WHOLE.format(title=chosen or "retention", version=version, links=links, rows=rows))


def _link(name: str, *, current: bool) -> Markup:
    return _LINK.format(query=urlencode({"template": name}), name=name, current=Markup(' aria-current="page"') if current else "")


def _row(template: str, customer: str, edge: str, told: str) -> Markup:
    frames = Markup().join(_frame(template, customer, edge, *look) for look in LOOKS)
    return _ROW.format(what=told, frames=frames)


def _frame(template: str, customer: str, edge: str, look: str, width: int, dark: bool) -> Markup:  # noqa: PLR0917 - one look's own parts
    query = urlencode({"template": template, "customer": customer, "edge": edge, **({"dark": "1"} if dark else {})})
    return _FRAME.format(look=look, width=width, title=f"{template}, {edge}, {look}", query=query)
