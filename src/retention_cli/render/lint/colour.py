"""How well text stands out from what is behind it, by WCAG 2.2 (1.4.3): 4.5 to 1, large text 3 to 1."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retention_cli.render.lint.tree import Element

Rgb = tuple[int, int, int]
"""Red, green and blue, each 0 to 255."""

ENOUGH, ENOUGH_LARGE = 4.5, 3.0
_LARGE, _LARGE_BOLD = 24.0, 18.66
_BOLD_FROM = 600
_NAMED: dict[str, Rgb] = {
    "black": (0, 0, 0), "silver": (192, 192, 192), "gray": (128, 128, 128), "grey": (128, 128, 128), "white": (255, 255, 255),
    "maroon": (128, 0, 0), "red": (255, 0, 0), "purple": (128, 0, 128), "green": (0, 128, 0), "lime": (0, 255, 0), "olive": (128, 128, 0),
    "yellow": (255, 255, 0), "navy": (0, 0, 128), "blue": (0, 0, 255), "teal": (0, 128, 128), "orange": (255, 165, 0),
}  # fmt: skip
_BOLD = frozenset({"b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th"})
_HEX = re.compile(r"#(?:([0-9a-f]{3})|([0-9a-f]{6}))(?![0-9a-f])")
_RGB = re.compile(r"rgb\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})\s*\)")
_PIXELS = re.compile(r"([\d.]+)px")


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the ratio of two colours' luminance, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def of_text(element: Element) -> Rgb | None:
    """Return the colour of the text in an element; None where it cannot be told. A link without one is blue."""
    for each in element.up():
        written = each.style.get("color") or each.attributes.get("color", "").lower()
        if written and written not in {"inherit", "currentcolor"}:
            return read(written)
        if each.tag == "a" and "href" in each.attributes:
            return 0, 0, 238
    return 0, 0, 0


def behind(element: Element) -> Rgb | None:
    """Return the colour behind an element; None where it is a picture or cannot be told."""
    for each in element.up():
        if "background-image" in each.style or "background" in each.attributes:
            return None
        written = each.style.get("background-color") or each.style.get("background") or each.attributes.get("bgcolor", "").lower()
        if written and written not in {"transparent", "none", "inherit", "initial"}:
            return read(written)
    return 255, 255, 255


def is_large(element: Element) -> bool:
    """Whether the text in an element is large: from 24 pixels on, bold from 18.66."""
    size = size_of(element)
    return size is not None and (size >= _LARGE or (size >= _LARGE_BOLD and _is_bold(element)))


def size_of(element: Element) -> float | None:
    """Return the size of the text in an element in pixels; None where it is told otherwise, or nowhere."""
    for each in element.up():
        if written := each.style.get("font-size"):
            found = _PIXELS.fullmatch(written)
            if written != "inherit":
                return float(found[1]) if found else None
    return None


def read(written: str) -> Rgb | None:
    """Return the colour that a value tells; None for one that is not known here (gradients, pictures)."""
    if found := _HEX.search(written):
        digits = "".join(each * 2 for each in found[1]) if found[1] else found[2]
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := _RGB.search(written):
        return int(found[1]), int(found[2]), int(found[3])
    return next((_NAMED[word] for word in written.split() if word in _NAMED), None)


def _is_bold(element: Element) -> bool:
    for each in element.up():
        weight = each.style.get("font-weight", "")
        if weight:
            return weight in {"bold", "bolder"} or (weight.isdigit() and int(weight) >= _BOLD_FROM)
        if each.tag in _BOLD:
            return True
    return False


def _luminance(colour: Rgb) -> float:
    red, green, blue = (_linear(each / 255) for each in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
