"""J18: mistakes of a template are found without a person, with their line and the nearest right word."""

from __future__ import annotations

import sys

import pytest

from retention_cli.errors import RenderFailed
from retention_cli.model.template import TemplateFormat
from retention_cli.render.check import Known, check
from retention_cli.render.needs import Needs, needs
from support.mail_samples import CART, template

KNOWN = Known({"first_name", "orders_count"}, {"cart_id"}, locale="cs_CZ")


def _found(body: str, known: Known = KNOWN) -> list[tuple[str, str, str]]:
    return [(str(problem.place), problem.code, problem.hint) for problem in check(template(body), known)]


@pytest.mark.parametrize(
    ("body", "place", "code", "hint"),
    [
        ("<p>{{ customer.first_nmae }}", "4:16", "unknown-field", "did you mean 'first_name'?"),
        ("<p>\n\n  {{ customer['first_nmae'] }}", "6:16", "unknown-field", "did you mean 'first_name'?"),
        ("{{ custmer.first_name }}", "4:4", "unknown-name", "did you mean 'customer'?"),
        ("{{ trigger.card_id }}", "4:12", "unknown-field", "did you mean 'cart_id'?"),
        ("{{ shop.adress }}", "4:9", "unknown-field", "did you mean 'postal_address'?"),
        ("{{ campaign.nam }}", "4:13", "unknown-field", "did you mean 'name'?"),
        ("{% for i in trigger.items %}\n{{ i.titel }}{% endfor %}", "5:6", "unknown-field", "did you mean 'title'?"),
        (
            "{% for row in trigger['items'] | batch(2) %}{% for i in row %}\n{{ i.prise }}{% endfor %}{% endfor %}",
            "5:6",
            "unknown-field",
            "did you mean 'price'?",
        ),
        ("{% set one = trigger.items | first %}\n{{ one.ulr }}", "5:8", "unknown-field", "did you mean 'url'?"),
        ("{{ trigger.items[0].prize }}", "4:21", "unknown-field", "did you mean 'price'?"),
        ('{{ trigger.items | sum(attribute="prize") }}', "4:35", "unknown-field", "did you mean 'price'?"),
        (
            "{% if customer.orders_count %}{% set word = 1 %}{% endif %}\n{{ word }}",
            "5:4",
            "unknown-name",
            "known: campaign, customer, deadline, shop, trigger, unsubscribe_url, voucher, with",
        ),
        (
            "{% for i in (1, 2) %}{% set word = i %}{% endfor %}\n{{ word }}",
            "5:4",
            "unknown-name",
            "known: campaign, customer, deadline, shop, trigger, unsubscribe_url, voucher, with",
        ),
        ("{{ customer }}", "4:4", "whole-mapping", "name a field: customer.…"),
        ("{% set field = 'x' %}{{ customer[field] }}", "4:25", "whole-mapping", "name a field: customer.…"),
        ("{{ shop.name | uper }}", "4:16", "unknown-filter", "did you mean 'upper'?"),
        ("{{ shop.name is presnt }}", "4:17", "unknown-filter", ""),
        ("{{ customer.first_name", "4:1", "template-syntax", ""),
        ("<p>\n{% if customer.first_name %}", "5:1", "template-syntax", ""),
        ("\n{% iff x %}{% endif %}", "5:4", "template-syntax", "did you mean 'if'?"),
        ("{% include 'x' %}", "4:1", "template-syntax", ""),
        ("{{ 1 | plural('kus', 'kusů') }}", "4:8", "plural-forms", ""),
        ("<style>p { color: red }</style><p style='color'>x</p>", "4:1", "broken-css", "look for a missing colon or brace"),
        ("{{ preferences_url }}", "4:4", "unknown-name", "known: campaign, customer, deadline, shop, trigger, unsubscribe_url, voucher, with"),
    ],
)
def test_j18_mistakes_with_place_and_hint(body: str, place: str, code: str, hint: str) -> None:
    assert _found(body) == [(f"templates/cart.html:{place}", code, hint)]


@pytest.mark.parametrize(
    "body",
    [
        CART,
        "{% for item in trigger.items %}{{ item.title }}{% endfor %}{% for item in (1, 2) %}{{ item }}{% endfor %}",
        "{% macro price(x) %}{{ x | money }}{% endmacro %}{{ price(customer.orders_count) }}",
        "{% if customer.orders_count %}{% set word = 'many' %}{{ word }}{% elif campaign.kind %}{% set word = 'few' %}{{ word }}{% endif %}",
        "{% if customer.orders_count %}{% set word = 'many' %}{% else %}{% set word = 'none' %}{% endif %}{{ word }}",
        "{% set n = namespace(total=0) %}{% set n.total = 1 %}{{ n.total }}",
        "{% with name = customer.first_name %}{{ name.upper() }}{% endwith %}",
        "{{ unsubscribe_url }} {{ customer.first_name or 'vy' }} {{ '{{' }} {% raw %}{{ anything }}{% endraw %} {# nothing #}",
    ],
)
def test_sound_templates_have_no_problems(body: str) -> None:
    assert _found(body) == []


def test_all_mistakes_come_at_once_from_every_part() -> None:
    wrong = template(
        "{{ customer.a }}\n{{ customer.b }}", subject="{{ customer.c }}", preheader="{{ customer.d", text="x\n{{ customer.e }}", requires=("f",)
    )
    found = [(str(problem.place), problem.code) for problem in check(wrong, KNOWN)]
    assert found == [
        ("templates/cart.html:2:10", "unknown-field"),
        ("templates/cart.html:1:1", "template-syntax"),
        ("templates/cart.html:4:13", "unknown-field"),
        ("templates/cart.html:5:13", "unknown-field"),
        ("templates/cart.txt:2:13", "unknown-field"),
        ("templates/cart.html:3:5", "unknown-field"),
    ]


def test_a_trigger_that_is_not_known_is_not_checked() -> None:
    assert _found("{{ trigger.anything }}", Known(())) == []


def test_m15_subjects_that_are_empty_or_pretend_to_answer() -> None:
    assert [problem.code for problem in check(template("x", subject=" "), KNOWN)] == ["empty-subject"]
    answer = check(template("x", subject="Re: košík"), KNOWN)
    assert [(problem.code, problem.is_error) for problem in answer] == [("false-answer", False)]


def test_a_language_that_is_none() -> None:
    assert [problem.code for problem in check(template("x", language="xq"), KNOWN)] == ["unknown-language"]


def test_an_extra_that_is_missing_is_said_before_any_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vokativ", None)
    assert [(problem.code, problem.hint) for problem in check(template("{{ 'Jana' | vocative }}"), KNOWN)] == [
        ("missing-extra", "pip install 'retention-cli[cs]'")
    ]


def test_needs_are_the_fields_that_are_read_and_no_others() -> None:
    wanted = needs(template(CART, subject="{{ customer.nickname }}", preheader="{{ trigger.cart_id }}", requires=("email", "trigger.shop_id")))
    assert wanted == Needs(
        customer=frozenset({"first_name", "nickname", "email"}),
        trigger=frozenset({"cart_id", "shop_id"}),
        items=frozenset({"url", "image_url", "title", "price"}),
        uses_items=True,
        uses_locale=True,
    )


def test_a_template_without_a_person_needs_nothing() -> None:
    assert needs(template("Hello", form=TemplateFormat.TEXT)) == Needs()


def test_needs_of_broken_syntax_are_refused() -> None:
    with pytest.raises(RenderFailed):
        needs(template("{% if %}"))
