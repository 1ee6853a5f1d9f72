"""Finished messages, checked byte for byte by a checker that does not know how they are made."""

from __future__ import annotations

import email
import email.policy
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from retention_cli.errors import RenderFailed
from retention_cli.model.template import TemplateFormat
from retention_cli.render import headers
from retention_cli.render.bundle import Bundle, MailSettings
from retention_cli.render.compiled import compile_template
from retention_cli.render.compose import Finished, compose
from retention_cli.render.contexts import decode
from retention_cli.render.envelope import From
from retention_cli.render.links import UNSUBSCRIBE, verify
from support.mail_samples import CART, HOST, HOSTILE, KEYS, SETTINGS, context, envelope, template
from support.message_check import check, decode_words, mailbox

if TYPE_CHECKING:
    from email.message import EmailMessage

    from retention_cli.render.envelope import Envelope

AT = datetime(2026, 5, 1, 7, 31, tzinfo=UTC)
SUBJECT = "{{ customer.first_name or 'Dobrý den' }}, košík čeká"
PLAIN = "<p>Dobrý den, v košíku na vás něco čeká a my to rádi pošleme.</p>"


def _violations(made: Finished, sent: Envelope, host: str | None = HOST) -> list[str]:
    return check(made.raw, to=made.recipient, sender_domain="shop.example", kind=sent.kind, host=host, at=AT)


def _parsed(made: Finished) -> EmailMessage:
    return email.message_from_bytes(made.raw, policy=email.policy.default)


def _value(made: Finished, name: str) -> str:
    """Return a field's value on one line, empty where there is none."""
    return re.sub(r"\r?\n", "", str(email.message_from_bytes(made.raw)[name] or ""))


def _part(made: Finished, subtype: str) -> str:
    part = _parsed(made).get_body((subtype,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


@pytest.mark.parametrize("kind", ["performance", "brand", "post_purchase", "transactional"])
@pytest.mark.parametrize("form", ["html", "html with own text", "txt", "fragment", "each message"])
def test_messages_of_every_kind_and_form_pass_the_check(kind: str, form: str) -> None:
    """M01 to M32."""
    made_from = {
        "html": template(CART, subject=SUBJECT, preheader="Ještě {{ trigger.items|length }} & dost"),
        "html with own text": template(CART, subject=SUBJECT, text="Dobrý den {{ customer.first_name }}, košík čeká.\n"),
        "txt": template("Dobrý den {{ customer.first_name }}, košík čeká.\n", subject=SUBJECT, form=TemplateFormat.TEXT),
        "fragment": template(PLAIN, subject=SUBJECT),
        "each message": template(f"<style>td:first-child {{ color: red }}</style>{CART}", subject=SUBJECT),
    }[form]
    bundle = compile_template(made_from, replace(SETTINGS, marketing=kind != "transactional"))
    sent = envelope(kind=kind, to_name="Jana Nová")
    assert _violations(compose(bundle, context(), sent), sent) == []


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_sec13_a_hostile_name_changes_nothing_but_the_name(name: str) -> None:
    """In the subject, in To, in From and in the body, at once; the other fields stay as they are for anybody."""
    frozen = decode(json.dumps(context(name)))
    bundle = compile_template(template(CART, subject="{{ customer.first_name }}!"), SETTINGS)
    sent = envelope(to_name=name, sender=From("shop@shop.example", name, "help@shop.example"))
    made = compose(bundle, frozen, sent)
    assert [line for line in _violations(made, sent) if not (line == "M15 the subject looks unrendered" and "{{" in name)] == []
    usual = compose(bundle, context(), envelope(to_name="Jana"))
    assert _parsed(made).keys() == _parsed(usual).keys()
    changed = [field for field in _parsed(made) if str(_parsed(made)[field]) != str(_parsed(usual)[field])]
    assert set(changed) <= {"Subject", "To", "From"}
    assert made.subject == headers.clean(f"{frozen['customer']['first_name']}!")  # type: ignore[index]  # a mapping, as made above
    assert decode_words(_value(made, "Subject")) == made.subject
    assert mailbox(_value(made, "To"))[1] == "jana@example.org"
    assert "<script" not in _part(made, "html")


def test_sec12_a_name_like_a_template_is_printed_as_it_is() -> None:
    bundle = compile_template(template(CART, subject="{{ customer.first_name }}"), SETTINGS)
    made = compose(bundle, context("{{7*7}}{% endif %}"), envelope())
    assert made.subject == "{{7*7}}{% endif %}"
    assert "Dobrý den, {{7*7}}{% endif %}!" in _part(made, "plain")
    assert "Dobrý den, {{7*7}}{% endif %}!" in _part(made, "html")


def test_a_retry_is_equal_byte_for_byte_in_another_process() -> None:
    """From the same bundle, context and envelope, whatever the process's hash seed."""
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from support.mail_samples import *\n"
        "from retention_cli.render.compiled import compile_template\n"
        "from retention_cli.render.compose import compose\n"
        "print(compose(compile_template(template(CART, subject='{{ customer.first_name }}'), SETTINGS), context(), envelope()).body_sha)\n"
    )
    shas = {subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip() for _ in range(2)}
    made = compose(compile_template(template(CART, subject="{{ customer.first_name }}"), SETTINGS), context(), envelope())
    assert shas == {made.body_sha}
    assert made.body_sha == hashlib.sha256(made.raw).hexdigest()


def test_a_bundle_goes_through_the_ledger_unchanged() -> None:
    bundle = compile_template(template(CART, subject=SUBJECT, requires=("first_name",)), SETTINGS)
    loaded = Bundle.load(bundle.dump())
    assert (loaded.hash, loaded) == (bundle.hash, bundle)
    assert compose(loaded, context(), envelope()).raw == compose(bundle, context(), envelope()).raw
    assert replace(bundle, subject="x").hash != bundle.hash


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"settings": {}}', '{"settings": {"shop": "x"}, "name": "a"}', "null"])
def test_a_bundle_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RenderFailed):
        Bundle.load(text)


