"""How far the learned thresholds in retention.lock are from the data: told, and never acted on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.audience.learned import drift, learn
from retention_cli.model.problem import Problem, warning
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from retention_cli.app.facts import View


def drifted(view: View) -> list[Problem]:
    """Return a warning a threshold that has moved by more than a tenth; data it was learned from are not asked again."""
    sources = {name: snapshot.id for name, snapshot in view.facts.imported.snapshots.snapshots.items()}
    asked = [name for name, pinned in view.facts.lock.learned.items() if any(sources.get(name) != found for name, found in pinned.sources.items())]
    asked = [name for name in asked if name in view.work.project.learned]
    return list(_compared(view, asked, sources)) if asked else []


def _compared(view: View, asked: list[str], sources: dict[str, str]) -> Iterator[Problem]:
    with view.engine() as engine:
        for name in asked:
            learned, pinned = view.work.project.learned[name], view.facts.lock.learned[name]
            if learned.meaning != pinned.meaning:
                continue
            now = learn(engine, view.compiler, learned, as_of=view.as_of, sources=sources)
            moved = {} if now is None else drift(pinned, now)
            if moved:
                message = f"{name!r} has drifted: {_told(moved)}"
                yield warning(learned.name.place, "learned-drift", message, "look at `retention lock --diff`, then `retention lock --update`")


def _told(moved: Mapping[str, tuple[Decimal, Decimal]]) -> str:
    kind, (was, now) = next(iter(moved.items()))
    more = f", and {plural(len(moved) - 1, 'more', 'more')}" if len(moved) > 1 else ""
    return f"retention.lock has {was} for {kind or 'everybody'}, the data {now}{more}"
