"""SEC08, SEC09, SEC12: what a template can read, cost and compile."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateError, UndefinedError
from markupsafe import escape

from retention_cli.render.environment import HTML, LINE, TEXT
from retention_cli.render.limits import BUDGET, MAX_TEXT, TooMuch

NAMES: dict[str, object] = {"customer": {"first_name": "Jana", "items": "mine", "nothing": None}, "rows": [1, 2, 3]}


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ customer.__class__ }}",
        "{{ customer['__class__'] }}",
        "{{ customer.first_name['__class__'] }}",
        "{{ ''|attr('__class__') }}",
        "{{ rows|map(attribute='__class__')|join }}",
        "{{ rows|map('attr', '__class__')|join }}",
        "{{ rows|selectattr('__class__')|list|length }}{{ (rows|groupby('__class__'))[0] }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ '{:>1000000000}'.format(1) }}",
        "{{ '%s'|format(1) }}",
        "{{ '%s' % 1 }}",
        "{{ 'a'.format_map(customer) }}",
        "{{ self.__init__.__globals__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ range.__globals__ }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ joiner.__call__ }}",
        "{{ lipsum.__globals__['os'] }}",
        "{% macro m() %}{% endmacro %}{{ m._func }}",
        "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
        "{% for x in rows %}{{ loop.__class__ }}{% endfor %}",
        "{% for x in rows %}{{ loop._iterator }}{% endfor %}",
        "{{ rows.append(4) }}",
        "{{ customer.update({'a': 1}) }}",
        "{{ customer.pop('first_name') }}",
        "{{ env }}{{ os }}{{ now() }}",
        "{{ open('/etc/passwd') }}",
        "{{ _formats.locale }}{{ _formats }}",
        "{{ rows }}",
        "{{ customer }}",
        "{{ rows|random }}",
        "{% include 'x' %}",
        "{% import 'x' as x %}",
        "{% extends 'x' %}",
        "{% block x %}{% endblock %}",
    ],
)
def test_sec08_escapes_raise(source: str) -> None:
    for environment in (HTML, LINE, TEXT):
        with pytest.raises((TemplateError, TypeError)):
            environment.from_string(source).render(**NAMES)


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 10**8 }}",
        "{{ 10**8 * 'a' }}",
        "{{ [1] * 10**8 }}",
        "{{ 10**10**10 }}",
        "{{ 2 ** (2 ** 30) }}",
        "{{ range(10**9)|list|length }}",
        "{% for a in range(1000) %}{% for b in range(1000) %}x{% endfor %}{% endfor %}",
        "{% for a in range(1000) %}" + "x" * 20_000 + "{% endfor %}",
        "{% set x %}{% for a in range(1000) %}" + "x" * 20_000 + "{% endfor %}{% endset %}{{ x }}",
        "{% macro m() %}" + "x" * 20_000 + "{% endmacro %}{% for a in range(1000) %}{{ m() }}{% endfor %}",
        "{% set n = namespace(x='aa') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}",
        "{% set n = namespace(x='aa') %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x }}",
        "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x|length }}",
        "{% set n = namespace(x=3) %}{% for i in range(60) %}{% set n.x = n.x * n.x %}{% endfor %}{{ n.x }}",
        "{% set n = namespace(x='aa') %}{% for i in range(60) %}{% set n.x = [n.x, n.x]|join %}{% endfor %}{{ n.x }}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
        "{{ 'abc'|replace('', 'x' * 900000)|length }}",
        "{{ ('x' * 900000)|replace('x', 'yyyyyyyyyy')|length }}",
        "{{ rows|join('x' * 900000) }}",
        "{{ rows|batch(10**9, 'x')|list|length }}",
        "{% for i in range(900) %}{% set x = 'y' * 900000 %}{% endfor %}",
    ],
    ids=range(21),
)
def test_sec09_bombs_end_early_and_small(source: str) -> None:
    """Each would make a hundred megabytes or run for minutes; each ends by itself, without a clock or a signal."""
    template = LINE.from_string(source)
    tracemalloc.start()
    try:
        with pytest.raises(TooMuch):
            template.render(**NAMES)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("source", ["{{ 'a'.ljust(10**9) }}", "{{ 'a'.zfill(10**9) }}", "{{ 'a\t'.expandtabs(10**9) }}", "{{ 'a'|center(10**9) }}"])
def test_sec09_padding_is_not_there_at_all(source: str) -> None:
    with pytest.raises(TemplateError):
        LINE.from_string(source).render(**NAMES)


def test_the_budget_is_one_rendering_s_and_not_the_template_s() -> None:
    template = LINE.from_string("{% for a in range(900) %}{% for b in range(50) %}.{% endfor %}{% endfor %}")
    for _ in range(3):
        assert len(template.render()) == 45_000
    assert BUDGET > 45_000
    assert MAX_TEXT == 1_000_000


def test_an_ordinary_mail_of_two_hundred_products_is_well_within_the_budget() -> None:
    template = HTML.from_string("{% for item in items %}<tr><td>" + "x" * 2_000 + "{{ item.title ~ '!' }}</td></tr>{% endfor %}")
    assert len(template.render(items=[{"title": "Hrnek"}] * 200)) > 400_000


@given(st.text(max_size=60) | st.sampled_from(["{{7*7}}", "{% raw %}", "{{ customer }}", "{# x #}", "}}{{"]))
def test_sec12_data_is_never_compiled(value: str) -> None:
    assert LINE.from_string("{{ value }}").render(value=value) == value
    assert HTML.from_string("<b>{{ value }}</b>").render(value=value) == f"<b>{escape(value)}</b>"


def test_names_in_a_mapping_are_keys_and_never_methods() -> None:
    assert LINE.from_string("{{ customer.items }}").render(**NAMES) == "mine"
    with pytest.raises(UndefinedError):
        LINE.from_string("{{ customer.keys }}").render(**NAMES)


def test_a_missing_value_writes_nothing_and_an_undefined_name_raises() -> None:
    assert LINE.from_string("[{{ customer.nothing }}]").render(**NAMES) == "[]"
    for source in ("{{ nobody }}", "{{ customer.nobody }}", "{% if customer.nobody %}{% endif %}"):
        with pytest.raises(UndefinedError):
            LINE.from_string(source).render(**NAMES)


def test_a_template_changes_nothing_it_was_given() -> None:
    names: dict[str, object] = {"rows": [1], "customer": {"first_name": "Jana"}}
    for source in ("{{ rows.append(1) }}", "{{ rows.clear() }}", "{{ customer.clear() }}", "{% set customer.first_name = 1 %}"):
        with pytest.raises(TemplateError):
            LINE.from_string(source).render(**names)
    assert names == {"rows": [1], "customer": {"first_name": "Jana"}}
