"""W05 and SEC16: tokens that cannot be made, changed or carried over."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_cli.errors import RenderFailed
from retention_cli.render.links import MAX_TOKEN, UNSUBSCRIBE, Claim, SigningKeys, mint, verify

KEYS = SigningKeys(b"k" * 32)
CLAIM = Claim("customer@example.org", "news", "0123456789abcdef" * 2)


def test_a_token_says_what_was_minted() -> None:
    assert verify(KEYS, UNSUBSCRIBE, mint(KEYS, UNSUBSCRIBE, CLAIM)) == CLAIM


@given(st.text(max_size=15), st.text(max_size=10))
def test_any_customer_and_list_come_back(customer: str, name: str) -> None:
    claim = Claim(customer, name, "ab" * 16)
    token = mint(KEYS, UNSUBSCRIBE, claim)
    assert verify(KEYS, UNSUBSCRIBE, token) == claim
    assert len(token) <= MAX_TOKEN
    assert token.replace("-", "").replace("_", "").isalnum()


def test_the_same_claim_gives_the_same_token() -> None:
    """A retried message is equal byte for byte."""
    assert mint(KEYS, UNSUBSCRIBE, CLAIM) == mint(KEYS, UNSUBSCRIBE, CLAIM)


def test_the_customer_cannot_be_read_from_the_link() -> None:
    token = mint(KEYS, UNSUBSCRIBE, CLAIM)
    sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert b"customer" not in sealed
    assert b"news" not in sealed


def test_w05_every_changed_bit_makes_it_worthless() -> None:
    token = mint(KEYS, UNSUBSCRIBE, CLAIM)
    sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[place // 8] ^= 1 << place % 8
        assert verify(KEYS, UNSUBSCRIBE, base64.urlsafe_b64encode(changed).rstrip(b"=").decode()) is None


def test_w05_truncated_lengthened_and_foreign_tokens() -> None:
    token = mint(KEYS, UNSUBSCRIBE, CLAIM)
    wrong = [
        *(token[:size] for size in range(len(token))),
        token + "A",
        token + "=",
        f" {token}",
        token.upper(),
        "none.none.",
        "Ž" * 20,
        "A" * 10_000,
    ]
    assert not [text for text in wrong if verify(KEYS, UNSUBSCRIBE, text) is not None]


def test_w05_parts_of_two_tokens_do_not_mix() -> None:
    one = mint(KEYS, UNSUBSCRIBE, CLAIM)
    other = mint(KEYS, UNSUBSCRIBE, Claim("customer@example.com", "news", CLAIM.message))
    mixed = [one[:place] + other[place:] for place in range(1, len(one)) if one[:place] + other[place:] not in (one, other)]
    assert mixed
    assert not [text for text in mixed if verify(KEYS, UNSUBSCRIBE, text) is not None]


def test_a_token_of_one_purpose_is_worthless_for_another() -> None:
    assert verify(KEYS, "subscribe", mint(KEYS, UNSUBSCRIBE, CLAIM)) is None


def test_old_keys_are_read_and_forgotten_keys_are_not() -> None:
    token = mint(KEYS, UNSUBSCRIBE, CLAIM)
    assert verify(SigningKeys(b"n" * 32, old=(b"k" * 32,)), UNSUBSCRIBE, token) == CLAIM
    assert verify(SigningKeys(b"n" * 32), UNSUBSCRIBE, token) is None


def test_an_id_too_long_for_a_link_is_refused() -> None:
    with pytest.raises(RenderFailed, match="too long"):
        mint(KEYS, UNSUBSCRIBE, Claim("c" * 500, "news", CLAIM.message))


def test_a_short_key_is_refused_and_no_key_is_shown() -> None:
    with pytest.raises(ValueError, match="at least 16"):
        SigningKeys(b"short")
    assert "kkk" not in repr(KEYS)
