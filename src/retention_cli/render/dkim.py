"""DKIM signatures (RFC 6376): rsa-sha256 over relaxed headers and body, the same for the same message.

There is no timestamp in them, so a second attempt has the same bytes. Every header of the message is signed, as one-click ways out need it
(RFC 8058 §4); From, To and Subject are named once more than they are there, so that nobody can add another.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from retention_cli.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

SMALLEST = 1024
"""Bits of the smallest key that receivers take (RFC 8301 §3.2); 2,048 is what to use."""
_SPACES = re.compile(rb"[ \t]+")
_AT_END = re.compile(rb"[ \t]+(?=\r\n)")
_FOLDED = re.compile(rb"\r\n(?=[ \t])")
_ONCE_MORE = (b"from", b"to", b"subject")
_LINE = 72


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: the domain and the selector whose key stands in DNS, and the private key as PEM."""

    domain: str
    selector: str
    pem: str = field(repr=False)


def check(signer: Signer, sender: str) -> None:
    """Raise `UsageError` where the key cannot sign, or signs for another domain than the sender's (RFC 7489 §3.1)."""
    _key(signer.pem)
    domain, ours = sender.rpartition("@")[2].lower(), signer.domain.lower()
    if domain != ours and not domain.endswith(f".{ours}") and not ours.endswith(f".{domain}"):
        raise UsageError(f"DKIM would sign for {ours}, but mail is sent from {domain}", "let dkim: domain be the domain of sender: email")


def signed(raw: bytes, signer: Signer) -> bytes:
    """Return a message of CRLF lines with its signature as the first header."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415 - an extra

    head, _, body = raw.partition(b"\r\n\r\n")
    fields = list(_fields(head + b"\r\n"))
    names = [name for name, _ in fields]
    digest = b64encode(hashlib.sha256(relaxed_body(body)).digest())
    tags = [
        b"v=1; a=rsa-sha256; c=relaxed/relaxed;",
        b"d=" + signer.domain.encode("idna") + b"; s=" + signer.selector.encode("ascii") + b";",
        b"h=" + b":\r\n\t".join([*names, *(name for name in _ONCE_MORE if name in names)]) + b";",
        b"bh=" + digest + b";",
        b"b=",
    ]
    unsigned = b"DKIM-Signature: " + b"\r\n\t".join(tags)
    covered = b"".join(relaxed_field(name, value) for name, value in _last_first(fields))
    [(name, value)] = _fields(unsigned + b"\r\n")
    covered += relaxed_field(name, value).removesuffix(b"\r\n")
    signature = b64encode(_key(signer.pem).sign(covered, padding.PKCS1v15(), hashes.SHA256()))
    lines = [signature[start : start + _LINE] for start in range(0, len(signature), _LINE)]
    return unsigned + b"\r\n\t".join(lines) + b"\r\n" + raw


def _last_first(fields: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the fields in the order of `h=`: of several by one name a verifier takes the last first (RFC 6376 §5.4.2)."""
    left: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        left.setdefault(name, []).append(value)
    return [(name, left[name].pop()) for name, _ in fields]


def _fields(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield each field's name in lower case, and its value unfolded."""
    for line in _FOLDED.sub(b"", head).split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        yield name.strip().lower(), value


def relaxed_field(name: bytes, value: bytes) -> bytes:
    """Return a field as it is signed (RFC 6376 §3.4.2)."""
    return name + b":" + _SPACES.sub(b" ", value).strip(b" ") + b"\r\n"


def relaxed_body(body: bytes) -> bytes:
    """Return a body as it is signed (RFC 6376 §3.4.4)."""
    text = _SPACES.sub(b" ", _AT_END.sub(b"", body if body.endswith(b"\r\n") or not body else body + b"\r\n"))
    while text.endswith(b"\r\n\r\n"):
        text = text[:-2]
    return b"" if text == b"\r\n" else text


@lru_cache(maxsize=4)
def _key(pem: str) -> RSAPrivateKey:
    try:
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - an extra
    except ImportError:
        raise MissingExtra("dkim", "a DKIM signature") from None
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):  # of nonsense, and of a key that asks for a password
        raise UsageError("the DKIM key cannot be read", "it must be a private RSA key in PEM, without a password") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < SMALLEST:
        raise UsageError(f"the DKIM key is no RSA key of at least {SMALLEST} bits", "make one of 2,048 bits: openssl genrsa -out dkim.pem 2048")
    return key
