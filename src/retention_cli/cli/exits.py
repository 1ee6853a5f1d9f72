"""What a command says by its exit code, and the one boundary that turns errors into sentences and codes."""

from __future__ import annotations

import os
import sys
import traceback
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from retention_cli.cli.output import say
from retention_cli.errors import (
    GuardStopped,
    LockHeld,
    OutOfMemory,
    ProjectInvalid,
    RenderFailed,
    RetentionError,
    SendingStopped,
    Untrusted,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_CLICK_ERROR: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
_LOG = Path(".retention") / "logs" / "crash.log"


class ExitCode(IntEnum):
    """The codes that docs/reference/exit-codes.md promises."""

    DONE = 0
    OUR_BUG = 1
    WRONG = 2
    GUARD = 3
    LOCKED = 4
    UNFINISHED = 5
    UNTRUSTED = 6
    INTERRUPTED = 130


_CODES: tuple[tuple[type[RetentionError], ExitCode], ...] = (
    (ProjectInvalid, ExitCode.WRONG),
    (UsageError, ExitCode.WRONG),
    (RenderFailed, ExitCode.WRONG),
    (GuardStopped, ExitCode.GUARD),
    (SendingStopped, ExitCode.GUARD),
    (LockHeld, ExitCode.LOCKED),
    (OutOfMemory, ExitCode.UNTRUSTED),
    (Untrusted, ExitCode.UNTRUSTED),
)


def code_for(error: RetentionError) -> ExitCode:
    """Return the exit code of an expected error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.OUR_BUG)


def guarded(work: Callable[[], int | None]) -> int:
    """Run a command; return its code, whatever happens in it."""
    try:
        return int(work() or ExitCode.DONE)
    except typer.Exit as end:
        return int(end.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        say("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; what was decided and sent stands.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except RetentionError as error:
        return _told(error)
    except _CLICK_ERROR as error:
        error.show()  # type: ignore[attr-defined]  # every error of click can show itself
        return int(getattr(error, "exit_code", ExitCode.WRONG))
    except Exception as error:  # noqa: BLE001 - the boundary: an unexpected error becomes a log that can be pasted
        return _unexpected(error)


def _told(error: RetentionError) -> ExitCode:
    if isinstance(error, ProjectInvalid):
        from retention_cli.cli.problems import show_problems

        show_problems(error.problems, Path.cwd())
    say(f"error: {error}")
    if error.hint:
        say(f"hint: {error.hint}")
    return code_for(error)


def _unexpected(error: Exception) -> ExitCode:
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    try:
        _LOG.parent.mkdir(parents=True, exist_ok=True)
        _LOG.write_text(text, encoding="utf-8")
        say(f"error: something went wrong inside retention ({type(error).__name__}); the details are in {_LOG}")
    except OSError:
        say(text)
    return ExitCode.OUR_BUG
