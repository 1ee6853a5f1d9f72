"""What journeys are counted apart by, and what a verdict of a surge needs so that it can be approved later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"


def upgrade() -> None:
    """Add `journeys.per` and `verdicts.facts`; indexes that tell the campaign, so that counting reads no journey."""
    op.add_column("journeys", sa.Column("per", sa.Text, nullable=False, server_default=""))
    op.add_column("verdicts", sa.Column("facts", sa.Text, nullable=True))
    open_ = sa.text("state = 'open'")
    op.drop_index("journeys_entered", "journeys")
    op.create_index("journeys_open", "journeys", ["campaign"], sqlite_where=open_, postgresql_where=open_)
    op.create_index("journeys_entered", "journeys", ["entered_at", "campaign"])
