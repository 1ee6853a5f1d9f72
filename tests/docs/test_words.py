"""The reference names every word of the language and of the command line, and none that there is not."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args

import pytest
import typer

from docs.pages import REFERENCE, ROOT, first_cells, paragraph, section, text_of
from retention_cli.app.health import Health
from retention_cli.cli.exits import ExitCode
from retention_cli.cli.main import app
from retention_cli.compile.fitting import FITTING
from retention_cli.compile.kinds import FUNCTIONS, NUMBER, TEXT
from retention_cli.compile.periods import PERIODS
from retention_cli.compile.rows import OF_TIME
from retention_cli.model.campaign import Again, Campaign, Deadline, Kind
from retention_cli.model.case import Case
from retention_cli.model.condition import FieldTest, Fold, walk
from retention_cli.model.daemon import Daemon
from retention_cli.model.dress import CsvFormat
from retention_cli.model.effects import Written
from retention_cli.model.fate import OnFail, OnUnknown
from retention_cli.model.group import Group
from retention_cli.model.kept_field import KeptField
from retention_cli.model.learned import Learned
from retention_cli.model.mail import COLUMNS, EVENTS, OWN_EVENTS
from retention_cli.model.metric import BUILT_IN
from retention_cli.model.period import Period
from retention_cli.model.policy import Cap, Consent, Default, FieldLimit, Policies, QuietHours, SuppressionFile, WhenCapped
from retention_cli.model.project import Contacts, Secrets, Sender, Settings
from retention_cli.model.question import Op
from retention_cli.model.quiet import Weekday
from retention_cli.model.rule import Rule
from retention_cli.model.segment import Segment
from retention_cli.model.source import KNOWN_TYPES, ColumnType, Guard, Source
from retention_cli.model.state import MessageState
from retention_cli.model.step import PREFERRED, STEP_WORDS, WAYS, BestHour, DecideBy, OnDate, Send, Until, Variant, Ways
from retention_cli.model.step import Path as Path_
from retention_cli.model.survey import Question
from retention_cli.model.target import Channel, Target
from retention_cli.model.template import FrontMatter
from retention_cli.model.trigger import TRIGGERS, Change, Interest, Lapse, Move, Rhythm, Timetable
from retention_cli.model.voucher import Pool
from retention_cli.project.cases import HEAD_KEYS
from retention_cli.project.courses import HAPPENING_KEYS, ROW_KEYS, SENDING_KEYS
from retention_cli.project.grammar.events import FACT_KEYS, FOLD_KEYS, QUERY_KEYS, REGULAR_KEYS
from retention_cli.project.grammar.follows import FOLLOW_KEYS, LIKE_KEYS
from retention_cli.project.grammar.metrics import FAVOURITE_KEYS, SCORE_KEYS
from retention_cli.project.grammar.metrics import HEADS as METRIC_HEADS
from retention_cli.project.grammar.values import CASELESS, FOR, LEAP, LEAPS, MEASURED
from retention_cli.project.grammar.words import CUSTOMER_HEADS, LOGIC
from retention_cli.project.grammar.yardsticks import KEYS as YARDSTICKS
from retention_cli.project.notes import Code
from retention_cli.project.objects import SQL_FILE
from retention_cli.project.schema import KINDS
from retention_cli.project.standard import standard_groups
from retention_cli.project.triggers import TRIGGER_KEYS
from retention_cli.render import filters
from retention_cli.render.check import ITEM_FIELDS
from retention_cli.render.mjml_check import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic import BaseModel

    from retention_cli.model.condition import Condition

CONDITIONS, CAMPAIGNS, SOURCES = REFERENCE / "conditions.md", REFERENCE / "campaigns.md", REFERENCE / "sources.md"
PROJECT, TARGETS, TEMPLATES = REFERENCE / "project.md", REFERENCE / "targets.md", REFERENCE / "templates.md"
COMMANDS, METRICS, GROUPS = REFERENCE / "commands.md", REFERENCE / "metrics.md", REFERENCE / "groups.md"
SAME = "the same"
SHARED = {"-C", "--project", "-t", "--target", "--as-of", "--format", "--watch"}


def keys(model: type[BaseModel], *left_out: str) -> set[str]:
    """Return the words that a file writes for a model's fields."""
    return {field.alias or name for name, field in model.model_fields.items()} - set(left_out)


