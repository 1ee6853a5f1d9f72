"""Doing it once a template gives what doing it once a message gives; where it would not, it is not done."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_cli.errors import RenderFailed
from retention_cli.render.bundle import Bundle, TextFrom
from retention_cli.render.compiled import compile_template
from retention_cli.render.compose import Content, render
from retention_cli.render.html_text import html_to_text
from retention_cli.render.inert import Hidden, Kind, pieces
from retention_cli.render.inlining import inline
from support.mail_samples import CART, SETTINGS, context, template

STYLE = (
    "<style>p { color: red } .big { font-size: 20px } td { padding: 1px } a:hover { color: blue }"
    " @media (max-width: 9px) { p { color: green } }</style>"
)
NAMES: dict[str, object] = {
    "shop": {"name": "Demo & Co", "email": "shop@shop.example", "postal_address": "Dlouhá 1"},
    "campaign": {"name": "cart", "kind": "performance"},
    "unsubscribe_url": "https://mail.shop.example/u/x?a=1&b=2",
}
ONCE = {
    "cart": CART,
    "loop in a table": f"{STYLE}<table>{{% for i in trigger.items %}}<tr class='big'><td>{{{{ i.title }}}}</td></tr>{{% endfor %}}</table>",
    "condition with a greater-than": f"{STYLE}<p>{{% if trigger.items|length > 1 %}}<b>more</b>{{% else %}}one{{% endif %}}</p>",
    "values in attributes": STYLE + "<p title='{{ customer.first_name }}'><a href='{{ unsubscribe_url }}' style='width: {{ 5 }}px'>x</a></p>",
    "conditions in an address": STYLE + "<p><a href='https://x.example/{% if customer.first_name %}a{% else %}b{% endif %}?c=1&amp;d=2'>x</a></p>",
    "a value in a style sheet": "<style>p { color: {{ '#ff0000' }} }</style><p>{{ customer.first_name }}</p>",
    "whitespace control": f"{STYLE}<p>  {{%- if true -%}}  a  {{%- endif -%}}  b {{# note #}} c</p>",
    "macro": f"{STYLE}{{% macro price(x) %}}<b class='big'>{{{{ x|money }}}}</b>{{% endmacro %}}<p>{{{{ price(3) }}}} {{{{ price(4.5) }}}}</p>",
    "set and batch": STYLE
    + "{% set n = 2 %}<table>{% for r in trigger.items|batch(n) %}<tr>{% for i in r %}<td>{{ i.title }}</td>{% endfor %}</tr>{% endfor %}</table>",
    "entities": f"{STYLE}<p>a &amp; b &nbsp; &lt;i&gt; &copy; “q” {{{{ customer.first_name }}}}</p>",
    "outlook": f"{STYLE}<!--[if mso]><table><tr><td>{{{{ shop.name }}}}</td></tr></table><![endif]--><p>{{{{ shop.name }}}}</p>",
    "hidden": f"{STYLE}<div style='display:none'>{{{{ shop.name }}}}</div><div hidden>no</div><p>yes<br>no</p>",
}
EACH = {
    "class by condition": f"{STYLE}<p class='{{% if customer.first_name %}}big{{% endif %}}'>a text</p>",
    "class by value": f"{STYLE}<p class='{{{{ customer.first_name }}}}'>a text</p>",
    "attribute by condition": f"{STYLE}<p {{% if customer.first_name %}}class='big'{{% endif %}}>a text</p>",
    "element by value": f"{STYLE}<h{{{{ 1 + 1 }}}}>a text</h{{{{ 1 + 1 }}}}>",
    "rule by condition": "<style>{% if customer.first_name %}p { color: red }{% endif %}</style><p>a text</p>",
    "style by condition": f"{STYLE}<p style='{{% if customer.first_name %}}color: red{{% endif %}}'>a text</p>",
    "open tags in two branches": f"{STYLE}{{% if customer.first_name %}}<div class='big'>{{% else %}}<div>{{% endif %}}<p>a text</p></div>",
    "text straight in a table": f"{STYLE}<table>loose {{{{ customer.first_name }}}}<tr><td>a text</td></tr></table>",
    "a value straight in a table": STYLE + "<table>{{ customer.first_name }}<tr><td>a text</td></tr></table>",
    "place-bound rules": "<style>td:first-child { color: red }</style>"
    "<table>{% for i in trigger.items %}<tr><td>{{ i.title }}</td></tr>{% endfor %}</table>",
    "rows by a macro": STYLE + "{% macro row(i) %}<tr><td>{{ i.title }}</td></tr>{% endmacro %}<table>{{ row(trigger.items[0]) }}</table>",
    "a whole style by value": STYLE + "<p style='{{ customer.first_name }}'>a text</p>",
    "neighbour rules": "<style>p + p { color: red }</style>{% for i in trigger.items %}<p>{{ i.title }}</p>{% endfor %}",
    "attribute rules": "<style>a[href^='https'] { color: red }</style><p><a href='{{ unsubscribe_url }}'>a text</a></p>",
    "ends left out": f"{STYLE}<p>one<p>{{{{ customer.first_name }}}}<ul><li>a<li>b</ul>",
}
BARE = replace(SETTINGS, marketing=False)


def _both(body: str) -> tuple[Bundle, Bundle]:
    """Return the bundle as the tool makes it, and one that does everything for each message."""
    made = compile_template(template(body), BARE)
    each = compile_template(template(f"{body}<!--{{% raw %}}{{% endraw %}}-->"), BARE)
    assert (each.inlined, each.text_from) == (False, TextFrom.MESSAGE)
    return made, each


class _Reader(HTMLParser):
    """Reads what a mail program would: elements with their attributes, and words; the rules left in the head aside."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[object] = []
        self.in_rules = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_rules = tag == "style"
        self.found.append((tag, sorted((name, value or "") for name, value in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.in_rules = False
        self.found.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.found.extend([] if self.in_rules else data.split())


def _told(content: Content) -> tuple[str, list[object]]:
    """Return what a reader meets, in the text part and in HTML."""
    reader = _Reader()
    reader.feed(content.html or "")
    reader.close()
    return content.text, [one for one in reader.found if one not in (("tbody", []), "/tbody")]


@pytest.mark.parametrize("body", ONCE.values(), ids=ONCE.keys())
@pytest.mark.parametrize("person", [context(), context(None, 0), context("<b> & \"Jana\" 'x' {{ 7 }}", 1)], ids=["usual", "empty", "hostile"])
def test_once_a_template_equals_once_a_message(body: str, person: dict[str, object]) -> None:
    made, each = _both(body)
    assert made.inlined
    assert made.text_from is TextFrom.TEMPLATE
    assert _told(render(made, {**person, **NAMES})) == _told(render(each, {**person, **NAMES}))


@pytest.mark.parametrize("body", EACH.values(), ids=EACH.keys())
def test_where_once_would_differ_each_message_is_inlined(body: str) -> None:
    made = compile_template(template(body), BARE)
    assert not made.inlined
    content = render(made, {**context("color: red"), **NAMES})
    assert content.html is not None
    assert "color: red" in content.html or "font-size: 20px" in content.html or "padding: 1px" in content.html
    assert content.text == html_to_text(content.html)


@given(
    st.lists(
        st.sampled_from(["{{ x }}", "{% if a > 1 %}", "{%- endif -%}", "{# c #}", "text > <b>", "{% raw %}{{ y }}{% endraw %}", "\n", " "]),
        max_size=8,
    )
)
def test_hidden_tags_come_back_as_they_were(parts: list[str]) -> None:
    source = "".join(parts)
    hidden = Hidden()
    shown = hidden.show(hidden.hide(source))
    assert shown == "".join(piece.text for piece in pieces(source) if piece.kind is not Kind.COMMENT)
    assert not re.search(r"\{[{%#]", hidden.hide(source))


def test_states_and_media_stay_in_the_head_and_nothing_is_loaded() -> None:
    """A linked style sheet would be a request to wherever a template says; it is left out."""
    html = inline(
        f"<html><head>{STYLE}<link rel='stylesheet' href='/etc/hostname'><link rel='stylesheet' href='http://127.0.0.1:9/x.css'></head><body><p>x</p></body></html>"
    )
    assert 'style="color: red;"' in html
    assert "a:hover" in html
    assert "@media" in html


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,<script>", " JAVASCRIPT:x"])
def test_sec11_data_cannot_bring_a_dangerous_address(url: str) -> None:
    picture = "<img src='{% if true %}{{ customer.first_name }}{% endif %}' alt=''>"
    body = f"<p>long enough to be read <a href='{{{{ customer.first_name }}}}'>x</a> {picture}</p>"
    for bundle in _both(body):
        html = render(bundle, {**context(url), **NAMES}).html or ""
        assert 'href=""' in html
        assert 'src=""' in html
        assert "javascript" not in html.lower()


def test_sec11_names_are_escaped_in_html_and_plain_in_text() -> None:
    content = render(compile_template(template(CART), SETTINGS), {**context("<script>alert(1)</script>"), **NAMES})
    assert content.html is not None
    assert "<script" not in content.html
    assert "&lt;script&gt;" in content.html
    assert "Dobrý den, <script>alert(1)</script>!" in content.text


@pytest.mark.parametrize(
    "body", ["<p>{{ '<b>bold</b> and long enough' | safe }}</p>", "<p>{{ 'a &amp; b' | safe }}</p>", "<p>{{ shop.name | e }}</p>"]
)
def test_html_made_by_an_expression_is_converted_when_it_is_there(body: str) -> None:
    made = compile_template(template(body), BARE)
    assert made.text_from is TextFrom.MESSAGE
    content = render(made, {**context(), **NAMES})
    assert content.text in ("bold and long enough\n", "a & b\n", "Demo & Co\n")


def test_a_person_whose_value_breaks_a_style_gets_no_message_and_is_not_quoted() -> None:
    made = compile_template(template(STYLE + "<p style='{{ customer.first_name }}'>a text</p>"), BARE)
    with pytest.raises(RenderFailed, match="cannot be read as CSS") as caught:
        render(made, {**context("Jana Nová"), **NAMES})
    assert "Jana" not in str(caught.value)
