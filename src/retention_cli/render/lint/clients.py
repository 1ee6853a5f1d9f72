"""What mail programs do not show, by caniemail's tables (clients.json, with their date): of the HTML and CSS that a page really uses.

A loss that leaves the message readable (round corners, shadows, a hover) is a note; one that breaks its layout or hides its
words is a warning. What stands in comments for Outlook alone is not looked at.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from retention_cli.render.lint.finding import Finding, Level
from retention_cli.render.lint.tree import declarations

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from retention_cli.render.lint.tree import Element

USUAL = ("gmail", "apple-mail-ios", "outlook-com", "outlook-windows")
"""The mail programs that are asked about unless others are named."""
_BREAKS = frozenset(
    {
        "value:display:flex", "value:display:grid", "property:position", "property:float", "property:grid-template-columns", "property:gap",
        "property:align-items", "property:justify-content", "property:flex-wrap", "property:flex-direction", "property:object-fit",
        "property:transform", "property:writing-mode", "property:clip-path", "property:mask-image", "property:inset", "property:column-count",
        "function:var", "function:calc", "function:clamp", "function:min", "function:max", "unit:vh", "unit:vw", "unit:vmin", "unit:vmax",
        "at:import", "pseudo:checked", "pseudo:target", "attribute:popover",
    }
)  # fmt: skip
_HARMLESS_ELEMENTS = frozenset({"element:style", "element:base", "element:picture"})
_FUNCTION = re.compile(r"\b(calc|clamp|min|max|var|light-dark|linear-gradient|radial-gradient|conic-gradient)\(")
_UNIT = re.compile(r"(?<![\w#.-])-?\d*\.?\d+(vh|vw|vmin|vmax|rem|ch|ex)\b")
_AT = re.compile(r"@(font-face|import|keyframes|supports|media)\b")
_PSEUDO = re.compile(r"::?(hover|has|checked|focus|target|nth-child|first-child|last-child|not|before|after)\b")
_RULE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Table:
    """Which program shows what: names of programs, and for each feature those that do not show it, or only partly."""

    as_of: str
    clients: Mapping[str, str]
    features: Mapping[str, Mapping[str, list[str]]]


@cache
def table() -> Table:
    """Return the table that is shipped."""
    found: dict[str, Any] = json.loads((files("retention_cli.render.lint") / "clients.json").read_text(encoding="utf-8"))
    return Table(found["as_of"], found["clients"], found["features"])


def check(root: Element, clients: Collection[str] = USUAL) -> Iterator[Finding]:
    """Yield what some of these programs do not show, in the order in which the page uses it."""
    known = table()
    for feature in dict.fromkeys(_features(root)):
        lacking = [known.clients[each] for each in known.features.get(feature, {}).get("no", []) if each in clients]
        if lacking:
            level = Level.WARNING if _breaks(feature) else Level.NOTE
            yield Finding(level, "C01", f"{_told(feature)} is not shown by {', '.join(lacking)}", "see that the message works without it")


def _breaks(feature: str) -> bool:
    return feature in _BREAKS or (feature.startswith("element:") and feature not in _HARMLESS_ELEMENTS)


def _told(feature: str) -> str:
    kind, _, name = feature.partition(":")
    return {"element": f"<{name}>", "at": f"@{name}", "function": f"{name}()", "pseudo": f":{name}"}.get(kind, name)


def _features(root: Element) -> Iterator[str]:
    for each in root.walk():
        if each.tag == "style":
            yield from _of_sheet("".join(part for part in each.inside if isinstance(part, str)))
            continue
        yield f"element:{each.tag} {each.attributes.get('type', 'text')}" if each.tag == "input" else f"element:{each.tag}"
        yield from (f"attribute:{name}" for name in each.attributes)
        if not each.is_hidden:
            yield from _of_style(each.attributes.get("style", ""))


def _of_sheet(sheet: str) -> Iterator[str]:
    bare = re.sub(r"(?s)/\*.*?\*/", "", sheet)
    yield from (f"at:{found}" for found in _AT.findall(bare))
    yield from (f"pseudo:{found}" for found in _PSEUDO.findall(_RULE.sub(" ", bare)))
    for rule in _RULE.findall(bare):
        yield from _of_style(rule)


def _of_style(style: str) -> Iterator[str]:
    for name, value in declarations(style):
        yield f"property:{name}"
        if name == "display":
            yield f"value:display:{value.removeprefix('inline-')}"
        yield from (f"function:{found}" for found in _FUNCTION.findall(value))
        yield from (f"unit:{found}" for found in _UNIT.findall(value))
