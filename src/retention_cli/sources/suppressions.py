"""The shop's own file of who gets nothing: `suppression: {path: suppressed.csv}`.

A CSV with a column of addresses (`email`, the one that is named, or the only one) and, where it has them, `customer_id`,
`channel` and `reason`. Reading it wrongly would send to whom nothing may be sent: whatever is not understood stops.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from retention_cli.errors import GuardStopped
from retention_cli.model.policy import MessageChannel
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from retention_cli.model.policy import SuppressionFile

_EMAIL, _CUSTOMER, _CHANNEL, _REASON = "email", "customer_id", "channel", "reason"
_BESIDE = (_CUSTOMER, _CHANNEL, _REASON)
_CHANNELS: tuple[str, ...] = get_args(MessageChannel)
_DELIMITERS = ",;\t|"
_ENCODINGS = ("utf-8-sig", "cp1252")
_NOTHING_SENT = "nothing was decided or sent"


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """A line of the file: an address as written, a customer, or both (empty: none), on one channel."""

    channel: str
    address: str
    customer: str
    reason: str


def read_suppressions(root: Path, file: SuppressionFile) -> tuple[Listed, ...]:
    """Return the different lines, sorted; raises GuardStopped where the file is not there or cannot be understood."""
    rows = _rows(root / file.path, str(file.path))
    if not rows:
        raise GuardStopped(f"the suppression file {file.path} is empty", f"write at least its head, a line with {_EMAIL}; {_NOTHING_SENT}")
    header = [cell.strip() for cell in rows[0][1]]
    if len(header) == 1 and "@" in header[0]:  # a list without a head
        header, rows = [_EMAIL], [rows[0], *rows]
    places = _places(header, file)
    return tuple(sorted({line for number, row in rows[1:] for line in _lines(row, places, f"{file.path}:{number}")}))


def _rows(path: Path, shown: str) -> list[tuple[int, list[str]]]:
    """Return the rows that are not blank, each with the number of its last line."""
    try:
        body = path.read_bytes()
    except OSError as error:
        message = f"the suppression file {shown} cannot be read ({type(error).__name__})"
        raise GuardStopped(message, f"bring it back, or take it out of policies: suppression; {_NOTHING_SENT}") from error
    text = _decoded(body).replace("\0", "\ufffd")  # no address holds it, and csv may not
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=text.partition("\n")[0].count), strict=True)
    try:
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise GuardStopped(f"the suppression file {shown} is no CSV text", f"save it as CSV in UTF-8; {_NOTHING_SENT}") from error


def _decoded(body: bytes) -> str:
    for encoding in _ENCODINGS:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    return body.decode("latin-1")


def _places(header: Sequence[str], file: SuppressionFile) -> dict[str, int]:
    """Return where the columns stand; the addresses' own is called `email` from here on."""
    wanted = file.column if file.column is not None else _EMAIL
    found = {name: header.index(name) for name in _BESIDE if name in header}
    if wanted in header:
        return found | {_EMAIL: header.index(wanted)}
    if file.column is None and len(header) == 1:
        return found or {_EMAIL: 0}
    if file.column is None and _CUSTOMER in found:
        return found
    hint = did_you_mean(str(wanted), header) or "name it: policies: suppression: {path: …, column: …}"
    raise GuardStopped(f"the suppression file {file.path} has no column {str(wanted)!r}", f"{hint}; {_NOTHING_SENT}")


def _lines(row: Sequence[str], places: dict[str, int], where: str) -> Iterator[Listed]:
    said = {name: row[place].strip() for name, place in places.items() if place < len(row)}
    address, customer, channel = said.get(_EMAIL, ""), said.get(_CUSTOMER, ""), said.get(_CHANNEL, "").lower()
    if channel and channel not in _CHANNELS:
        raise GuardStopped(f"{where}: there is no channel {channel!r}", f"{did_you_mean(channel, _CHANNELS)}; {_NOTHING_SENT}")
    if not address and not customer:
        return
    channels = (channel,) if channel else (_EMAIL,) if address else _CHANNELS
    for each in channels:
        yield Listed(each, address, customer, said.get(_REASON, "") or "listed")
