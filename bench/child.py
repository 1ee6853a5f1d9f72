"""One measured piece of work in a process of its own; prints its seconds as JSON.

`import PROJECT STORE [fresh]` reads a project's exports into an empty or a known store (fresh: without the settled columns),
`script FILE DATA OUT` lets DuckDB alone run a script of SQL, its {data} and {out} filled in, and `send PROJECT TARGET` sends
what is planned. Each imports its own modules before its clock starts, and no others.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def imported(project: str, store: str, fresh: str = "") -> dict[str, Any]:
    """Import every source of a project."""
    from retention_cli.app.workspace import open_project  # noqa: PLC0415 - its own modules alone
    from retention_cli.sources.importing import import_all  # noqa: PLC0415 - its own modules alone

    work = open_project(Path(project))
    began = time.perf_counter()
    import_all(work.project, {} if fresh else work.lock.sources, Path(store))
    return {"seconds": time.perf_counter() - began}


def script(file: str, data: str, out: str) -> dict[str, Any]:
    """Run a script on DuckDB as it comes."""
    import duckdb  # noqa: PLC0415 - its own modules alone

    sql = Path(file).read_text(encoding="utf-8").replace("{data}", data).replace("{out}", out)
    began = time.perf_counter()
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.execute(sql)
    return {"seconds": time.perf_counter() - began}


def sent(project: str, target: str) -> dict[str, Any]:
    """Send what a project's ledger holds, as `retention send` does."""
    from retention_cli.app.hooks import Hooks  # noqa: PLC0415 - its own modules alone
    from retention_cli.app.sending import send  # noqa: PLC0415 - its own modules alone
    from retention_cli.app.workspace import open_project  # noqa: PLC0415 - its own modules alone
    from retention_cli.clock import SystemClock  # noqa: PLC0415 - its own modules alone

    work = open_project(Path(project), target)
    hooks = Hooks(lambda _: None, lambda _: None, lambda: False)
    began = time.perf_counter()
    done = send(work, SystemClock(), hooks, sender="bench")
    return {"seconds": time.perf_counter() - began, "sent": done.counts["sent"], "left": done.left, "note": done.note}


if __name__ == "__main__":
    work: dict[str, Callable[..., dict[str, Any]]] = {"import": imported, "script": script, "send": sent}
    sys.stdout.write(json.dumps(work[sys.argv[1]](*sys.argv[2:])))
