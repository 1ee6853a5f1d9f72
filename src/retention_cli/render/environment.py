"""The sandbox in which templates run: Jinja2 with a closed set of names, attributes and filters, and a budget.

What must stay true: a template reads plain values and nothing else (no methods that build, no globals that know the
machine, the time or chance), changes nothing, and cannot cost more than `limits` allows. In a mapping a name is a key,
never a method, so `trigger.items` is the list of items. Data is never compiled.
"""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, nodes
from jinja2.compiler import CodeGenerator
from jinja2.exceptions import TemplateSyntaxError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace, pass_context

from retention_cli.render import filters
from retention_cli.render.limits import CALL, COST, MAX_RANGE, Budget, TooMuch, printed
from retention_cli.render.reads import IN_SEGMENT, SEGMENT
from retention_cli.render.recommend import NAME, recommend
from retention_cli.render.voucher import PARTS, Voucher

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.compiler import Frame
    from jinja2.runtime import Context

_TEXT = frozenset(
    {"upper", "lower", "title", "capitalize", "swapcase", "casefold", "strip", "lstrip", "rstrip", "removeprefix", "removesuffix"}
    | {"startswith", "endswith", "find", "count", "split", "partition", "rpartition", "isdigit", "isalpha", "isupper", "islower"}
)
_DATE = frozenset({"year", "month", "day", "hour", "minute", "second", "weekday", "isoweekday", "date", "isoformat"})
_BODIES = (nodes.For, nodes.Macro, nodes.CallBlock)
_UNKNOWN = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport, nodes.Block)


class _Names(CodeGenerator):
    """Jinja's compiler, noting the names that are looked up in what a template is given (as `jinja2.meta` does, which writes no code)."""

    stream: StringIO

    def __init__(self, environment: Environment, name: str | None, filename: str | None) -> None:
        super().__init__(environment, name, filename, StringIO())
        self.outside: set[str] = set()

    def enter_frame(self, frame: Frame) -> None:
        super().enter_frame(frame)
        found = {name for action, name in frame.symbols.loads.values() if action == "resolve" and name not in self.environment.globals}
        self.outside |= found


class Sandbox(ImmutableSandboxedEnvironment):
    """One way of rendering: with or without HTML escaping."""

    context_class = Budget
    intercepted_binops = frozenset(COST)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a mapping's value by key, or one of the few attributes that do no harm."""
        if isinstance(obj, dict):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an item; of a mapping by key alone."""
        if isinstance(obj, dict):
            return obj[argument] if argument in obj else self.undefined(obj=obj, name=argument)
        return super().getitem(obj, argument)

    def wrap_str_format(self, value: Any) -> None:
        """Leave `str.format` to `is_safe_attribute`, which refuses it: a width in a pattern makes much of little."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Allow what is listed for the type, and nothing else."""
        if isinstance(obj, Voucher) and attr in PARTS:
            return True
        if isinstance(obj, str):
            return attr in _TEXT
        if isinstance(obj, (LoopContext, Namespace, Cycler)):
            return super().is_safe_attribute(obj, attr, value)
        return attr in _DATE and hasattr(obj, "isoformat")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Do the sum after asking what it would cost."""
        if isinstance(context, Budget):
            context.spend(COST[operator](left, right))
        return super().call_binop(context, operator, left, right)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805, PYI063 - Jinja's own signature: a template may pass `self=`
        """Call a macro or an allowed method; a call costs as much as ten turns of a loop."""
        if isinstance(__context, Budget):
            __context.spend(CALL)
        return super().call(__context, __obj, *args, **kwargs)

    def outside(self, tree: nodes.Template) -> set[str]:
        """Compile a tree to see that it can be; return the names that must come from outside, which a compiler knows."""
        generator = _Names(self, None, None)
        generator.visit(tree)
        self._compile(generator.stream.getvalue(), "<template>")
        return generator.outside

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        every = _every(tree)
        if unknown := [node for node in every if isinstance(node, _UNKNOWN)]:
            first = min(unknown, key=lambda node: node.lineno)
            word = "from" if isinstance(first, nodes.FromImport) else type(first).__name__.lower()
            raise TemplateSyntaxError(f"this version does not know {{% {word} %}}", first.lineno, name, filename)
        _meter(every)
        return tree


def _every(tree: nodes.Template) -> list[nodes.Node]:
    """Return all nodes of a tree, gathered in one walk."""
    found: list[nodes.Node] = [tree]
    for node in found:
        found += node.iter_child_nodes()
    return found


def _meter(every: list[nodes.Node]) -> None:
    """Make each turn of a loop, each run of a macro and each `~` pay for what it writes."""
    for node in every:
        if isinstance(node, _BODIES):
            _meter_body(node)
    if any(isinstance(node, nodes.Concat) for node in every):
        for parent in every:
            _meter_joins(parent)


def _meter_body(node: nodes.Node) -> None:
    size = sum(len(data.data) for data in node.find_all(nodes.TemplateData))
    body: list[nodes.Node] = vars(node)["body"]
    body.insert(0, nodes.ExprStmt(_filtered(nodes.Const(size), filters.SPEND), lineno=node.lineno))


def _meter_joins(parent: nodes.Node) -> None:
    for field, value in list(parent.iter_fields()):
        if isinstance(value, nodes.Concat):
            setattr(parent, field, _joined(value))
        elif isinstance(value, list):
            value[:] = [_joined(item) if isinstance(item, nodes.Concat) else item for item in value]


def _joined(concat: nodes.Concat) -> nodes.Filter:
    return _filtered(nodes.Tuple(concat.nodes, "load", lineno=concat.lineno), filters.CONCAT, concat.lineno)


def _filtered(node: nodes.Expr, name: str, lineno: int = 1) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=lineno)


def _range(*bounds: int) -> range:
    found = range(*bounds)
    if len(found) > MAX_RANGE:
        raise TooMuch(f"range is longer than {MAX_RANGE}")
    return found


def _is_in_segment(customer: Any, name: str) -> bool:
    """Say whether the customer was in a segment when the message was planned."""
    return isinstance(customer, dict) and customer.get(f"{SEGMENT}:{name}") is True


def sandbox(*, html: bool, trim: bool = False) -> Sandbox:
    """Return an environment; `html` escapes what is written, `trim` lets a block's own line vanish."""
    made = Sandbox(
        undefined=StrictUndefined,
        autoescape=html,
        finalize=pass_context(printed),
        keep_trailing_newline=True,
        trim_blocks=trim,
        lstrip_blocks=trim,
        cache_size=0,
    )
    made.filters.clear()
    made.filters.update(filters.ALL)
    made.globals.clear()
    made.globals.update({"range": _range, "namespace": Namespace, "cycler": Cycler, "joiner": Joiner, NAME: recommend})
    made.tests[IN_SEGMENT] = _is_in_segment
    return made


HTML = sandbox(html=True)
LINE = sandbox(html=False)
TEXT = sandbox(html=False, trim=True)
"""HTML escapes; LINE keeps every blank (subjects, converted text); TEXT is for .txt files, where a block's line vanishes."""
