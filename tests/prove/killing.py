"""The proof by kill -9: a sender dies again and again, and in the end every message is where the ledger says it is.

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

from retention_cli.ledger.location import Location  # noqa: E402 - as above
from retention_cli.ledger.reader import open_reader  # noqa: E402 - as above
from retention_cli.model.state import MessageState  # noqa: E402 - as above
from support.planned_ledger import faults, plan_messages, states  # noqa: E402 - after the path is set, when run as a program
from support.smtp_sink import SmtpSink  # noqa: E402 - as above

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


@dataclass(frozen=True)
class Proof:
    """What is to be proven, and where."""

    folder: Path
    messages: int
    kills: int
    connections: int = 4
    seed: int = 1
    points: tuple[str, ...] = ()
    ledger: str = "sqlite:ledger.db"

    @property
    def location(self) -> Location:
        """Where the ledger is."""
        return Location.parse(self.ledger, self.folder)

    @property
    def witness(self) -> Path:
        """Where its witness is."""
        return self.folder / "witness"

    def command(self, url: str) -> list[str]:
        """Return how a sender is started."""
        location = self.location
        ledger = f"sqlite:{location.path}" if location.url is None else location.url.render_as_string(hide_password=False)
        return [sys.executable, str(SENDER), ledger, str(self.witness), url, str(self.connections)]

    def environment(self, point: str) -> dict[str, str]:
        """Return the environment of a sender that dies at `point`, or nowhere by itself."""
        cache = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(self.folder.parent / "pycache")}
        return {**os.environ, **(cache if sys.dont_write_bytecode else {}), "RETENTION_TEST_CRASH": point}


def prove(proof: Proof) -> Verdict:
    """Send all messages through senders that are killed, first once at each of the points; return what came of it."""
    plan_messages(proof.location, proof.witness, proof.messages)
    killer = Killer(random.Random(proof.seed), proof.kills)  # noqa: S311 - repeatable chance is wanted
    deaths = runs = 0
    with SmtpSink(journal=proof.folder / "received", on_message=killer.on_message) as sink:
        waiting = list(proof.points)
        while True:
            runs += 1
            code = _run_sender(proof, sink, killer, waiting.pop(0) if waiting else "")
            if code == 0 and not waiting:
                break
            if code not in (0, -signal.SIGKILL):
                raise RuntimeError(f"the sender ended with {code}: {(proof.folder / 'sender.log').read_text()[-2000:]}")
            deaths += code != 0
    return _judge(proof, sink, kills=deaths, runs=runs, slowest=killer.slowest_start)


def _run_sender(proof: Proof, sink: SmtpSink, killer: Killer, point: str) -> int:
    with (proof.folder / "sender.log").open("ab") as log:
        process = subprocess.Popen(proof.command(sink.url), stdout=log, stderr=log, env=proof.environment(point))
    try:
        killer.watch(process, len(sink.received))
        return process.wait(_LONGEST_RUN)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()


def _judge(proof: Proof, sink: SmtpSink, *, kills: int, runs: int, slowest: float) -> Verdict:
    got = Counter(int(message.rcpts[0].removeprefix("person").partition("@")[0]) for message in sink.received)
    reader = open_reader(proof.location, witness_dir=proof.witness)
    if reader is None:
        raise RuntimeError("the ledger is gone")
    with reader:
        unknown = {row.message for row in reader.unknown(proof.messages)}
    ends = states(proof.location)
    sent = {message for message, state in ends.items() if state is MessageState.SENT}
    return Verdict(
        messages=proof.messages,
        connections=proof.connections,
        kills=kills,
        runs=runs,
        received=len(got),
        copies=sum(count > 1 for count in got.values()),
        sent=len(sent),
        unknown=len(unknown),
        unknown_not_received=len(unknown - got.keys()),
        lost=proof.messages - len(got.keys() | unknown),
        sent_not_received=len(sent - got.keys()),
        faults=faults(proof.location),
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
        (place := Path(folder) / "proof").mkdir()
        verdict = prove(Proof(place, wanted.messages, wanted.kills, wanted.connections, wanted.seed))
    sys.stdout.write(f"{verdict}\n{'holds' if verdict.holds else 'BROKEN: ' + '; '.join(verdict.broken)}\n")
    return 0 if verdict.holds and verdict.kills >= wanted.kills else 1


if __name__ == "__main__":
    sys.exit(main())
