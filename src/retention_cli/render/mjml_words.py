"""The words of MJML 4: every element, what may stand in it, and its attributes.

Source: the MJML documentation, https://documentation.mjml.io, as far as mrml writes it. An element whose content is HTML or text
is `ENDING`. `mj-include` is left out: a template includes with Jinja, and nothing is loaded when a message is made.
"""

from __future__ import annotations

_SIDES = ("top", "right", "bottom", "left")
_PADDING = {"padding", *(f"padding-{side}" for side in _SIDES)}
_BORDER = {"border", "border-radius", *(f"border-{side}" for side in _SIDES)}
_FONT = {"color", "font-family", "font-size", "font-style", "font-weight", "letter-spacing", "line-height", "text-decoration", "text-transform"}
_LINK = {"href", "name", "rel", "target", "title"}
_BACKGROUND = {"background-color", "background-url", *(f"background-{what}" for what in ("position", "position-x", "position-y", "repeat", "size"))}
_EVERYWHERE = {"css-class", "mj-class"}
_PIECE = _EVERYWHERE | _PADDING | {"container-background-color", "align"}
_SECTION = _EVERYWHERE | _PADDING | _BORDER | _BACKGROUND | {"direction", "full-width", "text-align", "text-padding"}
_PICTURE = {"src", "srcset", "sizes", "alt", "title"}
_COLUMN = _EVERYWHERE | _PADDING | _BORDER | {"background-color", "direction", "vertical-align", "width"}
_ICONS = {"icon-height", "icon-size", "icon-padding", "text-padding"}

ATTRIBUTES: dict[str, set[str]] = {
    "mjml": {"lang", "dir", "owa"},
    "mj-head": set(),
    "mj-attributes": set(),
    "mj-breakpoint": {"width"},
    "mj-font": {"name", "href"},
    "mj-preview": set(),
    "mj-style": {"inline"},
    "mj-title": set(),
    "mj-raw": {"position"},
    "mj-body": {"background-color", "css-class", "width", "id", "lang", "dir"},
    "mj-section": _SECTION,
    "mj-wrapper": _SECTION | {"gap"},
    "mj-group": _EVERYWHERE | {"background-color", "direction", "vertical-align", "width"},
    "mj-column": _COLUMN | {f"inner-{name}" for name in _BORDER} | {"inner-background-color"},
    "mj-text": _PIECE | _FONT | {"height", "vertical-align"},
    "mj-button": _PIECE | _FONT | _BORDER | _LINK | {"background-color", "height", "inner-padding", "text-align", "vertical-align", "width"},
    "mj-image": _PIECE | _BORDER | _LINK | _PICTURE | {"fluid-on-mobile", "font-size", "height", "max-height", "usemap", "width"},
    "mj-divider": _PIECE | {"border-color", "border-style", "border-width", "width"},
    "mj-spacer": _PIECE | _BORDER | {"height", "vertical-align", "width"},
    "mj-table": _PIECE | _FONT | {"border", "cellpadding", "cellspacing", "role", "table-layout", "vertical-align", "width"},
    "mj-hero": _EVERYWHERE
    | _PADDING
    | {"align", "background-color", "background-height", "background-position", "background-url", "background-width", "border-radius"}
    | {"container-background-color", "height", "inner-background-color", "mode", "vertical-align", "width"}
    | {f"inner-{name}" for name in _PADDING},
    "mj-social": _PIECE | _FONT | _ICONS | {"border-radius", "inner-padding", "mode", "table-layout"},
    "mj-social-element": _EVERYWHERE
    | _PADDING
    | _FONT
    | _LINK
    | _PICTURE
    | _ICONS
    | {"align", "background-color", "border-radius", "icon-position", "vertical-align"},
    "mj-navbar": _PIECE | {"base-url", "hamburger"} | {f"ico-{name}" for name in (*_PADDING, *_FONT, "align", "close", "open")},
    "mj-navbar-link": _EVERYWHERE | _PADDING | _FONT | _LINK,
    "mj-accordion": _EVERYWHERE
    | _PADDING
    | {"border", "container-background-color", "font-family", "icon-align", "icon-height", "icon-position", "icon-width"}
    | {"icon-unwrapped-alt", "icon-unwrapped-url", "icon-wrapped-alt", "icon-wrapped-url"},
    "mj-accordion-element": _EVERYWHERE
    | {"background-color", "border", "font-family", "icon-align", "icon-height", "icon-position", "icon-width"}
    | {"icon-unwrapped-alt", "icon-unwrapped-url", "icon-wrapped-alt", "icon-wrapped-url"},
    "mj-accordion-title": _EVERYWHERE | _PADDING | {"background-color", "color", "font-family", "font-size", "font-weight"},
    "mj-accordion-text": _EVERYWHERE
    | _PADDING
    | {"background-color", "color", "font-family", "font-size", "font-weight", "letter-spacing", "line-height"},
    "mj-carousel": _PIECE
    | {"border-radius", "icon-width", "left-icon", "right-icon", "tb-border", "tb-border-radius", "tb-hover-border-color"}
    | {"tb-selected-border-color", "tb-width", "thumbnails"},
    "mj-carousel-image": _EVERYWHERE | _LINK | {"alt", "src", "thumbnails-src"},
}
"""The attributes of every element; those of `mj-attributes`' children are of the elements that they name."""

_BLOCKS = frozenset({"mj-section", "mj-wrapper", "mj-hero", "mj-raw"})
_PIECES = frozenset(
    {"mj-text", "mj-button", "mj-image", "mj-divider", "mj-spacer", "mj-table", "mj-raw", "mj-social", "mj-navbar", "mj-accordion", "mj-carousel"}
)
CHILDREN: dict[str, frozenset[str]] = {
    "": frozenset({"mjml"}),
    "mjml": frozenset({"mj-head", "mj-body"}),
    "mj-head": frozenset({"mj-attributes", "mj-breakpoint", "mj-font", "mj-preview", "mj-style", "mj-title", "mj-raw"}),
    "mj-body": _BLOCKS,
    "mj-wrapper": _BLOCKS - {"mj-wrapper"},
    "mj-section": frozenset({"mj-column", "mj-group", "mj-raw"}),
    "mj-group": frozenset({"mj-column", "mj-raw"}),
    "mj-column": _PIECES,
    "mj-hero": _PIECES,
    "mj-social": frozenset({"mj-social-element", "mj-raw"}),
    "mj-navbar": frozenset({"mj-navbar-link", "mj-raw"}),
    "mj-accordion": frozenset({"mj-accordion-element", "mj-raw"}),
    "mj-accordion-element": frozenset({"mj-accordion-title", "mj-accordion-text", "mj-raw"}),
    "mj-carousel": frozenset({"mj-carousel-image"}),
}
"""What may stand directly in an element; whatever is not here holds no elements of MJML."""

ENDING = frozenset(
    {"mj-text", "mj-button", "mj-table", "mj-raw", "mj-title", "mj-preview", "mj-style"}
    | {"mj-social-element", "mj-navbar-link", "mj-accordion-title", "mj-accordion-text"}
)
"""Elements that hold HTML or text."""

ALIGNS = frozenset({"left", "center", "right", "justify"})
