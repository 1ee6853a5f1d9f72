"""`analyze` as people and programs read it: 80 columns, pipes, JSON and CSV, and sentences where there is nothing to show."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import pty
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from features.simulated import orders
from retention_cli.cli.exits import guarded
from retention_cli.cli.figures import share, short
from retention_cli.cli.main import app
from support.shell import retention
from support.tiny_shop import make_shop

AS_OF = ("--as-of", "2026-01-02")
COMMANDS = ("cadence", "rfm", "cohorts", "value")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a shop of 400 people who buy as the models say; it is read by every test and changed by none."""
    rows = orders(400)
    people = [(customer, f"{customer}@example.com", "Ann", "CZ", "2024-01-01") for customer in dict.fromkeys(row[1] for row in rows)]
    return make_shop(tmp_path_factory.mktemp("shop"), customers=people, orders=rows)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_pipe_gets_plain_lines(shop: Path, command: str) -> None:
    ran = retention(shop, "analyze", command, *AS_OF)
    assert ran.code == 0, ran.said
    assert "\x1b" not in ran.out
    assert len(ran.out.splitlines()) > 8


@pytest.mark.parametrize("command", [*COMMANDS, "cohorts --measure recurring", "cohorts --measure first", "cohorts --period quarter"])
def test_a_terminal_of_80_columns_holds_every_line(shop: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real terminal: no line is longer."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = [line.rstrip() for line in plain(shown_on_a_terminal(shop, command)).splitlines()]
    assert max(map(len, lines)) <= 80, max(lines, key=len)
    assert any("\u2500" * 20 in line for line in lines)


def shown_on_a_terminal(shop: Path, command: str) -> str:
    """Run a command whose stdout is a pseudo-terminal; return what came out of its other end."""
    main, terminal = pty.openpty()
    with ThreadPoolExecutor(1) as pool, contextlib.chdir(shop), contextlib.redirect_stderr(io.StringIO()):
        text = pool.submit(read_all, main)
        with os.fdopen(terminal, "w", encoding="utf-8") as out, contextlib.redirect_stdout(out):
            assert guarded(lambda: app(["analyze", *command.split(), *AS_OF], standalone_mode=False)) == 0
        return text.result(timeout=60)


def read_all(descriptor: int) -> str:
    text = b""
    with contextlib.suppress(OSError), os.fdopen(descriptor, "rb", buffering=0) as file:  # the system says so when the other end is closed
        while read := file.read(65_536):
            text += read
    return text.decode()


def plain(text: str) -> str:
    """Return what is seen, without the signs for bold."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_cadence_as_json(shop: Path) -> None:
    found = retention(shop, "analyze", "cadence", *AS_OF, "--format", "json").json
    assert list(found) == ["by", "everything", "kinds", "histogram", "suggestion"]
    assert list(found["everything"]) == ["kind", "gaps", "people", "p10", "p25", "p50", "p75", "p90"]
    assert sum(each["gaps"] for each in found["histogram"]) == found["everything"]["gaps"]
    assert yaml.safe_load(found["suggestion"])["divisions"].keys() == {"active", "late", "asleep"}


def test_the_suggestion_is_printed_to_be_pasted(shop: Path) -> None:
    out = retention(shop, "analyze", "cadence", *AS_OF).out
    assert yaml.safe_load(out[out.index("# groups/rhythm.yml") :])["name"] == "rhythm"


def test_the_suggested_group_is_sound(shop: Path) -> None:
    """Pasted where it says, it validates without gap or overlap, and divides everybody."""
    text = retention(shop, "analyze", "cadence", *AS_OF, "--format", "json").json["suggestion"]
    (shop / "groups").mkdir()
    (shop / "groups" / "rhythm.yml").write_text(text, encoding="utf-8")
    (shop / "segments").mkdir(exist_ok=True)
    divisions = "".join(f"- {{name: {name}, where: {{rhythm: {name}}}}}\n" for name in ("active", "late", "asleep", "never_ordered"))
    (shop / "segments" / "divisions.yml").write_text(divisions, encoding="utf-8")
    try:
        assert retention(shop, "validate", "--format", "json").json == []
        sizes = {each["segment"]: each["size"] for each in retention(shop, "segment", "size", *AS_OF, "--format", "json").json}
        assert (sum(sizes.values()), sizes["never_ordered"], min(sizes["active"], sizes["late"], sizes["asleep"]) > 0) == (400, 0, True)
    finally:
        (shop / "groups" / "rhythm.yml").unlink()
        (shop / "segments" / "divisions.yml").unlink()


def test_rfm_as_json_and_csv(shop: Path) -> None:
    found = retention(shop, "analyze", "rfm", *AS_OF, "--format", "json").json
    assert list(found) == ["customers", "scores", "cells"]
    assert found["customers"] == sum(cell["customers"] for cell in found["cells"]) == 400
    assert sum(each["customers"] for each in found["scores"] if each["measure"] == "recency") == 400
    rows = list(csv.DictReader(io.StringIO(retention(shop, "analyze", "rfm", *AS_OF, "--format", "csv").out)))
    assert [int(row["customers"]) for row in rows] == [cell["customers"] for cell in found["cells"]]


def test_cohorts_as_json_and_csv(shop: Path) -> None:
    found = retention(shop, "analyze", "cohorts", *AS_OF, "--format", "json").json
    assert list(found[0]) == ["cohort", "people", "first_revenue", "periods"]
    assert list(found[0]["periods"][0]) == ["period", "returning", "share", "recurring_revenue"]
    assert sum(cohort["people"] for cohort in found) == 400
    assert found[0]["cohort"] == "2024-01-01"
    rows = list(csv.DictReader(io.StringIO(retention(shop, "analyze", "cohorts", *AS_OF, "--format", "csv").out)))
    assert len(rows) == sum(len(cohort["periods"]) for cohort in found)


def test_later_periods_are_not_lost_in_silence(shop: Path) -> None:
    ran = retention(shop, "analyze", "cohorts", "--periods", "3", *AS_OF)
    assert ran.out.splitlines()[1].split() == ["cohort", "people", "0", "1", "2", "3"]
    assert "later periods are not shown" in ran.said


def test_value_as_json_and_csv(shop: Path) -> None:
    found = retention(shop, "analyze", "value", *AS_OF, "--format", "json").json
    assert list(found) == ["orders", "until", "buying", "spending", "check", "people", "total", "top_decile_share", "deciles"]
    assert (found["buying"]["unit"], found["spending"]["currency"]) == ("weeks", "EUR")
    assert sum(check["actual"] for check in found["check"]) == found["people"] == 400
    assert sum(decile["share"] for decile in found["deciles"]) == pytest.approx(1, abs=1e-5)
    rows = list(csv.DictReader(io.StringIO(retention(shop, "analyze", "value", *AS_OF, "--format", "csv").out)))
    assert [float(row["total"]) for row in rows] == [decile["total"] for decile in found["deciles"]]
    assert found["deciles"][0]["share"] == found["top_decile_share"]


def test_a_prediction_is_a_metric_like_any_other(shop: Path) -> None:
    """The same numbers in a preview as in a segment's condition, as of the moment that is asked."""
    shown = retention(shop, "segment", "list")
    assert shown.code == 0
    (shop / "segments").mkdir(exist_ok=True)
    (shop / "segments" / "leaving.yml").write_text("where:\n  - {probability_alive: {less_than: 0.5}}\n", encoding="utf-8")
    ran = retention(
        shop, "segment", "preview", "leaving", "--fields", "probability_alive,next_order_due", "--limit", "400", *AS_OF, "--format", "json"
    )
    found = ran.json
    assert 0 < found["size"] < 400
    assert all(row["probability_alive"] < 0.5 and row["next_order_due"] for row in found["rows"])
    earlier = retention(shop, "segment", "size", "leaving", "--as-of", "2024-03-01", "--format", "json").json
    assert earlier[0]["size"] < found["size"]


def test_a_shop_of_a_handful_gets_sentences(tmp_path: Path) -> None:
    small = make_shop(tmp_path / "small", {"segments/gone.yml": "where:\n  - {probability_alive: {less_than: 0.5}}\n"})
    ran = retention(small, "segment", "size", *AS_OF)
    assert ran.code == 2
    assert "segments/gone.yml:2:6" in ran.out + ran.said
    assert "probability_alive cannot be predicted: only 0 customers bought on more than one day; it takes 50" in ran.out + ran.said
    (small / "segments" / "gone.yml").unlink()
    value = retention(small, "analyze", "value", *AS_OF)
    assert (value.code, value.out) == (2, "")
    assert "nothing can be predicted: only 0 customers bought on more than one day" in value.said
    cadence = retention(small, "analyze", "cadence", *AS_OF)
    assert (cadence.code, cadence.out) == (0, "")
    assert "nobody has bought on more than one day yet" in cadence.said


def test_before_the_first_order_there_is_nothing_to_show(shop: Path) -> None:
    for command in ("cadence", "rfm", "cohorts"):
        ran = retention(shop, "analyze", command, "--as-of", "2023-01-01")
        assert (ran.code, ran.out) == (0, ""), command


def test_numbers_are_short() -> None:
    told = {
        0.0: "0",
        0.04: "0",
        0.5: "0.5",
        9.96: "10",
        12.4: "12",
        999.0: "999",
        1234.0: "1.2k",
        12_345.0: "12k",
        3.4e8: "340M",
        2e9: "2G",
        -1500.0: "-1.5k",
    }
    assert {number: short(number) for number in told} == told
    assert short(None) == "\u2013"
    assert [share(part) for part in (0, 0.001, 0.283, 1)] == ["0%", "<1%", "28%", "100%"]
