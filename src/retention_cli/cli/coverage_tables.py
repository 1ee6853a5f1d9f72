"""What tests came by of each campaign, as a table and as JSON."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from retention_cli.cli.output import show, show_texts
from retention_cli.errors import UsageError
from retention_cli.model.problem import NOWHERE
from retention_cli.model.source import percent as read_share
from retention_cli.proof.coverage import share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.model.problem import Place
    from retention_cli.proof.coverage import Covered


def as_least(text: str) -> Fraction:
    """Return what `--coverage-min` asks for; raise UsageError where it is no share."""
    try:
        return Fraction(read_share(text))
    except ValueError as error:
        raise UsageError(f"--coverage-min {text!r} is no share", "write it like 80%") from error


def percent(part: Fraction) -> str:
    """Return a share in whole percent, rounded down: 100% is all of it."""
    return f"{int(part * 100)}%"


def show_coverage(covered: Sequence[Covered]) -> None:
    """Print every point with the number of tests that came by it, then a line a campaign."""
    rows = [(each.point.campaign, each.text, _spot(each.place), str(each.tests or "none")) for each in covered]
    show_texts(("campaign", "what", "where", "tests"), rows, right=("tests",))
    names = list(dict.fromkeys(each.point.campaign for each in covered))
    parts = [(name, [each for each in covered if each.point.campaign == name]) for name in names]
    totals = [
        (name, str(sum(each.tests > 0 for each in own)), str(len(own)), percent(share(own))) for name, own in (*parts, ("in all", list(covered)))
    ]
    show("")
    show_texts(("campaign", "come by", "of", "share"), totals, right=("come by", "of", "share"))


def coverage_json(covered: Sequence[Covered]) -> list[dict[str, Any]]:
    """Return the coverage in the shape of the output contract."""
    return [
        {
            "campaign": each.point.campaign,
            "kind": each.point.kind,
            "name": each.point.name,
            "text": each.text,
            "file": each.place.file or None,
            "line": each.place.line or None,
            "tests": each.tests,
        }
        for each in covered
    ]


def _spot(place: Place) -> str:
    return "" if place == NOWHERE else f"{place.file}:{place.line}"
