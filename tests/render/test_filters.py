"""What money, numbers, dates and words look like in a language, and what addresses may stand in a link."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from retention_cli.errors import MissingExtra
from retention_cli.render.environment import HTML, LINE
from retention_cli.render.filters import FORMATS, Formats, has_vocative, known_locale, web_url

CZECH = Formats("cs_CZ", "cs_CZ", "CZK", "Europe/Prague")
ENGLISH = Formats("en_US", "en_US", "USD", "America/New_York")


def _written(source: str, formats: Formats = CZECH, **names: object) -> str:
    return LINE.from_string(f"{{{{ {source} }}}}").render({**names, FORMATS: formats}).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("source", "formats", "written"),
    [
        ("1234.5 | money", CZECH, "1 234,50 Kč"),
        ("'1234.50' | money", CZECH, "1 234,50 Kč"),
        ("1234 | money", CZECH, "1 234 Kč"),
        ("0 | money", CZECH, "0 Kč"),
        ("-5.5 | money", CZECH, "-5,50 Kč"),
        ("1234.5 | money", ENGLISH, "$1,234.50"),
        ("20 | money('EUR')", ENGLISH, "€20"),
        ("none | money", CZECH, ""),
        ("1234567.25 | number", CZECH, "1 234 567,25"),
        ("1234567.25 | number(0)", CZECH, "1 234 567"),
        ("3 | number(2)", ENGLISH, "3.00"),
        ("1000 | number", CZECH, "1 000"),
        ("none | number", CZECH, ""),
        ("'2026-11-22' | date", CZECH, "22. listopadu 2026"),
        ("'2026-11-22' | date('short')", ENGLISH, "11/22/26"),
        ("'2026-11-22' | date('d. M.')", CZECH, "22. 11."),
        ("'2026-11-22T23:30:00' | date('d. M. H:mm')", CZECH, "23. 11. 0:30"),
        ("'2026-11-22 23:30:00' | date", ENGLISH, "November 22, 2026"),
        ("none | date", CZECH, ""),
        ("1 | plural('kus', 'kusy', 'kusů')", CZECH, "kus"),
        ("3 | plural('kus', 'kusy', 'kusů')", CZECH, "kusy"),
        ("5 | plural('kus', 'kusy', 'kusů')", CZECH, "kusů"),
        ("0 | plural('kus', 'kusy', 'kusů')", CZECH, "kusů"),
        ("1.5 | plural('kus', 'kusy', 'kusu', 'kusů')", CZECH, "kusu"),
        ("1 | plural('item', 'items')", ENGLISH, "item"),
        ("7 | plural('item', 'items')", ENGLISH, "items"),
        ("['a', 'b'] | join(', ')", CZECH, "a, b"),
        ("[1, 2.5] | sum", CZECH, "3.5"),
        ("'a-b' | replace('-', '+')", CZECH, "a+b"),
    ],
)
def test_what_is_written(source: str, formats: Formats, written: str) -> None:
    assert _written(source, formats) == written


def test_decimals_dates_and_times_come_as_they_are() -> None:
    assert _written("x | money", x=Decimal("0.1")) == "0,10 Kč"
    assert _written("x | date", x=date(2026, 2, 1)) == "1. února 2026"
    assert _written("x | date('d. M. H:mm')", x=datetime(2026, 7, 1, 22, 0, tzinfo=UTC)) == "2. 7. 0:00"


@pytest.mark.parametrize("source", ["'abc' | money", "'1e999999' | money", "(10**20) | number", "'soon' | date", "1 | plural('a')"])
def test_what_is_none_of_it_raises(source: str) -> None:
    with pytest.raises(ValueError, match=r"not a|plural needs"):
        _written(source)


def test_the_template_s_language_decides_plurals_and_the_reader_s_locale_the_rest() -> None:
    mixed = Formats("en_US", "cs_CZ", "CZK", "Europe/Prague")
    assert _written("5 | plural('kus', 'kusy', 'kusů')", mixed) == "kusů"
    assert _written("1234.5 | number", mixed) == "1,234.5"


def test_rows_of_products() -> None:
    source = "{% for row in rows | batch(2, '-') %}[{{ row | join(',') }}]{% endfor %}"
    assert LINE.from_string(source).render(rows=[1, 2, 3]) == "[1,2][3,-]"


def test_joins_and_sums_in_html_escape_what_is_data() -> None:
    source = "{{ names | join('<br>' | safe) }} {{ 'x' ~ names[0] }} {{ names[0] | replace('b', 'i') }}"
    assert HTML.from_string(source).render(names=["<b>", "c"]) == "&lt;b&gt;<br>c x&lt;b&gt; &lt;i&gt;"


def test_the_vocative_says_which_extra_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vokativ", None)
    with pytest.raises(MissingExtra, match="cs"):
        _written("'Nobody' | vocative")
    assert _written("'' | vocative") == ""
    assert not has_vocative()


@pytest.mark.skipif(not has_vocative(), reason="the extra cs is not installed")
def test_the_vocative_keeps_the_capital() -> None:
    assert _written("'Jana' | vocative") == "Jano"


@pytest.mark.parametrize(
    "url", ["https://a.example/x?y=1#z", "http://a.example", "mailto:a@example.org", "tel:+420123", "/p/1", "#top", "", "p/1?a=b:c"]
)
def test_addresses_that_may_stand_in_a_link(url: str) -> None:
    assert web_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " java\nscript:alert(1)",
        "\x01javascript:x",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
    ],
)
def test_sec11_addresses_that_may_not(url: str) -> None:
    assert web_url(url) == ""


@pytest.mark.parametrize(
    ("written", "known"), [("cs", "cs"), ("cs-CZ", "cs_CZ"), ("xx_YY", None), ("", None), (None, None), (7, None), ("../../etc", None)]
)
def test_which_locales_are_known(written: object, known: str | None) -> None:
    assert known_locale(written) == known
