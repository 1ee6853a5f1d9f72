"""The same tick with its decisions in PostgreSQL: what is decided, sent and refused does not depend on the ledger."""

from __future__ import annotations

from pathlib import Path

from cli.test_tick import CART, carts, outbox
from support.postgres import postgres_cluster, postgres_url
from support.shell import retention
from support.tiny_shop import SETTINGS, export, make_shop

__all__ = ["postgres_cluster", "postgres_url"]


def test_the_cart_campaign_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    target = f'{{ledger: "{postgres_url}", public_url: https://mail.example.com, deliver: {{email: {{to: folder, path: outbox}}}}}}'
    settings = SETTINGS.split("targets:")[0] + f"targets:\n  default: {target}\n"
    rows = carts(("a", "2026-05-01 10:00:00"), ("b", "2026-05-01 10:00:00"))
    shop = make_shop(tmp_path / "shop", {"retention.yml": settings, "campaigns/cart.yml": CART}, web=rows)
    sent = []
    for as_of in ("2026-05-01T09:00", "2026-05-01T11:00", "2026-05-01T11:00", "2026-05-02T12:00", "2026-05-03T13:00"):
        if as_of == "2026-05-02T12:00":
            export(shop, orders=[("1", "a", "2026-01-10 10:00:00", "100.00"), ("2", "b", "2026-05-02 10:00:00", "50.00")])
        planned = retention(shop, "plan", "--as-of", as_of, "--format", "json")
        ran = retention(shop, "run", "--as-of", as_of, "--format", "json")
        assert ran.code == 0, ran.said
        assert ran.json["campaigns"] == planned.json["campaigns"]
        sent.append(ran.json["messages"]["sent"])
    assert sent == [0, 2, 0, 1, 0]
    assert len(outbox(shop)) == 3
    status = retention(shop, "status", "--format", "json").json
    assert {(each["state"], each["reason"]) for each in status["journeys"]} == {("ended", "ordered"), ("ended", "enough")}
    assert not (shop / ".retention" / "ledger.db").exists()
