"""What makes the machine's own scheduler run a project: lines for crontab, a service and a timer for systemd. Pure.

Both start a process a time, and the lock makes overlapping harmless: a run that finds another at work ends at once with exit 4.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from retention_cli.errors import UsageError
from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from retention_cli.app.workspace import Workspace
    from retention_cli.model.daemon import Beat

_DAEMON = "use `retention schedule`, which can"
_MINUTES, _HOURS = 60, 24
_DAY, _MONTH, _WEEKDAY = 2, 3, 4
_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def crontab(work: Workspace, program: Sequence[str]) -> str:
    """Return lines for `crontab -e`; raises UsageError for what cron cannot say."""
    daemon = work.project.settings.daemon
    lines = [
        f"# {visible(work.project.settings.name)}: what is not well is printed, and cron mails it; set whom to.",
        "# MAILTO=you@example.com",
    ]
    wanted = [("run", daemon.tick)] + ([("send", daemon.send)] if daemon.send is not None else [])
    if any(not _is_everywhere(_fields(rhythm)) for _, rhythm in wanted):
        lines += ["# Not every cron knows this: it then goes by the machine's zone.", f"CRON_TZ={work.project.settings.timezone}"]
    lines += [f"{' '.join(_fields(rhythm))} {_shell(work, program, what)}" for what, rhythm in wanted]
    return "\n".join(lines)


def _shell(work: Workspace, program: Sequence[str], what: str) -> str:
    """Return a command that says nothing unless something is wrong: 4 is another run at work, 5 something left for later."""
    command = shlex.join([*program, what, "-C", _path(work), "-t", work.target_name])
    return f'cd {shlex.quote(_path(work))} && {{ said=$({command} 2>&1) || case $? in 4|5) ;; *) echo "$said" ;; esac; }}'.replace("%", r"\%")


def _path(work: Workspace) -> str:
    path = str(work.root)
    if not path.isprintable() or path.endswith("\\"):
        raise UsageError("no scheduler can be told a folder of that name", "give the project's folder a name without control characters")
    return path


def _fields(rhythm: Beat) -> list[str]:
    """Return the five fields that say a rhythm in a crontab."""
    if rhythm.cron is not None:
        if re.search(r"[L#]", re.sub(r"[A-Za-z]{3}", "", str(rhythm.cron)).upper()):
            raise UsageError(f"cron knows no last and no nth day: {rhythm.cron}", _DAEMON)
        return str(rhythm.cron).split()
    seconds = int(rhythm.every.elapsed.total_seconds()) if rhythm.every is not None else 0
    minutes, odd = divmod(seconds, 60)
    if odd == 0 and minutes and _MINUTES % minutes == 0:
        return ["0" if minutes == _MINUTES else _step(minutes), "*", "*", "*", "*"]
    hours, odd = divmod(seconds, 3600)
    if odd == 0 and hours and _HOURS % hours == 0:
        return ["0", "0" if hours == _HOURS else _step(hours), "*", "*", "*"]
    raise UsageError(f"cron cannot say {rhythm}", f"{_DAEMON}, or write {{cron: …}}")


def _step(every: int) -> str:
    return "*" if every == 1 else f"*/{every}"


def _is_everywhere(fields: Sequence[str]) -> bool:
    """Whether the zone makes no difference: every hour of every day."""
    return set(fields[1:]) == {"*"}


def units(work: Workspace, program: Sequence[str]) -> str:
    """Return a service and a timer for each thing to do, each below the name of its file; raises UsageError for what systemd cannot say."""
    daemon = work.project.settings.daemon
    parts = [_unit(work, program, "run", daemon.tick)]
    if daemon.send is not None:
        parts.append(_unit(work, program, "send", daemon.send))
    return "\n".join(parts)


def _unit(work: Workspace, program: Sequence[str], what: str, rhythm: Beat) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", f"{work.root.name} {work.target_name}".lower()).strip("-")
    name = f"retention-{slug}-{what}"
    told = _specifier(visible(work.project.settings.name)).rstrip("\\")
    command = " ".join(map(_quoted, (*program, what, "-C", _path(work), "-t", work.target_name)))
    calendars = "\n".join(f"OnCalendar={each}" for each in _calendars(_fields(rhythm), str(work.project.settings.timezone)))
    return f"""\
# /etc/systemd/system/{name}.service
[Unit]
Description=retention {what}: {told}

[Service]
Type=oneshot
# User=shop
WorkingDirectory={_specifier(_path(work))}
ExecStart={command}
SuccessExitStatus=4 5
KillSignal=SIGTERM
TimeoutStopSec=60

# /etc/systemd/system/{name}.timer
[Unit]
Description=retention {what}: {told}

[Timer]
{calendars}
AccuracySec=1s
Persistent=true

[Install]
WantedBy=timers.target
"""


def _specifier(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """Return a word as systemd reads it in a command: its escapes, its `%` and its `$` are only themselves."""
    return '"' + _specifier(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$") + '"'


def _calendars(fields: Sequence[str], zone: str) -> Iterator[str]:
    """Yield the calendar expressions that together say the five fields; of two days that are both told either will do."""
    minute, hour, day, month, weekday = (_field(text.lower(), place) for place, text in enumerate(fields))
    either = not fields[_DAY].startswith("*") and not fields[_WEEKDAY].startswith("*")
    days = [(day, ""), ("*", weekday)] if either else [(day, "" if weekday == "*" else weekday)]
    for date, name in days:
        yield f"{name + ' ' if name else ''}*-{month}-{date} {hour}:{minute}:00 {zone}"


def _field(text: str, place: int) -> str:
    """Return one field of a crontab as systemd writes it: `a..b` for a stretch, `a/n` for a step, days by their names."""
    if place == _WEEKDAY and text != "*":
        return ",".join(_DAYS[number] for number in _numbers(text))
    if place == _MONTH:
        text = re.sub("|".join(_MONTHS), lambda found: str(_MONTHS.index(found[0]) + 1), text)
    first = "1" if place in {_DAY, _MONTH} else "0"
    return re.sub(r"\*(?=/)", first, text).replace("-", "..")


def _numbers(text: str) -> list[int]:
    """Return the days of the week of a field, each once."""
    found: set[int] = set()
    for part in text.split(","):
        stretch, _, step = part.partition("/")
        low, _, high = ("0-6" if stretch == "*" else stretch).partition("-")
        first, last = _weekday(low), _weekday(high) if high else 6 if step else _weekday(low)
        found.update(number % 7 for number in range(first, last + 1, int(step or 1)))
    return sorted(found)


def _weekday(text: str) -> int:
    names = [name.lower() for name in _DAYS]
    return names.index(text) if text in names else int(text)
