"""Calls to other programs, as a target makes them: whom it can call, over what, and what it says."""

from __future__ import annotations

import json
from datetime import UTC
from hashlib import sha256
from typing import TYPE_CHECKING

from retention_cli.app.letters import context_in, key_of
from retention_cli.deliver.channels.fake import Fake
from retention_cli.deliver.channels.folder import Folder
from retention_cli.deliver.channels.webhook import Webhooks
from retention_cli.deliver.mail import Mail
from retention_cli.journey.frame import from_micros
from retention_cli.model.effects import called
from retention_cli.model.target import FolderChannel
from retention_cli.render.calls import CallBundle, Occasion, body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.app.workspace import Workspace
    from retention_cli.deliver.channels.channel import Channel
    from retention_cli.deliver.marks import Job
    from retention_cli.ledger.rows import Claim

SUFFIX = ".json"
AT_ONCE = 2
"""Connections for calls: receivers are few."""


def receivers_of(work: Workspace) -> frozenset[str]:
    """Return the names of the receivers that the target can call; one that sends nothing writes down the calls to all of them."""
    targets = [work.target] if work.target.truly_sends else work.project.settings.targets.values()
    return frozenset(str(name) for target in targets for name in target.call)


def delivers(work: Workspace) -> frozenset[str]:
    """Return all ways out of the target, as a tick knows them."""
    return frozenset({*work.target.deliver, *map(called, receivers_of(work))})


def channel_of(work: Workspace) -> Channel:
    """Return what the target makes its calls over. Raises `UsageError` for a receiver that cannot be called."""
    target, email = work.target, work.target.deliver.get("email")
    if target.truly_sends:
        return Webhooks.of(target.call, work.root)
    if isinstance(email, FolderChannel):
        return Folder.of(email, work.root, suffix=SUFFIX)
    return Fake()


class Calling:
    """Makes the bytes of calls; none is made ahead."""

    def compose(self, claim: Claim, chunk: bytes, template: str) -> Mail:
        """Return a claimed call ready to be made; raise RenderFailed where it cannot be."""
        key = key_of(claim)
        planned_at = from_micros(claim.planned_at).astimezone(UTC).isoformat().replace("+00:00", "Z")
        occasion = Occasion(key, claim.campaign, claim.step, claim.customer, planned_at)
        raw = body(CallBundle.load(template), occasion, json.loads(context_in(chunk, claim)))
        return Mail(key, raw, "", claim.address, sha256(raw).hexdigest())

    def ahead(self, jobs: Sequence[Job]) -> None:
        """Do nothing."""
