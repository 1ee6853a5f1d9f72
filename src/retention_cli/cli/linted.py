"""How what `message lint` and `message matrix` found is shown."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from retention_cli.cli.options import TableFormat
from retention_cli.cli.output import say, show, show_csv, show_json, show_texts
from retention_cli.render.lint.finding import Finding, Level
from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from retention_cli.app.linting import Linted
    from retention_cli.app.matrix import Edge


def show_linted(found: Sequence[Linted], *, notes: bool, strict: bool, as_json: bool) -> int:
    """Show findings; return the exit code."""
    told = [(each.name, [finding for finding in each.findings if notes or finding.level is not Level.NOTE]) for each in found]
    if as_json:
        show_json([{"message": name, **_as_json(finding)} for name, findings in told for finding in findings])
    else:
        for name, findings in told:
            for finding in findings:
                show(f"{name}: {finding.level}: {visible(finding.message)} [{finding.code}]")
                if finding.hint:
                    show(f"    hint: {visible(finding.hint)}")
    levels = [finding.level for _, findings in told for finding in findings]
    say(_summary(len(found), levels))
    return 2 if Level.ERROR in levels or (strict and Level.WARNING in levels) else 0


def show_matrix(edges: Iterable[Edge], format_: TableFormat) -> int:
    """Show the edges of templates; return the exit code."""
    columns = ("template", "audience", "edge", "members", "message")
    found = list(edges)
    if format_ is TableFormat.JSON:
        show_json([asdict(each) for each in found])
    else:
        rows = [(each.template, f"{each.audience:,}", each.what, f"{each.members:,}", visible(each.told)) for each in found]
        show_csv(columns, rows) if format_ is TableFormat.CSV else show_texts(columns, rows, right=("audience", "members"), kept=("template", "edge"))
    wrong = sum(each.is_wrong for each in found)
    say(f"{len(found)} edges of {len({each.template for each in found})} templates: {f'{wrong} must not be sent so' if wrong else 'all sound'}")
    return 2 if wrong else 0


def _as_json(finding: Finding) -> dict[str, str]:
    return {"level": str(finding.level), "code": finding.code, "text": finding.message, "hint": finding.hint}


def _summary(messages: int, levels: Sequence[Level]) -> str:
    counts = [(level, levels.count(level)) for level in Level]
    told = ", ".join(f"{count} {level}{'' if count == 1 else 's'}" for level, count in counts if count)
    return f"{messages} message{'' if messages == 1 else 's'}: {told or 'nothing to mend'}"
