"""What a message's parts must be, M05, M25 and M30 to M32 of the deliverability list."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from retention_cli.render.lint.headers import uris

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.render.lint.scan import Part, Scan

MAX_HTML = 102_400 - 2_048
"""Gmail clips what is longer than 102,400 bytes; two thousand are left for what links grow by."""


def of_way_out(scan: Scan, kind: str, host: str | None) -> Iterator[str]:
    """Check that bulk mail shows its way out in each part."""
    if kind == "transactional" or host is None:
        return
    link = next(iter(uris(scan)), "")
    for subtype in ("plain", "html"):
        part = scan.part(subtype)
        shown = html.unescape(re.sub(r"(?s)<!--.*?-->", "", part.text)) if part else ""
        if part is not None and (not link or link not in shown):
            yield f"M25 no unsubscribe link in text/{subtype}"


def of_bodies(scan: Scan) -> Iterator[str]:
    """Check the parts: which there are, their text, their encoding and size."""
    kinds = [part.value("Content-Type").lower().partition(";")[0].strip() for part in scan.parts]
    if kinds not in (["text/plain"], ["text/plain", "text/html"]):
        yield f"M30 the parts are {kinds}"
    if len(kinds) > 1 and not scan.one("Content-Type").lower().startswith("multipart/alternative"):
        yield "M30 two parts that are not alternatives"
    for part in scan.parts:
        yield from _body(part, scan.boundary)
    shown = scan.part("html")
    if shown is not None and len(shown.text.encode()) > MAX_HTML:
        yield "M05 HTML that would be clipped"


def _body(part: Part, boundary: str) -> Iterator[str]:
    kind, encoding = part.value("Content-Type").lower(), part.value("Content-Transfer-Encoding").strip().lower()
    words = re.sub(r"\s+", "", re.sub(r"(?s)<style.*?</style>|<[^>]*>", " ", part.text) if "html" in kind else part.text)
    if len(words) < 20:
        yield f"M30 {kind.partition(';')[0]} has hardly any text"
    if "charset=utf-8" not in kind.replace('"', ""):
        yield "M31 a part without charset utf-8"
    if "\ufffd" in part.text or re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", part.text):
        yield "M31 a replacement or control character in a part"
    if encoding not in ("quoted-printable", "base64") and not (encoding == "7bit" and part.body.isascii()):
        yield f"M32 a part in {encoding}"
    if any(len(line) > 76 for line in part.body.split(b"\r\n")) and encoding != "7bit":
        yield "M32 an encoded line of more than 76 octets"
    if boundary and boundary.encode() in part.body:
        yield "M32 the boundary occurs in a part"
