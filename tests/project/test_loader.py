"""A folder as a whole: what is read of it, what is left out, and what leans on what."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project.case_files import told
from project.shop import FILES, make, write
from retention_cli.model.campaign import Again, Goal
from retention_cli.model.condition import Did, EventQuery, Fold, Follow, Since, Total
from retention_cli.model.duration import Duration
from retention_cli.model.problem import Place
from retention_cli.model.step import If, Send, Stop, Wait
from retention_cli.model.template import TemplateFormat
from retention_cli.model.trigger import Enters, Happened
from retention_cli.model.word import Word, place_of
from retention_cli.project.files import source_line
from retention_cli.project.loader import load

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.model.project import Project

CAMPAIGN = """\
trigger: {did: cart, where: {price: 5}, not_followed_by: {did: order, within: 30 minutes}, backfill: true}
again: {after: 14 days, at_most: 6}
exit: {ordered: {did: order, since: entry}}
goals:
  ordered: {when: {did: order}, window: 5 days}
  orders: {count_of: {did: order}, window: 1 week}
steps:
  - {send: hello, id: first}
  - wait: 1 day
  - {if: {country: CZ}, then: [stop], else: [{send: hello}, {stop: bought}]}
"""


def _sound(root: Path) -> Project:
    project, problems = load(root, {})
    assert problems == []
    assert project is not None
    return project


def test_a_campaign_as_a_model(tmp_path: Path) -> None:
    campaign = _sound(make(tmp_path, {"campaigns/cart.yml": CAMPAIGN})).campaigns["cart"]
    order = Did(EventQuery(("order",)))
    assert isinstance(campaign.trigger, Happened)
    assert campaign.trigger.query.events == ("cart",)
    assert campaign.trigger.query.not_followed_by == (Follow(("order",), within=Duration(30, "minute")),)
    assert (campaign.trigger.late, campaign.trigger.backfill) == (Duration(3, "day"), True)
    assert campaign.again == Again(after=Duration(14, "day"), at_most=6)
    assert campaign.exit == {"ordered": Did(EventQuery(("order",), since=Since(entry=True)))}
    assert campaign.goals[Word("ordered")] == Goal(when=order, window=Duration(5, "day"))
    assert campaign.goals[Word("orders")] == Goal(total_of=Total(Fold.COUNT, EventQuery(("order",))), window=Duration(1, "week"))
    first, wait, way = campaign.steps
    assert (first, wait) == (Send(send="hello", id="first"), Wait(wait=Duration(1, "day")))
    assert isinstance(way, If)
    assert (way.then, way.else_) == ((Stop(stop="stopped"),), (Send(send="hello"), Stop(stop="bought")))
    assert way.if_.path == "steps[2].if.country"


@pytest.mark.parametrize(("written", "again"), [("never", Again(never=True)), ("always", Again()), ("{at_most: 2}", Again(at_most=2))])
def test_again(written: str, again: Again, tmp_path: Path) -> None:
    text = f"trigger: {{enters: vip}}\nagain: {written}\ngoals: {{g: {{when: {{did: order}}, window: 1 day}}}}\nsteps: [{{send: hello}}]\n"
    campaign = _sound(make(tmp_path, {"campaigns/c.yml": text})).campaigns["c"]
    assert campaign.again == again
    assert campaign.trigger == Enters(enters="vip")


def test_names_keep_their_place(tmp_path: Path) -> None:
    """A check made much later can still say file, line and column."""
    project = _sound(make(tmp_path, {"campaigns/cart.yml": CAMPAIGN}))
    send = project.campaigns["cart"].steps[0]
    assert isinstance(send, Send)
    assert str(send.send.place) == "campaigns/cart.yml:8:12"
    assert str(place_of(project.settings.sources[next(iter(project.settings.sources))].path)) == "retention.yml:5:21"
    assert str(project.segments["vip"].name.place) == "segments/vip.yml:1:1"


def test_files_in_folders_of_folders_and_lists_are_read(tmp_path: Path) -> None:
    files = {"segments/cz/a.yaml": "where: {country: CZ}\n", "segments/more.yml": "- {name: b, where: {a: 1}}\n- {name: c, where: {a: 2}}\n"}
    assert sorted(_sound(make(tmp_path, files)).segments) == ["a", "b", "c", "vip"]


def test_a_name_is_unique_over_all_files(tmp_path: Path) -> None:
    _, problems = load(make(tmp_path, {"segments/z.yml": "name: vip\nwhere: {a: 1}\n"}), {})
    assert told(problems, "segments/z.yml") == (
        "1:7 duplicate-name: there are two segments called 'vip'; the first is at segments/vip.yml:1:1 | rename one of them",
    )


def test_what_leans_on_errors_is_left_out_and_not_called_unknown(tmp_path: Path) -> None:
    """One broken segment is one problem, however many files use it; what is sound is still there to be checked further."""
    goals = "goals: {g: {when: {did: order}, window: 1 day}}\nsteps: [{send: hello}]\n"
    files = {
        "segments/broken.yml": "where: {age: {at_leest: 18}}\n",
        "segments/leans.yml": "where: {not: {segment: broken}}\n",
        "segments/leans_too.yml": "where: {segment: leans}\n",
        "campaigns/a.yml": f"trigger: {{enters: leans}}\n{goals}",
        "campaigns/b.yml": f"trigger: {{enters: vip}}\n{goals}",
    }
    project, problems = load(make(tmp_path, files), {})
    assert [problem.code for problem in problems] == ["unknown-key"]
    assert project is not None
    assert (sorted(project.segments), sorted(project.campaigns)) == (["vip"], ["b"])


def test_without_sound_settings_there_is_no_project_but_all_problems(tmp_path: Path) -> None:
    project, problems = load(make(tmp_path, {"retention.yml": "name: x\n", "segments/a.yml": "where: {}\n", "metrics/m.yml": "a: 5\n"}), {})
    assert project is None
    assert [problem.place.file for problem in problems] == ["retention.yml", "metrics/m.yml", "segments/a.yml"]


def test_a_circle_of_segments_is_told_once(tmp_path: Path) -> None:
    files = {f"segments/{one}.yml": f"where: {{segment: {other}}}\n" for one, other in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"))}
    project, problems = load(make(tmp_path, files), {})
    assert told(problems, "segments/c.yml") == (
        "1:18 segment-circle: segments refer to each other in a circle: a → b → c → a | take one of the references out",
    )
    assert project is not None
    assert sorted(project.segments) == ["vip"]


def test_a_folder_without_retention_yml(tmp_path: Path) -> None:
    project, problems = load(tmp_path, {})
    assert project is None
    assert [(problem.code, str(problem.place)) for problem in problems] == [("file-missing", "retention.yml")]


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"where: {a: \xff}\n", "yaml-encoding", Place("segments/s.yml", 1, 12)),
        ("a: é\r\nb: ".encode() + b"\x80", "yaml-encoding", Place("segments/s.yml", 2, 4)),
        ("where: {a: b}".encode("utf-16"), "yaml-encoding", Place("segments/s.yml", 1, 1)),
        (b"where: {a: \x00}\n", "yaml-character", Place("segments/s.yml", 1, 12)),
        (b"#" * 1_000_001, "yaml-too-big", Place("segments/s.yml", 1, 1)),
    ],
)
def test_files_that_are_no_text(data: bytes, code: str, place: Place, tmp_path: Path) -> None:
    """J17, SEC02: not UTF-8, NUL, more than a megabyte."""
    root = make(tmp_path, {})
    (root / "segments/s.yml").write_bytes(data)
    _, problems = load(root, {})
    assert [(problem.code, problem.place) for problem in problems] == [(code, place)]


@pytest.mark.parametrize("name", ["retention.yml", "segments/s.yml", "templates/t.html", "campaigns", ".env", "segments/inner"])
def test_a_link_out_of_the_folder_is_not_followed(name: str, tmp_path: Path) -> None:
    """Nothing outside the project's folder is read, by whatever name."""
    outside = write(tmp_path / "outside", {"retention.yml": "name: x", "secret": "where: {a: canary}", "c.yml": "{canary"})
    root = make(tmp_path / "shop", {})
    (root / name).unlink(missing_ok=True)
    (root / name).symlink_to(outside if name in {"campaigns", "segments/inner"} else outside / "secret")
    _, problems = load(root, {})
    assert [(problem.code, problem.place.file) for problem in problems] == [("file-outside", name)]
    assert source_line(root, Place(name, 1, 1)) is None


