"""How two processes of this program speak over a pipe: a JSON value, then raw bytes, each with its length before it.

Nothing that is read can be anything but plain values and bytes, so neither side has to trust the other.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from itertools import accumulate
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from retention_cli.app.letters import Post
from retention_cli.deliver.mail import Mail
from retention_cli.ledger.rows import Claim
from retention_cli.render.dkim import Signer
from retention_cli.render.envelope import From
from retention_cli.render.links import SigningKeys

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

_PREFIX = 4
_CLAIM = attrgetter(*(field.name for field in fields(Claim)))


def put(stream: BinaryIO, value: Any, blobs: Sequence[bytes] = ()) -> None:
    """Write a value and the bytes that go with it."""
    head = json.dumps([value, [len(blob) for blob in blobs]]).encode()
    stream.write(b"".join([len(head).to_bytes(_PREFIX, "big"), head, *blobs]))
    stream.flush()


def take(stream: BinaryIO) -> tuple[Any, list[bytes]]:
    """Read what `put` wrote; raise EOFError where the other side has ended."""
    head = _exactly(stream, int.from_bytes(_exactly(stream, _PREFIX), "big"))
    value, sizes = json.loads(head)
    together = memoryview(_exactly(stream, sum(sizes)))  # in one go: each read hands the interpreter over to another thread
    return value, [bytes(together[end - size : end]) for size, end in zip(sizes, accumulate(sizes), strict=True)]


def _exactly(stream: BinaryIO, size: int) -> bytes:
    found = stream.read(size)
    if len(found) != size:
        raise EOFError
    return found


def post_values(post: Post) -> dict[str, Any]:
    """Return a post as plain values."""
    return {**asdict(post), "keys": [post.keys.current.hex(), *(key.hex() for key in post.keys.old)]}


def read_post(values: dict[str, Any]) -> Post:
    """Return the post of `post_values`."""
    signer = Signer(**values["signer"]) if values["signer"] else None
    current, *old = (bytes.fromhex(key) for key in values["keys"])
    return Post(
        From(**values["sender"]),
        SigningKeys(current, tuple(old)),
        values["public_url"],
        values["unsubscribe"],
        values["redirect"],
        signer,
        values["return_path"],
    )


def claim_values(claim: Claim) -> list[Any]:
    """Return a claim as plain values."""
    return list(_CLAIM(claim))


def read_claim(values: list[Any]) -> Claim:
    """Return the claim of `claim_values`."""
    return Claim(*values)


def put_mails(stream: BinaryIO, mails: Sequence[Mail | None]) -> None:
    """Write finished messages; None for one that could not be made."""
    heads = [mail and [mail.key, mail.mail_from, mail.rcpt, mail.sha, mail.fit, mail.title] for mail in mails]
    put(stream, heads, [mail.raw for mail in mails if mail is not None])


def take_mails(stream: BinaryIO) -> list[Mail | None]:
    """Read what `put_mails` wrote."""
    values, blobs = take(stream)
    raws = iter(blobs)
    return [None if value is None else Mail(value[0], next(raws), *value[1:]) for value in values]
