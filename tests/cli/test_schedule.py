"""The daemon as a process: ticks, failures, signals, a second one. And what is printed for cron and systemd."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from cli.test_processes import HELLO, crowd, slow
from retention_cli.ledger.location import Location
from support.ledgers import check_invariants
from support.shell import process, retention, start
from support.smtp_sink import SmtpSink
from support.tiny_shop import SETTINGS, make_shop, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILES = {"segments/everyone.yml": "where: {everyone: true}", "campaigns/hello.yml": HELLO}


def shop_of(folder: Path, daemon: str, settings: str = SETTINGS) -> Path:
    """Return a shop in which everybody gets one letter, with a daemon's times."""
    return make_shop(folder, {**FILES, "retention.yml": f"{settings}daemon: {daemon}\n"})


def health(shop: Path) -> Any:
    """Return what the daemon tells; it is always whole."""
    path = shop / ".retention" / "health.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"ticks": 0, "failed": 0, "doing": ""}


def wait_for(holds: Callable[[], bool], seconds: float = 90) -> None:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture
def running() -> Iterator[list[subprocess.Popen[str]]]:
    """Have daemons that are ended with the test, however it ends."""
    found: list[subprocess.Popen[str]] = []
    yield found
    for daemon in found:
        if daemon.poll() is None:
            daemon.kill()
        daemon.communicate(timeout=30)


def begin(running: list[subprocess.Popen[str]], shop: Path, *more: str) -> subprocess.Popen[str]:
    """Start a daemon and wait until it is there."""
    before = health(shop).get("pid")
    daemon = start(shop, "schedule", *more)
    running.append(daemon)
    wait_for(lambda: health(shop).get("pid") not in {None, before})
    return daemon


def test_it_runs_again_and_again_and_ends_in_order(tmp_path: Path, running: list[subprocess.Popen[str]]) -> None:
    """Two runs, one letter each; `status` says that it is there; SIGTERM ends it with 0, and the health file says stopped."""
    shop = shop_of(tmp_path / "shop", "{tick: every 1 second}")
    daemon = begin(running, shop)
    wait_for(lambda: health(shop)["ticks"] >= 2)
    told = retention(shop, "status", "--format", "json").json["daemon"]
    assert (told["alive"], told["pid"], told["last_tick"]["exit"]) == (True, daemon.pid, 0)
    assert f"the daemon is there (pid {daemon.pid}" in retention(shop, "status").said
    daemon.send_signal(signal.SIGTERM)
    _, said = daemon.communicate(timeout=60)
    assert (daemon.returncode, said.splitlines()[-1]) == (0, "daemon: stopped")
    assert (health(shop)["doing"], health(shop)["next_tick"]) == ("stopped", None)
    assert retention(shop, "status", "--format", "json").json["daemon"]["alive"] is False
    assert len(list((shop / "outbox").glob("*.eml"))) == 2, "two people have an address"


def test_a_failing_run_is_told_and_the_next_one_goes_on(tmp_path: Path, running: list[subprocess.Popen[str]]) -> None:
    """A campaign is broken and mended while the daemon works: exit 2 in the health file, then 0 again."""
    shop = shop_of(tmp_path / "shop", "{tick: every 1 second}")
    begin(running, shop)
    write(shop, "campaigns/hello.yml", HELLO + "steps: [\n")
    wait_for(lambda: health(shop)["failed"] >= 2 and health(shop)["last_tick"]["exit"] == 2)
    write(shop, "campaigns/hello.yml", HELLO)
    wait_for(lambda: health(shop)["failed"] == 0 and health(shop)["last_tick"]["exit"] == 0)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_c08_a_signal_while_messages_leave_lets_them_finish(
    tmp_path: Path, running: list[subprocess.Popen[str]], number: signal.Signals, code: int
) -> None:
    """What is in flight arrives, nothing is in doubt, the rest is planned; the run has ended before the daemon does."""
    with SmtpSink(slow) as sink:
        shop = crowd(tmp_path / "shop", sink, people=300)
        write(shop, "retention.yml", (shop / "retention.yml").read_text(encoding="utf-8") + "daemon: {tick: every 1 hour}\n")
        daemon = begin(running, shop, "--now")
        wait_for(lambda: len(sink.received) >= 8)
        daemon.send_signal(number)
        _, said = daemon.communicate(timeout=60)
        received = len(sink.received)
    assert daemon.returncode == code, said
    assert health(shop)["last_tick"]["exit"] == 5
    counts = {row["state"]: row["count"] for row in retention(shop, "status", "--format", "json").json["messages"]}
    assert counts == {"sent": received, "planned": 300 - received}
    check_invariants(Location.parse("sqlite", shop))