def test_a_link_inside_the_folder_is_a_file(tmp_path: Path) -> None:
    root = make(tmp_path, {})
    (root / "segments/also.yml").symlink_to(root / "segments/vip.yml")
    assert sorted(_sound(root).segments) == ["also", "vip"]


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    root = make(tmp_path, {})
    os.mkfifo(root / "segments/pipe.yml")
    _, problems = load(root, {})
    assert [(problem.code, problem.place.file) for problem in problems] == [("file-unreadable", "segments/pipe.yml")]


def test_files_of_other_kinds_are_said_to_be_unread(tmp_path: Path) -> None:
    _, problems = load(make(tmp_path, {"segments/a.yml.bak": "x", "templates/b.pug": "x", "segments/.hidden": "x", "segments/README.md": "x"}), {})
    assert told(problems, "") == (
        "segments/a.yml.bak:1:1 warning file-kind: this file is not read: segments/ holds .yml files",
        "templates/b.pug:1:1 warning file-kind: this version reads no .pug templates | templates are .mjml, .html, .md or .txt",
    )


def test_a_template_and_its_text_part(tmp_path: Path) -> None:
    files = {"templates/hello.txt": "Hello\n", "templates/plain.txt": "---\r\nsubject: 'Hi: you'\r\nfrom: Me\r\n---\r\nHi\r\n"}
    templates = _sound(make(tmp_path, files)).templates
    assert (templates["hello"].text, templates["hello"].body, templates["hello"].format) == ("Hello\n", "<p>Hello</p>\n", TemplateFormat.HTML)
    assert templates["hello"].body_place == Place("templates/hello.html", 4, 1)
    plain = templates["plain"]
    assert (plain.front.subject, plain.front.from_name, plain.body) == ("Hi: you", "Me", "Hi\r\n")
    assert (plain.format, plain.body_place, str(plain.front.subject.place)) == (
        TemplateFormat.TEXT,
        Place("templates/plain.txt", 5, 1),
        "templates/plain.txt:2:10",
    )


