"""Whom nothing is sent: what the ledger knows, and what the shop's own file says now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from retention_cli.ledger.address import normalised
from retention_cli.model.step import WAYS

if TYPE_CHECKING:
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame

_GONE = "hard_bounce"
"""The reason of an address that does not exist: it says nothing of another one."""


@dataclass(frozen=True, slots=True)
class FileChanges:
    """What the file says that does not stand yet, as rows for the ledger, and the ids of what stands and it says no more."""

    new: list[tuple[Any, ...]] = field(default_factory=list)
    lifted: list[int] = field(default_factory=list)


def load_suppressed(frame: Frame, engine: DuckEngine) -> None:
    """Fill `suppressed_addresses`, `listed_addresses` (those that the file opts out now), in their normal form, and `suppressed_customers`."""
    found = [(channel, *_on_channel(frame, channel)) for channel in WAYS]
    engine.table("suppressed_addresses", _ADDRESSES, [(channel, each) for channel, known, _ in found for each in sorted(known)])
    engine.table("suppressed_customers", _CUSTOMERS, [(channel, each) for channel, _, known in found for each in sorted(known)])
    said = {(line.channel, normalised(line.channel, line.address)) for line in frame.listed or () if line.address and line.reason != _GONE}
    engine.table("listed_addresses", _ADDRESSES, sorted(said))


_ADDRESSES, _CUSTOMERS = {"channel": "VARCHAR", "address": "VARCHAR"}, {"channel": "VARCHAR", "customer_id": "VARCHAR"}


def _on_channel(frame: Frame, channel: str) -> tuple[set[str], set[str]]:
    """Return the addresses and the customers to whom nothing is sent on a channel."""
    known = frame.past.suppressed(channel, listed=frame.listed is None)
    lines = [line for line in frame.listed or () if line.channel == channel]
    addresses = {*known.addresses, *(normalised(channel, line.address) for line in lines if line.address)}
    return addresses, {*known.customers, *(line.customer for line in lines if line.customer)}


def file_changes(frame: Frame) -> FileChanges:
    """Return what has to be written so that the ledger, and with it every claim, says what the file says."""
    if frame.listed is None:
        return FileChanges()
    standing = {(row.channel, row.address, row.customer): row.id for row in frame.past.listed_suppressions()}
    said = {_key(line.channel, line.address, line.customer): line.reason for line in frame.listed}
    new = [(*key, reason) for key, reason in said.items() if key not in standing]
    return FileChanges(new, [id_ for key, id_ in standing.items() if key not in said])


def _key(channel: str, address: str, customer: str) -> tuple[str, str | None, str | None]:
    return channel, normalised(channel, address) if address else None, customer or None
