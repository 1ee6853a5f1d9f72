"""What journeys are counted apart by, and what a verdict of a surge needs so that it can be approved later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0001"


def upgrade() -> None:
    """Add `journeys.per` and `verdicts.facts`."""
    op.add_column("journeys", sa.Column("per", sa.Text, nullable=False, server_default=""))
    op.add_column("verdicts", sa.Column("facts", sa.Text, nullable=True))
