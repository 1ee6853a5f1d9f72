"""What a template may do with a value: a closed set, each unable to make much of little.

`money`, `number`, `date` and `plural` speak the language of the message (Babel); `vocative` is Czech and an extra. Those of
Jinja that read attributes, format by a pattern, pad, or roll dice are left out: a retry must be equal to the first try.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, get_currency_precision
from jinja2 import pass_context
from jinja2.filters import FILTERS
from markupsafe import Markup, escape

from retention_cli.errors import MissingExtra
from retention_cli.render.limits import MAX_ITEMS, Budget, TooMuch, as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

FORMATS = "_formats"
"""The name under which a rendering's language is known to the filters; a template cannot read it."""
_HARMLESS = (
    *("abs", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "forceescape", "groupby", "int", "items"),
    *("last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "round", "safe", "select", "selectattr"),
    *("sort", "title", "trim", "truncate", "unique", "upper", "urlencode", "wordcount"),
)
_PRESETS = ("short", "medium", "long", "full")
_BIGGEST = Decimal(10) ** 18
_WEB = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_PLAIN_URL = re.compile(r"https?://[!-~]+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_URL_NOISE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Formats:
    """How numbers, money and dates are written: the reader's Babel locale, an ISO 4217 currency, an IANA zone; `language` is the text's own."""

    locale: str
    language: str
    currency: str
    timezone: str


class LocalTime(datetime):
    """A time that is told by the clock that it names, not by the shop's."""


@pass_context
def money(context: Budget, value: object, currency: str | None = None) -> str:
    """Return an amount with its currency: `1 234,50 Kč`; whole amounts without a fraction. Missing stays empty."""
    amount = _number(value)
    formats = _formats(context)
    return "" if amount is None else _money(amount, currency or formats.currency, formats.locale)


@pass_context
def number(context: Budget, value: object, digits: int | None = None) -> str:
    """Return a number by the rules of the language; `digits` after the point, else as many as there are. Missing stays empty."""
    amount = _number(value)
    return "" if amount is None else _plain_number(amount, digits, _formats(context).locale)


@pass_context
def day(context: Budget, value: object, style: str = "long") -> str:
    """Return a date: `22. listopadu 2026`. `style` is short, medium, long, full or a CLDR pattern; a time is told in the shop's zone."""
    formats = _formats(context)
    found = _moment(value, formats.timezone)
    context.spend(len(style) * 40)
    if found is None:
        return ""
    if isinstance(found, datetime) and style not in _PRESETS:
        return format_datetime(found, style, locale=formats.locale)
    return _day(found.date() if isinstance(found, datetime) else found, style, formats.locale)


@pass_context
def plural(context: Budget, count: object, *forms: str) -> str:
    """Return the form that goes with `count`, by the rules of the template's language and in the order of CLDR: `plural("kus", "kusy", "kusů")`."""
    amount = _number(count)
    language = _formats(context).language
    places = plural_places(language, len(forms))
    if not places:
        raise ValueError(f"plural needs {plural_wanted(language)} forms")
    return forms[places.get(_locale(language).plural_form(amount or 0), len(forms) - 1)]


@pass_context
def vocative(context: Budget, name: object) -> str:
    """Return the Czech vocative of a first name: `Jano` for `Jana`. Needs the extra `cs`; missing stays empty."""
    text = as_text(context, name).strip()
    return _vocative(str(text)) if text else ""


def web_url(value: object) -> str:
    """Return an address that may stand in href or src: http, https, mailto, tel, or relative; anything else becomes empty."""
    text = str(value) if value is not None else ""
    if _PLAIN_URL.fullmatch(text):
        return text
    text = _URL_NOISE.sub("", text)
    return text if _WEB.match(text) or not _SCHEME.match(text) else ""


def has_vocative() -> bool:
    """Say whether the extra `cs` is installed."""
    return importlib.util.find_spec("vokativ") is not None


def plural_wanted(locale: str) -> int:
    """Return how many forms whole numbers take in a language: 2 in English, 3 in Czech."""
    return len(_plural_tags(locale)[0])


@lru_cache(maxsize=256)
def plural_places(locale: str, forms: int) -> Mapping[str, int]:
    """Return which of so many forms each CLDR category takes; empty where the language does not take that many."""
    for tags in _plural_tags(locale):
        if len(tags) == forms:
            return {tag: place for place, tag in enumerate(tags)}
    return {}


@lru_cache(maxsize=64)
def _plural_tags(locale: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the categories that whole numbers meet, and all of them, in the order of CLDR."""
    found = _locale(locale)
    order = ("zero", "one", "two", "few", "many", "other")
    every = {*found.plural_form.tags, "other"}
    whole = {found.plural_form(count) for count in range(200)}
    return tuple(tag for tag in order if tag in whole), tuple(tag for tag in order if tag in every)


def known_locale(written: object) -> str | None:
    """Return the name of a locale that Babel knows (`cs_CZ` for `cs-CZ`), or None."""
    if not isinstance(written, str) or not written:
        return None
    try:
        return str(_locale(written.replace("-", "_")))
    except (ValueError, UnknownLocaleError, TypeError):
        return None


@lru_cache(maxsize=256)
def _locale(name: str) -> Locale:
    return Locale.parse(name)


def _formats(context: Budget) -> Formats:
    context.spend()
    found = context.resolve_or_missing(FORMATS)
    return found if isinstance(found, Formats) else Formats("en_US", "en_US", "EUR", "UTC")


def _number(value: object) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        amount = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError("not a number") from error
    if not amount.is_finite() or abs(amount) >= _BIGGEST:
        raise ValueError("not a number that can be shown")
    return amount


@lru_cache(maxsize=8192)
def _day(found: date, style: str, locale: str) -> str:
    return format_date(found, style, locale=locale)


@lru_cache(maxsize=8192)
def _money(amount: Decimal, currency: str, locale: str) -> str:
    whole = amount == amount.to_integral_value() and get_currency_precision(currency) > 0
    if not whole:
        return format_currency(amount, currency, locale=locale)
    pattern = _locale(locale).currency_formats["standard"].pattern
    return format_currency(amount, currency, format=re.sub(r"([.])0+", "", pattern), locale=locale, currency_digits=False)


@lru_cache(maxsize=8192)
def _plain_number(amount: Decimal, digits: int | None, locale: str) -> str:
    places = min(digits if digits is not None else max(0, -int(amount.normalize().as_tuple().exponent)), 12)
    return format_decimal(amount, "#,##0" + ("." + "0" * places if places > 0 else ""), locale=locale)


def _moment(value: object, zone: str) -> date | None:
    if value is None or value == "":
        return None
    found = value if isinstance(value, date) else _read_moment(str(value))
    if not isinstance(found, datetime) or isinstance(found, LocalTime):
        return found
    aware = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return aware.astimezone(ZoneInfo(zone))


def _read_moment(text: str) -> date:
    try:
        return date.fromisoformat(text) if len(text) <= len("2026-01-01") else datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("not a date") from error


@lru_cache(maxsize=8192)
def _vocative(name: str) -> str:
    try:
        module = importlib.import_module("vokativ")
    except ImportError as error:
        raise MissingExtra("cs", "the filter `vocative`") from error
    found = str(module.vokativ(name))
    return found[:1].upper() + found[1:] if name[:1].isupper() else found


@pass_context
def _join(context: Budget, values: Iterable[object], between: str = "", attribute: str | int | None = None) -> str:
    items = list(_limited(values if attribute is None else (context.environment.getitem(value, attribute) for value in values)))
    texts = [as_text(context, item) for item in items]
    context.spend(len(between) * max(len(texts) - 1, 0))
    if context.eval_ctx.autoescape:
        return escape(between).join(escape(text) for text in texts)
    return str(between).join(texts)


@pass_context
def _replace(context: Budget, value: object, old: str, new: str, count: int | None = None) -> str:
    text = as_text(context, value)
    if context.eval_ctx.autoescape and not isinstance(text, Markup):
        text = escape(text) if isinstance(new, Markup) or isinstance(old, Markup) else text
    found = len(text) + 1 if not old else text.count(old)
    context.spend(len(text) + found * len(new))
    return text.replace(old, new, -1 if count is None else count)


@pass_context
def _batch(context: Budget, values: Iterable[object], size: int, fill: object = None) -> Iterator[list[object]]:
    if not 0 < size <= MAX_ITEMS:
        raise TooMuch("a row cannot have so many items")
    items = list(_limited(values))
    for start in range(0, len(items), size):
        context.spend()
        row = items[start : start + size]
        yield row if fill is None else row + [fill] * (size - len(row))


@pass_context
def _sum(context: Budget, values: Iterable[object], attribute: str | int | None = None) -> Decimal:
    items = _limited(values if attribute is None else (context.environment.getitem(value, attribute) for value in values))
    return sum((_number(item) or Decimal(0) for item in items), Decimal(0))


@pass_context
def _string(context: Budget, value: object) -> str:
    return as_text(context, value)


@pass_context
def concat(context: Budget, parts: Iterable[object]) -> str:
    """Return printable values as one text: what `~` means."""
    texts = [as_text(context, part) for part in parts]
    context.spend(sum(map(len, texts)))
    return Markup("").join(texts) if context.eval_ctx.autoescape and any(isinstance(text, Markup) for text in texts) else "".join(texts)


@pass_context
def spend(context: Budget, characters: int) -> None:
    """Take a step in a loop or macro whose own text has so many characters."""
    context.spend(characters)


def _limited(values: Iterable[object]) -> Iterator[object]:
    for number_, value in enumerate(values):
        if number_ >= MAX_ITEMS:
            raise TooMuch("a list would have too many items")
        yield value


CONCAT, SPEND, WEB_URL = "_concat", "_spend", "_web_url"
OURS: dict[str, Callable[..., object]] = {
    "money": money,
    "number": number,
    "date": day,
    "plural": plural,
    "vocative": vocative,
    "join": _join,
    "replace": _replace,
    "batch": _batch,
    "sum": _sum,
    "string": _string,
    CONCAT: concat,
    SPEND: spend,
    WEB_URL: web_url,
}
ALL: dict[str, Callable[..., object]] = {**{name: FILTERS[name] for name in _HARMLESS}, **OURS}