def test_head_words() -> None:
    text = section(CONDITIONS, "Head words")
    assert set(first_cells(text)) == {*LOGIC, *CUSTOMER_HEADS}


def test_operators() -> None:
    text = section(CONDITIONS, "Operators")
    assert first_cells(text) == [str(op) for op in Op]
    caseless = paragraph(text, "Text is compared exactly").partition(" lets case not matter")[0]
    assert set(re.findall(r"`(\w+)`", caseless)) == set(map(str, CASELESS))


def test_an_operator_fits_the_types_that_the_page_says() -> None:
    words = {"text": "TEXT", "numbers": "INTEGER DECIMAL", "true/false": "BOOLEAN", "dates": "DATE", "times": "TIME", "lists": "LIST"}
    everything = {str(kind) for kind in ColumnType}
    for name, fits in re.findall(r"^\| `(\w+)` \| .* \| ([^|]+) \|$", section(CONDITIONS, "Operators"), re.MULTILINE):
        told = {str(ColumnType[kind]) for word in fits.split(", ") if word != "all" for kind in words[word].split()}
        assert (everything if fits == "all" else told) == {str(kind) for kind, ops in FITTING.items() if name in ops}, name


def test_the_keys_of_did() -> None:
    text = section(CONDITIONS, "What a customer did")
    assert set(first_cells(text)) == {"did", "did_not", "times", "regularly", *QUERY_KEYS}
    assert all(f"{{{word}:" in text for word in (*LIKE_KEYS, *REGULAR_KEYS[:1]))
    assert first_cells(section(CONDITIONS, "Sequences")) == list(FOLLOW_KEYS)
    assert set(first_cells(section(CONDITIONS, "What a customer has"))) == {"has", "times", *FACT_KEYS}


def test_folds() -> None:
    text = section(CONDITIONS, "Numbers made of events")
    assert first_cells(text) == [str(fold) for fold in Fold]
    told = paragraph(text, "Its keys are").partition(": what is asked of it")[0]
    assert set(re.findall(r"`(\w+)`", told)) - {str(Fold.COUNT)} == {*FOLD_KEYS, "value"}


def test_yardsticks() -> None:
    text = section(CONDITIONS, "Thresholds that are found")
    assert set(first_cells(text)) == {key for keys_of in YARDSTICKS.values() for key in keys_of}
    told = text.strip().partition(" of a number take")[0]
    assert re.findall(r"`(\w+)`", told) == [str(op) for op in MEASURED]
    assert re.findall(r"`(\w+)`", text.partition("Exactly one of ")[2].partition(" begins ")[0]) == list(map(str, YARDSTICKS))


def test_words_of_time() -> None:
    """Periods that have a name, the parts of an event's time, and what stands beside operators."""
    named = [word for word in first_cells(section(CONDITIONS, "Periods")) if word.isidentifier()]
    assert sorted(named) == sorted(PERIODS)
    assert first_cells(section(CONDITIONS, "Parts of an event's time")) == list(OF_TIME)
    assert all(f"`{LEAP}: {leap}`" in section(CONDITIONS, "Anniversaries") for leap in LEAPS)
    assert f"`{FOR}:`" in section(CONDITIONS, "How long it has been so")


def test_functions_of_sql() -> None:
    """Each with what it takes and gives."""
    kinds = {"numbers": NUMBER, "a number": NUMBER, "text": TEXT, "values of one kind": SAME, "a value of that kind": SAME}
    rows = re.findall(r"^\| (`.*`) \| ([a-z ]+) \| ([a-z ]+) \|$", section(CONDITIONS, "SQL"), re.MULTILINE)
    told = {name: (kinds[takes], kinds[gives]) for names, takes, gives in rows for name in re.findall(r"`(\w+)`", names)}
    assert told == FUNCTIONS


def test_samples_and_consent() -> None:
    text = section(CONDITIONS, "Samples, lists and consent")
    assert all(f"`{word}`" in text or f"`{word}: " in text for word in ("sample", "listed", "consent", "channel", "topic", "name"))
    consent = section(PROJECT, "Consent")
    assert set(first_cells(consent)) == keys(Consent) | {"consent", "channel", "topic"}
    assert all(f"`{word}`" in consent for word in Default)


