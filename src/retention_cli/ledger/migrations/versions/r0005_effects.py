"""What steps do beside writing: vouchers that messages carry, fields of customers that are kept, campaigns that are started.

A message that wants a voucher has a row from when it is planned, and its code from when one is there. A code is in two
rows only where it is one for everybody. Of a field every value stays, each with its time; a tag is a field of its own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0005"
down_revision = "r0004"

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add them."""
    _vouchers()
    op.create_table(
        "customer_fields",
        sa.Column("customer", sa.Text, primary_key=True),
        sa.Column("field", sa.Text, primary_key=True),
        sa.Column("tag", sa.Text, primary_key=True),
        sa.Column("run", Id, primary_key=True, autoincrement=False),
        sa.Column("value", sa.Text, nullable=True),
        sa.Column("at", Id, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "starts",
        sa.Column("journey", Id, primary_key=True, autoincrement=False),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("occurrence", sa.Text, nullable=False),
        sa.Column("at", Id, nullable=False),
        sa.Column("run", Id, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("starts_of", "starts", ["campaign", "at"])


def _vouchers() -> None:
    op.create_table(
        "vouchers",
        sa.Column("message", Id, primary_key=True, autoincrement=False),
        sa.Column("pool", sa.Text, nullable=False),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("journey", Id, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=True),
        sa.Column("shared", Id, nullable=False),
        sa.Column("valid_until", sa.Text, nullable=True),
        sa.Column("at", Id, nullable=True),
        sa.Column("run", Id, nullable=False),
        sqlite_strict=True,
    )
    once, wanted = sa.text("shared = 0"), sa.text("code IS NULL")
    op.create_index("vouchers_once", "vouchers", ["pool", "code"], unique=True, sqlite_where=once, postgresql_where=once)
    op.create_index("vouchers_wanted", "vouchers", ["message"], sqlite_where=wanted, postgresql_where=wanted)
