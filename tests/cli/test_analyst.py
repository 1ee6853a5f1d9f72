"""What an analyst sees: byte for byte on a terminal of 80 columns, with NO_COLOR, and in a pipe; and what programs get."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
from pathlib import Path

import pytest

from support.analyst_shop import AS_OF, HOSTILE_IDS, HOSTILE_NAMES, PEOPLE, open_shop
from support.shell import process, retention
from support.terminal import STYLE, in_terminal
from support.tiny_shop import write

GOLDEN = Path(__file__).parent / "golden"
FIELDS = "country,first_name,registered_at,orders_count,total_spent,last_order_at,largest,views"
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("segment", "list", *AS_OF),
    ("segment", "size", *AS_OF),
    ("segment", "preview", "buyers", "--limit", "4", *AS_OF),
    ("segment", "preview", "good_czechs", "--top", "total_spent", "--fields", "largest,last_order_at,email,country", "--limit", "2", *AS_OF),
    ("segment", "explain", "good_czechs", "c58", *AS_OF),
    ("segment", "explain", "good_czechs", "c09", *AS_OF),
    ("segment", "waterfall", "good_czechs", *AS_OF),
    ("segment", "waterfall", "either", *AS_OF),
    ("segment", "overlap", "buyers", "good_czechs", "either", *AS_OF),
    ("segment", "profile", "good_czechs", "--fields", FIELDS, *AS_OF),
    ("segment", "history", "good_czechs"),
    ("data", "show", "orders", "--limit", "2"),
)
WIDE = ("segment", "preview", "buyers", "--fields", "email,first_name,country,registered_at,last_order_at,first_order_at,total_spent,largest")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the shop after two runs, a month apart."""
    folder = open_shop(tmp_path_factory.mktemp("analyst") / "shop")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(folder.parent / "state"))
        for as_of in ("2026-03-20T09:00", "2026-04-20T09:00"):
            done = retention(folder, "run", "--as-of", as_of)
            assert done.code == 0, done.said
    return folder


@pytest.fixture
def shop(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return shutil.copytree(made, tmp_path / "shop")


def golden(name: str, text: str) -> None:
    """Hold a text to its file; delete the file to write it anew, and read what came."""
    path = GOLDEN / name
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{path.name} was not there; it is written now: read it")
    assert text == path.read_text(encoding="utf-8")


def test_in_a_pipe_every_row_is_one_whole_line(shop: Path) -> None:
    text = ""
    for command in COMMANDS:
        ran = retention(shop, *command)
        assert ran.code == 0, ran.said
        text += f"$ retention {' '.join(command)}\n{ran.out}"
    golden("pipe.txt", text)
    assert "\x1b" not in text


def test_on_a_terminal_of_80_columns(shop: Path) -> None:
    text = in_terminal(shop, COMMANDS)
    golden("terminal.txt", text)
    printed = [line for line in text.splitlines() if not line.startswith("$ ")]
    assert max(len(STYLE.sub("", line)) for line in printed) <= 80
    assert "\x1b[1m" in text, "headings are bold"
    assert not set(STYLE.findall(text)) - {"\x1b[1m", "\x1b[0m"}


def test_without_colour_it_is_the_same_without_styles(shop: Path) -> None:
    plain = in_terminal(shop, COMMANDS[:8:3], env={"NO_COLOR": "1"})
    assert "\x1b" not in plain
    golden("no-color.txt", plain)


def test_what_does_not_fit_is_told_row_by_row_and_nothing_is_cut(shop: Path) -> None:
    text = in_terminal(shop, [(*WIDE, "--limit", "2", *AS_OF)], columns=60, env={"NO_COLOR": "1"})
    golden("records.txt", text)


def test_a_pipe_takes_other_encodings(shop: Path) -> None:
    """Bars and the letters of names are written out where the output's encoding lacks them."""
    ran = process(shop, "segment", "size", *AS_OF, env={"PYTHONIOENCODING": "ascii"})
    assert (ran.code, "\\u2588" in ran.out) == (0, True)


def test_one_answer_in_three_forms(shop: Path) -> None:
    """The CSV of a table has the values of its JSON, plain."""
    sizes = retention(shop, "segment", "size", *AS_OF, "--format", "json").json
    rows = list(csv.DictReader(io.StringIO(retention(shop, "segment", "size", *AS_OF, "--format", "csv").out)))
    assert rows == [{key: str(value) for key, value in each.items()} for each in sizes]


@pytest.mark.parametrize("command", [*COMMANDS, ("metric", "list")], ids=lambda command: " ".join(command[:3]))
def test_every_table_has_a_json_and_a_csv(shop: Path, command: tuple[str, ...]) -> None:
    assert retention(shop, *command, "--format", "json").json
    header, *rows = csv.reader(io.StringIO(retention(shop, *command, "--format", "csv").out))
    assert rows
    assert {len(row) for row in rows} == {len(header)}


def test_names_from_the_data_move_no_cursor(shop: Path) -> None:
    """SEC30: control and direction characters are written out in every text form, on a terminal and in a pipe."""
    asked = ("segment", "preview", "buyers", "--fields", "first_name", "--limit", "1000", *AS_OF)
    for text in (retention(shop, *asked).out, in_terminal(shop, [asked], env={"NO_COLOR": "1"})):
        assert "\x1b" not in text
        assert "\\u001b[31mRed\\u001b[0m" in text
        assert "\\u202eevil" in text
    everybody = retention(shop, "segment", "preview", "either", "--fields", "first_name", "--limit", "1000", *AS_OF).out
    assert "[bold]Ann[/bold]" in everybody, "no markup of ours is read in data"
    ran = retention(shop, "segment", "preview", "either", "--fields", "first_name", "--limit", "1000", "--format", "json", *AS_OF)
    assert {row["first_name"] for row in ran.json["rows"]} >= {HOSTILE_NAMES[0], HOSTILE_NAMES[3]}, "json holds what was there"


def test_a_hostile_customer_is_explained_safely(shop: Path) -> None:
    ran = retention(shop, "segment", "explain", "buyers", "\x1b[2J", *AS_OF)
    assert ran.code == 2
    assert "\x1b" not in ran.said + ran.out
    assert retention(shop, "segment", "explain", "good_czechs", "=1+1", *AS_OF).code == 0


def test_a_random_preview_is_the_same_for_the_same_seed(shop: Path) -> None:
    def ids(*more: str) -> list[str]:
        ran = retention(shop, "segment", "preview", "buyers", "--fields", "country", "--limit", "5", "--format", "json", *AS_OF, *more)
        return [row["customer_id"] for row in ran.json["rows"]]

    buyers = [f"c{n:02}" for n in range(0, PEOPLE, 2)]
    assert ids("--seed", "1") == sorted(buyers, key=lambda id_: hashlib.md5(f"1:{id_}".encode()).hexdigest())[:5]  # noqa: S324 - no secret
    assert ids("--seed", "2") != ids("--seed", "1")
    assert ids() == ["c00", "c02", "c04", "c06", "c08"]
    assert ids("--top", "total_spent") == ["c58", "c56", "c54", "c52", "c50"]


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        (("segment", "preview", "buyers", "--seed", "1", "--top", "total_spent"), "one of them"),
        (("segment", "preview", "buyers", "--top", "total_spend"), "'total_spent'"),
        (("segment", "overlap", "buyers"), "2 to 26 segments"),
        (("segment", "overlap", "buyers", "eithr"), "'either'"),
        (("segment", "profile", "buyers", "--fields", "contry"), "'country'"),
        (("segment", "history", "buyer"), "'buyers'"),
        (("segment", "export", "buyers", "--to", "out.pdf"), ".csv, .parquet, .xlsx"),
        (("segment", "export", "buyers", "--to", "nowhere/out.csv"), "make it first"),
        (("segment", "size", "--watch", "--format", "csv"), "--format json"),
    ],
)
def test_a_wrong_command_line_says_what_is_right(shop: Path, command: tuple[str, ...], hint: str) -> None:
    ran = retention(shop, *command, *(() if "history" in command else AS_OF))
    assert (ran.code, ran.out) == (2, "")
    assert hint in ran.said


