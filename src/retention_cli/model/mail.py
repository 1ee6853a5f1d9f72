"""The tool's own events: what was sent, and what came back of it, as a source that is always there.

The ledger keeps them. Imported histories give events of the same names, and conditions count both.
"""

from __future__ import annotations

from retention_cli.model.source import Column, ColumnType, EventColumn, Source
from retention_cli.model.word import Word

OWN_EVENTS = "ledger_events"
"""The source's name, which no source of a project may have."""

_CHANNELS = ("email", "sms", "push")
_HAPPENED = ("sent", "delivered", "opened", "clicked", "bounced", "complained")
EVENTS = (*(f"{channel}_{what}" for channel in _CHANNELS for what in _HAPPENED), "unsubscribed")
BY_MACHINES = frozenset(f"{channel}_{what}" for channel in _CHANNELS for what in ("opened", "clicked"))
"""Events that prefetchers and scanners cause too; those do not count unless `where: {machine: …}` asks."""

MACHINE = "machine"
COLUMNS: dict[str, ColumnType] = {
    "customer_id": ColumnType.TEXT,
    "event": ColumnType.TEXT,
    "occurred_at": ColumnType.TIME,
    **dict.fromkeys(("message", "template", "campaign", "step", "kind", "topic", "channel", "variant", "link", "os", "device"), ColumnType.TEXT),
    MACHINE: ColumnType.BOOLEAN,
    "type": ColumnType.TEXT,
}
"""What each event tells; `type` is hard or soft, of a bounce."""


def own_source() -> Source:
    """Return the source as a project would write it."""
    event = EventColumn(column=Word("event"))
    return Source(name=Word(OWN_EVENTS), path=Word(OWN_EVENTS), customer=Word("customer_id"), time=Word("occurred_at"), event=event)


def own_columns() -> dict[str, Column]:
    """Return the source's columns by name."""
    return {name: Column(name=name, type=kind, origin=name) for name, kind in COLUMNS.items()}
