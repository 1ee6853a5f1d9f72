"""R9, SEC13: ten thousand names by chance and malice, in every header of whole messages, read by what shares nothing with the writer."""

from __future__ import annotations

import email
import email.policy
import json
import sys

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from retention_cli.render import headers
from retention_cli.render.compiled import compile_template
from retention_cli.render.compose import compose
from retention_cli.render.contexts import decode
from retention_cli.render.envelope import From
from support.mail_samples import CART, HOST, HOSTILE, SETTINGS, context, envelope, template
from support.message_check import check, decode_words, mailbox, read

ALPHABET = "=?UTF-8QBqb_ \r\n\t\x00\x1b\x7f\x85\u2028\u202e\"\\<>,:;@().{}%#&'é😀Ж"
NAMES = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=40) | st.text(ALPHABET, max_size=60), min_size=1, max_size=3).map("".join)
BUNDLE = compile_template(template(CART, subject="{{ customer.first_name }} !"), SETTINGS)
TEXT_IN = {"Subject", "To", "From", "Reply-To"}
USUAL = read(compose(BUNDLE, context(), envelope(to_name="Jana")).raw)


def hold(name: str) -> None:
    """Make one message of a name and hold that it is that name alone which differs."""
    sent = envelope(to_name=name, sender=From("shop@shop.example", name, "help@shop.example"))
    made = compose(BUNDLE, decode(json.dumps(context(name))), sent)
    found = check(made.raw, to=made.recipient, sender_domain="shop.example", kind=sent.kind, host=HOST)
    assert [each for each in found if each != "M15 the subject looks unrendered"] == []
    scan = read(made.raw)
    assert [field for field, _ in scan.fields] == [field for field, _ in USUAL.fields], "the same fields in the same order, each once"
    other = [field for (field, value), (_, usual) in zip(scan.fields, USUAL.fields, strict=True) if value != usual]
    assert {field for field in other if not field.startswith("Content-Type")} <= TEXT_IN
    meant = headers.clean(name, headers.MAX_DISPLAY)
    assert [mailbox(scan.one(field)) for field in ("To", "From")] == [(meant, "jana@example.org"), (meant, "shop@shop.example")]
    assert decode_words(scan.one("Subject")).strip() == made.subject.strip()
    theirs = email.message_from_bytes(made.raw, policy=email.policy.default)
    assert theirs.keys() == [field for field, _ in scan.fields]


def prove(number: int, examples: int) -> int:
    """Hold so many names of one seed; return how many there were."""
    count = 0

    @seed(number)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(NAMES)
    def each(name: str) -> None:
        nonlocal count
        count += 1
        hold(name)

    each()
    return count


def test_some_hostile_names_in_every_header() -> None:
    assert prove(1, 300) >= 300


@pytest.mark.prove
def test_ten_thousand_hostile_names_in_every_header() -> None:
    """R9: the figure is printed."""
    held = sum(prove(number, 2_000) for number in range(100, 105))
    sys.stdout.write(f"\nhostile names in every header: {held:,}, none injected, cut short or read as anything else\n")
    assert held >= 10_000
