"""Where messages go, and the one form in which addresses are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.engine.statements import statement
from retention_cli.journey.tables import QUERIES
from retention_cli.ledger.address import normalised

if TYPE_CHECKING:
    from retention_cli.engine.duck import DuckEngine

EMAIL = "email"


def find_addresses(engine: DuckEngine) -> None:
    """Fill `subject_addresses(subject, channel, address, key)`: the newest address of everybody of whom something is asked.

    Plain ASCII has its normal form by SQL; for the few others it is asked of the ledger's own rule.
    """
    others = [str(address) for (address,) in engine.run(statement(QUERIES, "odd_addresses"), {})]
    rows = [(address, normalised(EMAIL, address)) for address in others]
    engine.table("address_forms", {"address": "VARCHAR", "form": "VARCHAR"}, rows)
    engine.execute(statement(QUERIES, "addresses"), {})
