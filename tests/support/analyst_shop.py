"""A Czech shop of sixty people for the analyst's commands: rules made its rows, and two runs its history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.tiny_shop import SETTINGS, make_shop

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = 60
AS_OF = ("--as-of", "2026-05-01T09:00")
HOSTILE_NAMES = ("\x1b[31mRed\x1b[0m", '=HYPERLINK("http://x.test")', "two\nlines", "[bold]Ann[/bold]", "\u202eevil")
HOSTILE_IDS = ("-123", "+1555123", "=1+1", "@who")
FILES = {
    "retention.yml": SETTINGS.replace("locale: en_US", "locale: cs_CZ").replace("currency: EUR", "currency: CZK"),
    "segments/all.yml": """\
        - name: buyers
          description: Bought once or more
          where: {did: order}
        - name: good_czechs
          description: Czech people who paid at least fifteen hundred crowns, came at least twice, and came lately
          where:
            - {country: CZ, total_spent: {at_least: 1500}}
            - {orders_count: {at_least: 2}}
            - none: [{last_order_at: {older_than: 60 days}}, {first_name: missing}]
        - name: either
          where:
            any: [{country: SK}, {total_spent: {at_least: 4000}}]
        """,
    "metrics/own.yml": """\
        largest: {description: The largest order, largest_of: {did: order, field: total}}
        views: {count_of: {did: page_view}}
        """,
}


def open_shop(folder: Path) -> Path:
    """Write the shop: two thirds are Czech, every second one ordered, the later ones more often and for more."""
    return make_shop(folder, FILES, customers=_customers(), orders=_orders(), web=_visits())


def _customers() -> list[tuple[object, ...]]:
    names = [*HOSTILE_NAMES, *(f"Name {n % 7}" for n in range(len(HOSTILE_NAMES), PEOPLE))]
    regular = [(f"c{n:02}", f"c{n:02}@example.com", name, "SK" if n % 3 == 0 else "CZ", f"2026-01-{n % 28 + 1:02}") for n, name in enumerate(names)]
    return [*regular, *((id_, "", "", "CZ", "2026-01-01") for id_ in HOSTILE_IDS)]


def _orders() -> list[tuple[object, ...]]:
    return [
        (f"{n:02}{k}", f"c{n:02}", f"2026-0{k + 2}-{n % 28 + 1:02} 10:00:00", f"{100 + n * 20}.00")
        for n in range(0, PEOPLE, 2)
        for k in range(n // 20 + 1)
    ]


def _visits() -> list[tuple[object, ...]]:
    return [(f"c{n:02}", f"2026-04-{n % 28 + 1:02} 10:00:00", "page_view", "p1", "k0") for n in range(0, PEOPLE, 5)]
