"""Links that act for one person: tokens that nobody can make or change without the key.

A token names a purpose, a customer, a list and a message. It is sealed with HMAC-SHA256 alone, in the way of RFC 5297
(the tag over everything is the seed of the cipher stream): 128 bits of tag, and no customer id in clear, since an id may
be an address. Tokens of one purpose are worthless for another, old keys stay readable, and the same input gives the same
token, so that a retried message is equal byte for byte.

    token = base64url( key id (4) ‖ tag (16) ‖ message (16) ‖ list length (1) ‖ list ‖ customer ), from the message on in cipher
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from functools import lru_cache

from retention_cli.errors import RenderFailed

UNSUBSCRIBE = "unsubscribe"
MAX_TOKEN = 200
KEY_DIGITS = 32
"""How many hex digits of a message's key a token holds."""
_ID, _TAG, _MESSAGE = 4, 16, KEY_DIGITS // 2
_MIN_KEY = 16


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The key that signs, and older ones that are still read; at least 16 bytes each."""

    current: bytes = field(repr=False)
    old: tuple[bytes, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if any(len(key) < _MIN_KEY for key in (self.current, *self.old)):
            raise ValueError(f"a signing key needs at least {_MIN_KEY} bytes")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token says: the customer, the list that is left, and the first 32 hex digits of the message's key."""

    customer: str
    list: str
    message: str


def mint(keys: SigningKeys, purpose: str, claim: Claim) -> str:
    """Return the token of `claim`, at most 200 characters safe in a URL; raise RenderFailed where the names are too long for it."""
    name, customer = claim.list.encode(), claim.customer.encode()
    body = bytes.fromhex(claim.message[: _MESSAGE * 2]) + bytes([len(name) % 256]) + name + customer
    sealed = _seal(keys.current, purpose, body)
    token = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")
    if len(token) > MAX_TOKEN or len(claim.message) < _MESSAGE * 2:
        raise RenderFailed("the customer's id and the list's name are too long for an unsubscribe link", "use ids of at most 80 bytes")
    return token


def verify(keys: SigningKeys, purpose: str, token: str) -> Claim | None:
    """Return what a genuine token of this purpose says, else None; a wrong one takes as long, whatever is wrong with it."""
    sealed = _decoded(token)
    if sealed is None:
        return None
    found = [body for key in (keys.current, *keys.old) if (body := _open(key, purpose, sealed)) is not None]
    return _claim(found[0]) if found else None


def _decoded(token: str) -> bytes | None:
    if len(token) > MAX_TOKEN or not token.isascii():
        return None
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    canonical = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")
    return sealed if canonical == token and len(sealed) > _ID + _TAG + _MESSAGE else None


def _claim(body: bytes) -> Claim:
    size = body[_MESSAGE]
    name, customer = body[_MESSAGE + 1 : _MESSAGE + 1 + size], body[_MESSAGE + 1 + size :]
    return Claim(customer.decode(), name.decode(), body[:_MESSAGE].hex())


def _seal(key: bytes, purpose: str, body: bytes) -> bytes:
    key_id, mac_key, stream_key = _subkeys(key, purpose)
    tag = _mac(mac_key, body)[:_TAG]
    return key_id + tag + _crypt(stream_key, tag, body)


def _open(key: bytes, purpose: str, sealed: bytes) -> bytes | None:
    key_id, mac_key, stream_key = _subkeys(key, purpose)
    tag, rest = sealed[_ID : _ID + _TAG], sealed[_ID + _TAG :]
    body = _crypt(stream_key, tag, rest)
    genuine = hmac.compare_digest(_mac(mac_key, body)[:_TAG], tag) & hmac.compare_digest(key_id, sealed[:_ID])
    return body if genuine else None


@lru_cache(maxsize=64)
def _subkeys(key: bytes, purpose: str) -> tuple[bytes, bytes, bytes]:
    """Return the key's public id and its two keys for one purpose: for the tag and for the stream."""
    key_id = _mac(key, b"retention key id")[:_ID]
    scope = key_id + purpose.encode()
    return key_id, _mac(key, b"retention tag " + scope), _mac(key, b"retention stream " + scope)


def _crypt(key: bytes, tag: bytes, text: bytes) -> bytes:
    blocks = (_mac(key, tag + bytes([number])) for number in range(-(-len(text) // 32)))
    stream = b"".join(blocks)[: len(text)]
    return (int.from_bytes(text) ^ int.from_bytes(stream)).to_bytes(len(text))


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, hashlib.sha256().name)