def test_m22_the_links_act_for_this_customer_list_and_message() -> None:
    sent = envelope(customer="jana@example.org")
    made = compose(compile_template(template(CART), SETTINGS), context(), sent)
    https, mailto = (uri.strip("<> ") for uri in _value(made, "List-Unsubscribe").split(","))
    token = https.removeprefix(f"https://{HOST}/u/")
    claim = verify(KEYS, UNSUBSCRIBE, token)
    assert claim is not None
    assert (claim.customer, claim.list, claim.message) == ("jana@example.org", "abandoned_cart", sent.key[:32])
    assert mailto == f"mailto:leave@shop.example?subject=unsubscribe%20{token}"
    assert b"jana@example.org" not in made.raw.split(b"\r\n\r\n", 1)[0].split(b"List-Unsubscribe")[1]


@pytest.mark.parametrize(
    ("public_url", "unsubscribe", "uris", "shown"),
    [
        (f"https://{HOST}/", "leave@shop.example", ["https", "mailto"], f"https://{HOST}/u/"),
        (f"https://{HOST}", None, ["https"], f"https://{HOST}/u/"),
        (None, "leave@shop.example", ["mailto"], "mailto:leave@shop.example?subject=unsubscribe%20"),
        (None, None, [], "mailto:help@shop.example?subject=unsubscribe%20"),
    ],
)
def test_m20_m21_one_click_only_with_a_public_address(public_url: str | None, unsubscribe: str | None, uris: list[str], shown: str) -> None:
    made = compose(compile_template(template(CART), SETTINGS), context(), envelope(public_url=public_url, unsubscribe=unsubscribe))
    assert [uri.strip("<> ").partition(":")[0] for uri in _value(made, "List-Unsubscribe").split(",") if uri] == uris
    assert bool(_value(made, "List-Unsubscribe-Post")) == ("https" in uris)
    assert f'href="{shown}' in _part(made, "html")
    assert shown in _part(made, "plain")