def test_policies() -> None:
    policies, hours, caps = (section(PROJECT, title) for title in ("Policies", "Quiet hours", "Caps"))
    assert set(first_cells(policies)) == keys(Policies)
    assert all(f"`{word}`" in policies for word in WhenCapped)
    assert set(first_cells(hours)) == keys(QuietHours)
    assert all(f"`{day}`" in hours for day in Weekday)
    assert set(first_cells(caps)) == keys(Cap)
    assert all(f"`{word}`" in caps for word in Period)
    assert all(f"{word}:" in caps for word in keys(FieldLimit))
    assert set(first_cells(section(PROJECT, "Suppression file"))) == keys(SuppressionFile)


def test_metrics() -> None:
    assert first_cells(section(METRICS, "Built in")) == list(BUILT_IN)
    assert first_cells(section(METRICS, "The shop's own")) == [*METRIC_HEADS, "learned", "description", "owner", "tags"]
    assert first_cells(section(METRICS, "Scores")) == list(SCORE_KEYS)
    assert first_cells(section(METRICS, "Favourites")) == list(FAVOURITE_KEYS)
    assert set(first_cells(section(METRICS, "Learned thresholds"))) == keys(Learned, "name", "description", "owner", "tags")


def test_keys_of_segments_and_groups() -> None:
    assert set(first_cells(text_of(REFERENCE / "segments.md").partition("\n## ")[0])) == keys(Segment) | {SQL_FILE}
    assert set(first_cells(text_of(GROUPS).partition("\n## ")[0])) == keys(Group)


def test_built_in_groups() -> None:
    """Each by name, its divisions in the order in which they are asked."""
    text = section(GROUPS, "Built in")
    assert re.findall(r"^`(\w+)`: ", text, re.MULTILINE) == list(standard_groups())
    tables = re.split(r"^`\w+`: ", text, flags=re.MULTILINE)[1:]
    rows = [re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) for table in tables]
    assert rows == [list(group.names) for group in standard_groups().values()]


def test_the_limits_of_the_rfm_groups() -> None:
    """The table says what the conditions do."""
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \| (\S+) \| (\S+) \|$", section(GROUPS, "Built in"), re.MULTILINE)
    group = standard_groups()["rfm_group"]
    divisions: dict[str, Condition] = {str(name): condition for name, condition in group.divisions.items()}
    asked = [(name, *(_scores(divisions[name], f"rfm_{part}") for part in ("recency", "frequency", "monetary"))) for name in group.names]
    assert rows == asked


def _scores(condition: Condition, field: str) -> str:
    """Return the scores that a condition leaves of a field, as the table writes them."""
    low, high = 1, 5
    for test in [test for node in walk(condition) if isinstance(node, FieldTest) and node.field == field for test in node.tests]:
        edges = [int(value) for value in test.values]
        low = edges[0] if test.op in (Op.AT_LEAST, Op.BETWEEN) else low
        high = edges[-1] if test.op in (Op.AT_MOST, Op.BETWEEN) else high
        assert test.op in (Op.AT_LEAST, Op.AT_MOST, Op.BETWEEN)
    return "any" if (low, high) == (1, 5) else str(low) if low == high else f"{low}\N{EN DASH}{high}"


def test_the_limits_of_the_lifecycle() -> None:
    """Every number of a threshold stands in its row."""
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|$", section(GROUPS, "Built in"), re.MULTILINE))
    found = 0
    for name, condition in standard_groups()["lifecycle"].divisions.items():
        for node in walk(condition):
            for against in [test.against for test in getattr(node, "tests", ()) if test.against is not None]:
                wanted = {format(against.factor, "f"), *([str(against.if_missing)] if against.if_missing is not None else [])}
                assert wanted == set(re.findall(r"\d+", rows[name]))
                found += 1
    assert found


def test_the_tools_own_events() -> None:
    text = section(SOURCES, "The tool's own events")
    assert set(first_cells(text)) == set(COLUMNS) - {"customer_id", "event", "occurred_at"}
    told = {word for word in re.findall(r"`(\w+)`", paragraph(text, "are events that are always there")) if not word.endswith("_")}
    assert told == {event for event in EVENTS if event.startswith(("email_", "unsub"))}
    assert f"`{OWN_EVENTS}`" in text


def test_kinds_of_schema() -> None:
    told = re.search(r"`retention schema \[([^\]]*)\]`", section(COMMANDS, "retention schema"))
    assert told is not None
    assert told[1].split("|") == list(KINDS)


