"""What became of a test: for each expectation that failed what was expected and found, who is wrong, and what decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from retention_cli.model.case import Case
    from retention_cli.model.problem import Place
    from retention_cli.proof.scenes import Point, Scene


@dataclass(frozen=True, slots=True)
class Reason:
    """A part of a condition on which the answer rests: where it stands, whether it holds, and the value that it looked at.

    `measured` says that it looks at a value: None is then a missing one. `segment` is the segment it is a part of, if any.
    """

    place: Place
    text: str
    holds: bool
    value: Any
    measured: bool
    segment: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """One person for whom something else came out: whether the condition holds, though it should not, or the other way about."""

    customer: str
    holds: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation that failed. `asked` names it; `expected` and `found` are people, or for a value a test of it and what it is.

    Of a campaign they are what came out otherwise, in pairs, and `story` is all that was decided about the customer.
    """

    place: Place
    asked: str
    expected: tuple[str, ...]
    found: tuple[Any, ...]
    wrong: tuple[Wrong, ...]
    story: tuple[Scene, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One test, all its failures, and what of the campaigns it came by."""

    case: Case
    failures: tuple[Failure, ...]
    points: frozenset[Point] = frozenset()

    @property
    def passed(self) -> bool:
        """Whether everything came out as expected."""
        return not self.failures
