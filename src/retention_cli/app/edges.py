"""Edge readers made of a real one: the same message for whoever lacks a name, bears a hostile one, or gets no recommendation.

bare       every text of the customer is missing          longest    every title is as long as they get
hostile    every text of the customer means harm          picture    no product has a picture
alone      nothing is recommended
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

HOSTILE = "<img src=x onerror=alert(1)>\"'{{ 7 * 7 }}\u202eevil\u202c =?utf-8?q?x?="
"""A name that tries HTML, quotes, a template, the direction of writing and an encoded word."""
LONGEST = "A title that goes on and on, as titles from a supplier's list do, with size, colour, material and season " * 2
_KEPT = "customer_id"
REAL = "real"


def edge(context: str, name: str) -> str:
    """Return the context of an edge reader; `real` is the one that they are made of. KeyError for a name that there is not."""
    return context if name == REAL else json.dumps(_CHANGES[name](json.loads(context)), ensure_ascii=False)


def _bare(facts: dict[str, Any]) -> dict[str, Any]:
    return _with_customer(facts, None)


def _hostile(facts: dict[str, Any]) -> dict[str, Any]:
    return _with_customer(facts, HOSTILE)


def _with_customer(facts: dict[str, Any], text: str | None) -> dict[str, Any]:
    """Replace the words of a customer; numbers, times and answers stay."""
    customer = facts["customer"]
    return {**facts, "customer": {name: text if name != _KEPT and _is_words(value) else value for name, value in customer.items()}}


def _is_words(value: object) -> bool:
    return isinstance(value, str) and not value[:1].isdigit()


def _longest(facts: dict[str, Any]) -> dict[str, Any]:
    return _with_products(facts, {"title": LONGEST})


def _without_pictures(facts: dict[str, Any]) -> dict[str, Any]:
    return _with_products(facts, {"image_url": None})


def _alone(facts: dict[str, Any]) -> dict[str, Any]:
    return {**facts, "recommended": {key: [] for key in facts.get("recommended", {})}}


def _with_products(facts: dict[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """Change columns of every product that the message may tell of."""
    for products in _product_lists(facts):
        for product in products:
            product |= {name: value for name, value in changed.items() if name in product}
    return facts


def _product_lists(facts: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    trigger = facts.get("trigger") or {}
    lists = [trigger.get("items"), trigger.get("products"), *facts.get("recommended", {}).values()]
    yield from (each for each in lists if isinstance(each, list))


_CHANGES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "bare": _bare,
    "hostile": _hostile,
    "longest": _longest,
    "picture": _without_pictures,
    "alone": _alone,
}
