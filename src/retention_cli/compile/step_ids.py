"""Ids of steps: those that a user gave, and those that are made from what a step does."""

from __future__ import annotations

import hashlib
import json
from datetime import time
from typing import TYPE_CHECKING, assert_never

from retention_cli.compile.sql import slug
from retention_cli.model.effects import Call, Start, Update, Written
from retention_cli.model.encode import encode
from retention_cli.model.step import If, OnDate, Send, Split, Stop, Until, Wait, Weekday, all_steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from retention_cli.model.condition import Condition
    from retention_cli.model.step import Step


def own_ids(written: Sequence[Step]) -> Iterator[str]:
    """Yield the ids that a file gives to steps, wherever they stand."""
    for step in all_steps(written):
        if step.id is not None:
            yield str(step.id)
        if isinstance(step, Send) and step.no_reaction is not None and step.no_reaction.id is not None:
            yield str(step.no_reaction.id)


def made_id(step: Step) -> str:
    """Return the id that a step's kind and content make; another may have it already."""
    match step:
        case Send():
            return f"send-{step.send}"
        case Wait():
            return f"wait-{_awaited(step)}"
        case Split():
            return f"split-{step.split.name}"
        case Update():
            return f"update-{_hyphened(_named(step.update))}"
        case Call():
            return f"call-{_hyphened(step.call)}"
        case Start():
            return f"start-{_hyphened(step.start)}"
        case Stop():
            return f"stop-{_hyphened(step.stop)}"
        case If():
            return guard_id(step.if_)
        case _:
            assert_never(step)


def guard_id(condition: Condition) -> str:
    """Return the id of an `if`, by what it asks."""
    return f"if-{_digest(condition)}"


def _awaited(step: Wait) -> str:
    if not isinstance(step.wait, Until):
        return _hyphened(str(step.wait))
    match step.wait.until:
        case time() as at:
            return f"until-{at:%H-%M}"
        case Weekday() as day:
            return f"until-{day}"
        case OnDate() as date:
            return f"until-{_hyphened(date.date)}"
        case condition:
            return f"until-{_digest(condition)}"


def _named(written: Written) -> str:
    """Return what an update names: its fields, then its tags."""
    return "_".join(map(str, (*sorted(written.set), *written.add_tags, *written.remove_tags)))


def _hyphened(text: str) -> str:
    return slug(text).replace("_", "-")


def _digest(condition: Condition) -> str:
    meaning = json.dumps(encode(condition), sort_keys=True).encode()
    return hashlib.sha256(meaning).hexdigest()[:6]
