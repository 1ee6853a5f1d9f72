"""E-mail addresses: the one place that says what is an address and how it is written.

Strict on purpose (RFC 5321 §4.1.2 and RFC 5890, the part that mailboxes really use): a dot-atom, an `@`, and a domain of
at least two labels. Quoted local parts, comments, literals, routes and lists are refused; they are how other text is
smuggled into a header or a command. A domain is kept as A-labels, so that it is ASCII wherever it is written.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LETTERS = frozenset({"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"})
_MAX_LOCAL, _MAX_DOMAIN, _MAX_ADDRESS = 64, 253, 254


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox's address; `domain` is ASCII and lower case, `local` is as written."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server that offers SMTPUTF8 (RFC 6531) can take it."""
        return not self.local.isascii()


@lru_cache(maxsize=4096)
def parse_address(text: str) -> Address | None:
    """Return the address that `text` is, blanks around it aside, or None where it is none that mail may go to."""
    local, at, written = text.strip(" \t").rpartition("@")
    domain = ascii_domain(written) if at else None
    if domain is None or not _is_local(local) or len(local.encode()) + 1 + len(domain) > _MAX_ADDRESS:
        return None
    return Address(local, domain)


def ascii_domain(text: str) -> str | None:
    """Return a domain of two labels or more as lower-case A-labels, or None where it is no such domain."""
    labels = [_ascii_label(label) for label in text.split(".")]
    known = [label for label in labels if label is not None]
    if len(known) != len(labels) or len(known) < 2 or known[-1].isdigit():  # noqa: PLR2004 - a host alone is no mail domain
        return None
    domain = ".".join(known)
    return domain if len(domain) <= _MAX_DOMAIN else None


def _is_local(local: str) -> bool:
    # `=?` is allowed by RFC 5322, and read as an encoded word by many.
    if not local or "=?" in local or len(local.encode("utf-8", "replace")) > _MAX_LOCAL:
        return False
    return all(_is_atom(atom) for atom in local.split("."))


def _is_atom(atom: str) -> bool:
    if atom.isascii():
        return _ATOM.fullmatch(atom) is not None
    plain = "".join(character for character in atom if character.isascii())
    foreign = (character for character in atom if not character.isascii())
    return (not plain or _ATOM.fullmatch(plain) is not None) and all(unicodedata.category(one)[0] in "LMN" for one in foreign)


def _ascii_label(label: str) -> str | None:
    # RFC 5892, not the older codec of the standard library, which would make another domain of a German sharp s.
    lowered = label.lower()
    if lowered.isascii():
        return lowered if _LABEL.fullmatch(lowered) and _is_honest_a_label(lowered) else None
    if unicodedata.normalize("NFKC", lowered) != lowered or lowered[0] == "-" or lowered[-1] == "-":
        return None
    if any(character != "-" and unicodedata.category(character) not in _LETTERS for character in lowered):
        return None
    encoded = "xn--" + lowered.encode("punycode").decode("ascii")
    return encoded if _LABEL.fullmatch(encoded) else None


def _is_honest_a_label(label: str) -> bool:
    if not label.startswith("xn--"):
        return True
    try:
        return not label[4:].encode("ascii").decode("punycode").isascii()
    except UnicodeError:
        return False
