"""What steps remember: until when a journey waits, when it ends, which way a customer was drawn, and which wording they got.

An assignment is for ever: weights that change later move nobody. Events are found by their message, for reactions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add them."""
    op.add_column("journeys", sa.Column("until_at", Id, nullable=True))
    op.add_column("journeys", sa.Column("deadline_at", Id, nullable=True))
    op.add_column("messages", sa.Column("variant", sa.Text, nullable=True))
    op.create_table(
        "assignments",
        sa.Column("experiment", sa.Text, primary_key=True),
        sa.Column("customer", sa.Text, primary_key=True),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("at", Id, nullable=False),
        sa.Column("run", Id, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    told = sa.text("message IS NOT NULL")
    op.create_index("events_message", "events", ["message"], sqlite_where=told, postgresql_where=told)
