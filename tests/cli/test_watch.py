"""`--watch` as a real process: it answers at each save, shows mistakes in the answer's place, and ends cleanly."""

from __future__ import annotations

import json
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from support.shell import start
from support.tiny_shop import make_shop, write

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

AS_OF = ("--as-of", "2026-05-01")
CZECH = "name: czech\nwhere: {country: CZ}\n"
PATIENCE = 240.0


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make_shop(tmp_path / "shop", {"segments/czech.yml": CZECH})


@contextmanager
def watching(folder: Path, temp: Path, *command: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command that watches; end it hard where a test does not."""
    temp.mkdir()
    child = start(folder, *command, "--watch", *AS_OF, env={"TMPDIR": str(temp)})
    alarm = threading.Timer(PATIENCE, child.kill)  # a line that never comes must not hang the suite
    alarm.start()
    try:
        yield child
    finally:
        alarm.cancel()
        child.kill()
        child.communicate()


def answer(child: subprocess.Popen[str]) -> Any:
    """Return the next answer, a line of JSON."""
    assert child.stdout is not None
    return json.loads(child.stdout.readline())


def said_until(child: subprocess.Popen[str], word: str) -> list[str]:
    """Return what is said up to the line with a word."""
    assert child.stderr is not None
    lines: list[str] = []
    while not lines or word not in lines[-1]:
        line = child.stderr.readline()
        assert line, lines
        lines.append(line.rstrip("\n"))
    return lines


def test_it_answers_at_each_save_and_ends_cleanly(shop: Path, tmp_path: Path) -> None:
    with watching(shop, tmp_path / "temp", "segment", "size", "czech", "--format", "json") as child:
        assert answer(child) == [{"segment": "czech", "size": 2, "of": 3, "share": 0.666667}]
        said_until(child, "watching")
        write(shop, "segments/czech.yml", CZECH.replace("CZ}", "SK}"))
        assert answer(child)[0]["size"] == 1
        said_until(child, "watching")
        write(shop, "segments/czech.yml", "name: czech\nwhere: {contry: CZ}\n")
        problem = "\n".join(said_until(child, "watching"))
        assert "segments/czech.yml:2:9: error: customers have no field or metric 'contry'" in problem
        assert "         ^^^^^^" in problem
        assert "did you mean 'country'?" in problem
        write(shop, "segments/czech.yml", "name: czechs\nwhere: {country: CZ}\n")
        assert "there is no segment 'czech'" in "\n".join(said_until(child, "watching"))
        write(shop, "segments/czech.yml", CZECH)
        assert answer(child)[0]["size"] == 2
        said_until(child, "watching")
        child.send_signal(signal.SIGINT)
        out, said = child.communicate(timeout=PATIENCE)
    assert (child.returncode, out, said) == (130, "", "")
    assert list((tmp_path / "temp").iterdir()) == [], "what the engine spilt is gone"


def test_it_follows_new_files_and_changed_exports(shop: Path, tmp_path: Path) -> None:
    with watching(shop, tmp_path / "temp", "segment", "size", "--format", "json") as child:
        assert [each["segment"] for each in answer(child)] == ["czech"]
        said_until(child, "watching")
        with (shop / "data" / "customers.csv").open("a", encoding="utf-8") as file:
            file.write("d,dan@example.com,Dan,SK,2026-01-04\n")
        write(shop, "segments/more/slovak.yml", "name: slovak\nwhere: {country: SK}\n")
        assert answer(child)[1] == {"segment": "slovak", "size": 2, "of": 4, "share": 0.5}


@pytest.mark.parametrize("command", [("preview", "czech"), ("explain", "czech", "a")])
def test_preview_and_explain_watch_too(shop: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    with watching(shop, tmp_path / "temp", "segment", *command, "--format", "json") as child:
        first = answer(child)
        said_until(child, "watching")
        write(shop, "segments/czech.yml", CZECH.replace("CZ}", "SK}"))
        assert answer(child) != first
        child.terminate()
        child.communicate(timeout=PATIENCE)
    assert child.returncode == 130, "ended from outside it ends in order too"
    assert list((tmp_path / "temp").iterdir()) == []


def test_in_a_pipe_one_table_follows_another(shop: Path, tmp_path: Path) -> None:
    with watching(shop, tmp_path / "temp", "segment", "size") as child:
        said_until(child, "watching")
        write(shop, "segments/czech.yml", CZECH.replace("CZ}", "SK}"))
        said_until(child, "watching")
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=PATIENCE)
    assert "\x1b" not in out
    assert [line.split()[:2] for line in out.splitlines() if line.startswith("czech")] == [["czech", "2"], ["czech", "1"]]
