"""`policies:` into its model: what pydantic reads by itself, and caps, whose `who` is a condition in the language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.base import read_whole
from retention_cli.model.policy import Cap, FieldLimit, Policies
from retention_cli.project.build import build
from retention_cli.project.grammar.conditions import condition
from retention_cli.project.grammar.spot import CUSTOMER, Spot, note_shape, shown
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Series, Table

if TYPE_CHECKING:
    from decimal import Decimal

    from retention_cli.project.notes import Notes
    from retention_cli.project.yaml_tree import Raw

_LIMIT, _EXAMPLE = "at_most", "write {at_most: 3, per: 7 days}"


def read_policies(raw: Raw, notes: Notes) -> Policies:
    """Return the policies; none beside the notes where they cannot be read."""
    if not isinstance(raw, Table):
        note_shape(notes, raw, "policies", "a mapping", "write policies: {consent: {email: newsletter}}")
        return Policies()
    replaced: dict[str, object] = {"caps": _caps(raw["caps"], notes)} if "caps" in raw else {}
    found = build(Policies, raw, notes, replaced, what="policies") or Policies()
    note_all_held(raw.get("holdout"), found.holdout, notes)
    return found


def _caps(raw: Raw, notes: Notes) -> tuple[Cap, ...]:
    if not isinstance(raw, Series):
        note_shape(notes, raw, "caps", "a list of caps", f"begin each cap with -: {_EXAMPLE}")
        return ()
    found = [_cap(each, f"caps[{number}]", notes) for number, each in enumerate(raw)]
    return tuple(cap for cap in found if cap is not None)


def _cap(raw: Raw, path: str, notes: Notes) -> Cap | None:
    if not isinstance(raw, Table):
        note_shape(notes, raw, "a cap", "a mapping", _EXAMPLE)
        return None
    replaced: dict[str, object] = {}
    if "who" in raw:
        replaced["who"] = condition(raw["who"], Spot(f"{path}.who", notes, CUSTOMER))
    limit = raw.get(_LIMIT)
    if _LIMIT in raw.broken or (isinstance(limit, str) and not limit.strip()):
        place = raw.place if limit is None else limit.place
        notes.error(place, Code.EMPTY_CAP, f"this cap has no number in {_LIMIT!r}", "write one, or take the whole cap out; 0 stops everything")
        return None
    before = notes.errors
    if limit is not None:
        replaced[_LIMIT] = _limit(limit, notes)
    found = build(Cap, raw, notes, replaced, what="a cap")
    if found is not None and notes.errors == before:
        _note_nothing(found, limit, notes)
    return found


def _limit(raw: Raw, notes: Notes) -> int | FieldLimit:
    """Return a number, or where each customer has theirs; a stand-in beside the notes."""
    if isinstance(raw, Table):
        return build(FieldLimit, raw, notes, what=repr(_LIMIT)) or 1
    if isinstance(raw, Series):
        note_shape(notes, raw, repr(_LIMIT), "a number", _EXAMPLE)
        return 1
    try:
        return int(read_whole(raw))
    except ValueError:
        message = f"{_LIMIT!r}: {shown(raw)!r} is not a whole number, zero or more"
        notes.error(raw.place, Code.WRONG_VALUE, message, f"{_EXAMPLE}, or {{at_most: {{field: wanted_per_month, if_missing: 8}}, per: month}}")
        return 1


def _note_nothing(cap: Cap, limit: Raw | None, notes: Notes) -> None:
    """Warn of a cap that stops everything, which may be meant."""
    if cap.at_most == 0 and isinstance(limit, str):
        notes.warn(limit.place, Code.NOTHING_SENT, f"the cap {str(cap)!r} lets nothing be sent that it is about", "to have no cap, take it out")


def note_all_held(raw: Raw | None, share: Decimal | None, notes: Notes) -> None:
    """Warn of a holdout that holds out everybody."""
    if share == 1 and raw is not None:
        message, hint = (
            "a holdout of 100% lets nothing be sent: everybody is held out",
            "write a smaller share; enabled: false switches a campaign off",
        )
        notes.warn(raw.place, Code.NOTHING_SENT, message, hint)
