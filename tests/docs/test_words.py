"""The reference names every word of the language and of the command line, and none that there is not."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, get_args

import pytest
import typer

from docs.pages import REFERENCE, ROOT, first_cells, paragraph, section, text_of
from retention_cli.cli.exits import ExitCode
from retention_cli.cli.main import app
from retention_cli.compile.operators import FITTING
from retention_cli.model.campaign import STEP_WORDS, Again, Campaign, Kind
from retention_cli.model.condition import Fold, Op
from retention_cli.model.dress import CsvFormat
from retention_cli.model.metric import BUILT_IN
from retention_cli.model.project import Contacts, Secrets, Sender, Settings
from retention_cli.model.source import KNOWN_TYPES, ColumnType, Guard, Source
from retention_cli.model.state import MessageState
from retention_cli.model.target import Channel, Target
from retention_cli.model.template import FrontMatter
from retention_cli.project.campaigns import TRIGGER_KEYS
from retention_cli.project.grammar.events import FOLLOW_KEYS, QUERY_KEYS
from retention_cli.project.grammar.values import CASELESS
from retention_cli.project.grammar.words import CUSTOMER_HEADS, LOGIC, RESERVED
from retention_cli.project.notes import Code
from retention_cli.render import filters
from retention_cli.render.check import ITEM_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic import BaseModel

CONDITIONS, CAMPAIGNS, SOURCES = REFERENCE / "conditions.md", REFERENCE / "campaigns.md", REFERENCE / "sources.md"
PROJECT, TARGETS, TEMPLATES = REFERENCE / "project.md", REFERENCE / "targets.md", REFERENCE / "templates.md"
COMMANDS = REFERENCE / "commands.md"
SHARED = {"-C", "--project", "-t", "--target", "--as-of", "--format"}


def keys(model: type[BaseModel], *left_out: str) -> set[str]:
    """Return the words that a file writes for a model's fields."""
    return {field.alias or name for name, field in model.model_fields.items()} - set(left_out)


def test_head_words() -> None:
    text = section(CONDITIONS, "Head words")
    assert set(first_cells(text)) == {*LOGIC, *CUSTOMER_HEADS}
    kept = paragraph(text, "kept for later versions")
    assert set(re.findall(r"`(\w+)`", kept)) == set(RESERVED)


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
    assert set(first_cells(text)) == {"did", "did_not", "times", *QUERY_KEYS}
    inner = paragraph(text, "Its keys are")
    assert set(re.findall(r"`(\w+)`", inner)) - {"not_followed_by"} == set(FOLLOW_KEYS)


def test_folds() -> None:
    assert first_cells(section(CONDITIONS, "Numbers made of events")) == [str(fold) for fold in Fold]


def test_metrics() -> None:
    assert first_cells(section(REFERENCE / "metrics.md", "Built in")) == list(BUILT_IN)


def test_steps_triggers_and_kinds() -> None:
    assert [word.partition(":")[0] for word in first_cells(section(CAMPAIGNS, "Steps"))] == list(STEP_WORDS)
    assert set(first_cells(section(CAMPAIGNS, "Triggers"))) == set(TRIGGER_KEYS)
    told = section(CAMPAIGNS, "Again")
    assert all(f"`{word}`" in told or f"{{{word}:" in told for word in (*keys(Again), "always"))
    assert all(f"`{kind}`" in text_of(CAMPAIGNS) for kind in Kind)


def test_keys_of_a_campaign() -> None:
    assert set(first_cells(text_of(CAMPAIGNS).partition("\n## ")[0])) == keys(Campaign)


def test_keys_of_the_settings() -> None:
    text = section(PROJECT, "retention.yml")
    assert set(first_cells(text)) == keys(Settings) | keys(Sender)
    assert all(f"`{name}`" in text for model in (Contacts, Secrets) for name in keys(model))


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
    told = re.findall(r"^- `([a-z-]+)` — \S", text_of(REFERENCE / "problems.md"), re.MULTILINE)
    assert sorted(told) == sorted({*map(str, Code), *_codes_in_the_source()})


def _codes_in_the_source() -> set[str]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "src").rglob("*.py"))]
    calls = [
        node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Problem", "warning"}
    ]
    return {str(argument.value) for call in calls for argument in call.args[1:2] if isinstance(argument, ast.Constant)}


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
