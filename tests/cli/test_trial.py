"""`campaign preview` and `campaign send-test`: the real messages, to whoever tries them out, and nothing is written down."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

from retention_cli.app.keys import signing_keys
from retention_cli.app.trial import NOBODY
from retention_cli.app.workspace import open_project
from retention_cli.render.links import UNSUBSCRIBE, verify
from support.shell import retention
from support.tiny_shop import TEMPLATE, make_shop

if TYPE_CHECKING:
    from pathlib import Path

CART = """\
    name: cart
    trigger: {did: add_to_cart}
    exit: {ordered: {did: order, since: entry}}
    goals: {g: {when: {did: order}, window: 5 days}}
    steps:
      - {send: letter}
      - wait: 1 day
      - send: about
        experiment: tone
        variants: {plain: {share: 50%, subject: Plain}, asked: {share: 50%, subject: "Was it {{ trigger.product_id }}?"}}
"""
WAKE = """\
    name: wake
    trigger: {enters: all}
    exit: {o: {did: order, since: entry}}
    goals: {g: {when: {did: order}, window: 5 days}}
    steps: [{send: letter}]
"""
ABOUT = TEMPLATE.replace("This is a letter", "{% for item in trigger['items'] %}{{ item.title }}, {% endfor %}this is a letter")


def shop(folder: Path, **tables: object) -> Path:
    """Return a shop with a campaign of a cart, and one of a segment."""
    files = {"campaigns/cart.yml": CART, "campaigns/wake.yml": WAKE, "templates/about.html": ABOUT, "segments/all.yml": "where: {everyone: true}\n"}
    carts = [("a", "2026-04-30 10:00:00", "add_to_cart", "p1", "k1"), ("b", "2026-04-29 10:00:00", "add_to_cart", "p2", "k2")]
    return make_shop(folder / "shop", files, **{"web": carts, **tables})  # type: ignore[arg-type]  # tables are rows


def test_a_preview_shows_every_wording_of_the_last_event(tmp_path: Path) -> None:
    ran = retention(shop(tmp_path), "campaign", "preview", "cart", "--as-of", "2026-05-01")
    assert ran.code == 0, ran.said
    assert [line for line in ran.out.splitlines() if line.startswith("──")] == [
        "── send-letter",
        "── send-about (asked)",
        "── send-about (plain)",
    ]
    assert ran.out.count("To: ann@example.com") == 3
    assert "Subject: Was it p1?" in ran.out
    assert "Cup, this is a letter" in ran.out
    assert "To: bob@example.com" in retention(tmp_path / "shop", "campaign", "preview", "cart", "--customer", "b", "--as-of", "2026-05-01").out


def test_a_trial_goes_to_one_address_and_opts_nobody_out(tmp_path: Path) -> None:
    made = shop(tmp_path)
    ran = retention(made, "campaign", "send-test", "cart", "--to", "me@example.com", "--as-of", "2026-05-01")
    assert (ran.code, ran.out) == (0, "sent: 3\n")
    letters = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in (made / "outbox").glob("*.eml")]
    assert {letter["To"] for letter in letters} == {"me@example.com"}
    work = open_project(made)
    keys = signing_keys(work, work.location, print)
    tokens = [re.search(r"/u/([\w-]+)>", letter["List-Unsubscribe"]) for letter in letters]
    claims = [verify(keys, UNSUBSCRIBE, token[1]) for token in tokens if token]
    assert {claim.customer for claim in claims if claim} == {NOBODY}
    assert not (made / ".retention" / "ledger.db").exists()
    assert retention(made, "run", "--as-of", "2026-05-01T09:00").code == 0, "no ledger knows of a trial"


def test_a_trial_of_nobodys_event_asks_for_one(tmp_path: Path) -> None:
    made = shop(tmp_path, web=[("a", "2025-01-01 10:00:00", "add_to_cart", "p1", "k1")])
    ran = retention(made, "campaign", "preview", "cart", "--as-of", "2026-05-01")
    assert ran.code == 2
    assert "no event of anybody would begin this campaign" in ran.said
    own = retention(made, "campaign", "preview", "cart", "--as-of", "2026-05-01", "--trigger", '{"product_id": "p9", "items": []}')
    assert "Was it p9?" in own.out


def test_a_campaign_or_a_customer_that_is_not_there(tmp_path: Path) -> None:
    made = shop(tmp_path)
    assert "did you mean 'cart'?" in retention(made, "campaign", "preview", "card").said
    assert "there is no customer 'zz'" in retention(made, "campaign", "send-test", "wake", "--to", "me@example.com", "--customer", "zz").said
