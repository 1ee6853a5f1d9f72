"""The first schema.

Rows have integer ids, given by the one process that holds the run's lock; times are microseconds since 1970, UTC; JSON
is text. What a row may be only once is a UNIQUE constraint: a journey by campaign, customer and occurrence, a message by
journey and step. There are no foreign keys: one writer gives all ids in one transaction, and ended rows move to an
archive by month, parents and children in any order.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Micros = Id
Text = sa.Text
_READY = {
    "sqlite": "max(coalesce(not_before, 0), coalesce(next_attempt_at, 0))",
    "postgresql": "greatest(coalesce(not_before, 0), coalesce(next_attempt_at, 0))",
}
_REFUSED = "transitions are append-only"


def upgrade() -> None:
    """Make everything."""
    _about_runs()
    _about_campaigns()
    _journeys()
    _messages()
    _transitions()
    _events_and_suppressions()
    _contents()


def _table(name: str, *parts: sa.schema.SchemaItem, rowid: bool = True) -> None:
    op.create_table(name, *parts, sqlite_strict=True, sqlite_with_rowid=rowid)


def _id() -> sa.Column[int]:
    return sa.Column("id", Id, primary_key=True, autoincrement=False)


def _numbered(name: str) -> sa.Column[int]:
    """Return a key that the database numbers."""
    return sa.Column(name, Id, sa.Identity(), primary_key=True)


def _must(name: str, type_: Any, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=False, server_default=default)


def _may(name: str, type_: Any) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=True)


def _about_runs() -> None:
    _table("meta", sa.Column("key", Text, primary_key=True), _must("value", Text))
    _table(
        "runs",
        _id(),
        _must("epoch", Id),
        _must("started_at", Micros),
        _may("finished_at", Micros),
        _must("as_of", Micros),
        _must("target", Text),
        _must("host", Text),
        _must("pid", Id),
        _may("manifest", Text),
        _may("outcome", Text),
    )


def _about_campaigns() -> None:
    _table("campaigns", _id(), sa.Column("name", Text, nullable=False, unique=True), _must("first_run", Id), _must("first_as_of", Micros))
    _table(
        "revisions",
        _id(),
        _must("campaign", Id),
        _must("fingerprint", Text),
        _must("program", Text),
        _must("run", Id),
        sa.UniqueConstraint("campaign", "fingerprint"),
    )


def _journeys() -> None:
    _table(
        "journeys",
        _id(),
        _must("campaign", Id),
        _must("customer", Text),
        _must("occurrence", Text),
        _must("revision", Id),
        _must("entered_at", Micros),
        _must("state", Text),
        _may("step", Text),
        _may("due_at", Micros),
        _may("reason", Text),
        _may("trigger", Text),
        sa.UniqueConstraint("campaign", "customer", "occurrence"),
    )
    open_ = sa.text("state = 'open'")
    op.create_index("journeys_due", "journeys", ["due_at"], sqlite_where=open_, postgresql_where=open_)
    op.create_index("journeys_entered", "journeys", ["entered_at"])
    _table(
        "verdicts",
        sa.Column("campaign", Id, primary_key=True, autoincrement=False),
        sa.Column("customer", Text, primary_key=True),
        sa.Column("occurrence", Text, primary_key=True),
        _must("verdict", Text),
        _must("as_of", Micros),
        _must("run", Id),
        rowid=False,
    )
    _table(
        "goals",
        sa.Column("journey", Id, primary_key=True, autoincrement=False),
        sa.Column("goal", Text, primary_key=True),
        _must("reached_at", Micros),
        _may("value", Text),
        _must("run", Id),
        rowid=False,
    )


def _messages() -> None:
    _table(
        "messages",
        _id(),
        _must("journey", Id),
        _must("step", Text),
        _must("campaign", Id),
        _must("customer", Text),
        _must("channel", Text),
        _must("address", Text),
        _must("address_key", Text),  # the address in the one form in which suppressions are kept
        _must("template", Text),
        _must("context", Id),
        _must("context_index", Id),
        _must("state", Text),
        _must("planned_at", Micros),
        _may("not_before", Micros),
        _may("not_after", Micros),
        _must("attempts", Id, "0"),
        _may("next_attempt_at", Micros),
        _may("claimed_by", Text),
        _may("body_sha", Text),
        _may("provider_id", Text),
        _may("reason", Text),
        _must("changed_at", Micros),
        _must("run", Id),
        sa.UniqueConstraint("journey", "step"),
    )
    _message_indexes()


def _message_indexes() -> None:
    waiting = sa.text("state IN ('planned', 'deferred', 'held')")
    ready = sa.text(_READY[op.get_bind().dialect.name])
    op.create_index("messages_waiting", "messages", ["channel", ready, "id"], sqlite_where=waiting, postgresql_where=waiting)
    taken = sa.text("state IN ('claimed', 'committing')")
    op.create_index("messages_taken", "messages", ["claimed_by"], sqlite_where=taken, postgresql_where=taken)
    unknown = sa.text("state = 'unknown'")
    op.create_index("messages_unknown", "messages", ["changed_at"], sqlite_where=unknown, postgresql_where=unknown)


def _transitions() -> None:
    _table(
        "transitions",
        _numbered("seq"),
        _may("run", Id),
        _must("subject", Text),
        _must("subject_id", Id),
        _may("from_state", Text),
        _must("to_state", Text),
        _must("at", Micros),
        _may("reason", Text),
    )
    op.create_index("transitions_of", "transitions", ["subject_id", "subject"])
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER transitions_no_{act.lower()} BEFORE {act} ON transitions BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END")
    else:
        op.execute(f"CREATE FUNCTION transitions_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$")
        op.execute(
            "CREATE TRIGGER transitions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transitions"
            " FOR EACH STATEMENT EXECUTE FUNCTION transitions_refuse()"
        )


def _events_and_suppressions() -> None:
    _table(
        "events",
        _numbered("id"),
        _must("source", Text),
        _must("key", Text),
        _must("customer", Text),
        _must("event", Text),
        _must("at", Micros),
        _may("message", Id),
        _must("data", Text, "{}"),
        sa.UniqueConstraint("source", "key"),
    )
    _table(
        "suppressions",
        _numbered("id"),
        _must("channel", Text),
        _may("address", Text),
        _may("customer", Text),
        _must("reason", Text),
        _must("source", Text),
        _must("at", Micros),
        _may("run", Id),
        _may("lifted_at", Micros),
        sa.CheckConstraint("address IS NOT NULL OR customer IS NOT NULL", name="suppressions_say_whom"),
    )
    op.create_index("suppressions_address", "suppressions", ["address", "channel"])
    op.create_index("suppressions_customer", "suppressions", ["customer", "channel"])


def _contents() -> None:
    _table("contexts", _id(), _must("run", Id), _must("count", Id), _must("body", sa.LargeBinary))
    _table("templates", sa.Column("hash", Text, primary_key=True), _must("body", Text))
    _table(
        "generations",
        _id(),
        _must("run", Id),
        _must("as_of", Micros),
        _must("segments", Text),
        _may("whole", sa.LargeBinary),
        _may("delta", sa.LargeBinary),
    )
