"""One measured piece of work in a process of its own; prints its seconds as JSON.

`import PROJECT STORE [fresh]` reads a project's exports into an empty or a known store (fresh: without the settled columns),
`script FILE DATA OUT` lets DuckDB alone run a script of SQL, its {data} and {out} filled in, and `send PROJECT TARGET` sends
what is planned. `deliver PROJECT TARGET SIZE` does the same with finished bytes of a size handed to it, and tells how long it was in
the ledger. Each imports its own modules before its clock starts, and no others.
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


def delivered(project: str, target: str, size: str) -> dict[str, Any]:
    """Send what a project's ledger holds with nothing rendered: one text for all, made and checked before the clock starts."""
    from retention_cli.app.workspace import open_project  # noqa: PLC0415 - its own modules alone
    from retention_cli.clock import SystemClock  # noqa: PLC0415 - its own modules alone
    from retention_cli.deliver.channels.registry import channel_for  # noqa: PLC0415 - its own modules alone
    from retention_cli.deliver.dispatch import Plan, dispatch  # noqa: PLC0415 - its own modules alone
    from retention_cli.deliver.mail import Mail  # noqa: PLC0415 - its own modules alone
    from retention_cli.ledger.outbox import Outbox  # noqa: PLC0415 - its own modules alone
    from retention_cli.ledger.rows import Claim  # noqa: PLC0415, TC001 - its own modules alone
    from retention_cli.model.state import MessageState  # noqa: PLC0415 - its own modules alone

    work = open_project(Path(project), target)
    settings = work.target.deliver["email"]
    raw = _text_of(int(size))

    def compose(claim: Claim, _context: bytes, _template: str) -> Mail:
        return Mail(f"{claim.message:064x}", raw, "shop@bench.example", claim.address, f"{claim.message:064x}", fit=True)

    with Outbox(work.location, "bench") as outbox:
        watch = Stopwatch(outbox, ("claim", "mark", "contexts", "templates"))
        began = time.perf_counter()
        done = dispatch(outbox, channel_for(settings, work.root), compose, SystemClock(), Plan(connections=settings.connections))
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "ledger": watch.seconds, "sent": done.counts[MessageState.SENT]}


def _text_of(size: int) -> bytes:
    head = b"From: shop@bench.example\r\nTo: you@bench.example\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n\r\n"
    line = b"In the glaze that you looked at, thrown by hand and fired twice.\r\n"
    body = line * (size // len(line) + 1)
    return head + body[len(head) - size : -2] + b"\r\n"


class Stopwatch:
    """Adds up how long the named methods of a thing take."""

    def __init__(self, thing: object, names: tuple[str, ...]) -> None:
        self.seconds = 0.0
        for name in names:
            setattr(thing, name, self._timed(getattr(thing, name)))

    def _timed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            try:
                return method(*args, **kwargs)
            finally:
                self.seconds += time.perf_counter() - began

        return timed


if __name__ == "__main__":
    work: dict[str, Callable[..., dict[str, Any]]] = {"import": imported, "script": script, "send": sent, "deliver": delivered}
    sys.stdout.write(json.dumps(work[sys.argv[1]](*sys.argv[2:])))
