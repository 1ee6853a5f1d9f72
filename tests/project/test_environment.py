"""Variables and secrets: where values come from, and that they go nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from project.case_files import told
from project.shop import make, write
from retention_cli.model.problem import Place
from retention_cli.project.environment import Expanded, Variables, environment
from retention_cli.project.files import source_line
from retention_cli.project.loader import load
from retention_cli.project.notes import Notes
from retention_cli.project.yaml_tree import read

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-4f7a1c"
DOTENV = """\
# the shop's own
PLAIN=one
export EXPORTED = two
QUOTED="three # four"
SINGLE='five'
COMMENT=six # not seven

EMPTY=
"""


def test_dot_env_is_read_and_overruled(tmp_path: Path) -> None:
    write(tmp_path, {".env": DOTENV})
    found = environment(tmp_path, {"PLAIN": "given"}, Notes())
    assert found == {"PLAIN": "given", "EXPORTED": "two", "QUOTED": "three # four", "SINGLE": "five", "COMMENT": "six", "EMPTY": ""}


def test_a_bad_line_of_dot_env_is_told_without_its_text(tmp_path: Path) -> None:
    write(tmp_path, {".env": f"A=1\n{CANARY}\n"})
    notes = Notes()
    assert environment(tmp_path, {}, notes) == {"A": "1"}
    assert told(notes, ".env") == ("2:1 environment-file: this line sets no variable | write NAME=value",)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("${A}", "one"),
        ("x${A}y${A}", "xoneyone"),
        ("${NONE:-two}", "two"),
        ("${EMPTY:-two}", "two"),
        ("${NONE:-}", ""),
        ("$${A}", "${A}"),
        ("$A", "$A"),
    ],
)
def test_variables_are_replaced(written: str, text: str) -> None:
    raw, _ = read(f'"{written}"')
    assert raw is not None
    notes = Notes()
    assert Variables({"A": "one", "EMPTY": ""}, notes).expand(raw) == text
    assert notes == []


def test_a_word_from_the_environment_shows_itself_as_written() -> None:
    word = Expanded(CANARY, written="${KEY}")
    assert (word == CANARY, repr(word), f"{word!r}") == (True, "'${KEY}'", "'${KEY}'")


EVERYWHERE = {
    "retention.yml": """\
name: "$"
timezone: "$"
locale: "$"
currency: "$"
sender: {email: "$"}
sources:
  customers: {path: c.csv, key: customer_id, max_bad_rows: "$", types: {zip: "$"}, guard: {max_age: "$", min_rows: "$"}}
  orders: {path: o.csv, customer: c, time: t, event: order, lookup: "$", parent: "$", timezone: "$"}
targets:
  default: {deliver: {email: {to: "$", url: "$", connections: "$"}}, public_url: "$"}
""",
    "segments/s.yml": """\
where: [{segment: "$"}, {a: {within: "$"}}, {did: order, times: "$"}, {everyone: "$"}, {did: order, where: "$"}]
""",
    "campaigns/c.yml": """\
trigger: {enters: "$", backfill: "$"}
kind: "$"
again: "$"
goals: {g: {window: "$", when: "$"}}
exit: "$"
steps: [{send: "$", id: "$"}, {wait: "$"}, {if: "$", then: "$"}, "$"]
""",
    "metrics/m.yml": """\
a: "$"
b: {total_of: "$"}
c: {total_of: {did: order, field: total, within: "$"}}
""",
}


def test_no_problem_tells_what_a_variable_stands_for(tmp_path: Path) -> None:
    """SEC22: a secret in any value of a project is in no problem, whatever is wrong with it."""
    files = {name: text.replace('"$"', '"${SECRET}"') for name, text in EVERYWHERE.items()}
    _, problems = load(make(tmp_path, files), {"SECRET": CANARY})
    assert len(problems) > 25
    assert [problem for problem in problems if CANARY in f"{problem.message} {problem.hint}"] == []


SOUND_BUT_FOR_NAMES = {
    "retention.yml": """\
name: Shop
timezone: "$"
sender: {email: shop@example.com}
sources:
  orders: {path: o.csv, key: k, customer: c, time: t, event: "$", timezone: "$"}
  items: {path: o.csv, parent: "$", lookup: "$", event: "$"}
""",
    "segments/s.yml": 'where: {segment: "$"}\n',
    "campaigns/c.yml": 'trigger: {enters: "$"}\ngoals: {g: {when: {did: "$"}, window: 1 day}}\nsteps: [{send: "$"}]\n',
}


def test_no_unknown_name_tells_what_a_variable_stands_for(tmp_path: Path) -> None:
    """SEC22: neither do the checks between files."""
    files = {name: text.replace('"$"', '"${SECRET}"') for name, text in SOUND_BUT_FOR_NAMES.items()}
    _, problems = load(make(tmp_path, files), {"SECRET": CANARY})
    codes = [
        "unknown-zone",
        "unknown-zone",
        "unknown-source",
        "unknown-source",
        "event-clash",
        "unknown-segment",
        "unknown-segment",
        "unknown-template",
    ]
    assert sorted(problem.code for problem in problems) == sorted(codes)
    assert [problem for problem in problems if CANARY in f"{problem.message} {problem.hint}"] == []


def test_settings_do_not_show_the_secrets_of_their_targets(tmp_path: Path) -> None:
    """SEC22: the repr of a whole project, as a traceback would have it, shows no address of a server."""
    target = '{ledger: "${LEDGER}", deliver: {email: {to: smtp, url: "${URL}"}}}'
    text = f"""\
name: Shop
sender: {{email: shop@example.com}}
secrets: {{signing: "${{KEY}}", signing_old: ["${{KEY}}"]}}
sources: {{orders: {{path: o.csv, customer: c, time: t, event: order}}}}
targets: {{production: {target}}}
"""
    variables = {"LEDGER": f"postgresql://u:{CANARY}@db/x", "URL": f"smtp://u:{CANARY}@mail.example.com", "KEY": CANARY * 2}
    project, problems = load(make(tmp_path, {"retention.yml": text}), variables, target="production")
    assert problems == []
    assert project is not None
    assert CANARY not in repr(project)


def test_the_line_of_a_problem_is_shown_without_its_secret(tmp_path: Path) -> None:
    text = 'url: "smtp://u:hunter2@mail"  # x\nsigning: hunter2\nkey: SG.abcdefghijklmnopqrstuv, b\nurl: "smtp://u:${PASSWORD}@mail"\n'
    root = write(tmp_path, {"a.yml": text, ".env": "KEY=hunter2\n"})
    shown = [source_line(root, Place(file, line, 1)) for file, line in (("a.yml", 1), ("a.yml", 2), ("a.yml", 3), ("a.yml", 4), (".env", 1))]
    assert shown == [
        'url: "smtp://u:*******@mail"  # x',
        "signing: *******",
        "key: *************************, b",
        'url: "smtp://u:${PASSWORD}@mail"',
        "KEY=*******",
    ]


def test_a_variable_of_another_target_may_be_unset(tmp_path: Path) -> None:
    target = 'targets: {production: {ledger: sqlite, deliver: {email: {to: smtp, url: "${SMTP_URL}"}}}}\n'
    root = make(tmp_path, {"retention.yml": _SOUND + target})
    assert load(root, {})[1] == []
    assert [problem.code for problem in load(root, {}, target="production")[1]] == ["environment-missing"]
    assert load(root, {"SMTP_URL": "smtp://127.0.0.1"}, target="production")[1] == []


_SOUND = """\
name: Shop
sender: {email: shop@example.com}
sources: {orders: {path: o.csv, customer: c, time: t, event: order}}
"""