def test_the_list_knows_the_last_evaluation(shop: Path) -> None:
    listed = {each["segment"]: each for each in retention(shop, "segment", "list", *AS_OF, "--format", "json").json}
    assert (listed["buyers"]["of"], listed["buyers"]["size"], listed["buyers"]["change"]) == (PEOPLE + len(HOSTILE_IDS), 30, 0)
    assert listed["good_czechs"]["trend"] == [7, 9]
    assert listed["good_czechs"]["change"] == listed["good_czechs"]["size"] - 9
    fresh = open_shop(shop.parent / "fresh")
    assert {each["change"] for each in retention(fresh, "segment", "list", *AS_OF, "--format", "json").json} == {None}


def test_the_history_tells_who_came_and_went(shop: Path) -> None:
    [told] = retention(shop, "segment", "history", "good_czechs", "--format", "json").json
    newest, oldest = told["evaluations"]
    assert newest["size"] == oldest["size"] + newest["entered"] - newest["left"]
    assert (oldest["entered"], oldest["left"], newest["redefined"]) == (None, None, False)
    assert newest["as_of"] == "2026-04-20T07:00:00+00:00"
    assert len(retention(shop, "segment", "history", "good_czechs", "--limit", "1", "--format", "json").json[0]["evaluations"]) == 1
    never = retention(open_shop(shop.parent / "fresh"), "segment", "history")
    assert (never.code, never.out) == (0, "")
    assert "never evaluated" in never.said


def test_a_metric_says_what_it_is_made_of(shop: Path) -> None:
    found = {each["name"]: each for each in retention(shop, "metric", "list", "--format", "json").json}
    assert (found["largest"]["origin"], found["largest"]["unit"], found["largest"]["sources"]) == ("own", "CZK", ["orders"])
    assert (found["views"]["unit"], found["views"]["sources"], found["views"]["file"]) == ("count", ["web"], "metrics/own.yml:2")
    assert (found["days_between_orders"]["origin"], found["days_between_orders"]["unit"]) == ("built-in", "days")


def test_metrics_fit_a_terminal(shop: Path) -> None:
    text = in_terminal(shop, [("metric", "list")], env={"NO_COLOR": "1"})
    assert max(map(len, text.splitlines()[1:])) <= 80
    assert "largest  CZK    metrics/own.yml:1  The largest order: largest_of total of order\n" in text


def test_a_metric_that_cannot_be_had_says_why(shop: Path) -> None:
    write(shop, "retention.yml", (shop / "retention.yml").read_text(encoding="utf-8").replace("event: order}", "event: purchase}"))
    write(shop, "segments/all.yml", "name: everybody\nwhere: {everyone: true}\n")
    write(shop, "metrics/own.yml", "views: {count_of: {did: page_view}}\norders_count: {count_of: {did: purchase}}\n")
    found = {each["name"]: each for each in retention(shop, "metric", "list", "--format", "json").json if each["origin"] == "built-in"}
    assert found["total_spent"]["not_there"] == "no source gives what it takes"
    assert found["orders_count"]["not_there"] == "your own metric of this name goes before it"
