"""Consent: one question for each channel and topic, asked of everybody, with what tells of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.members import last_change
from retention_cli.model.condition import Consented

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.programs import Asked
    from retention_cli.model.condition import Total
    from retention_cli.model.policy import Consent

_CONSENTS = {"channel": "VARCHAR", "topic": "VARCHAR", "question": "BIGINT", "place": "BIGINT", "told": "VARCHAR", "is_change": "BOOLEAN"}


@dataclass
class ConsentQuestions:
    """What tells of each question: the time of the last change, by the name of its column in `answered`."""

    changes: dict[str, Total] = field(default_factory=dict)
    places: int = 0


def ask_consent(frame: Frame, engine: DuckEngine, asked: Asked, pairs: Iterable[tuple[str, str | None]]) -> ConsentQuestions:
    """Fill `consent_questions`: which question says whether a channel and a topic may be used; empty where no consent is asked for."""
    consent, found = frame.project.consent, ConsentQuestions()
    rows = []
    for place, (channel, topic) in enumerate(sorted(set(pairs), key=str) if consent is not None else (), 1):
        node = Consented(channel=channel, topic=topic)
        change = last_change(frame.schema, consent, node) if consent is not None else None
        if change is not None:
            found.changes[f"consent_{place}"] = change
        rows.append((channel, topic, asked.number(node), place, _told(consent, channel, topic), change is not None))
        found.places = place
    engine.table("consent_questions", _CONSENTS, rows)
    return found


def _told(consent: Consent | None, channel: str, topic: str | None) -> str:
    """Return what the question goes by: a field, or a source's topic."""
    if consent is None or consent.source is None:
        return "" if consent is None else str(consent.field(channel) or channel)
    return f"{topic} by {channel}" if topic is not None else channel


def note_changes(engine: DuckEngine, questions: ConsentQuestions) -> None:
    """Fill `consent_changes(subject, changes)`: when each question's answer was changed last, by its place."""
    known = engine.columns("SELECT * FROM answered")
    engine.execute(sql.created("consent_changes", _folded(questions, known)), {})


def _folded(questions: ConsentQuestions, known: Mapping[str, str]) -> sql.Query:
    names = [f"consent_{place}" for place in range(1, questions.places + 1)]
    times = [exp.cast(sql.col(name) if name in known else exp.Null(), "timestamp", dialect=sql.DIALECT) for name in names]
    folded = exp.cast(exp.Array(expressions=times), "timestamp[]", dialect=sql.DIALECT)
    select = exp.Select().select(sql.col("subject"), sql.aliased(folded, "changes"), copy=False)
    return sql.Query(select.from_(sql.table("answered"), copy=False), {})
