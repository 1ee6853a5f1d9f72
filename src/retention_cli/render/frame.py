"""What stands around a template's own text: the document, the hidden preheader, the footer with the way out.

A fragment gets a whole document around it. Marketing that lacks an unsubscribe link or the shop's postal address gets a
footer with what it lacks, in both parts; what a template says itself is never said twice.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from retention_cli.render.inert import Kind, pieces

if TYPE_CHECKING:
    from retention_cli.render.bundle import MailSettings

_HAS_DOCUMENT = re.compile(r"<(?:html|body|head)\b", re.IGNORECASE)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_BODY_END = re.compile(r"</body\s*>(?!.*</body\s*>)", re.IGNORECASE | re.DOTALL)
_HIDDEN = "display:none;max-height:0;overflow:hidden;mso-hide:all"
_FOOTER = "padding:24px 16px;font-family:Arial,Helvetica,sans-serif;font-size:12px;line-height:18px;color:#666666;text-align:center"
_LINK = "{{ unsubscribe_url }}"
_PARTED = "\n\n--\n"
_WORDS = {
    "cs": "Odhlásit se z odběru",
    "de": "Abmelden",
    "es": "Darse de baja",
    "fr": "Se désabonner",
    "hu": "Leiratkozás",
    "it": "Annulla l'iscrizione",
    "nl": "Uitschrijven",
    "pl": "Wypisz się",
    "sk": "Odhlásiť sa z odberu",
}


def document(html: str, language: str, title: str) -> str:
    """Return `html` as a whole document, as it is where it is one already."""
    if _HAS_DOCUMENT.search(html):
        return html
    head = f'<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{_literal(title)}</title></head>'
    return f'<!DOCTYPE html>\n<html lang="{escape(language)}">{head}\n<body>\n{html}\n</body></html>\n'


def preheader(line: str) -> str:
    """Return the preview line, seen in the list of messages and not in the message; empty where there is none."""
    return f'<div style="{_HIDDEN}">{line}</div>' if line else ""


def with_preheader(html: str, words: str) -> str:
    """Return `html` with the preview line first in its body."""
    line = preheader(words)
    found = _BODY.search(html)
    return html[: found.end()] + line + html[found.end() :] if found else html


def with_footer(html: str, footer: str) -> str:
    """Return `html` with the footer last in its body."""
    found = _BODY_END.search(html)
    return html[: found.start()] + footer + html[found.start() :] if found else html + footer


def escaped(source: str) -> str:
    """Return a Jinja source of plain text as one of HTML: its own text escaped, its tags as they are."""
    return "".join(escape(piece.text) if piece.kind is Kind.DATA else piece.text for piece in pieces(source))


def html_footer(settings: MailSettings, source: str, language: str) -> str:
    """Return the footer that the HTML template `source` lacks, as Jinja source; empty where it lacks nothing."""
    lines = [_literal(line) for line in _address(settings, source)]
    if _lacks_link(settings, source):
        lines.append(f'<a href="{_LINK}" style="color:#666666">{_literal(_word(language))}</a>')
    return f'\n<div style="{_FOOTER}">{"<br>".join(lines)}</div>\n' if lines else ""


def text_footer(settings: MailSettings, source: str, language: str) -> str:
    """Return the footer that the text template `source` lacks, as Jinja source; empty where it lacks nothing."""
    lines = [_raw(line) for line in _address(settings, source)]
    if _lacks_link(settings, source):
        lines.append(f"{_word(language)}: {_LINK}")
    return _PARTED + "\n".join(lines) + "\n" if lines else ""


def without_footer(settings: MailSettings, text: str, language: str) -> str:
    """Return a text template without the footer that it was given: a text message has no room for one."""
    source, parted, _ = text.rpartition(_PARTED)
    return source if parted and text == source + text_footer(settings, source, language) else text


def _lacks_link(settings: MailSettings, source: str) -> bool:
    return settings.marketing and settings.unsubscribe and "unsubscribe_url" not in source


def _address(settings: MailSettings, source: str) -> list[str]:
    address = settings.postal_address.strip()
    if not settings.marketing or not address or address in source or escape(address) in source or "postal_address" in source:
        return []
    return [settings.shop, *address.splitlines()] if settings.shop not in address else address.splitlines()


def _word(language: str) -> str:
    return _WORDS.get(language[:2].lower(), "Unsubscribe")


def _literal(text: str) -> str:
    return _raw(escape(text))


def _raw(text: str) -> str:
    """Return text that Jinja writes out as it is, whatever it looks like."""
    return f"{{% raw %}}{text}{{% endraw %}}" if "{" in text or "}" in text else text