def test_m25_what_a_marketing_template_lacks_stands_in_a_footer() -> None:
    made = compose(compile_template(template(PLAIN), SETTINGS), context(), envelope())
    for subtype in ("html", "plain"):
        assert f"https://{HOST}/u/" in _part(made, subtype)
        assert "Dlouhá 1, Praha" in _part(made, subtype)
        assert "Odhlásit se z odběru" in _part(made, subtype)


def test_m25_nothing_is_said_twice() -> None:
    made = compose(compile_template(template(CART), SETTINGS), context(), envelope())
    assert _part(made, "html").count("/u/") == 1
    assert _part(made, "plain").count("/u/") == 1
    assert _part(made, "html").count("Dlouhá 1") == 1


def test_m27_a_transactional_message_gets_no_footer_and_no_list() -> None:
    settings = replace(SETTINGS, marketing=False)
    made = compose(compile_template(template(PLAIN), settings), context(), envelope(kind="transactional", customer="c" * 10_000))
    assert "Odhlásit" not in _part(made, "plain")
    assert not [name for name in _parsed(made) if name.startswith("List-") or name == "Feedback-ID"]


def test_a_footer_of_text_with_braces_is_not_a_template() -> None:
    settings = MailSettings("{{ shop }}", postal_address="{% x %} & <b>")
    made = compose(compile_template(template(PLAIN), settings), context(), envelope())
    assert "{{ shop }}\n{% x %} & <b>" in _part(made, "plain")
    assert "{% x %} &amp; &lt;b&gt;" in _part(made, "html")


def test_the_preheader_is_hidden_in_html_and_left_out_of_text() -> None:
    made = compose(compile_template(template(CART, preheader="Ještě <dnes> pro {{ customer.first_name }}"), SETTINGS), context("A&B"), envelope())
    assert "Ještě &lt;dnes&gt; pro A&amp;B</div>" in _part(made, "html")
    assert "dnes" not in _part(made, "plain")


def test_a_fragment_becomes_a_document_with_language_and_title() -> None:
    html = _part(compose(compile_template(template(PLAIN, language="de"), SETTINGS), context(), envelope()), "html")
    assert '<html lang="de">' in html
    assert "<title>Demo shop</title>" in html
    assert '<meta charset="utf-8">' in html


@pytest.mark.parametrize(
    ("locale", "language", "written"),
    [("en_US", None, "CZK249.50"), (None, None, "249,50 Kč"), ("en_US", "cs", "249,50 Kč"), ("nonsense", None, "249,50 Kč")],
)
def test_amounts_follow_the_template_s_language_then_the_customer_then_the_shop(locale: str | None, language: str | None, written: str) -> None:
    bundle = compile_template(template(CART, language=language), SETTINGS)
    assert written in _part(compose(bundle, context(locale=locale), envelope()), "plain").replace("\u00a0", " ")


