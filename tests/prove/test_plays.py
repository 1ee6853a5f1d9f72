"""R1: what is planned is what is run, and a ledger is the same whoever makes it: over small shops made by chance."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from support import acting
from support.acting import give, ledger_text, perform
from support.plays import Play, plays

ALL_CHECKS = list(HealthCheck)
BLOCKS, EACH = 4, 5


def prove(number: int, examples: int, *, given_twice: int) -> Counter[str]:
    """Perform so many plays: each moment planned, run, and run again; so many also from the beginning; return what became of their messages."""
    told: Counter[str] = Counter()

    @seed(number)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=ALL_CHECKS, phases=[Phase.generate])
    @given(plays())
    def each(play: Play) -> None:
        with TemporaryDirectory() as folder:
            counts, is_settled = perform(play, Path(folder) / "shop")
            is_settled &= told["given twice"] < given_twice
            if is_settled:
                assert give(play, Path(folder) / "again") == ledger_text(Path(folder) / "shop"), "neither a plan nor a second run leaves a trace"
            told.update(counts + Counter({"plays": 1, "moments": len(play.moments), "given twice": int(is_settled)}))

    each()
    return told


@pytest.mark.parametrize("number", range(BLOCKS))
def test_what_is_planned_is_run_and_every_message_has_its_reason(number: int) -> None:
    """Planned is sent, held and stopped; plan and run are one; once more changes nothing."""
    told = prove(number, EACH, given_twice=1)
    assert told["plays"] >= EACH
    assert told["given twice"] == 1


@pytest.mark.prove
@pytest.mark.parametrize("number", range(100, 110))
def test_two_hundred_shops(number: int) -> None:
    """R1: the figures are printed."""
    sys.stdout.write(f"\nplays of seed {number}: {dict(sorted(prove(number, 20, given_twice=20).items()))}\n")


def one_play(number: int) -> Play:
    """Return a play with many moments, always the same for a number."""
    found: list[Play] = []

    @seed(number)
    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=ALL_CHECKS)
    @given(plays())
    def draw(play: Play) -> None:
        found.append(play)

    draw()
    return max(found, key=lambda play: (sum(name.startswith("campaigns/") for name in play.files), len(play.moments)))


def test_another_process_makes_the_same_ledger(tmp_path: Path) -> None:
    """In another place, with another hash seed, and without anybody who plans or looks in between."""
    play = one_play(9)
    (tmp_path / "play.json").write_text(play.dump(), encoding="utf-8")
    here = give(play, tmp_path / "here")
    env = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": os.pathsep.join(["tests", os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, acting.__file__, str(tmp_path / "play.json"), str(tmp_path / "there")]
    there = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=300).stdout
    assert "messages (" in here
    assert there.splitlines() == here.splitlines()
    assert ledger_text(tmp_path / "there") == here
