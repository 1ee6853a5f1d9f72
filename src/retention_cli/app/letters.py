"""A claimed message, its frozen context and its template → the bytes that leave, the same at every attempt.

What the shop's messages have in common is one value, a `Post`, so that another process can make the same bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from retention_cli.deliver.mail import Mail, checked
from retention_cli.errors import UsageError
from retention_cli.journey.frame import from_micros
from retention_cli.model.identity import message_key
from retention_cli.model.target import SmtpChannel
from retention_cli.render.bundle import Bundle
from retention_cli.render.compose import Finished, compose, say
from retention_cli.render.contexts import decode, unpack
from retention_cli.render.dkim import Signer, check, signed
from retention_cli.render.envelope import Envelope, From
from retention_cli.render.filters import LocalTime
from retention_cli.render.phone import reachable
from retention_cli.render.voucher import Voucher

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from retention_cli.app.workspace import Workspace
    from retention_cli.ledger.rows import Claim
    from retention_cli.render.links import SigningKeys

MAIL, PUSH = "email", "push"
KEY_DIGITS, LONGEST_LOCAL = 32, 64
"""What of a key stands in a return path, and how long the part before an @ may be (RFC 5321 §4.5.3.1.1)."""
_NOBODY = From("retention@localhost.localdomain")


@dataclass(frozen=True, slots=True)
class Post:
    """Who writes, what signs links, where they lead, and the mailbox that takes opt-outs."""

    sender: From
    keys: SigningKeys
    public_url: str | None
    unsubscribe: str | None
    redirect: str | None = None
    """Who gets everything in place of the customers, in a rehearsal."""
    signer: Signer | None = None
    return_path: str | None = None
    """The mailbox that takes bounces (VERP); None: the sender's."""


def post_of(work: Workspace, keys: SigningKeys) -> Post:
    """Return what the messages of a project have in common."""
    sender = work.project.settings.sender
    written_by = From(str(sender.email), sender.name, sender.reply_to) if sender else _NOBODY
    unsubscribe, target = sender.unsubscribe if sender else None, work.target
    post = Post(written_by, keys, target.public_url, unsubscribe, target.redirect)
    channel = target.deliver.get("email")
    if not isinstance(channel, SmtpChannel):
        return post
    return replace(post, signer=_signer(channel, work.root, written_by), return_path=_return_path(channel))


def _return_path(channel: SmtpChannel) -> str | None:
    if channel.return_path is None:
        return None
    mailbox = str(channel.return_path)
    if len(mailbox.partition("@")[0]) + 1 + KEY_DIGITS > LONGEST_LOCAL:
        raise UsageError(
            f"return_path: {mailbox} leaves no room for a message's key", f"its part before the @ may have {LONGEST_LOCAL - KEY_DIGITS - 1} letters"
        )
    return mailbox


def _envelope_sender(post: Post, key: str, sender: str) -> str:
    """Return who hears of a bounce: with the message's key, by which it is known (VERP, cr.yp.to/proto/verp.txt)."""
    if post.return_path is None:
        return sender
    local, _, domain = post.return_path.rpartition("@")
    return f"{local}+{key[:KEY_DIGITS]}@{domain}"


def _signer(channel: SmtpChannel, root: Path, sender: From) -> Signer | None:
    if channel.dkim is None:
        return None
    try:
        pem = (root / str(channel.dkim.key).strip()).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"the file with the DKIM key cannot be read: {why}", "look at dkim: key: in retention.yml and at the environment") from None
    signer = Signer(channel.dkim.domain, channel.dkim.selector, pem)
    check(signer, sender.email)
    return signer


def mail_of(post: Post, claim: Claim, context: str, template: str) -> Mail:
    """Return a claimed message ready to be sent; raise RenderFailed where it cannot be made."""
    key = key_of(claim)
    if claim.channel != MAIL:
        return _note_of(post, claim, key, context, _bundle(template))
    finished = finish(post, claim, key, context, _bundle(template))
    return packed(post, key, finished)


def packed(post: Post, key: str, finished: Finished) -> Mail:
    """Return a finished message ready to be sent, signed where the target signs."""
    mail_from = _envelope_sender(post, key, finished.sender)
    if post.signer is None:
        return checked(Mail(key, finished.raw, mail_from, finished.recipient, finished.body_sha))
    raw = signed(finished.raw, post.signer)
    return checked(Mail(key, raw, mail_from, finished.recipient, hashlib.sha256(raw).hexdigest()))


def context_in(chunk: bytes, claim: Claim) -> str:
    """Return a message's own context from its chunk."""
    return _contexts(chunk)[claim.context_index]


def key_of(claim: Claim) -> str:
    """Return the public key of a claimed message."""
    return message_key(claim.campaign, claim.customer, claim.occurrence, claim.step)


def finish(post: Post, claim: Claim, key: str, context: str, bundle: Bundle) -> Finished:
    """Make one message of a claim, its key, its frozen context and its template."""
    facts = _facts(claim, context)
    return compose(bundle, facts, _envelope(post, claim, key, facts))


def _facts(claim: Claim, context: str) -> dict[str, Any]:
    facts = decode(context)
    if isinstance(ends := facts.get("deadline"), str):
        facts["deadline"] = LocalTime.fromisoformat(ends)
    if isinstance(code := claim.voucher or facts.get("voucher"), str):  # the latter in trials, for which none is handed out
        facts["voucher"] = Voucher(code, claim.voucher_until)
    return facts


def _envelope(post: Post, claim: Claim, key: str, facts: Mapping[str, Any]) -> Envelope:
    campaign = facts.get("campaign")
    kind = campaign.get("kind") if isinstance(campaign, dict) else None
    return Envelope(
        sender=post.sender,
        to=post.redirect or claim.address,
        customer=claim.customer,
        key=key,
        date=from_micros(claim.planned_at),
        campaign=claim.campaign,
        kind=str(kind or "performance"),
        keys=post.keys,
        public_url=post.public_url,
        unsubscribe=post.unsubscribe,
    )


def _note_of(post: Post, claim: Claim, key: str, context: str, bundle: Bundle) -> Mail:
    """Make what is no mail: a text message is its text, a push has its subject as title."""
    facts = _facts(claim, context)
    said = say(bundle, facts, _envelope(post, claim, key, facts))
    title = said.subject if claim.channel == PUSH else ""
    raw = (f"{title}\n\n{said.text.strip()}" if title else said.text.strip()).encode()
    return Mail(key, raw, "", reachable(claim.channel, claim.address), hashlib.sha256(raw).hexdigest(), title=title)


@lru_cache(maxsize=32)
def _contexts(chunk: bytes) -> list[str]:
    return unpack(chunk)


@lru_cache(maxsize=256)
def _bundle(template: str) -> Bundle:
    return Bundle.load(template)