def test_steps_triggers_and_kinds() -> None:
    assert [word.partition(":")[0] for word in first_cells(section(CAMPAIGNS, "Steps"))] == list(STEP_WORDS)
    waits = section(CAMPAIGNS, "Waits")
    assert all(f"`{word}`" in waits or f"`{word}: " in waits or f"{{{word}: " in waits for word in (*keys(Until), *keys(OnDate)))
    split = section(CAMPAIGNS, "Splits")
    assert set(first_cells(split)) == {*keys(Variant), *keys(Ways)}
    assert all(f"`{word}`" in split for word in keys(Path_))
    triggers = section(CAMPAIGNS, "Triggers")
    assert first_cells(triggers.partition("\n### ")[0]) == list(TRIGGERS)
    models: list[type[BaseModel]] = [*TRIGGERS.values(), Move, Change, Lapse, Rhythm, Timetable, Interest]
    words = {word for model in models for word in keys(model)} - {"query"} | set(TRIGGER_KEYS)
    assert [word for word in sorted(words) if not re.search(rf"`{word}[`:]|\b{word}:", triggers)] == []
    told = section(CAMPAIGNS, "Again")
    assert all(f"`{word}`" in told or f"{{{word}:" in told for word in (*keys(Again), "always"))
    assert all(f"`{kind}`" in text_of(CAMPAIGNS) for kind in Kind)


def test_keys_of_a_message() -> None:
    text = section(CAMPAIGNS, "Messages")
    assert {word for cell in first_cells(text) for word in cell.split(", ")} == keys(Send)
    assert all(f"`{word}`" in text for model in (BestHour, DecideBy) for word in keys(model))
    assert all(f"`{word}`" in text for word in (*WAYS, PREFERRED, *map(str, OnFail), *map(str, OnUnknown), "after"))
    assert all(f"{word}" in section(CAMPAIGNS, "Deadline") for word in keys(Deadline))


def test_keys_of_a_campaign() -> None:
    assert set(first_cells(text_of(CAMPAIGNS).partition("\n## ")[0])) == keys(Campaign)


def test_keys_of_a_test() -> None:
    page = REFERENCE / "tests.md"
    assert set(first_cells(text_of(page).partition("\n## ")[0])) == keys(Case)
    told = {word.partition(":")[0] for word in first_cells(section(page, "Expectations"))}
    assert told == {*HEAD_KEYS, *(key for beside in HEAD_KEYS.values() for key in beside)}
    assert first_cells(section(page, "Campaigns")) == [*HAPPENING_KEYS, *ROW_KEYS]
    assert all(f"{key}: " in section(page, "Expectations") for key in SENDING_KEYS)


def test_keys_of_the_settings() -> None:
    text = section(PROJECT, "retention.yml")
    assert set(first_cells(text)) == keys(Settings) | keys(Sender)
    assert all(f"`{name}`" in text for model in (Contacts, Secrets) for name in keys(model))
    assert set(first_cells(section(PROJECT, "The daemon"))) == keys(Daemon)
    assert set(first_cells(section(ROOT / "docs" / "scheduling.md", "The daemon"))) == {each.name for each in fields(Health)}
    assert first_cells(section(PROJECT, "Questions")) == list(Question.model_fields)


def test_keys_of_a_source() -> None:
    assert set(first_cells(section(SOURCES, "Keys of a source"))) == keys(Source, "name", "known")
    assert set(first_cells(section(SOURCES, "Guards"))) == keys(Guard)
    assert set(first_cells(section(SOURCES, "Column types"))) == {str(kind) for kind in ColumnType}
    assert all(f"`{name}`" in text_of(SOURCES) for name in (*keys(CsvFormat), *KNOWN_TYPES))


def test_keys_of_a_target() -> None:
    text = text_of(TARGETS)
    assert set(first_cells(text.partition("\n## ")[0])) == keys(Target, "name")
    for channel in get_args(get_args(Channel)[0]):
        line = next(
            line for line in text.splitlines() if f"{{to: {get_args(channel.model_fields['to'].annotation)[0]}" in line and line.startswith("`")
        )
        assert all(f"{name}:" in line for name in keys(channel)), channel


