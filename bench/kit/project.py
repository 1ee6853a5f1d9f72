"""Projects made up for a measurement: one of many files, and one whose customers all get a letter of about 20 KB, or larger."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LETTER = "letter"
SHELVES, SHELVES_LARGE = 9, 19
"""What a letter shows: HTML of some 18 KB, or of some 37 KB."""
LETTERS_AS_OF = "2026-05-01"

SETTINGS = """\
name: Bench
timezone: Europe/Prague
locale: en_US
currency: EUR
sender: {email: shop@bench.example, name: Bench, unsubscribe: stop@bench.example, postal_address: "1 Lane, Town"}
sources:
  customers: {path: data/customers.csv, key: customer_id}
  orders: {path: data/orders.csv, key: order_id, customer: customer_id, time: ordered_at, event: order}
targets:
  default: {deliver: {email: {to: folder, path: outbox}}, public_url: https://mail.bench.example}
  smtp:
    ledger: sqlite
    deliver: {email: {to: smtp, url: "${SMTP_URL:-smtp://127.0.0.1:2525}", connections: 4}}
    public_url: https://mail.bench.example
"""
LOCK = """\
sources:
  customers:
    csv: {delimiter: ","}
    columns:
      country: {type: text, origin: "country"}
      customer_id: {type: text, origin: "customer_id"}
      email: {type: text, origin: "email"}
      first_name: {type: text, origin: "first_name"}
      registered_at: {type: date, origin: "registered_at"}
  orders:
    csv: {delimiter: ","}
    events: ["order"]
    columns:
      customer_id: {type: text, origin: "customer_id"}
      order_id: {type: text, origin: "order_id"}
      ordered_at: {type: time, origin: "ordered_at"}
      total: {type: decimal, scale: 2, origin: "total"}
"""
SEGMENT = """\
name: segment_{n}
description: The {n}th of many, none like another
owner: marketing
tags: [bench, wave_{wave}]
where:
  - country: [CZ, SK, DE]
  - orders_count: {{at_least: {low}}}
  - any:
      - last_order_at: {{older_than: {days} days}}
      - did: order
        where: {{total: {{at_least: {n}}}}}
        times: {{at_least: 2}}
        within: {days} days
      - registered_at: {{within: {days} days}}
  - not: {{total_spent: {{more_than: {high}}}}}
"""
METRIC = """\
spent_{n}_days:
  description: What was paid in {n} days
  total_of: {{did: order, field: total, within: {n} days}}
"""
CAMPAIGN = """\
name: campaign_{n}
description: Letters to those who enter the {n}th segment
kind: performance
trigger: {{enters: segment_{n}}}
audience: {{country: [CZ, SK]}}
again: {{after: 60 days}}
exit:
  came: {{did: order, since: entry}}
goals:
  back: {{when: {{did: order}}, window: 14 days}}
steps:
  - send: letter_{n}
  - wait: 7 days
  - if: {{segment: segment_{other}}}
    then: [{{send: letter_{n}, id: second}}]
    else:
      - wait: 3 days
      - send: letter_{n}
        id: third
"""
ASLEEP = """\
name: asleep
where: {last_order_at: {older_than: 50 days}}
"""
WAKE = f"""\
name: wake
kind: performance
trigger: {{enters: asleep, backfill: true}}
goals: {{back: {{when: {{did: order}}, window: 14 days}}}}
steps: [{{send: {LETTER}}}]
"""
PAGE = """\
---
subject: {subject}
preheader: Your account, and what has come in since your last order.
language: en-US
---
<!doctype html>
<html lang="en-US">
<head>
  <meta charset="utf-8">
  <title>We kept your place</title>
  <style>
    body {{ margin: 0; padding: 0; background-color: #eceff1; }}
    .card {{ width: 100%; max-width: 600px; background-color: #ffffff; }}
    .body {{ padding: 32px 36px; font: 16px/26px Arial, Helvetica, sans-serif; color: #22303a; }}
    h1 {{ margin: 0 0 18px; font: bold 27px/34px Georgia, serif; color: #14202a; }}
    p {{ margin: 0 0 18px; }}
    .shelf {{ width: 100%; margin: 0 0 18px; border: 1px solid #d5dce1; border-radius: 6px; }}
    .picture {{ width: 92px; padding: 16px 20px 16px 0; vertical-align: top; }}
    .about {{ padding: 16px 0; vertical-align: top; font: 16px/24px Arial, Helvetica, sans-serif; color: #22303a; }}
    .name {{ margin: 0 0 8px; font: bold 17px/25px Arial, Helvetica, sans-serif; color: #14202a; }}
    .line {{ margin: 0 0 8px; font: 15px/23px Arial, Helvetica, sans-serif; color: #3a4a55; }}
    .price {{ padding: 16px; vertical-align: top; text-align: right; font: bold 16px/24px Arial, Helvetica, sans-serif; color: #22303a; }}
    .press a {{ padding: 14px 28px; font: bold 16px/20px Arial, Helvetica, sans-serif; color: #ffffff; text-decoration: none; }}
    .foot {{ padding: 22px 36px 30px; font: 13px/20px Arial, Helvetica, sans-serif; color: #5a6872; }}
  </style>
</head>
<body>
  <table role="presentation" width="100%"><tr><td align="center">
    <table role="presentation" class="card" width="600">
      <tr><td class="body">
        <h1>Good to see you, {{{{ customer.first_name or "dear customer" }}}}</h1>
        {{% if customer.last_order_at %}}<p>Your last order was on {{{{ customer.last_order_at | date }}}}.</p>{{% endif %}}
        <p>Orders so far: {{{{ customer.orders_count }}}}, for {{{{ customer.total_spent | money }}}} in all,
        {{{{ customer.average_order_value | money }}}} each.
        {{% if customer.total_spent >= 100 %}}Carriage is ours.{{% else %}}Carriage is ours from {{{{ 100 | money }}}} on.{{% endif %}}</p>
        {shelves}
        <p>We write to {{{{ customer.email }}}}, {{{{ customer.country }}}}, customer {{{{ customer.customer_id }}}}
        since {{{{ customer.registered_at | date }}}}.</p>
        <p class="press"><a href="https://www.bench.example/new?for={{{{ customer.customer_id }}}}">
        See what is new, {{{{ customer.first_name }}}}</a></p>
      </td></tr>
      <tr><td class="foot">
        You get this letter as a customer of {{{{ shop.name }}}}. <a href="{{{{ unsubscribe_url }}}}">Unsubscribe</a><br>{{{{ shop.postal_address }}}}
      </td></tr>
    </table>
  </td></tr></table>
</body>
</html>
"""
SHELF = """\
        <table role="presentation" class="shelf" width="100%"><tr>
          <td class="picture"><img src="https://www.bench.example/pictures/{n}.jpg" alt="Shelf {n}" width="88" height="88"></td>
          <td class="about">
            <p class="name"><a href="https://www.bench.example/shelf/{n}">Shelf {n}: cups, plates and bowls</a></p>
            <p class="line">In the glaze that you looked at, thrown by hand and fired twice; each a little different, none out of line.</p>
            <p class="line">They go into the oven and the dishwasher, and into the sun. What breaks within a year is made again.</p>
            <p class="line">Made to order in the last week of each month; what is on the shelf leaves the same day.</p>
          </td>
          <td class="price">from 1{n}.50 EUR</td>
        </tr></table>
"""


def write_many(folder: Path, files: int) -> Path:
    """Write a sound project of so many files, with a retention.lock and without data."""
    campaigns = files // 6
    written = {"retention.yml": SETTINGS, "retention.lock": LOCK}
    written |= {f"campaigns/campaign_{n}.yml": CAMPAIGN.format(n=n, other=n + 1) for n in range(campaigns)}
    written |= {f"templates/letter_{n}.html": _page(f"We kept your place, {n}", 4) for n in range(campaigns)}
    written |= {f"metrics/spent_{n}.yml": METRIC.format(n=n) for n in range(1, 11)}
    for n in range(files - len(written)):
        written[f"segments/segment_{n}.yml"] = SEGMENT.format(n=n, wave=n % 4, low=1 + n % 5, high=10_000 + n, days=30 + n)
    return _write(folder, written)


def write_letters(folder: Path, people: int, shelves: int = SHELVES) -> Path:
    """Write a project whose every customer is written to at the first run."""
    template = _page('"{{ customer.first_name }}, we kept your place"', shelves)
    _write(folder, {"retention.yml": SETTINGS, "segments/asleep.yml": ASLEEP, "campaigns/wake.yml": WAKE, f"templates/{LETTER}.html": template})
    day = date.fromisoformat(LETTERS_AS_OF)
    customers = [(n, f"person{n}@example.com", f"Ann{n}", "CZ", day - timedelta(days=400)) for n in range(people)]
    orders = [(n, n, f"{day - timedelta(days=60 + n % 90)} 10:00:00", f"{10 + n % 500}.50") for n in range(people)]
    _write_csv(folder / "data" / "customers.csv", ("customer_id", "email", "first_name", "country", "registered_at"), customers)
    _write_csv(folder / "data" / "orders.csv", ("order_id", "customer_id", "ordered_at", "total"), orders)
    return folder


def _page(subject: str, shelves: int) -> str:
    return PAGE.format(subject=subject, shelves="".join(SHELF.format(n=n) for n in range(shelves)))


def _write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def _write_csv(path: Path, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
