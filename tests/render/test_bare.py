"""Where nothing stands in for a missing field, told from a template's syntax."""

from __future__ import annotations

import pytest

from retention_cli.render.bare import bare_fields
from support.mail_samples import template


@pytest.mark.parametrize(
    ("body", "bare"),
    [
        ("Hi {{ customer.first_name }},", {"first_name"}),
        ("{{ customer['first_name'] | title }}", {"first_name"}),
        ("{{ 'Hi ' ~ customer.first_name }}{{ 'x' + customer.city }}", {"first_name", "city"}),
        ("{{ customer.first_name or 'there' }}{{ customer.city or customer.country }}", {"country"}),
        ("{{ customer.first_name | default('there') }}{{ customer.city | upper | d('x') }}", set()),
        ("{% if customer.first_name %}{{ customer.first_name }}{% else %}{{ customer.first_name }}{% endif %}", {"first_name"}),
        ("{% if customer.first_name and customer.city %}{{ customer.first_name }} {{ customer.city }}{% endif %}", set()),
        ("{% if customer.first_name or customer.city %}{{ customer.first_name }}{% endif %}", {"first_name"}),
        ("{% if not customer.first_name %}you{% else %}{{ customer.first_name }}{% endif %}", set()),
        ("{% if customer.first_name is none %}you{% else %}{{ customer.first_name }}{% endif %}", set()),
        ("{% if customer.orders_count > 3 %}{{ customer.orders_count }}{% endif %}", set()),
        ("{{ customer.first_name if customer.first_name else 'you' }}", set()),
        ("{{ customer.city if customer.first_name }}", {"city"}),
        ("{{ customer.first_name and customer.first_name ~ '!' }}", set()),
        ("{% for item in trigger.items %}{{ customer.city }}{% endfor %}", {"city"}),
        ("{% if customer.orders_count == 1 %}first{% endif %}{{ customer.first_name is none }}", set()),
        ("{% if customer.city %}{% for x in (1, 2) %}{{ customer.city }}{% endfor %}{% endif %}", set()),
        ("{% if customer.a %}1{% elif customer.b %}{{ customer.b }}{{ customer.a }}{% endif %}", {"a"}),
    ],
)
def test_what_is_written_bare(body: str, bare: set[str]) -> None:
    assert bare_fields(template(body)) == bare


def test_every_part_of_a_message_counts() -> None:
    found = bare_fields(template("x", subject="{{ customer.a }}", preheader="{{ customer.b }}", text="{{ customer.c }}"))
    assert found == {"a", "b", "c"}
