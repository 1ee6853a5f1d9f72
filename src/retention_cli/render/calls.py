"""A call to another program as the bytes that leave: JSON, the same at every attempt.

What stands for a template is which fields of the customer the receiver is told; the ledger keeps it like one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from retention_cli.errors import RenderFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERSION = 1


@dataclass(frozen=True, slots=True)
class CallBundle:
    """All that is settled once for the calls of a step: whom they go to, and which fields they tell."""

    receiver: str
    fields: tuple[str, ...] = ()
    hash: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", hashlib.sha256(self.dump().encode()).hexdigest())

    def dump(self) -> str:
        """Return it as JSON text, always the same for the same bundle."""
        return json.dumps({"call": self.receiver, "fields": list(self.fields)}, ensure_ascii=False, sort_keys=True)

    @classmethod
    def load(cls, text: str) -> CallBundle:
        """Return the bundle in JSON `text`; raise RenderFailed where it is none."""
        try:
            found = json.loads(text)
            return cls(str(found["call"]), tuple(map(str, found["fields"])))
        except (ValueError, TypeError, KeyError) as error:
            raise RenderFailed("a call kept in the ledger cannot be read") from error


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a call is about: its public key, which step of which campaign decided it for whom, and when (RFC 3339, UTC)."""

    key: str
    campaign: str
    step: str
    customer: str
    planned_at: str


def body(bundle: CallBundle, occasion: Occasion, facts: Mapping[str, Any]) -> bytes:
    """Return the body of a call: `facts` is the context that was frozen when it was planned."""
    customer = facts.get("customer") or {}
    told = {name: customer.get(name) for name in bundle.fields}
    whole = {
        "version": _VERSION,
        "id": occasion.key,
        "campaign": occasion.campaign,
        "step": occasion.step,
        "planned_at": occasion.planned_at,
        "customer": {"customer_id": occasion.customer, **told},
        "trigger": facts.get("trigger"),
        "with": facts.get("with") or {},
    }
    return json.dumps(whole, ensure_ascii=False, sort_keys=True).encode()
