"""Takes messages from the outbox, with what their rendering needs: their context's chunk and their template.

Templates are kept for the whole dispatch, chunks of contexts only while the messages taken last need them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.deliver.marks import Job

if TYPE_CHECKING:
    from retention_cli.deliver.outbox import Outbox
    from retention_cli.ledger.rows import Claim

BATCH = 128


class Intake:
    """Claims of one channel's kind; `exhausted` once nothing may leave any more."""

    def __init__(self, outbox: Outbox, kind: str) -> None:
        self._outbox = outbox
        self._kind = kind
        self._chunks: dict[int, bytes] = {}
        self._templates: dict[str, str] = {}
        self.exhausted = False

    def take(self, now: int, limit: int = BATCH) -> list[Job]:
        """Claim the next messages."""
        claims = self._outbox.claim(limit, now, self._kind) if limit else []
        self.exhausted = not claims
        self._load(claims)
        return [Job(claim, self._chunks[claim.context], self._templates[claim.template]) for claim in claims]

    def _load(self, claims: list[Claim]) -> None:
        chunks = {claim.context for claim in claims}
        self._chunks = {id_: body for id_, body in self._chunks.items() if id_ in chunks}
        if missing := chunks - self._chunks.keys():
            self._chunks |= self._outbox.contexts(missing)
        if unknown := {claim.template for claim in claims} - self._templates.keys():
            self._templates |= self._outbox.templates(unknown)
