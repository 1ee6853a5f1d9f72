"""Markdown: read once, so that what data holds is never read as Markdown."""

from __future__ import annotations

import pytest

from render.test_inlining import BARE, NAMES
from retention_cli.model.template import TemplateFormat
from retention_cli.render.compiled import compile_template
from retention_cli.render.compose import Content, render
from retention_cli.render.inert import Hidden
from retention_cli.render.markdown import to_html
from support.mail_samples import HOSTILE, context, template


def html_of(source: str) -> str:
    """Return the HTML template that Markdown becomes."""
    hidden = Hidden()
    return hidden.show(to_html(hidden.hide(source), hidden)).strip()


def mail_of(source: str, person: dict[str, object]) -> Content:
    """Return what a Markdown template says to somebody."""
    return render(compile_template(template(source, form=TemplateFormat.MARKDOWN), BARE), {**person, **NAMES})


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("# Hello {{ customer.first_name }}", "<h1>Hello {{ customer.first_name }}</h1>"),
        ("a [link]({{ item.url }}) *b*", '<p>a <a href="{{ item.url }}">link</a> <em>b</em></p>'),
        ("{% if a < 2 %}\nx\n{% endif %}", "{% if a < 2 %}\n<p>x</p>\n{% endif %}"),
        ("{% for i in x %}\n- {{ i }}\n{% endfor %}", "<ul>\n{% for i in x %}<li>{{ i }}</li>\n{% endfor %}</ul>"),
        ("{% if x %}\n- {{ i }}\n{% endif %}", "{% if x %}\n<ul>\n<li>{{ i }}</li>\n</ul>\n{% endif %}"),
        ("|a|\n|-|\n|{{ x }}|", "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>{{ x }}</td>\n</tr>\n</tbody>\n</table>"),
        ("{{ x }}", "<p>{{ x }}</p>"),
    ],
)
def test_markdown_with_tags(source: str, html: str) -> None:
    assert html_of(source) == html


def test_a_mail_of_markdown() -> None:
    content = mail_of(
        "# Hello {{ customer.first_name }}\n\n{% for i in trigger.items %}\n- [{{ i.title }}]({{ i.url }})\n{% endfor %}\n", context("Jana", 2)
    )
    assert content.html is not None
    assert "<h1>Hello Jana</h1>" in content.html
    assert content.html.count("<ul>") == 1
    assert content.html.count("<li>") == 2
    assert content.text.startswith("Hello Jana\n\n- ")


@pytest.mark.parametrize("name", ["*x*", "[x](javascript:alert(1))", "# x", "<b>x</b>", *HOSTILE[:8]])
def test_sec12_data_is_no_markdown(name: str) -> None:
    content = mail_of("Hello {{ customer.first_name }}!", context(name))
    assert content.html is not None
    for tag in ("<em>", "<h1", "<b>", "<a "):
        assert tag not in content.html


def test_sec11_an_address_from_data_is_one_of_the_web() -> None:
    content = mail_of("[x]({{ customer.first_name }})", context("javascript:alert(1)"))
    assert content.html is not None
    assert "javascript" not in content.html
