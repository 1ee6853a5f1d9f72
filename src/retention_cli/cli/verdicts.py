"""Verdicts of tests as people, programs and build servers want to read them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from retention_cli.cli.output import show
from retention_cli.cli.story import FAILS, HOLDS, reason_json, reason_line, scene_json, story_lines, value_text
from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from retention_cli.app.testing import Ran
    from retention_cli.proof.verdict import Failure, Wrong


def show_verdict(ran: Ran, zone: ZoneInfo, *, verbose: bool) -> None:
    """Print a test that failed, whole; one that passed only where that is asked for."""
    case = ran.verdict.case
    if ran.verdict.passed and not verbose:
        return
    _show_title(f"{case.test.place.file}:{case.test.place.line}: {case.test}", passed=ran.verdict.passed)
    for failure in ran.verdict.failures:
        for line in failure_lines(failure, zone):
            show(f"    {line}")


def _show_title(title: str, *, passed: bool) -> None:
    mark, text = HOLDS if passed else FAILS, visible(title)
    if not sys.stdout.isatty():
        show(f"{mark} {text}")
        return
    from rich.console import Console
    from rich.text import Text

    Console(soft_wrap=True, highlight=False).print(Text(mark, style="green" if passed else "red"), Text(text))


def failure_lines(failure: Failure, zone: ZoneInfo) -> Iterator[str]:
    """Yield what was expected and found, and for each person who is wrong what decided."""
    yield f"line {failure.place.line}: {visible(failure.asked)}"
    if failure.asked.startswith("campaign "):
        yield from _course_lines(failure, zone)
        return
    yield f"  expected  {_listed(failure.expected, zone)}"
    yield f"  found     {_listed(failure.found, zone)}"
    for wrong in failure.wrong:
        yield from _wrong_lines(wrong, failure, zone)


def _course_lines(failure: Failure, zone: ZoneInfo) -> Iterator[str]:
    """Yield what came out otherwise, pair by pair, and all that was decided."""
    for expected, found in zip(failure.expected, failure.found, strict=True):
        yield f"  expected  {visible(expected)}"
        yield f"  found     {visible(found)}"
    yield "  what happened:" if failure.story else "  nothing happened"
    for line in story_lines(failure.story, zone):
        yield f"    {line}"


def _listed(values: Sequence[Any], zone: ZoneInfo) -> str:
    return ", ".join(value_text(value, zone) for value in values) or "nobody"


def _wrong_lines(wrong: Wrong, failure: Failure, zone: ZoneInfo) -> Iterator[str]:
    if not failure.asked.startswith(("metric ", "group ")):
        yield f"  {visible(wrong.customer)} is {'' if wrong.holds else 'not '}in it:"
        for reason in wrong.reasons:
            yield f"    {reason_line(reason, failure.asked.removeprefix('segment '), zone)}"


def as_json(ran: Ran, zone: ZoneInfo) -> dict[str, Any]:
    """Return a test in the shape of the output contract."""
    case = ran.verdict.case
    return {
        "test": str(case.test),
        "file": case.test.place.file,
        "line": case.test.place.line,
        "passed": ran.verdict.passed,
        "seconds": round(ran.seconds, 4),
        "failures": [_failure(failure, zone) for failure in ran.verdict.failures],
    }


def _failure(failure: Failure, zone: ZoneInfo) -> dict[str, Any]:
    customers = [
        {"customer": wrong.customer, "holds": wrong.holds, "conditions": [reason_json(each) for each in wrong.reasons]} for wrong in failure.wrong
    ]
    found = {"line": failure.place.line, "asked": failure.asked, "expected": failure.expected, "found": failure.found, "customers": customers}
    return found | ({"story": [scene_json(scene, zone) for scene in failure.story]} if failure.asked.startswith("campaign ") else {})


def as_junit(ran: Sequence[Ran], zone: ZoneInfo) -> str:
    """Return JUnit's XML as build servers read it: a suite a file, a case a test."""
    root = ET.Element("testsuites", _counted(ran))
    for file in dict.fromkeys(each.verdict.case.test.place.file for each in ran):
        own = [each for each in ran if each.verdict.case.test.place.file == file]
        suite = ET.SubElement(root, "testsuite", {"name": file, **_counted(own)})
        for each in own:
            _add_case(suite, each, zone)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _counted(ran: Sequence[Ran]) -> dict[str, str]:
    failed = sum(not each.verdict.passed for each in ran)
    return {"tests": str(len(ran)), "failures": str(failed), "errors": "0", "time": f"{sum(each.seconds for each in ran):.3f}"}


def _add_case(suite: ET.Element, ran: Ran, zone: ZoneInfo) -> None:
    place = ran.verdict.case.test.place
    name = visible(ran.verdict.case.test)
    where = {"classname": place.file, "name": name, "file": place.file, "line": str(place.line), "time": f"{ran.seconds:.3f}"}
    case = ET.SubElement(suite, "testcase", where)
    for failure in ran.verdict.failures:
        message = f"{visible(failure.asked)}: expected {_listed(failure.expected, zone)}, found {_listed(failure.found, zone)}"
        ET.SubElement(case, "failure", {"message": message, "type": "expectation"}).text = "\n".join(failure_lines(failure, zone))
