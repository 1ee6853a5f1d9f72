"""The shop's own file of who gets nothing: what it may look like, and what stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from retention_cli.errors import GuardStopped
from retention_cli.model.policy import SuppressionFile
from retention_cli.model.word import Word
from retention_cli.sources.suppressions import Listed, read_suppressions

if TYPE_CHECKING:
    from pathlib import Path


def read(root: Path, body: bytes | str, column: str | None = None) -> list[tuple[str, str, str, str]]:
    """Return the lines of a file as (channel, address, customer, reason)."""
    (root / "out.csv").write_bytes(body if isinstance(body, bytes) else body.encode())
    found = read_suppressions(root, SuppressionFile(path=Word("out.csv"), column=None if column is None else Word(column)))
    assert all(isinstance(line, Listed) for line in found)
    return [(line.channel, line.address, line.customer, line.reason) for line in found]


@pytest.mark.parametrize(
    ("body", "column"),
    [
        ("email\na@example.com\nb@example.com\n", None),
        ("a@example.com\nb@example.com\n", None),
        ("Adresse\na@example.com\nb@example.com\n", None),
        ('id;"email"\r\n1;" a@example.com "\r\n2;b@example.com\r\n;\r\n', None),
        ("name\tE-mail\nAnn\ta@example.com\n\nBob\tb@example.com\n", "E-mail"),
        ("\ufeffemail,name\na@example.com,Ann\nb@example.com,Bob\na@example.com,Ann\n", None),
        ("email,name\na@example.com,Ji\u0159\u00ed\nb@example.com,Bob\n".encode("cp1250"), None),
    ],
)
def test_addresses_are_read_however_the_file_is_written(tmp_path: Path, body: bytes | str, column: str | None) -> None:
    """With or without a head, any usual delimiter and encoding; each line once."""
    assert read(tmp_path, body, column) == [("email", "a@example.com", "", "listed"), ("email", "b@example.com", "", "listed")]


def test_a_line_may_name_a_customer_a_channel_and_a_reason(tmp_path: Path) -> None:
    body = "email,customer_id,channel,reason\na@example.com,1,,complained\n,2,sms,\n,3,,gone\n+420111,,SMS,\n"
    assert read(tmp_path, body) == [
        ("email", "", "3", "gone"),
        ("email", "a@example.com", "1", "complained"),
        ("push", "", "3", "gone"),
        ("sms", "", "2", "listed"),
        ("sms", "", "3", "gone"),
        ("sms", "+420111", "", "listed"),
    ]


def test_customers_alone_are_enough(tmp_path: Path) -> None:
    assert {line[2] for line in read(tmp_path, "customer_id\n007\n")} == {"007"}
    assert {line[2] for line in read(tmp_path, "customer_id,reason\n007,x\n")} == {"007"}


@pytest.mark.parametrize(
    ("body", "column", "said"),
    [
        ("", None, "is empty"),
        ("\n\n", None, "is empty"),
        ("e-mail,name\na@example.com,Ann\n", None, "has no column 'email'"),
        ("email,name\na@example.com,Ann\n", "mail", "has no column 'mail'"),
        ("email,channel\na@example.com,fax\n", None, "out.csv:2: there is no channel 'fax'"),
        ('email\n"a@example.com\n', None, "is no CSV text"),
    ],
)
def test_what_is_not_understood_stops(tmp_path: Path, body: str, column: str | None, said: str) -> None:
    with pytest.raises(GuardStopped, match=said) as stopped:
        read(tmp_path, body, column)
    assert "nothing was decided or sent" in stopped.value.hint
    assert "a@example.com" not in str(stopped.value)


def test_a_file_that_is_not_there_stops(tmp_path: Path) -> None:
    with pytest.raises(GuardStopped, match=r"gone\.csv cannot be read"):
        read_suppressions(tmp_path, SuppressionFile(path=Word("gone.csv")))


def test_a_head_alone_is_nobody(tmp_path: Path) -> None:
    assert read(tmp_path, "email\n") == []
