"""What a template reads: every name that must come from outside, found in its syntax tree and never by running it.

    reads(tree) -> Read(root, field, line)…     customer.first_name → ("customer", "first_name"); a product of trigger.items → ("item", "price")

A loop over `trigger.items` (also sorted, filtered or in batches) gives its variable the meaning of one product. A mapping
read as a whole, or by a computed name, is a read without a field: what it needs cannot be known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from jinja2 import meta, nodes

from retention_cli.render.recommend import is_call

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ITEM = "item"
"""The root of what is read of one product of `trigger.items`."""
PRODUCT = "product"
"""The root of what is read of one product of `recommend(…)`."""
IN_SEGMENT, SEGMENT = "in_segment", "segment"
"""The test `customer is in_segment("vip")`, and the root of what it reads."""
_SAME_LIST = frozenset({"sort", "reverse", "list", "unique", "select", "reject", "selectattr", "rejectattr"})
_ONE_OF = frozenset({"first", "last", "min", "max"})
_SCOPES = (nodes.For, nodes.With, nodes.Macro, nodes.CallBlock, nodes.FilterBlock)
"""What is set in these is not known behind them."""
_BY_ATTRIBUTE = frozenset({"sort", "unique", "map", "sum", "join", "groupby", "min", "max", "selectattr", "rejectattr"})


class Meaning(Enum):
    """What a local variable stands for, where that is known."""

    ONE_ITEM = 0
    ITEMS = 1
    ROWS = 2


Meant = tuple[Meaning, str]
"""What a variable stands for, and the root of what is read of one."""


@dataclass(frozen=True, slots=True)
class Read:
    """One reading; `field` is None where the whole is read. `line` counts from 1 in the template's text."""

    root: str
    field: str | None
    line: int


def reads(tree: nodes.Template, outside: set[str] | None = None) -> list[Read]:
    """Return what is read, in order of the text; `outside` are the names that the tree does not make itself, where they are known already."""
    walk = _Walk(outside=meta.find_undeclared_variables(tree) if outside is None else outside)
    return list(walk.visit(tree))


@dataclass
class _Walk:
    """A walk in order of the text; `meaning` grows as loops and `set` name things."""

    outside: set[str]
    meaning: dict[str, Meant] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    """What has been set on every way that leads here. To Jinja's compiler a name that is set in branches alone comes from outside."""

    def visit(self, node: nodes.Node) -> Iterator[Read]:
        """Yield the reads in a node and below it."""
        if isinstance(node, (nodes.Getattr, nodes.Getitem)):
            yield from self._chain(node)
            return
        if isinstance(node, nodes.Name):
            if node.ctx == "load" and self._is_outside(node.name):
                yield Read(node.name, None, node.lineno)
            return
        if isinstance(node, nodes.If):
            yield from self._branches(node)
            return
        if isinstance(node, nodes.Test) and node.name == IN_SEGMENT:
            yield Read(SEGMENT, _constant(node.args[0]) if node.args else None, node.lineno)
            return
        self._learn(node)
        if isinstance(node, nodes.Filter):
            yield from self._by_attribute(node)
        before = set(self.made)
        for child in node.iter_child_nodes():
            yield from self.visit(child)
        if isinstance(node, _SCOPES):
            self.made = before
        elif isinstance(node, nodes.Assign | nodes.AssignBlock):
            self.made |= {name.name for name in (node.target, *node.target.find_all(nodes.Name)) if isinstance(name, nodes.Name)}

    def _branches(self, node: nodes.If) -> Iterator[Read]:
        """Yield the reads of each branch; behind them is made what each has made, one that is left out making nothing."""
        before, ends = set(self.made), []
        for branch in (node, *node.elif_):
            self.made = set(before)
            yield from self.visit(branch.test)
            yield from self._each(branch.body)
            ends.append(self.made)
        self.made = set(before)
        yield from self._each(node.else_)
        self.made = set.intersection(self.made, *ends)

    def _each(self, children: Iterable[nodes.Node]) -> Iterator[Read]:
        for child in children:
            yield from self.visit(child)

    def _is_outside(self, name: str) -> bool:
        return name in self.outside and name not in self.made

    def _chain(self, node: nodes.Getattr | nodes.Getitem) -> Iterator[Read]:
        name = node.attr if isinstance(node, nodes.Getattr) else _constant(node.arg)
        if isinstance(node, nodes.Getitem):
            yield from self.visit(node.arg)
        if isinstance(node.node, nodes.Name) and self._is_outside(node.node.name):
            yield Read(node.node.name, name, node.lineno)
        elif isinstance(name, str) and (meant := self._means(node.node)) is not None and meant[0] is Meaning.ONE_ITEM:
            yield Read(meant[1], name, node.lineno)
            yield from self.visit(node.node)
        else:
            yield from self.visit(node.node)

    def _by_attribute(self, node: nodes.Filter) -> Iterator[Read]:
        """Yield what `map(attribute="title")` and its kin read of each product."""
        meant = self._means(node.node) if node.node is not None else None
        if node.name not in _BY_ATTRIBUTE or meant is None or meant[0] is not Meaning.ITEMS:
            return
        named = [pair.value for pair in node.kwargs if pair.key == "attribute"]
        first = node.args[:1] if node.name in ("selectattr", "rejectattr", "groupby") else []
        for argument in (*named, *first):
            if (name := _constant(argument)) is not None:
                yield Read(meant[1], name.partition(".")[0], node.lineno)

    def _learn(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.For) and isinstance(node.target, nodes.Name):
            meant = self._means(node.iter)
            if meant is not None and meant[0] is not Meaning.ONE_ITEM:
                self.meaning[node.target.name] = (Meaning(meant[0].value - 1), meant[1])
        if isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name):
            found = self._means(node.node)
            if found is not None:
                self.meaning[node.target.name] = found

    def _means(self, node: nodes.Node) -> Meant | None:
        if isinstance(node, nodes.Name):
            return self.meaning.get(node.name)
        if isinstance(node, nodes.Filter) and node.node is not None:
            return _filtered(self._means(node.node), node.name)
        if isinstance(node, nodes.Getattr):
            return (Meaning.ITEMS, ITEM) if node.attr == "items" and _is_trigger(node.node) else None
        if is_call(node):
            return (Meaning.ITEMS, PRODUCT)
        return self._element(node) if isinstance(node, nodes.Getitem) else None

    def _element(self, node: nodes.Getitem) -> Meant | None:
        if _is_trigger(node.node):
            return (Meaning.ITEMS, ITEM) if _constant(node.arg) == "items" else None
        whole = self._means(node.node)
        if whole is None or whole[0] is Meaning.ONE_ITEM:
            return whole if isinstance(node.arg, nodes.Slice) else None
        return whole if isinstance(node.arg, nodes.Slice) else (Meaning(whole[0].value - 1), whole[1])


def _filtered(whole: Meant | None, name: str) -> Meant | None:
    if name in _SAME_LIST:
        return whole
    if whole is not None and whole[0] is Meaning.ITEMS:
        one = Meaning.ONE_ITEM if name in _ONE_OF else Meaning.ROWS if name == "batch" else None
        return None if one is None else (one, whole[1])
    return None


def _is_trigger(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "trigger"


def _constant(node: nodes.Node) -> str | None:
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else None