def test_two_templates_of_one_name(tmp_path: Path) -> None:
    _, problems = load(make(tmp_path, {"templates/hello.txt": "---\nsubject: x\n---\n"}), {})
    assert [(problem.code, problem.place.file) for problem in problems] == [("duplicate-name", "templates/hello.txt")]


def test_a_text_without_head_or_html_is_no_template(tmp_path: Path) -> None:
    _, problems = load(make(tmp_path, {"templates/other.txt": "Hello\n"}), {})
    assert [(problem.code, problem.place.file) for problem in problems] == [("front-matter", "templates/other.txt")]


MARKETING = "trigger: {enters: vip}\ngoals: {g: {when: {did: order}, window: 1 day}}\nsteps: [{send: hello}]\n"
SETTINGS = FILES["retention.yml"].replace(", unsubscribe: out@example.com", "")
PUBLIC = """\
targets:
  production: {ledger: sqlite, deliver: {email: {to: folder}}, public_url: https://m.example.com}
  rehearsal: {deliver: {email: {to: folder}}}
"""


@pytest.mark.parametrize(
    ("files", "target", "codes"),
    [
        ({"retention.yml": SETTINGS}, None, ["no-unsubscribe"]),
        ({"retention.yml": FILES["retention.yml"]}, None, []),
        ({"retention.yml": SETTINGS + PUBLIC}, None, []),
        ({"retention.yml": SETTINGS + PUBLIC}, "production", []),
        ({"retention.yml": SETTINGS + PUBLIC}, "default", []),
        ({"retention.yml": SETTINGS + PUBLIC}, "rehearsal", ["no-unsubscribe"]),
        ({"retention.yml": SETTINGS, "campaigns/c.yml": "kind: transactional\n" + MARKETING}, None, []),
        ({"retention.yml": SETTINGS, "templates/hello.html": "---\nsubject: x\n---\n{{ unsubscribe_url }}"}, None, []),
    ],
)
def test_marketing_without_a_way_out_is_warned_of(files: dict[str, str], target: str | None, codes: list[str], tmp_path: Path) -> None:
    _, problems = load(make(tmp_path, {"campaigns/c.yml": MARKETING} | files), {}, target=target)
    assert [problem.code for problem in problems] == codes
    assert not any(problem.is_error for problem in problems)


