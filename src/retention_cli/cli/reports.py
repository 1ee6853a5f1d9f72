"""Problems as the reports that code hosts and build servers read: SARIF and JUnit's XML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from retention_cli.cli.explained import explained
from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.model.problem import Problem

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_sarif(problems: Sequence[Problem]) -> dict[str, Any]:
    """Return a SARIF 2.1.0 log: each code that occurs as a rule with its help, each problem as a result."""
    codes = list(dict.fromkeys(problem.code for problem in problems))
    driver = {"name": "retention", "rules": [_rule(code) for code in codes]}
    results = [_result(problem, codes.index(problem.code)) for problem in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, Any]:
    found = explained().get(code)
    if found is None:
        return {"id": code}
    return {"id": code, "shortDescription": {"text": found.short}, "help": {"text": found.long, "markdown": found.long}}


def _result(problem: Problem, index: int) -> dict[str, Any]:
    place = problem.place
    region = {"startLine": max(place.line, 1), "startColumn": max(place.column, 1)}
    location = {"physicalLocation": {"artifactLocation": {"uri": quote(place.file)}, "region": region}}
    return {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": str(problem.severity),
        "message": {"text": _sentence(problem)},
        "locations": [location],
    }


def _sentence(problem: Problem) -> str:
    return visible(problem.message + (f" ({problem.hint})" if problem.hint else ""))


def as_junit(problems: Sequence[Problem], *, strict: bool) -> str:
    """Return JUnit's XML: a suite a file, a case a problem; an error fails, a warning only where `strict` says so."""
    root = ET.Element("testsuites", _counted(problems, strict=strict))
    for file in dict.fromkeys(problem.place.file for problem in problems):
        own = [problem for problem in problems if problem.place.file == file]
        suite = ET.SubElement(root, "testsuite", {"name": visible(file), **_counted(own, strict=strict)})
        for problem in own:
            _add_case(suite, problem, strict=strict)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _counted(problems: Sequence[Problem], *, strict: bool) -> dict[str, str]:
    failed = sum(problem.is_error or strict for problem in problems)
    return {"tests": str(len(problems)), "failures": str(failed), "errors": "0"}


def _add_case(suite: ET.Element, problem: Problem, *, strict: bool) -> None:
    place = problem.place
    where = {
        "classname": visible(place.file),
        "name": f"{problem.code} {place.line}:{place.column}",
        "file": visible(place.file),
        "line": str(place.line),
    }
    case = ET.SubElement(suite, "testcase", where)
    help_ = explained().get(problem.code)
    text = visible(str(place)) + (f"\n\n{help_.long}" if help_ is not None else "")
    if problem.is_error or strict:
        ET.SubElement(case, "failure", {"message": _sentence(problem), "type": problem.code}).text = text
    else:
        ET.SubElement(case, "system-out").text = f"{_sentence(problem)}\n{text}"
