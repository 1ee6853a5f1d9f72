"""The JSON of every command has the keys that docs/reference/commands.md promises, and no others."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from docs.pages import REFERENCE, section
from support.shell import process, retention

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = ("--as-of", "2026-05-02T09:00")
RUNS = {
    "data check": AS_OF,
    "data show": ("orders", "--limit", "2"),
    "segment list": AS_OF,
    "segment size": AS_OF,
    "segment preview": ("lapsed", "--limit", "2", *AS_OF),
    "segment explain": ("viewed_not_bought", "C10042", *AS_OF),
    "segment waterfall": ("lapsed", *AS_OF),
    "segment overlap": ("lapsed", "loyal", "high_value", *AS_OF),
    "segment profile": ("prague_regulars", *AS_OF),
    "segment history": ("lapsed",),
    "metric list": (),
    "plan": AS_OF,
    "run": AS_OF,
    "send": (),
    "status": (),
    "validate": (),
    "test": ("-k", "wrong", "-k", "lapsed"),
    "campaign simulate": ("abandoned_cart", "C10042", "--from", "2026-04-28", "--until", "2026-05-01"),
}
FAILING = "as_of: 2026-05-01\ngiven: {customers: [{customer_id: a}]}\nexpect: {segment: lapsed, is: [a]}\n"
WHATEVER = re.compile(r"[A-Z]+")


@pytest.fixture(scope="module")
def ran_demo(made_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a demo shop that has run once."""
    folder = shutil.copytree(made_demo, tmp_path_factory.mktemp("ran") / "demo")
    state = {"XDG_STATE_HOME": str(tmp_path_factory.mktemp("state"))}
    assert process(folder, "run", "--as-of", "2026-05-01T09:00", env=state).code == 0
    return folder


def promised(command: str) -> Any:
    """Return the shape that the page writes after `JSON:`, as lists and mappings; a plain value is None."""
    found = re.search(r"^JSON:\s+`([^`]*)`", section(REFERENCE / "commands.md", f"retention {command}"), re.MULTILINE)
    assert found is not None, f"{command} has no JSON on the page"
    shape, rest = _value(re.findall(r"[\[\]{},:…]|[^\[\]{},:…]+", " ".join(found[1].split())))
    assert rest == []
    return shape


def _value(tokens: list[str]) -> tuple[Any, list[str]]:
    match tokens[0]:
        case "{":
            return _mapping(tokens[1:])
        case "[":
            inner, rest = _value(tokens[1:])
            return [inner], rest[1:]
        case _:
            return None, tokens[1:]


def _mapping(tokens: list[str]) -> tuple[dict[str, Any], list[str]]:
    found: dict[str, Any] = {}
    while tokens[0] != "}":
        key, tokens = tokens[0].strip(), tokens[1:]
        if tokens[0] == ":":
            found[key], tokens = _value([token for token in tokens[1:] if token.strip()])
        elif key not in {"", ",", "…"}:
            found[key] = None
    return found, tokens[1:]


def differences(shape: Any, value: Any, path: str = "") -> list[str]:
    """Return where a value has other keys than its shape; what the page leaves open may be anything."""
    if isinstance(shape, list):
        return [one for item in value for one in differences(shape[0], item, f"{path}[]")]
    if not isinstance(shape, dict) or any(WHATEVER.fullmatch(key) for key in shape):
        return []
    if shape.keys() != value.keys():
        return [f"{path}: {sorted(shape.keys() ^ value.keys())}"]
    return [one for key in shape for one in differences(shape[key], value[key], f"{path}.{key}")]


@pytest.mark.parametrize("command", RUNS)
def test_the_json_is_what_the_page_promises(command: str, ran_demo: Path, tmp_path: Path) -> None:
    demo = shutil.copytree(ran_demo, tmp_path / "demo")
    if command == "validate":
        (demo / "segments/wrong.yml").write_text("where: {shoe_size: 44}\n", encoding="utf-8")
    if command == "test":
        (demo / "tests/wrong.yml").write_text(FAILING, encoding="utf-8")
    ran = retention(demo, *command.split(), *RUNS[command], "--format", "json")
    assert ran.json
    assert differences(promised(command), ran.json) == []


def test_a_shape_is_read_as_it_is_written() -> None:
    """The check itself."""
    assert promised("segment size") == [{"segment": None, "size": None, "of": None, "share": None}]
    assert promised("data check")[0]["guards"] == [{"name": None, "ok": None, "said": None}]
    assert differences([{"a": None}], [{"a": 1}, {"b": 1}]) == ["[]: ['a', 'b']"]
    assert promised("unknown list")[0].keys() >= {"message", "since"}
