"""What policies need to know of messages: what they are about, until when they may leave, and whose they are.

`open_until` is the start of the next quiet time of the customer's clock; `kind` and `topic` are those of the campaign when
the message was planned, so that caps count what was sent as what it was. The two indexes find what a customer, and an
address, was sent.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"

Micros = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and the indexes."""
    op.add_column("messages", sa.Column("open_until", Micros, nullable=True))
    op.add_column("messages", sa.Column("kind", sa.Text, nullable=True))
    op.add_column("messages", sa.Column("topic", sa.Text, nullable=True))
    op.create_index("messages_of", "messages", ["customer"])
    op.create_index("messages_to", "messages", ["address_key"])
