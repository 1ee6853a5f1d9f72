"""`retention test`: the project's tests on made-up people, run on what is known of its sources; no data is read."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.errors import ProjectInvalid, UsageError
from retention_cli.model.case import Course, What, Who
from retention_cli.sources.peek import peek
from retention_cli.text import did_you_mean, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from retention_cli.app.workspace import Workspace
    from retention_cli.model.case import Case, Expectation
    from retention_cli.proof.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Ran:
    """One test with what became of it, and the seconds that it took."""

    verdict: Verdict
    seconds: float


def chosen(work: Workspace, paths: Sequence[Path] = (), names: Sequence[str] = ()) -> tuple[Case, ...]:
    """Return the tests in these files and folders whose name, file or subject has one of these texts; all, where none is asked for.

    Raises UsageError where something is asked for and nothing is found.
    """
    cases = work.project.cases
    for path in paths:
        if not any(_is_in(work.root, case, path) for case in cases):
            raise UsageError(f"there is no test in {path}", did_you_mean(str(path), {case.test.place.file for case in cases}))
    for name in names:
        if not any(_is_named(case, name) for case in cases):
            raise UsageError(f"no test has {name!r} in its name", did_you_mean(name, {word for case in cases for word in subjects(case)}))
    within = [case for case in cases if not paths or any(_is_in(work.root, case, path) for path in paths)]
    found = tuple(case for case in within if not names or any(_is_named(case, name) for name in names))
    if not found and (paths or names):
        raise UsageError("no test is in these files and has such a name", f"there are {plural(len(cases), 'test')} in all")
    return found


def _is_in(root: Path, case: Case, path: Path) -> bool:
    return (root / case.test.place.file).resolve().is_relative_to(path.resolve())


def _is_named(case: Case, name: str) -> bool:
    return any(name.casefold() in text.casefold() for text in (case.test, case.test.place.file, *subjects(case)))


def subjects(case: Case) -> list[str]:
    """Return the segments, metrics, groups and campaigns that a test is about."""
    return [str(word) for word in map(_subject, case.expect) if word is not None]


def _subject(each: Expectation) -> str | None:
    match each:
        case Who():
            return each.segment
        case What():
            return each.name
        case Course():
            return each.campaign


def run_tests(work: Workspace, cases: Sequence[Case]) -> Iterator[Ran]:
    """Run tests one by one; raise ProjectInvalid, before the first, with everything that they name in vain."""
    from retention_cli.app.mails import mails_of  # noqa: PLC0415 - heavy
    from retention_cli.clock import SystemClock  # noqa: PLC0415 - only here
    from retention_cli.engine.duck import DuckEngine  # noqa: PLC0415 - heavy
    from retention_cli.proof.check import check  # noqa: PLC0415 - heavy
    from retention_cli.proof.harness import Harness  # noqa: PLC0415 - heavy

    if not cases:
        return
    clock, catalog = SystemClock(), peek(work.project, work.lock.sources)
    problems = check(work.project, catalog)
    mails = mails_of(work) if any(case.courses for case in cases) else {}
    with (
        DuckEngine.within(work.project.limits.lowered(threads=1)) as engine,
        closing(Harness(engine, work.project, catalog, mails=mails)) as harness,
    ):
        engine.expect_little()
        problems += [problem for case in cases for problem in harness.problems(case)]
        if any(problem.is_error for problem in problems):
            raise ProjectInvalid(list(dict.fromkeys(problems)))
        for case in cases:
            began = clock.monotonic()
            verdict = harness.judge(case)
            yield Ran(verdict, clock.monotonic() - began)
