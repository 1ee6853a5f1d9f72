"""A ledger's place and its witness, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from retention_cli.ledger.ledger import Ledger, open_ledger
from retention_cli.ledger.location import Location
from retention_cli.ledger.outbox import Outbox
from support.postgres import postgres_cluster, postgres_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["postgres_cluster", "postgres_url"]


@pytest.fixture(autouse=True)
def _state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def file_location(tmp_path: Path) -> Location:
    """Return a place for a SQLite ledger."""
    return Location.parse(None, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """Return a place for a ledger of either kind."""
    address = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return Location.parse(address, tmp_path)


@pytest.fixture
def ledger(location: Location) -> Iterator[Ledger]:
    """Open a new ledger."""
    with open_ledger(location) as opened:
        yield opened


@pytest.fixture
def outbox(ledger: Ledger, location: Location) -> Iterator[Outbox]:
    """Open a sender on the ledger."""
    assert ledger.position().epoch == 0
    with Outbox(location, "one") as opened:
        yield opened
