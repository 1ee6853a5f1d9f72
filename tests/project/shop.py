"""A small sound project in a folder, of which a test replaces what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "retention.yml": """\
name: Shop
timezone: Europe/Prague
sender: {email: shop@example.com, unsubscribe: out@example.com}
sources:
  customers: {path: data/customers.csv, key: customer_id}
  orders: {path: data/orders.csv, key: order_id, customer: customer_id, time: ordered_at, event: order}
""",
    "segments/vip.yml": "where: {total_spent: {at_least: 1000}}\n",
    "templates/hello.html": "---\nsubject: Hello\n---\n<p>Hello</p>\n",
}

THANKS = {
    "campaigns/thanks.yml": """\
trigger: {did: order}
goals: {again: {when: {did: order}, window: 5 days}, spent: {total_of: {did: order, field: total}, window: 5 days}}
steps: [{send: hello}]
""",
}
"""A campaign, for what is written about campaigns."""


def make(root: Path, changes: dict[str, str]) -> Path:
    """Write the project into `root`, with files changed or added."""
    return write(root, FILES | changes)


def write(root: Path, files: dict[str, str]) -> Path:
    """Write files, and nothing else, into `root`."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())
    return root
