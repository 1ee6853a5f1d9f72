"""MJML: converted once where that gives what converting each message gives, and never read past a mistake."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.test_inlining import BARE, NAMES, _told
from retention_cli.model.template import TemplateFormat
from retention_cli.render.bundle import Bundle, TextFrom
from retention_cli.render.check import Known, check
from retention_cli.render.compiled import compile_template
from retention_cli.render.compose import Content, compose, render
from retention_cli.render.contexts import cleaned
from retention_cli.render.mjml_words import ATTRIBUTES, CHILDREN, ENDING
from support.mail_samples import HOSTILE, SETTINGS, context, envelope, template

CARD = (
    '<mj-section><mj-column width="40%"><mj-image src="{{ i.image_url }}" alt="{{ i.title }}" href="{{ i.url }}"/></mj-column>'
    '<mj-column width="60%"><mj-text font-size="18px">{{ i.title }} &amp; more<br/><b>{{ i.price | money }}</b></mj-text></mj-column></mj-section>'
)
COLUMN = "<mj-section><mj-column>{}</mj-column></mj-section>"
TEXT = "<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>"
WORDS = "<mj-column><mj-text>a text</mj-text></mj-column></mj-section>"
ONCE = {
    "values": TEXT.format("Hello {{ customer.first_name }}"),
    "a loop over sections": f"{{% for i in trigger.items %}}{CARD}{{% endfor %}}",
    "a condition in text": TEXT.format("{% if trigger.items|length > 1 %}<b>more</b>{% else %}one{% endif %}"),
    "components by condition": COLUMN.replace("{}", "{% if trigger.items %}<mj-text>some</mj-text>{% else %}<mj-divider/>{% endif %}"),
    "a button": COLUMN.replace("{}", '<mj-button href="{{ unsubscribe_url }}">Go, {{ customer.first_name }}</mj-button>'),
    "macro": "{% macro p(x) %}<b>{{ x | money }}</b>{% endmacro %}" + TEXT.format("{{ p(3) }}, {{ p(4.5) }}"),
    "rows of a table": COLUMN.replace("{}", "<mj-table>{% for i in trigger.items %}<tr><td>{{ i.title }}</td></tr>{% endfor %}</mj-table>"),
}
EACH = {
    "columns in a loop": "<mj-section>{% for i in trigger.items %}<mj-column><mj-text>{{ i.title }}</mj-text></mj-column>{% endfor %}</mj-section>",
    "a width by value": COLUMN.replace("{}", '<mj-image width="{{ 10 * 20 }}px" src="https://x.example/a.png" alt="a text"/>'),
    "a colour by condition": '<mj-section background-color="{% if customer.first_name %}red{% else %}blue{% endif %}">' + WORDS,
    "an attribute by condition": "<mj-section {% if customer.first_name %}full-width='full-width'{% endif %}>" + WORDS,
    "numbered parts": COLUMN.replace(
        "{}",
        "<mj-accordion><mj-accordion-element><mj-accordion-title>{{ customer.first_name }}</mj-accordion-title>"
        "</mj-accordion-element></mj-accordion>",
    ),
}
PEOPLE = [context(), context(None, 0), context("<b> & \"Jana\" 'x' {{ 7 }} <mj-text>", 1)]
KNOWN = Known({"first_name"}, {"cart_id"}, locale="cs_CZ")


def told(content: Content) -> tuple[str, list[object]]:
    """Return what a reader meets; which rules for widths the head has is no matter where nothing has the width."""
    text, elements = _told(content)
    return text, [each for each in elements if each != "/style" and not (isinstance(each, tuple) and each[0] == "style")]


def whole(body: str, head: str = "") -> str:
    """Return a document of MJML."""
    return f"<mjml>{head}<mj-body>{body}</mj-body></mjml>"


def bundle_of(body: str, **more: str) -> Bundle:
    """Return the bundle of an MJML template."""
    return compile_template(template(whole(body), form=TemplateFormat.MJML, **more), BARE)  # type: ignore[arg-type]


def each_of(body: str) -> Bundle:
    """Return the bundle that converts every message."""
    made = bundle_of(f"<!-- {{{{ 1 }}}} -->{body}")
    assert (made.is_mjml, made.text_from) == (True, TextFrom.MESSAGE)
    return made


@pytest.mark.parametrize("body", ONCE.values(), ids=ONCE.keys())
@pytest.mark.parametrize("person", PEOPLE, ids=["usual", "empty", "hostile"])
def test_once_a_template_equals_once_a_message(body: str, person: dict[str, object]) -> None:
    made, each = bundle_of(body), each_of(body)
    assert (made.is_mjml, made.text_from) == (False, TextFrom.TEMPLATE)
    assert told(render(made, {**person, **NAMES})) == told(render(each, {**person, **NAMES}))


@given(st.text(max_size=40) | st.sampled_from(HOSTILE), st.integers(0, 3))
def test_once_equals_each_for_any_name(name: str, items: int) -> None:
    person = {**cleaned(context(name, items)), **NAMES}
    for body in ("values", "a loop over sections", "a button"):
        assert told(render(bundle_of(ONCE[body]), person)) == told(render(each_of(ONCE[body]), person))


@pytest.mark.parametrize("body", EACH.values(), ids=EACH.keys())
def test_what_has_a_say_in_the_layout_is_left_to_each_message(body: str) -> None:
    made = bundle_of(body)
    assert made.is_mjml
    content = render(made, {**context(), **NAMES})
    assert content.html is not None
    assert "<mj-" not in content.html
    assert Bundle.load(made.dump()) == made


def test_columns_in_a_loop_share_the_width() -> None:
    html = render(bundle_of(EACH["columns in a loop"]), {**context("x", 2), **NAMES}).html
    assert html is not None
    assert html.count("mj-column-per-50") > 1, "two products, two halves"


def test_the_mail_is_whole() -> None:
    """In its language, with the preview line, the way out and the shop's address; nothing of it twice."""
    made = compile_template(
        template(whole(TEXT.format("Hello")), form=TemplateFormat.MJML, preheader="Look & see", language="cs", subject="A subject"),
        replace(SETTINGS, marketing=True),
    )
    finished = compose(made, context(), envelope()).raw.decode()
    for said in ('lang="cs"', "Look &amp; see", "Dlouh", "max-width:600px"):
        assert said in finished.replace("=\r\n", "").replace("=3D", "=")
    assert finished.count("Odhl") >= 1