def test_templates() -> None:
    assert set(first_cells(section(TEMPLATES, "Front matter"))) == keys(FrontMatter)
    text = section(TEMPLATES, "Jinja, and its limits")
    own, _, theirs = text.partition("Of Jinja's own:")
    told = {*first_cells(own.partition("Own filters:")[2]), *re.findall(r"`(\w+)`", theirs)}
    assert told == {name for name in filters.ALL if not name.startswith("_")}
    assert all(f"`{name}`" in section(TEMPLATES, "Names") for name in ITEM_FIELDS)


def test_states_and_exit_codes() -> None:
    told = section(ROOT / "docs" / "reliability.md", "The states of a message")
    assert set(re.findall(r"`(\w+)`", told)) - {"requires", "max_age"} == {str(state) for state in MessageState}
    codes = re.findall(r"^\| (\d+) \|", text_of(REFERENCE / "exit-codes.md"), re.MULTILINE)
    assert list(map(int, codes)) == sorted(ExitCode)


def test_every_problem_code_is_told() -> None:
    lines = re.findall(r"^- (`[a-z-]+`(?:, `[a-z-]+`)*) — \S", text_of(REFERENCE / "problems.md"), re.MULTILINE)
    told = [code for line in lines for code in re.findall(r"`([a-z-]+)`", line)]
    assert sorted(told) == sorted({*map(str, Code), *map(str, Rule), *map(str, Mistake), *_codes_in_the_source()})


def _codes_in_the_source() -> set[str]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "src").rglob("*.py"))]
    calls = [
        node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Problem", "warning"}
    ]
    given = {str(argument.value) for call in calls for argument in call.args[1:2] if isinstance(argument, ast.Constant)}
    return given | {code for tree in trees for code in _codes_by_default(tree)}


def _codes_by_default(tree: ast.AST) -> Iterator[str]:
    """Yield what an argument called `code` is where it is left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            named = node.args.args[len(node.args.args) - len(node.args.defaults) :]
            pairs = zip(named, node.args.defaults, strict=True)
            yield from (str(default.value) for each, default in pairs if each.arg == "code" and isinstance(default, ast.Constant) and default.value)


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command of the command line with its whole name."""

    def walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
        if not hasattr(command, "commands"):
            yield name, command
            return
        for word, below in command.commands.items():
            yield from walk(f"{name} {word}", below)

    yield from walk("retention", typer.main.get_command(app))


def test_every_command_has_its_section() -> None:
    assert sorted(re.findall(r"^## (retention .*)$", text_of(COMMANDS), re.MULTILINE)) == sorted(name for name, _ in commands())


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_the_options_of_a_command(name: str) -> None:
    command = dict(commands())[name]
    options = {option for each in command.params for option in each.opts if option.startswith("-")} - {"--help"}
    assert _options(section(COMMANDS, name)) == options


def test_shared_options_are_explained() -> None:
    assert _options(text_of(COMMANDS).partition("\n## ")[0]) - {"--help", "--version"} == SHARED


def test_the_readme_names_the_commands() -> None:
    text = section(ROOT / "README.md", "The commands")
    told = {f"retention {group} {word}".replace("  ", " ") for group, word in _named(text)}
    assert told == {name for name, _ in commands()}


def _named(text: str) -> Iterator[tuple[str, str]]:
    """Yield (group, word) of what README's table names: `segment list, size` are two."""
    for named in re.findall(r"`retention ([^`]*)`", text):
        first, *rest = re.sub(r"\[.*?\]", "", named).split(", ")
        words = first.split()
        group = words[0] if len(words) > 1 else ""
        yield group, words[-1]
        yield from ((group, word) for word in rest)


def _options(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])(-[A-Za-z]|--[a-z][a-z-]+)(?![\w-])", text))


def test_the_pages_of_the_reference_are_in_its_index() -> None:
    index: Path = REFERENCE / "README.md"
    assert {path.name for path in REFERENCE.glob("*.md")} - {index.name} == set(re.findall(r"^\| \[([\w-]+\.md)\]", text_of(index), re.MULTILINE))


def test_vouchers_and_kept_fields() -> None:
    assert set(first_cells(section(PROJECT, "Vouchers"))) == keys(Pool)
    fields = section(PROJECT, "Fields")
    assert set(first_cells(fields)) == keys(KeptField)
    assert all(f"`{kind}`" in fields for kind in get_args(KeptField.model_fields["type"].annotation))
    assert set(first_cells(section(CAMPAIGNS, "Fields and tags"))) == keys(Written)
