"""I10: one function says what is an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_cli.render.address import ascii_domain, parse_address
from retention_cli.render.headers import address_header


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("jana@example.org", "jana@example.org"),
        ("  jana@example.org\t", "jana@example.org"),
        ("Jana.Nova+news@Example.ORG", "Jana.Nova+news@example.org"),
        ("jana@bücher.example", "jana@xn--bcher-kva.example"),
        ("jana@straße.example", "jana@xn--strae-oqa.example"),
        ("jana@xn--bcher-kva.example", "jana@xn--bcher-kva.example"),
        ("o'brien@example.co.uk", "o'brien@example.co.uk"),
        ("žofie@example.org", "žofie@example.org"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
def test_what_is_an_address(written: str, meant: str) -> None:
    assert str(parse_address(written)) == meant


@pytest.mark.parametrize(
    "written",
    [
        "",
        "jana",
        "@example.org",
        "jana@",
        "jana@@example.org",
        "a@b@example.org",
        "jana@example.org.",
        "jana@.example.org",
        "jana@example..org",
        ".jana@example.org",
        "jana.@example.org",
        "ja..na@example.org",
        "jana@localhost",
        "jana@[127.0.0.1]",
        "jana@127.0.0.1",
        '"a b"@example.org',
        "Jana <jana@example.org>",
        "a@example.org, b@example.org",
        "jana@example.org\r\nBcc: x@example.org",
        "ja\nna@example.org",
        "jana@exam\x00ple.org",
        "jana(comment)@example.org",
        "jana @example.org",
        "jana@exa mple.org",
        "jana@-example.org",
        "jana@example-.org",
        "jana@exa_mple.org",
        "jana@xn--zz--.org",
        "jana@\uff41.example",
        "jana@example\u3002org",
        "a" * 65 + "@example.org",
        "jana@" + "a" * 64 + ".org",
        "jana@" + ".".join(["a" * 60] * 5),
        "ja\u202ena@example.org",
        "=?utf-8?q?x?=@example.org",
        "<jana@example.org>",
        "jana;x@example.org",
    ],
)
def test_what_is_none(written: str) -> None:
    assert parse_address(written) is None


def test_only_a_foreign_local_part_needs_smtputf8() -> None:
    foreign, plain = parse_address("žofie@example.org"), parse_address("zofie@bücher.example")
    assert foreign is not None
    assert plain is not None
    assert (foreign.needs_smtputf8, plain.needs_smtputf8) == (True, False)


@given(st.text(max_size=80) | st.from_regex(r"[a-z.@\"<>,\r\n =?]{1,40}@[a-z.\r\n-]{1,30}", fullmatch=True))
def test_whatever_is_taken_for_an_address_is_one_line_of_one_mailbox(text: str) -> None:
    """Nothing crashes, and what passes can be written into a header without breaking it."""
    found = parse_address(text)
    if found is not None:
        field = address_header("To", "", found)
        assert field.endswith(b"\r\n")
        assert not set(str(found)) & set('\r\n <>,;:"()[]\\')
        assert str(found).count("@") == 1
        assert ascii_domain(found.domain) == found.domain