def test_who_sends_must_be_named(tmp_path: Path) -> None:
    text = "".join(line for line in FILES["retention.yml"].splitlines(keepends=True) if not line.startswith("sender"))
    _, problems = load(make(tmp_path, {"retention.yml": text, "campaigns/c.yml": MARKETING}), {})
    assert [(problem.code, str(problem.place)) for problem in problems if problem.is_error] == [("no-sender", "campaigns/c.yml:3:16")]


def test_problems_are_fit_to_be_shown(tmp_path: Path) -> None:
    """A terminal gets no escape sequence and no direction mark from a file's words, and no word without an end."""
    word = "\\e[31m" + "x" * 1000 + "\\u202e"
    _, problems = load(make(tmp_path, {"segments/s.yml": f'where: {{did: order, country: "{word}", "{word}": 1}}\n'}), {})
    assert len(problems) == 2
    assert all(len(text) <= 401 and text.isprintable() for problem in problems for text in (problem.message, problem.hint))


def test_a_file_full_of_mistakes_ends_soon(tmp_path: Path) -> None:
    """100,000 duplicate keys are not 100,000 problems."""
    text = "".join(f"a{number}: 1\n" for number in range(40_000)) * 2
    _, problems = load(make(tmp_path, {"segments/s.yml": text}), {})
    assert 0 < len(problems) <= 201


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    _, problems = load(make(tmp_path, {"campaigns": "x"}), {})
    assert told(problems, "campaigns") == ("1:1 file-unreadable: this is not a folder",)


def test_the_line_of_a_problem(tmp_path: Path) -> None:
    root = make(tmp_path, {"segments/s.yml": "\ufeffname: s\r\nwhere: {}\r\n"})
    assert [source_line(root, Place("segments/s.yml", line, 1)) for line in (1, 2, 3, 4)] == ["name: s", "where: {}", "", None]
    assert source_line(root, Place("segments/none.yml", 1, 1)) is None
    assert source_line(root, Place("../outside.yml", 1, 1)) is None
    assert source_line(root, Place("segments/s.yml")) is None


def test_reading_imports_nothing_heavy() -> None:
    """`validate` of many files stays quick: no database, no SQL, no templates are loaded to read a project."""
    code = """
        import sys, retention_cli.project.loader, retention_cli.project.lock_file, retention_cli.project.scaffold
        print(sorted({"duckdb", "sqlglot", "jinja2", "sqlalchemy", "babel", "css_inline", "jsonschema"} & set(sys.modules)))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


_MORE = """\
where: {any: [{did: order}, {segment: vip}]}
- {name: a, where: {b: c}}
name: x
steps:
  - send: hello
  then: []
{
}
a: ~
a: &b c
---
subject: {{ x }}
secrets: {signing: x}
"""
_LINES = st.sampled_from([line for text in (FILES["retention.yml"], CAMPAIGN, _MORE) for line in text.splitlines()])
_TEXTS = st.lists(_LINES, max_size=12).map("\n".join) | st.text(max_size=60)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(st.sampled_from(["retention.yml", "segments/a.yml", "metrics/a.yml", "campaigns/a.yml", "templates/a.html", ".env"]), _TEXTS))
def test_any_files_give_a_project_or_problems(tmp_path: Path, files: dict[str, str]) -> None:
    """Whatever is in the files, reading ends with values; every problem has a file of the project."""
    encodable = {name: text.encode("utf-8", "replace").decode() for name, text in files.items()}
    project, problems = load(make(tmp_path, encodable), {})
    assert project is not None or any(problem.is_error for problem in problems)
    assert all((tmp_path / problem.place.file).exists() for problem in problems)
