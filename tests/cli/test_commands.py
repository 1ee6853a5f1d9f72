"""Every command says its data on stdout, its talk on stderr, and the rest by its exit code."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.shell import process, retention
from support.tiny_shop import SETTINGS, make_shop, write

BUYERS = """\
    - name: buyers
      description: Bought once or more
      where: {did: order}
    - name: big
      where:
        - {segment: buyers}
        - any: [{total_spent: {at_least: 100}}, {country: SK}]
"""
HELLO = """\
    name: hello
    trigger: {enters: buyers, backfill: true}
    goals: {back: {when: {did: order}, window: 5 days}}
    steps: [{send: letter}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a shop with two segments and nothing wrong."""
    return make_shop(tmp_path / "shop", {"segments/buyers.yml": BUYERS})


def test_validate_shows_the_line_and_a_caret_under_the_word(shop: Path) -> None:
    assert retention(shop, "data", "import", "--as-of", "2026-05-01").code == 0, "now the names of events are known"
    write(shop, "segments/wrong.yml", "name: wrong\nwhere:\n  - {contry: CZ}\n  - did: ordr\n")
    ran = retention(shop, "validate")
    assert ran.code == 2
    lines = ran.out.splitlines()
    at = next(number for number, line in enumerate(lines) if "segments/wrong.yml:3:6" in line)
    assert lines[at + 1] == "      - {contry: CZ}"
    assert lines[at + 2] == "         ^^^^^^"
    assert "country" in lines[at + 3]
    assert "segments/wrong.yml:4:10" in ran.out
    assert "'order'" in ran.out, "all mistakes at once, each with the nearest right word"
    assert "2 errors" in ran.said


def test_validate_as_json_and_for_github(shop: Path) -> None:
    write(shop, "segments/wrong.yml", "name: wrong\nwhere: {contry: 'a,b'}\n")
    [problem] = [each for each in retention(shop, "validate", "--format", "json").json if each["severity"] == "error"]
    assert (problem["file"], problem["line"], problem["column"], problem["code"]) == ("segments/wrong.yml", 2, 9, "unknown-field")
    assert list(problem) == ["file", "line", "column", "severity", "code", "message", "hint"]
    [line] = [line for line in retention(shop, "validate", "--format", "github").out.splitlines() if line.startswith("::error")]
    assert line.startswith("::error file=segments/wrong.yml,line=2,col=9,title=unknown-field::")


def test_validate_of_a_part_and_strictly(shop: Path) -> None:
    """Problems elsewhere do not fail a part; warnings fail only where that is asked for."""
    write(shop, "segments/wrong.yml", "name: wrong\nwhere: {contry: CZ}\n")
    assert retention(shop, "validate", "segments/buyers.yml").code == 0
    (shop / "segments" / "wrong.yml").unlink()
    write(shop, "segments/empty.yml", "# nothing yet\n")
    assert retention(shop, "validate").code == 0
    assert retention(shop, "validate", "--strict").code == 2


def test_segment_tables_as_json(shop: Path) -> None:
    sizes = retention(shop, "segment", "size", "--as-of", "2026-05-01", "--format", "json").json
    assert sizes == [{"segment": "big", "size": 2, "of": 3, "share": 0.666667}, {"segment": "buyers", "size": 2, "of": 3, "share": 0.666667}]
    shown = retention(shop, "segment", "preview", "big", "--fields", "country,total_spent", "--as-of", "2026-05-01", "--format", "json").json
    assert shown["rows"] == [{"customer_id": "a", "country": "CZ", "total_spent": 100}, {"customer_id": "b", "country": "SK", "total_spent": 50}]
    listed = retention(shop, "segment", "list", "--as-of", "2026-05-01", "--format", "json").json
    assert [each["used_by"] for each in listed] == [[], ["segment big"]]


def test_segment_export_is_ids_alone_unless_asked(shop: Path) -> None:
    ran = retention(shop, "segment", "export", "buyers", "--as-of", "2026-05-01")
    assert list(csv.reader(io.StringIO(ran.out))) == [["customer_id"], ["a"], ["b"]]
    ran = retention(shop, "segment", "export", "buyers", "--as-of", "2026-05-01", "--fields", "first_name")
    assert list(csv.reader(io.StringIO(ran.out)))[1] == ["a", "Ann"]


def test_an_exported_cell_is_no_formula(tmp_path: Path) -> None:
    """SEC27: a name that a spreadsheet would run gets an apostrophe."""
    shop = make_shop(tmp_path / "shop", {"segments/buyers.yml": BUYERS}, customers=[("a", "a@example.com", '=HYPERLINK("x")', "CZ", "2026-01-01")])
    ran = retention(shop, "segment", "export", "buyers", "--as-of", "2026-05-01", "--fields", "first_name")
    assert list(csv.reader(io.StringIO(ran.out)))[1] == ["a", '\'=HYPERLINK("x")']


def test_the_terminal_is_safe_from_data(tmp_path: Path) -> None:
    """SEC30: control characters of a name are written out."""
    shop = make_shop(tmp_path / "shop", {"segments/buyers.yml": BUYERS}, customers=[("a", "a@example.com", "\x1b[2JAnn", "CZ", "2026-01-01")])
    ran = retention(shop, "segment", "preview", "buyers", "--as-of", "2026-05-01")
    assert "\x1b" not in ran.out
    assert "\\u001b[2JAnn" in ran.out


def test_explain_tells_values_and_the_nearest_miss(shop: Path) -> None:
    found = retention(shop, "segment", "explain", "big", "c", "--as-of", "2026-05-01", "--format", "json").json
    assert (found["member"], found["nearest_miss"][0]["text"]) == (False, "segment buyers")
    ran = retention(shop, "segment", "explain", "big", "a", "--as-of", "2026-05-01")
    assert ran.out.splitlines()[0] == "a is in big"
    assert "total_spent >= 100  (€100.00)" in ran.out


def test_segment_sql_runs_as_it_stands(shop: Path) -> None:
    """What is printed is one statement with its values written out."""
    ran = retention(shop, "segment", "sql", "big", "--as-of", "2026-05-01")
    assert "$" not in ran.out
    assert ran.out.startswith("WITH orders_facts AS (")


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        (("segment", "size", "buyrs"), "'buyers'"),
        (("segment", "preview", "buyers", "--fields", "contry"), "'country'"),
        (("segment", "explain", "buyers", "zz"), "ids are text"),
        (("plan", "--campaign", "cart"), "there is no campaign"),
        (("plan", "--target", "prod"), "there is no target"),
        (("plan", "--as-of", "soon"), "write it like"),
        (("data", "show", "ordrs"), "'orders'"),
    ],
)
def test_a_wrong_command_line_says_what_is_right(shop: Path, command: tuple[str, ...], hint: str) -> None:
    ran = retention(shop, *command)
    assert (ran.code, ran.out) == (2, "")
    assert hint in ran.said


def test_data_check_tells_what_it_read(shop: Path) -> None:
    found = {each["source"]: each for each in retention(shop, "data", "check", "--as-of", "2026-05-01", "--format", "json").json}
    assert (found["orders"]["rows"], found["orders"]["rejected"]) == (2, 0)
    assert {"name": "total", "type": "decimal", "from": "total"} in found["orders"]["columns"]
    assert not (shop / "retention.lock").exists(), "a check settles nothing"
    assert retention(shop, "data", "import", "--as-of", "2026-05-01").code == 0
    assert "orders:" in (shop / "retention.lock").read_text(encoding="utf-8")
    assert retention(shop, "data", "show", "orders", "--format", "json").json[0]["order_id"] == "1"


def test_data_check_tells_programs_of_a_type_that_would_be_another(shop: Path) -> None:
    """As the text does: what was settled, what it would be now, and how many values of how many say so."""
    check = ("data", "check", "--as-of", "2026-05-01", "--format", "json")
    assert retention(shop, "data", "import", "--as-of", "2026-05-01").code == 0
    assert {each["source"]: each["type_changes"] for each in retention(shop, *check).json}["products"] == []
    lock = (shop / "retention.lock").read_bytes()
    write(shop, "data/products.csv", "product_id,title,price\np1,Cup,10.00\np2,Plate,dear\n")
    found = {each["source"]: each["type_changes"] for each in retention(shop, *check).json}
    assert found["products"] == [{"column": "price", "settled": "decimal", "now": "text", "values": 1, "of": 2, "by": "values"}]
    assert all(changes == [] for source, changes in found.items() if source != "products")
    assert (shop / "retention.lock").read_bytes() == lock


def test_a_bad_row_is_set_aside_and_shown(tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop", {"segments/buyers.yml": BUYERS})
    assert retention(shop, "data", "import", "--as-of", "2026-05-01").code == 0
    with (shop / "data" / "orders.csv").open("a", encoding="utf-8") as file:
        file.write("3,b,not a time,50.00\n")
    ran = retention(shop, "data", "check", "--as-of", "2026-05-01")
    assert ran.code == 3
    assert "orders" in ran.said


def test_doubt_is_listed_and_settled_by_hand(tmp_path: Path) -> None:
    """C05: a message without an answer is unknown, exit 5; it is not sent again until somebody says so."""
    settings = SETTINGS.replace("{to: folder, path: outbox}", "{to: fake}")
    people = [("a", "hang@example.com", "Ann", "CZ", "2026-01-01"), ("b", "bob@example.com", "Bob", "SK", "2026-01-02")]
    files = {"retention.yml": settings, "segments/buyers.yml": BUYERS, "campaigns/hello.yml": HELLO}
    shop = make_shop(tmp_path / "shop", files, customers=people)
    first = retention(shop, "run", "--as-of", "2026-05-01T09:00", "--format", "json")
    assert (first.code, first.json["exit"], first.json["messages"]["unknown"], first.json["messages"]["sent"]) == (5, 5, 1, 1)
    [doubt] = retention(shop, "unknown", "list", "--format", "json").json
    assert (doubt["customer"], doubt["campaign"], doubt["attempts"]) == ("a", "hello", 1)
    assert retention(shop, "send", "--format", "json").json["messages"]["sent"] == 0
    assert retention(shop, "unknown", "resolve", 999, "--sent").code == 2
    assert retention(shop, "unknown", "resolve", doubt["message"], "--sent").code == 0
    assert retention(shop, "unknown", "list", "--format", "json").json == []


def test_a_hard_bounce_is_never_written_to_again(tmp_path: Path) -> None:
    """S03: 5.1.1 suppresses the address at once; the next campaign holds it back, with the reason."""
    settings = SETTINGS.replace("{to: folder, path: outbox}", "{to: fake}")
    people = [("a", "refuse@example.com", "Ann", "CZ", "2026-01-01"), ("b", "bob@example.com", "Bob", "SK", "2026-01-02")]
    files = {"retention.yml": settings, "segments/buyers.yml": BUYERS, "campaigns/hello.yml": HELLO}
    shop = make_shop(tmp_path / "shop", files, customers=people)
    assert retention(shop, "run", "--as-of", "2026-05-01T09:00", "--format", "json").json["messages"]["refused"] == 1
    write(shop, "campaigns/again.yml", HELLO.replace("name: hello", "name: again"))
    second = retention(shop, "run", "--as-of", "2026-05-01T10:00", "--format", "json").json
    assert next(each for each in second["campaigns"] if each["campaign"] == "again")["held_back"] == {"suppressed": 1}
    assert (second["messages"]["sent"], second["messages"]["suppressed"]) == (1, 1)


def test_schemas_are_written_where_editors_look(shop: Path) -> None:
    assert retention(shop, "schema").code == 0
    for kind in ("retention", "segments", "campaigns", "metrics", "template"):
        assert json.loads((shop / ".retention" / "schema" / f"{kind}.json").read_text(encoding="utf-8"))["$schema"].startswith(
            "https://json-schema.org/"
        )
    assert retention(shop, "schema", "segments").json["title"]


def test_init_makes_a_project_that_validates_and_never_writes_over_one(tmp_path: Path) -> None:
    assert retention(tmp_path, "init", "mine").code == 0
    assert retention(tmp_path / "mine", "validate").code in (0, 2)
    again = retention(tmp_path, "init", "mine")
    assert again.code == 2
    assert (tmp_path / "mine" / "retention.yml").exists()


def test_a_reader_that_leaves_early_is_no_error(shop: Path) -> None:
    """C09: `| head` closes stdout; the command ends quietly."""
    command = f"{sys.executable} -c 'from retention_cli.cli.main import main; main()' schema segments | head -c 10"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], cwd=shop, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr


def test_an_unexpected_error_leaves_a_log_and_exit_1(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("retention_cli.app.validate.read_project", broken)
    ran = retention(shop, "validate")
    assert ran.code == 1
    assert "crash.log" in ran.said
    assert "ZeroDivisionError" in (shop / ".retention" / "logs" / "crash.log").read_text(encoding="utf-8")


def test_help_imports_nothing_heavy() -> None:
    """`retention --help` answers quickly because nothing heavy is loaded for it."""
    code = (
        "import sys\nfrom retention_cli.cli.exits import guarded\nfrom retention_cli.cli.main import app\n"
        "guarded(lambda: app(['--help'], standalone_mode=False))\n"
        "heavy = ('duckdb', 'sqlglot', 'sqlalchemy', 'pydantic', 'jinja2', 'rich', 'yaml', 'babel', 'numpy', 'scipy')\n"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_version_and_help_end_well(shop: Path) -> None:
    assert process(shop, "--version").out.startswith("retention ")
    assert "validate" in process(shop, "--help").out


def test_a_short_signing_key_is_told_and_not_shown(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that could be guessed is a mistake of the project, found before a run, and never printed (SEC22)."""
    monkeypatch.setenv("SHORT_KEY", "canary-key")
    write(shop, "retention.yml", SETTINGS.replace("locale: en_US", 'locale: en_US\nsecrets: {signing: "${SHORT_KEY}"}'))
    ran = retention(shop, "validate")
    assert ran.code == 2
    assert "at least 16 characters" in ran.out
    assert "canary-key" not in ran.out + ran.said
