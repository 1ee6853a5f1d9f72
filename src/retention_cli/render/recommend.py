"""`recommend(kind, n, …)` in a template: what it asks for, told from its syntax, and what was frozen for it.

The products were chosen when the message was planned. A call finds them by what it asks for, so what a call asks for must stand
in the template: words and numbers, or a word that the campaign's step gives (`with.kind`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import nodes
from jinja2.utils import pass_context

from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2.runtime import Context

NAME, FROZEN = "recommend", "recommended"
KINDS = ("bestsellers", "bought_together", "favourite_category", "new_arrivals", "recently_viewed", "replenish", "upsell")
MOST, USUAL, USUAL_DAYS = 24, 4, 90
_OPTIONS = ("n", "category", "days")


@dataclass(frozen=True, slots=True, order=True)
class Request:
    """One call: a kind, or the word of `with` that says it; so many products; of a category, and of how many days."""

    kind: str
    given: str = ""
    number: int = USUAL
    category: str = ""
    days: int = USUAL_DAYS

    def key(self, kind: str) -> str:
        """Return under what its products are frozen, with the kind that it came to."""
        return f"{kind}{self.rest}"

    @property
    def rest(self) -> str:
        """The key without its kind."""
        return f"/{self.number}/{self.days}/{self.category}"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A call that cannot be understood."""

    message: str
    hint: str = ""


def is_call(node: nodes.Node) -> bool:
    """Tell whether a node is a call of `recommend`."""
    return isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == NAME


def calls(tree: nodes.Template) -> Iterator[tuple[int, Request | Wrong]]:
    """Yield every call with its line, in order of the text."""
    for node in tree.find_all(nodes.Call):
        if is_call(node):
            yield node.lineno, _request(node)


@pass_context
def recommend(context: Context, kind: str, n: int = USUAL, category: str = "", days: int = USUAL_DAYS) -> list[Any]:
    """Return the products that were frozen for a call; none where none were."""
    frozen = context.get(FROZEN)
    found = frozen.get(Request(kind, "", n, category, days).key(kind)) if isinstance(frozen, dict) else None
    return found if isinstance(found, list) else []


def _request(node: nodes.Call) -> Request | Wrong:
    if not node.args:
        return Wrong("recommend needs a kind", f"write recommend({KINDS[0]!r}, 4)")
    named = dict(zip(_OPTIONS, node.args[1:], strict=False)) | {pair.key: pair.value for pair in node.kwargs}
    if wrong := next((name for name in named if name not in _OPTIONS), None):
        return Wrong(f"recommend has no {wrong!r}", did_you_mean(wrong, _OPTIONS))
    told = {name: value.value for name, value in named.items() if isinstance(value, nodes.Const)}
    if len(told) < len(named):
        return Wrong("what recommend asks for is settled in the template", 'write words and numbers: recommend("bestsellers", 4)')
    return _judged(node.args[0], told)


def _judged(kind: nodes.Expr, told: dict[str, Any]) -> Request | Wrong:
    number, category, days = told.get("n", USUAL), told.get("category", ""), told.get("days", USUAL_DAYS)
    if not isinstance(number, int) or not 1 <= number <= MOST:
        return Wrong(f"recommend gives 1 to {MOST} products, not {number!r}")
    if not isinstance(days, int) or not 1 <= days <= 3650:  # noqa: PLR2004 - ten years
        return Wrong(f"days of recommend are 1 to 3650, not {days!r}")
    if not isinstance(category, str):
        return Wrong(f"the category of recommend is a word, not {category!r}")
    if isinstance(kind, nodes.Getattr) and isinstance(kind.node, nodes.Name) and kind.node.name == "with":
        return Request("", kind.attr, number, category, days)
    if not isinstance(kind, nodes.Const):
        return Wrong("the kind of recommend is settled in the template", 'write recommend("bestsellers", 4), or recommend(with.kind, 4)')
    if kind.value not in KINDS:
        return Wrong(f"there is no recommendation {kind.value!r}", did_you_mean(str(kind.value), KINDS))
    return Request(str(kind.value), "", number, category, days)