def test_a_second_daemon_is_refused_and_a_killed_one_is_in_nobodys_way(tmp_path: Path, running: list[subprocess.Popen[str]]) -> None:
    shop = shop_of(tmp_path / "shop", "{tick: every 1 hour}")
    first = begin(running, shop)
    second = process(shop, "schedule")
    assert (second.code, f"another daemon is at work: pid {first.pid} on" in second.said) == (4, True)
    first.kill()
    first.wait(30)
    third = begin(running, shop)
    assert retention(shop, "status", "--format", "json").json["daemon"] | {"alive": True, "pid": third.pid} == {**health(shop), "alive": True}


def test_the_stop_file_holds_the_daemons_runs_too(tmp_path: Path, running: list[subprocess.Popen[str]]) -> None:
    shop = shop_of(tmp_path / "shop", "{tick: every 1 second}")
    write(shop, ".retention/stop", "")
    begin(running, shop)
    wait_for(lambda: health(shop)["ticks"] >= 1)
    assert (health(shop)["last_tick"]["exit"], (shop / "outbox").exists()) == (5, False)
    assert ".retention/stop is there" in retention(shop, "status").said
    (shop / ".retention" / "stop").unlink()
    wait_for(lambda: len(list((shop / "outbox").glob("*.eml"))) == 2)


ODD = 'it\'s a "100% %h" $HOME shop \\ of\tmine;#'.replace("\t", " ")


def test_the_line_for_cron_is_one_of_a_crontab_and_runs(tmp_path: Path) -> None:
    """In a folder of an odd name: the shell gets what cron makes of the line, and it says nothing while all is well."""
    shop = shop_of(tmp_path / ODD, "{tick: {cron: '*/15 8-20 * * mon-fri'}, send: every 5 minutes}")
    *comments, run, send = retention(shop, "cron").out.splitlines()
    assert [line for line in comments if not line.startswith("#")] == ["CRON_TZ=Europe/Prague"]
    assert any("MAILTO=" in line for line in comments)
    for line, times in ((run, "*/15 8-20 * * mon-fri"), (send, "*/5 * * * *")):
        assert line.startswith(f"{times} cd ")
        assert next(CronSim(times, datetime(2026, 5, 1, tzinfo=UTC)))
        assert not re.search(r"(?<!\\)%", line), "cron ends a command at a bare %"
    assert quiet(run) == "", "a good run says nothing"
    assert len(list((shop / "outbox").glob("*.eml"))) == 2
    write(shop, ".retention/stop", "")
    assert quiet(send) == "", "exit 5 is no trouble"
    write(shop, "campaigns/hello.yml", HELLO + "steps: [\n")
    assert "campaigns/hello.yml" in quiet(run)


def quiet(line: str) -> str:
    """Return what cron would mail of a line."""
    command = line.split(maxsplit=5)[5].replace(r"\%", "%")
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False, timeout=60, cwd="/", env={**os.environ})
    return done.stdout + done.stderr


