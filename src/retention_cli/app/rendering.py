"""Rendering ahead: processes that make claimed messages' bytes before a connection asks for them.

One process of Python uses one core, and rendering is most of the work of sending. Nothing depends on these processes:
what they have not begun, cannot make or take with them when they die is made by the connection's own thread, with the
same bytes. They are started only where there is enough to send.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from retention_cli.app import wire
from retention_cli.app.letters import context_in, mail_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.app.letters import Post
    from retention_cli.deliver.mail import Mail
    from retention_cli.deliver.marks import Job
    from retention_cli.ledger.rows import Claim

_COMMAND = (sys.executable, "-P", "-m", "retention_cli.app.renderer")  # -P: nothing in the project's folder is a module
_KEPT = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG", "LC_ALL", "HOME", "SYSTEMROOT")
_BATCH = 16
_WORTH_IT = 1_000
_MOST = 4
_PIPE = 1 << 20  # room for a batch of finished messages, so that its maker need not wait for its reader


def processes_for(messages: int) -> int:
    """Return how many processes are worth starting for so many messages."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST) if cores > 1 and messages >= _WORTH_IT else 0


def _environment() -> dict[str, str]:
    """Return what the process needs of the environment: where Python is, and no secret of the shop's."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


@dataclass(slots=True, eq=False)
class _Batch:
    """Messages that are rendered together; what could not be made is not in `made`."""

    jobs: Sequence[Job]
    begun: bool = False
    done: threading.Event = field(default_factory=threading.Event)
    made: dict[int, Mail] = field(default_factory=dict)


class Rendering:
    """Makes messages, some of them ahead in `processes`; use it in a `with`."""

    def __init__(self, post: Post, processes: int) -> None:
        self._post = post
        self._queue: SimpleQueue[_Batch | None] = SimpleQueue()
        self._batches: dict[int, _Batch] = {}
        self._threads = [threading.Thread(target=self._drive, name=f"rendering-{n}", daemon=True) for n in range(processes)]

    def __enter__(self) -> Self:
        """Start the processes; until they are ready everything is made here."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        self._batches.clear()
        for _thread in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def ahead(self, jobs: Sequence[Job]) -> None:
        """Begin with messages that will be asked for soon; returns at once."""
        if not self._threads:
            return
        for start in range(0, len(jobs), _BATCH):
            batch = _Batch(jobs[start : start + _BATCH])
            self._batches |= dict.fromkeys((job.claim.message for job in batch.jobs), batch)
            self._queue.put(batch)

    def compose(self, claim: Claim, chunk: bytes, template: str) -> Mail:
        """Return a message: the one that was made ahead, or made here; raises RenderFailed."""
        batch = self._batches.pop(claim.message, None)
        if batch is not None and batch.begun:
            batch.done.wait()
            if (made := batch.made.get(claim.message)) is not None:
                return made
        return mail_of(self._post, claim, context_in(chunk, claim), template)

    def _drive(self) -> None:
        """Run one process and hand it batches; where it fails, the rest is made elsewhere."""
        try:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "pipesize": _PIPE}
            with subprocess.Popen(_COMMAND, env=_environment(), **pipes) as process:  # type: ignore[call-overload]  # noqa: S603 - our own program
                self._work(_Talk(process.stdin, process.stdout))
        except (OSError, EOFError):
            return

    def _work(self, talk: _Talk) -> None:
        talk.begin(self._post)
        while (batch := self._queue.get()) is not None:
            batch.begun = True
            try:
                batch.made = talk.made([job for job in batch.jobs if job.claim.message in self._batches])
            finally:
                batch.done.set()


class _Talk:
    """The conversation with one process, which keeps the templates that it was sent."""

    def __init__(self, outgoing: Any, incoming: Any) -> None:
        self._outgoing = outgoing
        self._incoming = incoming
        self._sent: set[str] = set()

    def begin(self, post: Post) -> None:
        """Tell what all messages have in common, and wait until the process is ready."""
        wire.put(self._outgoing, wire.post_values(post))
        wire.take_mails(self._incoming)

    def made(self, jobs: Sequence[Job]) -> dict[int, Mail]:
        """Let messages be made; return those that could be."""
        new = {job.claim.template: job.template for job in jobs if job.claim.template not in self._sent}
        claims = [(wire.claim_values(job.claim), context_in(job.context, job.claim)) for job in jobs]
        wire.put(self._outgoing, (claims, new))
        found = wire.take_mails(self._incoming)
        self._sent |= new.keys()
        return {job.claim.message: mail for job, mail in zip(jobs, found, strict=True) if mail is not None}
