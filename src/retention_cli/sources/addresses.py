"""What the customers' addresses look like, for whoever reads the report of an import.

Nothing is changed here and nobody is left out: whether an address can be written to is decided by the one function that
reads it when a message is made. This only counts, so that a broken export shows before a campaign does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.text import plural

if TYPE_CHECKING:
    from retention_cli.engine.duck import DuckEngine

EMAIL = "email"
_PART = r"""[^@\s<>()\[\],;:\\"]+"""
_ADDRESS = rf'{_PART}@{_PART}\.[^@\s<>()\[\],;:\\".]+'
_COUNTED = """
SELECT count(*) FILTER (NOT regexp_full_match(trim(email), $address)),
       (SELECT sum(n) FROM (SELECT count(*) AS n FROM kept WHERE email IS NOT NULL GROUP BY lower(trim(email)) HAVING n > 1))
FROM kept
"""


def odd_addresses(engine: DuckEngine) -> list[str]:
    """Say how many addresses in the view `kept` are none, and how many customers share one."""
    odd, shared = engine.run(_COUNTED, {"address": _ADDRESS})[0]
    found = [f"{plural(odd, 'value')} of {EMAIL!r} {'is no address' if odd == 1 else 'are no addresses'}"] if odd else []
    return [*found, *([f"{plural(int(shared), 'customer')} share an address with another one"] if shared else [])]
