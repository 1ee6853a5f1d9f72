"""Why a dispatch ends before everything is sent: a server that is away, a provider that has had enough, a cause that a person must mend.

Once something stands here no further message is let go. `unreachable` is for another time, and all that waits is deferred by at least
`wish` seconds; `failure` stops at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.deliver.breaker import Breakers
from retention_cli.deliver.channels.channel import LoginRefused, Unreachable
from retention_cli.deliver.outcome import ConnectionDown, Deferred, Reach, Unknown, Unrenderable, told
from retention_cli.errors import SendingStopped

if TYPE_CHECKING:
    from retention_cli.deliver.outcome import Result

_DOWNS_BESIDE_LINES = 3
_SERVER_ERROR = 500  # an HTTP server that is not well; SMTP defers with 4xx


class Ending:
    """What has been seen of one dispatch's server."""

    def __init__(self, connections: int) -> None:
        self._most = connections + _DOWNS_BESIDE_LINES
        self._breakers = Breakers()
        self._downs = 0
        self.unreachable = ""
        self.wish = 0.0
        self.failure: BaseException | None = None

    @property
    def has_come(self) -> bool:
        """Whether the server gets nothing more."""
        return bool(self.unreachable) or self.failure is not None

    def fail(self, error: BaseException) -> None:
        """Stop at once; the first cause is told."""
        self.failure = self.failure or error

    def count_down(self, why: str) -> None:
        """Count a connection that failed; after a few with no answer between, the server is not worth another message."""
        self._downs += 1
        if self._downs >= self._most:
            self.unreachable = why

    def note(self, result: Result) -> None:
        """Count what a message came to."""
        if isinstance(result, Deferred):
            self._keep_waiting(result)
        if isinstance(result, Unknown):
            self.count_down(result.text)
        elif isinstance(result, Deferred) and result.code >= _SERVER_ERROR:
            self.count_down(told(result.code, result.text))
        elif not isinstance(result, ConnectionDown | Unrenderable):
            self._downs = 0
        if (reason := self._breakers.note(result)) is not None:
            self.fail(SendingStopped(reason, "mend the cause; what was not sent is still planned"))

    def _keep_waiting(self, result: Deferred) -> None:
        """Hear an answer that speaks of more than its message."""
        reason = told(result.code, result.text)
        if result.reach is Reach.CHANNEL:
            self.unreachable, self.wish = reason, max(self.wish, result.retry_after or 0.0)
        elif result.reach is Reach.ACCOUNT:
            self.fail(SendingStopped(f"the provider turns us away: {reason}", "check the key and the account; what was not sent is still planned"))

    def left(self, error: BaseException | None, *, was_last: bool) -> None:
        """Hear why a line left; the last that finds no server ends the dispatch, a refused login does so at once."""
        if isinstance(error, LoginRefused):
            self.failure = SendingStopped(str(error), "check the target's url and its password")
        elif isinstance(error, Unreachable):
            if was_last:
                self.unreachable = str(error)
        elif error is not None:
            self.failure = error
