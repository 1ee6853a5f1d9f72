"""Files of customer ids: `listed: lists/vip.csv`.

One id a line, or a CSV with a column `customer_id`. Ids are text, as everywhere: 00123 is not 123.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from retention_cli.errors import DataUnreachable

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMER = "customer_id"


def read_ids(path: Path) -> list[str]:
    """Return the different ids of a file, sorted; raises DataUnreachable where it cannot be read as text."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataUnreachable(f"the list {path.name} cannot be read: {type(error).__name__}", "it should be UTF-8, one customer_id a line") from error
    place = rows[0].index(CUSTOMER) if rows and CUSTOMER in rows[0] else 0
    ids = rows[1:] if rows and CUSTOMER in rows[0] else rows
    return sorted({row[place].strip() for row in ids if len(row) > place and row[place].strip()})
