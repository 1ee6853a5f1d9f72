"""Where a template writes a field of the customer and nothing stands in for one that is missing: `Hi ,`.

A field is safe where the template asks for it first (`{% if customer.first_name %}`, `x if customer.x else y`, `customer.x and …`), gives
something else (`customer.x or "there"`, `| default("there")`), or does not write it but only compares it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import nodes

from retention_cli.render.needs import parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.model.template import Template

_CUSTOMER = "customer"
_STANDS_IN = frozenset({"default", "d"})
_NONE: frozenset[str] = frozenset()


def bare_fields(template: Template) -> frozenset[str]:
    """Return the customer's fields that a sound template writes anywhere without anything in their place."""
    return frozenset(field for tree in parts(template) for field in _of_node(tree, _NONE))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is known to be there where a condition holds, and where it does not."""

    there: frozenset[str] = _NONE
    otherwise: frozenset[str] = _NONE


def _of_node(node: nodes.Node, sure: frozenset[str]) -> Iterator[str]:
    """Yield what is written bare in a statement and below it; `sure` are fields that are known to be there."""
    match node:
        case nodes.If(test=test, body=body, elif_=others, else_=last):
            asked = _asked(test)
            yield from (field for each in body for field in _of_node(each, sure | asked.there))
            yield from (field for each in (*others, *last) for field in _of_node(each, sure | asked.otherwise))
        case nodes.Output(nodes=written):
            yield from (field for each in written for field in _written(each, sure))
        case nodes.Expr():
            return
        case _:
            yield from (field for each in node.iter_child_nodes() for field in _of_node(each, sure))


def _written(node: nodes.Node, sure: frozenset[str]) -> Iterator[str]:
    """Yield what is bare in an expression whose value is written."""
    if (field := _field(node)) is not None:
        if field not in sure:
            yield field
        return
    match node:
        case nodes.Or(left=left, right=right):
            yield from _written(left, sure | _fields(left))
            yield from _written(right, sure)
        case nodes.And(left=left, right=right):
            yield from _written(right, sure | _asked(left).there)
        case nodes.CondExpr(test=test, expr1=one, expr2=other):
            asked = _asked(test)
            yield from _written(one, sure | asked.there)
            yield from _written(other, sure | asked.otherwise) if other is not None else ()
        case nodes.Filter(name=name, node=inner) if inner is not None:
            yield from _written(inner, sure | (_fields(inner) if name in _STANDS_IN else _NONE))
        case nodes.Concat(nodes=written) | nodes.Tuple(items=written):  # a tuple is what the meter makes of `~`
            yield from (found for each in written for found in _written(each, sure))
        case nodes.Add(left=left, right=right):
            yield from (*_written(left, sure), *_written(right, sure))
        case _:
            return


def _asked(test: nodes.Node) -> _Asked:
    """Return what a condition tells of fields."""
    if (field := _field(test)) is not None:
        return _Asked(there=frozenset({field}))
    match test:
        case nodes.Not(node=inner):
            asked = _asked(inner)
            return _Asked(asked.otherwise, asked.there)
        case nodes.And(left=left, right=right):
            return _Asked(there=_asked(left).there | _asked(right).there)
        case nodes.Or(left=left, right=right):
            return _Asked(otherwise=_asked(left).otherwise | _asked(right).otherwise)
        case nodes.Test(name="none", node=inner) if (field := _field(inner)) is not None:
            return _Asked(otherwise=frozenset({field}))
        case nodes.Compare(expr=inner) if (field := _field(inner)) is not None:
            return _Asked(there=frozenset({field}))
        case _:
            return _Asked()


def _fields(node: nodes.Node) -> frozenset[str]:
    """Return all fields of the customer in an expression."""
    return frozenset(field for each in (node, *node.find_all((nodes.Getattr, nodes.Getitem))) if (field := _field(each)) is not None)


def _field(node: nodes.Node) -> str | None:
    """Return which field of the customer a node is, None where it is something else."""
    if not isinstance(node, nodes.Getattr | nodes.Getitem) or not isinstance(node.node, nodes.Name) or node.node.name != _CUSTOMER:
        return None
    if isinstance(node, nodes.Getattr):
        return str(node.attr)
    return str(node.arg.value) if isinstance(node.arg, nodes.Const) else None
