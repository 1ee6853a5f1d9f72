"""How fast and how much each target sends, for all processes and machines that send by it: when its next message may leave, and the days' volumes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0006"
down_revision = "r0005"

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add it."""
    op.create_table(
        "paces",
        sa.Column("way", sa.Text, primary_key=True),
        sa.Column("next_at", Id, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "volumes",
        sa.Column("way", sa.Text, primary_key=True),
        sa.Column("day", Id, primary_key=True, autoincrement=False),
        sa.Column("messages", Id, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
