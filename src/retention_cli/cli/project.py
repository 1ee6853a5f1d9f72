"""Commands about a project's files: init, validate, schema."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from retention_cli.cli.options import HERE, AsOfOption, ProjectOption, TargetOption, moment
from retention_cli.cli.output import say, show, show_json
from retention_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.model.problem import Problem


class ProblemFormat(StrEnum):
    """How problems are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


class Language(StrEnum):
    """In which languages the starter campaigns are written."""

    EN = "en"
    CS = "cs"


class SchemaKind(StrEnum):
    """The kinds of files that have a schema."""

    RETENTION = "retention"
    SEGMENTS = "segments"
    GROUPS = "groups"
    METRICS = "metrics"
    CAMPAIGNS = "campaigns"
    TESTS = "tests"
    TEMPLATE = "template"


def init(
    folder: Annotated[Path, typer.Argument(help="Where to make the project.")] = HERE,
    demo: Annotated[bool, typer.Option("--demo", help="A made-up Czech shop with its exports, its segments and all starter campaigns.")] = False,
    with_: Annotated[
        list[str] | None, typer.Option("--with", help="A starter campaign with its mails and tests, for a new project or one that is there.")
    ] = None,
    language: Annotated[Language, typer.Option("--language", help="In which language the mails of --with are written.")] = Language.EN,
    customers: Annotated[int, typer.Option("--customers", min=50, max=1_000_000, help="How many customers the demo shop has.")] = 5000,
    as_of: AsOfOption = None,
) -> None:
    """Make a starter project, or with --demo a whole shop to try things on."""
    from retention_cli.app import init as app

    if demo and with_:
        raise UsageError("--demo has all starter campaigns", "leave --with out")
    if with_:
        made = app.init_with(folder, [name.strip() for each in with_ for name in each.split(",")], language.value)
    else:
        made = app.init_demo(folder, moment(as_of, ZoneInfo("Europe/Prague")), customers) if demo else app.init(folder)
    for path in made:
        say(f"made {path}")
    say(f"next: cd {folder} && retention validate && retention plan" if folder != HERE else "next: retention validate && retention plan")


def validate(
    paths: Annotated[list[Path] | None, typer.Argument(help="Only problems in these files and folders.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    format_: Annotated[ProblemFormat, typer.Option("--format", help="text, json, github (annotations), sarif or junit.")] = ProblemFormat.TEXT,
    project: ProjectOption = HERE,
    target: TargetOption = "default",
    as_of: AsOfOption = None,
) -> int:
    """Find every mistake in the project's files; exit 2 where there is an error."""
    from retention_cli.app.validate import validate as check
    from retention_cli.app.workspace import find_root
    from retention_cli.cli.problems import summary

    root = find_root(project)
    problems = check(root, target, paths or (), moment(as_of, ZoneInfo("UTC")))
    _show_problems(problems, root, format_, strict=strict)
    say(summary(problems) if problems else "no problems")
    return 2 if any(problem.is_error or strict for problem in problems) else 0


def _show_problems(problems: Sequence[Problem], root: Path, format_: ProblemFormat, *, strict: bool) -> None:
    """Print problems as they are asked for."""
    from retention_cli.cli.problems import as_github, as_json, print_problems
    from retention_cli.cli.reports import as_junit, as_sarif

    match format_:
        case ProblemFormat.JSON:
            show_json([as_json(problem) for problem in problems])
        case ProblemFormat.GITHUB:
            for problem in problems:
                show(as_github(problem))
        case ProblemFormat.SARIF:
            show_json(as_sarif(problems))
        case ProblemFormat.JUNIT:
            show(as_junit(problems, strict=strict))
        case ProblemFormat.TEXT:
            print_problems(problems, root)


def schema(
    kind: Annotated[SchemaKind | None, typer.Argument(help="Print the schema of one kind of file.")] = None,
    project: ProjectOption = HERE,
) -> None:
    """Print JSON Schema for editors; without a kind, write all of them into the project's .retention/schema/."""
    from retention_cli.app.init import write_schemas
    from retention_cli.app.workspace import find_root
    from retention_cli.project.schema import json_schema

    if kind is not None:
        show_json(json_schema(kind))
        return
    for path in write_schemas(find_root(project)):
        say(f"wrote {path}")
