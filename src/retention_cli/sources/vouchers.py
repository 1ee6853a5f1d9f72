"""Files of voucher codes: `vouchers: {big: {path: vouchers/big.csv, code: code, valid_until: until}}`.

A CSV with a column of codes (`code`, the one that is named, or the only one) and, where it has one, a column with each
code's last day. A code is one word of text, kept as written; one that stands there twice counts once. A code read wrongly
would reach a customer, so whatever is not understood stops the run.
"""

from __future__ import annotations

import csv
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from retention_cli.errors import GuardStopped
from retention_cli.model.voucher import CODE, VALID_UNTIL, Code, Codes
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from retention_cli.model.project import Project
    from retention_cli.model.voucher import Pool

_DELIMITERS = ",;\t|"
_LONGEST = 200
_DAYS = ("%Y-%m-%d", "%d.%m.%Y", "%d. %m. %Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
_NOTHING_SENT = "nothing was decided or sent"


def read_vouchers(project: Project) -> dict[str, Codes]:
    """Return the codes of every pool of a project, in order; raises GuardStopped where a file cannot be understood."""
    root, zone = Path(project.root), project.zone
    return {
        str(name): _of_file(root, pool, zone) if pool.path is not None else _for_all(pool, zone) for name, pool in project.settings.vouchers.items()
    }


def _for_all(pool: Pool, zone: ZoneInfo) -> Codes:
    last = pool.last_day()
    until = None if last is None else last.isoformat()
    return Codes((Code(str(pool.code), until, None if last is None else _end_of(last, zone)),), shared=True)


def _of_file(root: Path, pool: Pool, zone: ZoneInfo) -> Codes:
    file = str(pool.path)
    rows = _rows(root / file, file)
    if not rows:
        return Codes((), file=file)
    header = [cell.strip() for cell in rows[0][1]]
    code, until = _places(header, pool, file)
    found = {each.code: each for number, row in reversed(rows[1:]) for each in _codes(row, code, until, f"{file}:{number}", zone)}
    return Codes(tuple(reversed(found.values())), file=file)


def _rows(path: Path, shown: str) -> list[tuple[int, list[str]]]:
    """Return the rows that are not blank, each with its line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=max(_DELIMITERS, key=first.count), strict=True)
            return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"the voucher file {shown} cannot be read ({type(error).__name__})"
        raise GuardStopped(message, f"it should be CSV text in UTF-8 with a column of codes; {_NOTHING_SENT}") from error


def _places(header: Sequence[str], pool: Pool, file: str) -> tuple[int, int | None]:
    """Return where the codes stand, and their last days; None where they have none."""
    wanted = str(pool.code) if pool.code is not None else CODE
    if wanted not in header and pool.code is None and len(header) == 1:
        wanted = header[0]
    until = str(pool.valid_until) if pool.valid_until is not None else VALID_UNTIL if VALID_UNTIL in header else None
    for column in (wanted, until):
        if column is not None and column not in header:
            hint = did_you_mean(column, header)
            raise GuardStopped(f"the voucher file {file} has no column {column!r}", f"{hint}; {_NOTHING_SENT}")
    return header.index(wanted), None if until is None else header.index(until)


def _codes(row: Sequence[str], code: int, until: int | None, where: str, zone: ZoneInfo) -> Iterator[Code]:
    found = row[code].strip() if code < len(row) else ""
    if not found:
        return
    if len(found) > _LONGEST or not found.isprintable():
        raise GuardStopped(f"{where}: this is no code: it is too long, or holds signs that cannot be printed", _NOTHING_SENT)
    told = row[until].strip() if until is not None and until < len(row) else ""
    last = _day(told, where) if told else None
    yield Code(found, None if last is None else last.isoformat(), None if last is None else _end_of(last, zone))


def _day(text: str, where: str) -> date:
    for form in _DAYS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day on the shop's wall
        except ValueError:
            continue
    raise GuardStopped(f"{where}: {text!r} is no day", f"write it like 2026-12-31; {_NOTHING_SENT}")


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a day of the shop is over."""
    return datetime.combine(day + timedelta(days=1), time(), zone)


def stand_ins(pools: Iterable[str]) -> dict[str, Codes]:
    """Return codes that a rehearsal hands out in place of the real ones: one for everybody a pool, called after it."""
    return {str(name): Codes((Code(f"CODE-OF-{name}"),), shared=True) for name in pools}
