"""Template → bundle, once: Markdown read, MJML converted, frame, URLs guarded, CSS inlined, text part made.

Each of the shortcuts (converting MJML, inlining, converting to text once) is taken only where it gives what doing it to each
finished message would give; otherwise the bundle says that it has to be done there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jinja2 import TemplateSyntaxError, meta, nodes

from retention_cli.errors import RenderFailed
from retention_cli.model.template import TemplateFormat
from retention_cli.render import frame, markdown, mjml
from retention_cli.render.bundle import Bundle, TextFrom
from retention_cli.render.environment import HTML, LINE, TEXT
from retention_cli.render.html_text import marked, presettled
from retention_cli.render.inert import Hidden, Kind
from retention_cli.render.inlining import bare, guard_urls, inline_once

if TYPE_CHECKING:
    from retention_cli.model.template import Template
    from retention_cli.render.bundle import MailSettings

_HTML_FILTERS = frozenset({"safe", "e", "escape", "forceescape", "urlize"})


def compile_template(template: Template, settings: MailSettings) -> Bundle:
    """Return the bundle of a template; raise RenderFailed where its syntax is wrong (`check` says where, for all of it)."""
    try:
        return _BY_FORMAT[template.format](template, settings)
    except TemplateSyntaxError as error:
        raise RenderFailed(f"{template.file}: {error.message}", "run `retention validate`") from error


def _text_bundle(template: Template, settings: MailSettings) -> Bundle:
    text = _written(template.body, template, settings)
    return _bundle(template, settings, html=None, text=text, inlined=True, text_from=TextFrom.WRITTEN)


def _html_bundle(template: Template, settings: MailSettings) -> Bundle:
    hidden = Hidden()
    html = _framed(template, settings, hidden)
    guard_urls(html, hidden)
    inlined = inline_once(html, hidden)
    source = hidden.show(bare(inlined) if inlined is not None else html)
    text, origin = _text_part(template, settings, inlined, hidden)
    HTML.compile(source)
    return _bundle(template, settings, html=source, text=text, inlined=inlined is not None, text_from=origin)


def _mjml_bundle(template: Template, settings: MailSettings) -> Bundle:
    hidden = Hidden()
    framed = _framed_mjml(template, settings, hidden)
    guard_urls(framed, hidden)
    html = mjml.convert_once(framed, hidden)
    source = hidden.show(html if html is not None else framed)
    text, origin = _text_part(template, settings, html, hidden)
    HTML.compile(source)
    bundle = _bundle(template, settings, html=source, text=text, inlined=True, text_from=origin)
    return bundle if html is not None else replace(bundle, is_mjml=True)


_BY_FORMAT = {
    TemplateFormat.HTML: _html_bundle,
    TemplateFormat.MARKDOWN: _html_bundle,
    TemplateFormat.MJML: _mjml_bundle,
    TemplateFormat.TEXT: _text_bundle,
}


def _text_part(template: Template, settings: MailSettings, html: str | None, hidden: Hidden) -> tuple[str, TextFrom]:
    """Return the text part: the one written by hand, else one made of finished HTML once, else of each message's."""
    if template.text is not None:
        return _written(template.text, template, settings), TextFrom.WRITTEN
    converted = _converted(html, hidden.show(bare(html)), hidden) if html is not None else None
    return (converted, TextFrom.TEMPLATE) if converted is not None else ("", TextFrom.MESSAGE)


def _bundle(template: Template, settings: MailSettings, *, html: str | None, text: str, inlined: bool, text_from: TextFrom) -> Bundle:
    front = template.front
    LINE.compile(front.subject)
    return Bundle(
        name=template.name,
        subject=str(front.subject),
        html=html,
        text=text,
        inlined=inlined,
        text_from=text_from,
        language=front.language,
        settings=settings,
        requires=tuple(str(name) for name in front.requires),
        from_name=front.from_name,
        reply_to=front.reply_to,
    )


def _language(template: Template, settings: MailSettings) -> str:
    return (template.front.language or settings.locale).replace("_", "-")


def _framed(template: Template, settings: MailSettings, hidden: Hidden) -> str:
    language = _language(template, settings)
    body = hidden.show(markdown.to_html(hidden.hide(template.body), hidden)) if template.format is TemplateFormat.MARKDOWN else template.body
    hidden.tags.clear()
    html = frame.with_preheader(hidden.hide(frame.document(body, language, settings.shop)), hidden.hide(frame.escaped(template.front.preheader)))
    return frame.with_footer(html, hidden.hide(frame.html_footer(settings, template.body, language)))


def _framed_mjml(template: Template, settings: MailSettings, hidden: Hidden) -> str:
    language = _language(template, settings)
    body, first = hidden.hide(template.body), hidden.hide(frame.preheader(frame.escaped(template.front.preheader)))
    return mjml.framed(body, language, first, hidden.hide(frame.html_footer(settings, template.body, language)))


def _written(source: str, template: Template, settings: MailSettings) -> str:
    whole = source + frame.text_footer(settings, source, _language(template, settings))
    TEXT.compile(whole)
    return whole


def _converted(inlined: str, html: str, hidden: Hidden) -> str | None:
    """Return the text template that goes with an HTML one, or None where only finished messages can be converted."""
    if _writes_html(html):
        return None
    text = hidden.show(presettled(marked(inlined)))
    try:
        unknown = meta.find_undeclared_variables(LINE.parse(text)) - meta.find_undeclared_variables(HTML.parse(html))
        LINE.compile(text)
    except TemplateSyntaxError:
        return None
    return None if unknown or any(tag.kind is Kind.RAW for tag in hidden.tags) else text


def _writes_html(html: str) -> bool:
    """Say whether a template makes HTML by expressions, which mean something else in text."""
    tree = HTML.parse(html)
    filters = {found.name for found in tree.find_all(nodes.Filter)}
    texts = (found.value for found in tree.find_all(nodes.Const) if isinstance(found.value, str))
    return bool(filters & _HTML_FILTERS) or any("<" in text or "&" in text for text in texts) or tree.find(nodes.FilterBlock) is not None