@pytest.mark.parametrize("value", [None, "", []])
def test_j19_what_a_template_requires_must_be_there(value: object) -> None:
    bundle = compile_template(template(CART, requires=("first_name", "trigger.cart_id")), SETTINGS)
    assert compose(bundle, context(), envelope()).raw
    with pytest.raises(RenderFailed, match="required first_name is missing"):
        compose(bundle, context(value), envelope())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{{ customer.nickname }}", "there is no 'nickname'"),
        ("{{ {}[customer.first_name] }}", "a name in it is undefined"),
        ("{{ customer.first_name | money }}", "ValueError"),
        ("{{ customer.first_name + 1 }}", "TypeError"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}", "too many steps"),
        ("{{ customer }}", "SecurityError"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "in one of its expressions|too many steps"),
    ],
)
def test_a_failure_says_what_without_saying_whose(body: str, said: str) -> None:
    with pytest.raises(RenderFailed, match=said) as caught:
        compose(compile_template(template(body), SETTINGS), context("secret@example.org"), envelope())
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"to": "not an address"}, "address is not one"),
        ({"to": "jana@example.org\r\nBcc: x@example.org"}, "address is not one"),
        ({"sender": From("shop")}, "sender.email"),
        ({"sender": From("shop@shop.example", reply_to="x")}, "reply_to"),
        ({"unsubscribe": "x"}, "sender.unsubscribe"),
        ({"key": "a\r\nb"}, "hex number"),
        ({"customer": "c" * 1_000}, "too long"),
    ],
)
def test_an_envelope_that_cannot_be_written_is_refused(changes: dict[str, object], said: str) -> None:
    sent = replace(envelope(), **changes)  # type: ignore[arg-type]  # fields by name
    with pytest.raises(RenderFailed, match=said) as caught:
        compose(compile_template(template(CART), SETTINGS), context(), sent)
    assert "jana" not in str(caught.value)


def test_an_empty_subject_is_refused() -> None:
    with pytest.raises(RenderFailed, match="subject is empty"):
        compose(compile_template(template(CART, subject="{{ customer.first_name }}"), SETTINGS), context(" \r\n "), envelope())


def test_wrong_syntax_is_refused_when_the_bundle_is_made() -> None:
    with pytest.raises(RenderFailed, match=r"templates/cart\.html"):
        compile_template(template("{% if %}"), SETTINGS)


def test_an_internationalised_mailbox_says_that_it_needs_smtputf8() -> None:
    made = compose(compile_template(template(CART), SETTINGS), context(), envelope("žofie@bücher.example"))
    assert made.needs_smtputf8
    assert made.recipient == "žofie@xn--bcher-kva.example"


def test_text_of_a_txt_template_keeps_its_lines() -> None:
    body = "Dobrý den,\n{% for item in trigger.items %}\n* {{ item.title }}\n{% endfor %}\n\n\n\nVáš obchod\n"
    made = compose(
        compile_template(template(body, form=TemplateFormat.TEXT), replace(SETTINGS, marketing=False)),
        context(items=2),
        envelope(kind="transactional"),
    )
    assert _part(made, "plain") == "Dobrý den,\n* Hrnek 0\n* Hrnek 1\n\nVáš obchod\n"
    assert not _parsed(made).is_multipart()


def test_what_the_message_looks_like() -> None:
    """The whole header, so that a change of it is seen."""
    made = compose(compile_template(template(CART, subject="Košík"), SETTINGS), context(), envelope(to_name="Jana Nová"))
    head = made.raw.split(b"\r\n\r\n", 1)[0].decode("ascii").replace("\r\n", "\n")
    key, token = envelope().key, _value(made, "List-Unsubscribe").split("/u/")[1].partition(">")[0]
    assert head == (
        "From: Demo shop <shop@shop.example>\n"
        "To: =?utf-8?Q?Jana_Nov=C3=A1?= <jana@example.org>\n"
        "Subject: =?utf-8?B?S2/FocOtaw==?=\n"
        "Date: Fri, 01 May 2026 07:30:00 +0000\n"
        f"Message-ID: <{key}@shop.example>\n"
        "MIME-Version: 1.0\n"
        "Reply-To: help@shop.example\n"
        f"List-Unsubscribe: <https://{HOST}/u/{token}>,\n <mailto:leave@shop.example?subject=unsubscribe%20{token}>\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
        "List-Id: abandoned_cart <abandoned_cart.shop.example>\n"
        f"Feedback-ID: abandoned_cart:performance:{hashlib.sha256(b'shop.example').hexdigest()[:12]}\n"
        f'Content-Type: multipart/alternative;\n boundary="=_{key[:32]}"'
    )