def found(body: str) -> list[tuple[str, str, str]]:
    """Return the problems of a whole document that begins on line 4."""
    return [(str(problem.place).partition(":")[2], problem.code, problem.hint) for problem in check(template(body, form=TemplateFormat.MJML), KNOWN)]


@pytest.mark.parametrize(
    ("body", "place", "code", "hint"),
    [
        ("<mj-foo/>", "4:16", "mjml-element", "did you mean 'mj-font'?"),
        ("<mj-text>x</mj-text>", "4:16", "mjml-place", "it stands in mj-column, mj-hero"),
        ("<mj-section>\n  <mj-colum></mj-colum></mj-section>", "5:3", "mjml-element", "did you mean 'mj-column'?"),
        (TEXT.replace("<mj-text>", '<mj-text colr="red">'), "4:39", "mjml-attribute", "did you mean 'color'?"),
        ('<mj-section background-color="#12"></mj-section>', "4:16", "mjml-value", "write it like #1a2b3c, rgb(26, 43, 60) or navy"),
        ('<mj-section padding="2"></mj-section><mj-section padding="big"></mj-section>', "4:53", "mjml-value", "write one to four like 10px 25px"),
        ('<mj-section text-align="centre"></mj-section>', "4:16", "mjml-value", "did you mean 'center'?"),
        ("<mj-section>words</mj-section>", "4:28", "mjml-text", "put it into <mj-section><mj-column><mj-text>"),
        ("<mj-section><mj-column>words</mj-column></mj-section>", "4:39", "mjml-text", "put it into <mj-text>"),
        ('<mj-include path="x.mjml"/>', "4:16", "mjml-element", 'write {% include "_part.mjml" %}'),
        ("<p>x</p>", "4:16", "mjml-element", "HTML stands in <mj-text>, <mj-table> or <mj-raw>"),
        ("<mj-section>", "4:16", "mjml-syntax", "write </mj-section>"),
        (TEXT.format("<b>x"), "4:48", "mjml-syntax", "write </b>"),
        ("</mj-section>", "4:16", "mjml-syntax", ""),
    ],
)
def test_mistakes_of_mjml(body: str, place: str, code: str, hint: str) -> None:
    assert (place, code, hint) in found(whole(body))


def test_what_is_no_mjml_at_all() -> None:
    assert [each[1] for each in found("just words")] == ["mjml-element"]
    assert [each[1] for each in found("")] == ["mjml-element"]


def test_jinja_does_not_stand_in_the_way() -> None:
    body = '{% for i in trigger.items %}\n<mj-section {% if 1 < 2 %}padding="{{ 2 }}px"{% endif %}>\n<mj-colum/></mj-section>{% endfor %}'
    assert [each[:2] for each in found(whole(body))] == [("6:1", "mjml-element")]


def test_sound_mjml_has_no_mistakes() -> None:
    defaults = '<mj-all font-family="Arial"/><mj-class name="a" color="red"/><mj-text padding="0"/>'
    head = f"<mj-head><mj-attributes>{defaults}</mj-attributes><mj-style>p > b {{ color: red }}</mj-style></mj-head>"
    for body in (*ONCE.values(), *EACH.values()):
        assert found(whole(body, head)) == []


def test_the_tables_agree_with_one_another() -> None:
    children = {child for each in CHILDREN.values() for child in each}
    assert children == ATTRIBUTES.keys() - {""}
    assert ATTRIBUTES.keys() >= ENDING
    assert not ENDING & CHILDREN.keys()
