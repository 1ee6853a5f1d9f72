"""Every error that ends a command, in one place; each says what happened and what to do next.

The tree:

    RetentionError
    ├── ProjectInvalid       the project's files are wrong: carries the problems, all of them      (exit 2)
    ├── UsageError           the command line asks for something that is not there                 (exit 2)
    │   └── MissingExtra     the command needs an optional dependency: says which to install
    ├── GuardStopped         a guard refused the data or the time; nothing was sent                (exit 3)
    │   └── SendingStopped   a guard stopped the sending in the middle; what was sent is recorded
    ├── LockHeld             another run, or daemon, is at work: carries its owner                 (exit 4)
    ├── RenderFailed         one message cannot be made from its template and context; others can  (exit 2)
    ├── OutOfMemory          a query needs more memory, or more disk for what is over, than it may take (exit 6)
    └── Untrusted            data or ledger cannot be reached or trusted                           (exit 6)
        ├── DataUnreachable
        └── LedgerRefused    missing, older, foreign, damaged or newer than this program

Exit codes belong to cli/ alone. Mistakes in a user's files are values (`model.problem.Problem`), not exceptions;
`ProjectInvalid` only carries them over the boundary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retention_cli.model.problem import Problem


class RetentionError(Exception):
    """The base of every expected error; `str()` is a sentence for the user, `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ProjectInvalid(RetentionError):
    """The project's files have errors; `problems` holds all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("the project's files have errors", "run `retention validate`")
        self.problems = tuple(problems)


class UsageError(RetentionError):
    """The command line names something that does not exist or does not fit."""


class MissingExtra(UsageError):
    """An optional dependency is not installed."""

    def __init__(self, extra: str, needed_for: str) -> None:
        super().__init__(f"{needed_for} needs an extra that is not installed: {extra}", f"pip install 'retention-cli[{extra}]'")


class GuardStopped(RetentionError):
    """A guard refused to go on; no decision was made and no socket was opened."""


class SendingStopped(GuardStopped):
    """A guard stopped the sending in the middle; `counts` says what became of the messages until then, by state."""

    def __init__(self, message: str, hint: str = "", counts: Mapping[str, int] | None = None) -> None:
        super().__init__(message, hint)
        self.counts = dict(counts or {})


class LockHeld(RetentionError):
    """Another run, or another daemon of the project, holds the lock."""

    def __init__(self, owner: str, what: str = "run") -> None:
        super().__init__(f"another {what} is at work: {owner}", "wait for it to end; the lock frees itself when its process ends")


class RenderFailed(RetentionError):
    """One message cannot be made. The sentence names templates and fields, never what a person's field holds."""


class OutOfMemory(RetentionError):
    """A query does not fit into the memory that it may take, or what is over not on the disk; it ended with nothing done."""


class Untrusted(RetentionError):
    """Data or ledger cannot be reached or trusted."""


class DataUnreachable(Untrusted):
    """An export cannot be read."""


class LedgerRefused(Untrusted):
    """The ledger is missing, older than known, foreign, damaged, or written by a newer program."""
