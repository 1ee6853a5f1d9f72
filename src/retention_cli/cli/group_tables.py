"""A group as it divides the customers, told: sizes by division, the gap, and the overlaps."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from retention_cli.cli.bars import bar
from retention_cli.cli.told import Table, Told
from retention_cli.text import plural, visible

if TYPE_CHECKING:
    from retention_cli.audience.divisions import Divided
    from retention_cli.cli.local import Local

_BAR = 24


def divided_told(found: Divided, local: Local) -> Told:
    """Tell a group: a row a division, the rest last."""
    sizes = [*found.sizes.items(), *([("(none)", found.gap)] if found.gap else [])]
    most = max((size for _, size in sizes), default=0)
    rows = [(visible(name), local.number(size), local.share(size / found.of if found.of else 0.0), bar(size, most, _BAR)) for name, size in sizes]
    tables = [Table(("division", "size", "share", ""), rows, right=("size", "share"), kept=("division", ""))]
    if found.overlaps:
        both = [(visible(each.one), visible(each.other), local.number(each.count), visible(each.witness)) for each in found.overlaps]
        tables.append(Table(("division", "and", "fit both", "for one"), both, right=("fit both",), title="overlaps"))
    divisions = [{"division": name, "size": size, "share": round(size / found.of, 6) if found.of else 0.0} for name, size in found.sizes.items()]
    gap = {"size": found.gap, "witness": found.gap_witness}
    shape = {"group": found.group, "of": found.of, "divisions": divisions, "gap": gap, "overlaps": [asdict(each) for each in found.overlaps]}
    said = f"{found.group}: {plural(len(found.sizes), 'division')} of {local.number(found.of)} customers"
    return Told(shape, tuple(tables), ("division", "size", "share"), [tuple(each.values()) for each in divisions], said=(said,))
