"""An independent check of finished messages: the assertions M01 to M32 of the deliverability list, on raw bytes.

It knows nothing of how messages are made. Its own byte scanner reads first, the standard library's parser second, and both
must agree; where they do not, that is a violation too. `check` returns one line a violation, none for a sound message.
"""

from __future__ import annotations

import email
import email.policy
import email.utils
import re
from email.header import decode_header, make_header
from typing import TYPE_CHECKING

from retention_cli.render.lint.bodies import of_bodies, of_way_out
from retention_cli.render.lint.headers import (
    MAILBOXES,
    of_addresses,
    of_counts,
    of_encoded_words,
    of_head,
    of_lines,
    of_lists,
    of_subject,
    of_time_and_id,
)
from retention_cli.render.lint.scan import Broken, Scan, decode_words, mailbox, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from email.message import EmailMessage


def check(raw: bytes, *, to: str, sender_domain: str, kind: str, host: str | None, at: datetime | None = None) -> list[str]:
    """Return what is wrong with a message to `to`; `host` is where its one-click address must lead, `at` when it arrived."""
    found = [*of_lines(raw)]
    try:
        scan = read(raw)
        found += [*of_head(scan), *of_counts(scan), *of_addresses(scan, to, sender_domain), *of_time_and_id(scan, to, sender_domain, at)]
        found += [*of_subject(scan), *of_encoded_words(scan), *of_lists(scan, kind, host), *of_bodies(scan), *of_way_out(scan, kind, host)]
        found += _second_opinion(scan)
    except Broken as error:
        found.append(str(error) if re.match(r"M\d\d ", str(error)) else f"M03 {error}")
    return found


def library_mailbox(raw: bytes, name: str) -> tuple[str, str]:
    """Return display name and address as the library's older parser reads them (the newer one keeps blanks between encoded words)."""
    value = email.message_from_bytes(raw, policy=email.policy.compat32)[name]
    display, spec = email.utils.parseaddr(re.sub(r"\r?\n", "", str(value)))
    return str(make_header(decode_header(display))), spec


def _second_opinion(scan: Scan) -> Iterator[str]:
    """Compare with the standard library's parser: same fields, same subject, same mailboxes, same parts."""
    message: EmailMessage = email.message_from_bytes(scan.raw, policy=email.policy.default)
    theirs = [name for name, _ in message.items()]
    if theirs != [name for name, _ in scan.fields]:
        yield f"M18 another parser sees the fields {theirs}"
        return
    if str(message["Subject"]).strip() != decode_words(scan.one("Subject")).strip():
        yield "M18 another parser reads another subject"
    for name in MAILBOXES:
        if message[name] is not None and (len(message[name].addresses) != 1 or library_mailbox(scan.raw, name) != mailbox(scan.one(name))):
            yield f"M18 another parser reads other mailboxes in {name}"
    texts = [part.get_content().replace("\r\n", "\n") for part in message.walk() if not part.is_multipart()]
    if texts != [part.text.replace("\r\n", "\n") for part in scan.parts]:
        yield "M18 another parser reads other parts"
    defects = [defect for part in message.walk() for defect in part.defects]
    if defects:
        yield f"M18 defects: {defects}"