def parts_of(text: str) -> dict[str, configparser.ConfigParser]:
    """Return the units that are printed, read as strictly as can be: no key twice but OnCalendar, nothing before a section."""
    found = {}
    for part in re.split(r"^# (?=/etc/)", text, flags=re.MULTILINE)[1:]:
        name, _, unit = part.partition("\n")
        first, *rest = unit.split("OnCalendar=")
        numbered = first + "".join(f"OnCalendar{number}={each}" for number, each in enumerate(rest))
        parser = configparser.ConfigParser(strict=True, interpolation=None, delimiters=("=",), comment_prefixes=("#",), empty_lines_in_values=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(numbered)
        found[name] = parser
    return found


def words_of(command: str) -> list[str]:
    """Return what systemd makes of a command: quotes and escapes, then `%%` and `$$`."""
    return [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(command)]


def test_the_units_for_systemd_are_units_and_run(tmp_path: Path) -> None:
    shop = shop_of(tmp_path / ODD, "{tick: every 15 minutes, send: every 5 minutes}")
    parts = parts_of(retention(shop, "cron", "--systemd").out)
    assert [Path(name).suffix for name in parts] == [".service", ".timer"] * 2
    assert len({Path(name).stem for name in parts}) == 2
    service, timer = list(parts.values())[:2]
    assert service.sections() == ["Unit", "Service"]
    assert (timer.sections(), timer["Timer"]["OnCalendar0"]) == (["Unit", "Timer", "Install"], "*-*-* *:0/15:00 Europe/Prague")
    assert service["Service"]["WorkingDirectory"].replace("%%", "%") == str(shop)
    assert service["Service"]["SuccessExitStatus"] == "4 5"
    done = subprocess.run(words_of(service["Service"]["ExecStart"]), cwd="/", capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(list((shop / "outbox").glob("*.eml"))) == 2


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def matches(calendar: str, moment: datetime) -> bool:
    """Whether a calendar event of systemd comes at a minute: the part of its grammar that is written."""
    *days, date, clock, zone = calendar.split()
    here = moment.astimezone(ZoneInfo(zone))
    _, month, day = date.split("-")
    hour, minute, second = clock.split(":")
    assert second == "00"
    named = not days or DAYS[here.weekday()] in days[0].split(",")
    return named and all(is_in(part, value) for part, value in ((month, here.month), (day, here.day), (hour, here.hour), (minute, here.minute)))


def is_in(field: str, value: int) -> bool:
    def one(part: str) -> bool:
        stretch, _, step = part.partition("/")
        if stretch == "*":
            return True
        low, _, high = stretch.partition("..")
        last = int(high) if high else 59 if step else int(low)
        return value in range(int(low), last + 1, int(step or 1))

    return any(map(one, field.split(",")))


@pytest.mark.parametrize(
    "cron",
    [
        "*/15 * * * *",
        "5,35 8-20/2 * * mon-fri",
        "0 9 1,15 * fri",
        "30 6 */10 * *",
        "0 0 * feb,jul-sep sun",
        "10-20 3/6 1 * *",
        "0 12 * * */2",
        "0 7 * * 5-7",
    ],
)
def test_systemd_is_told_the_times_that_cron_means(tmp_path: Path, cron: str) -> None:
    """Minute by minute over a hundred days, by what cronsim makes of the same five fields."""
    shop = shop_of(tmp_path / "shop", f"{{tick: {{cron: '{cron}'}}}}", SETTINGS.replace("Europe/Prague", "UTC"))
    timer = list(parts_of(retention(shop, "cron", "--systemd").out).values())[1]["Timer"]
    calendars = [value for key, value in timer.items() if key.startswith("OnCalendar")]
    start_at, end = datetime(2026, 1, 25, tzinfo=UTC), datetime(2026, 5, 5, tzinfo=UTC)
    wanted = set()
    for due in CronSim(cron, start_at - timedelta(seconds=1)):
        if due >= end:
            break
        wanted.add(due)
    minutes = (start_at + timedelta(minutes=n) for n in range(int((end - start_at).total_seconds() // 60)))
    assert {moment for moment in minutes if any(matches(each, moment) for each in calendars)} == wanted


@pytest.mark.parametrize(
    ("daemon", "said"),
    [
        ("{tick: every 7 minutes}", "cron cannot say every 7 minutes"),
        ("{tick: every 30 seconds}", "cron cannot say every 30 seconds"),
        ("{tick: {cron: '0 9 L * *'}}", "cron knows no last and no nth day: 0 9 L * *"),
        ("{tick: {cron: '0 9 * * mon#1'}}", "cron knows no last and no nth day: 0 9 * * mon#1"),
    ],
)
def test_what_cron_cannot_say_is_said(tmp_path: Path, daemon: str, said: str) -> None:
    """Exit 2, with the way out: the daemon can."""
    shop = shop_of(tmp_path / "shop", daemon)
    for more in ((), ("--systemd",)):
        ran = retention(shop, "cron", *more)
        assert (ran.code, said in ran.said, "retention schedule" in ran.said) == (2, True, True)


@pytest.mark.parametrize(
    ("every", "fields"), [("1 minute", "* * * * *"), ("1 hour", "0 * * * *"), ("6 hours", "0 */6 * * *"), ("1 day", "0 0 * * *")]
)
def test_what_is_so_often_in_a_crontab(tmp_path: Path, every: str, fields: str) -> None:
    shop = shop_of(tmp_path / "shop", f"{{tick: every {every}}}")
    assert retention(shop, "cron").out.splitlines()[-1].startswith(f"{fields} cd ")
