"""The proof by kill -9: a sender is killed again and again in the middle of its work, and in the end every message is
where the ledger says it is.

The server, in this process, is the ground truth. A kill comes when it has got 20 to 80 more messages, at once or some
random milliseconds later, or at a named point of the sender's own code. Run as a program it prints its figures:

    python tests/prove/killing.py --messages 5000 --kills 50 --connections 4 --seed 1
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(TESTS))

from support.planned_ledger import faults, plan_messages, states  # noqa: E402 - after the path is set, when run as a program
from support.smtp_sink import SmtpSink  # noqa: E402 - as above

from retention_cli.ledger.location import Location  # noqa: E402 - as above
from retention_cli.ledger.reader import open_reader  # noqa: E402 - as above
from retention_cli.model.state import MessageState  # noqa: E402 - as above

SENDER = Path(__file__).with_name("sender.py")
_FEWEST, _MOST = 20, 80
_LONGEST_RUN = 300
_SLOWEST_KILL = 0.03


@dataclass(frozen=True)
class Verdict:
    """What came of it: `received` counts whole messages that the server has, `lost` those that nobody knows of."""

    messages: int
    connections: int
    kills: int
    runs: int
    received: int
    copies: int
    sent: int
    unknown: int
    unknown_not_received: int
    lost: int
    sent_not_received: int
    faults: list[str]
    states: dict[str, int]
    slowest_start: float

    @property
    def holds(self) -> bool:
        """Whether every promise held."""
        return not self.broken

    @property
    def broken(self) -> list[str]:
        """The promises that did not hold."""
        rules = {
            "a message is lost": self.lost > 0,
            "a message arrived twice": self.copies > 0,
            "a message is called sent that the server does not have": self.sent_not_received > 0,
            "more unknown than connections x kills": self.unknown > self.connections * self.kills,
            "a message is neither sent nor unknown": self.sent + self.unknown != self.messages,
        }
        return [rule for rule, is_broken in rules.items() if is_broken] + self.faults

    def __str__(self) -> str:
        sure = f", {self.unknown_not_received} of them never reached the server" if self.unknown else ""
        return (
            f"{self.messages} messages, {self.connections} connections, {self.kills} kills, {self.runs} runs\n"
            f"the server has {self.received}, {self.copies} more than once; sent {self.sent}, unknown {self.unknown}{sure}\n"
            f"lost {self.lost}; server and unknown together {self.messages - self.lost}; bound on unknown {self.connections * self.kills}\n"
            f"slowest restart until its first message {self.slowest_start:.2f} s; faults in the ledger: {self.faults or 'none'}"
        )


@dataclass
class Killer:
    """Kills the process it is given when the server has got enough more messages."""

    chance: random.Random
    kills_left: int
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0
    at: int = 0
    started: float = 0.0
    slowest_start: float = 0.0
    first: bool = True
    guard: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, process: subprocess.Popen[bytes], received: int) -> None:
        """Begin with a new process."""
        with self.guard:
            self.process, self.at = process, received + self.chance.randint(_FEWEST, _MOST)
            self.started, self.first = time.monotonic(), True

    def on_message(self, count: int) -> None:
        """Look whether it is time; called by the server before it answers."""
        with self.guard:
            if self.first:
                self.first, self.slowest_start = False, max(self.slowest_start, time.monotonic() - self.started)
            if self.process is None or self.kills_left <= 0 or count < self.at:
                return
            process, self.process = self.process, None
            self.kills_left -= 1
            pause = self.chance.choice([0.0, self.chance.uniform(0, _SLOWEST_KILL)])
        time.sleep(pause)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)


def prove(
    folder: Path, *, messages: int, kills: int, connections: int = 4, seed: int = 1, points: tuple[str, ...] = (), ledger: str = "sqlite:ledger.db"
) -> Verdict:
    """Send `messages` through senders that are killed `kills` times, first once at each of `points`; return what came of it."""
    location, witness = Location.parse(ledger, folder), folder / "witness"
    plan_messages(location, witness, messages)
    killer = Killer(random.Random(seed), kills)  # noqa: S311 - repeatable chance is wanted
    deaths = runs = 0
    with SmtpSink(journal=folder / "received", on_message=killer.on_message) as sink:
        waiting = list(points)
        while True:
            runs += 1
            code = _run_sender(location, folder, sink, killer, connections, waiting.pop(0) if waiting else "")
            if code == 0 and not waiting:
                break
            if code not in (0, -signal.SIGKILL):
                raise RuntimeError(f"the sender ended with {code}: {(folder / 'sender.log').read_text()[-2000:]}")
            deaths += code != 0
    return _judge(location, witness, sink, messages, connections, deaths, runs, killer.slowest_start)


def _run_sender(location: Location, folder: Path, sink: SmtpSink, killer: Killer, connections: int, point: str) -> int:
    ledger = f"sqlite:{location.path}" if location.url is None else location.url.render_as_string(hide_password=False)
    command = [sys.executable, str(SENDER), ledger, str(folder / "witness"), sink.url, str(connections)]
    environment = {**os.environ, "RETENTION_TEST_CRASH": point}
    with (folder / "sender.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)  # noqa: S603 - our own program
    try:
        killer.watch(process, len(sink.received))
        return process.wait(_LONGEST_RUN)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()


def _judge(location: Location, witness: Path, sink: SmtpSink, messages: int, connections: int, kills: int, runs: int, slowest: float) -> Verdict:
    got = Counter(int(message.rcpts[0].removeprefix("person").partition("@")[0]) for message in sink.received)
    reader = open_reader(location, witness_dir=witness)
    if reader is None:
        raise RuntimeError("the ledger is gone")
    with reader:
        unknown = {row.message for row in reader.unknown(messages)}
    ends = states(location)
    sent = {message for message, state in ends.items() if state is MessageState.SENT}
    return Verdict(
        messages=messages,
        connections=connections,
        kills=kills,
        runs=runs,
        received=len(got),
        copies=sum(count > 1 for count in got.values()),
        sent=len(sent),
        unknown=len(unknown),
        unknown_not_received=len(unknown - got.keys()),
        lost=messages - len(got.keys() | unknown),
        sent_not_received=len(sent - got.keys()),
        faults=faults(location),
        states=dict(Counter(str(state) for state in ends.values())),
        slowest_start=slowest,
    )


def main() -> int:
    """Prove it at length and print the figures."""
    parser = argparse.ArgumentParser(description="kill -9 a sender again and again; nothing may be lost or sent twice")
    for name, default in (("messages", 5000), ("kills", 50), ("connections", 4), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        verdict = prove(Path(folder), messages=wanted.messages, kills=wanted.kills, connections=wanted.connections, seed=wanted.seed)
    sys.stdout.write(f"{verdict}\n{'holds' if verdict.holds else 'BROKEN: ' + '; '.join(verdict.broken)}\n")
    return 0 if verdict.holds and verdict.kills >= wanted.kills else 1


if __name__ == "__main__":
    sys.exit(main())
