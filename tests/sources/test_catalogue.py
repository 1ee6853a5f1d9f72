"""The store: whole folders or none, one current set, and what is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from retention_cli.sources.catalogue import collect, current, find, publish, sweep
from retention_cli.sources.show import first_rows
from support.shop import Shop, report

if TYPE_CHECKING:
    from retention_cli.model.snapshot import SnapshotSet

NEVER = datetime(2000, 1, 1, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
TESTS = Path(__file__).parents[1]


def folders(shop: Shop) -> list[str]:
    """Return every folder of the store."""
    return sorted(path.name for path in (shop.store / "snapshots").iterdir() if path.is_dir())


def test_publishing_makes_a_set_current(shop: Shop) -> None:
    assert current(shop.store) is None
    imported = shop.import_()
    assert current(shop.store) is None
    publish(shop.store, imported.snapshots)
    assert current(shop.store) == imported.snapshots


def test_a_snapshot_is_private_and_says_all_of_itself(shop: Shop) -> None:
    imported = shop.import_()
    snapshot = imported.snapshots.snapshots["orders"]
    folder = Path(snapshot.path).parent
    assert folder.name == f"orders-{snapshot.id}"
    assert folder.stat().st_mode & 0o077 == 0
    stored = find(shop.store, "orders", snapshot.id)
    assert stored is not None
    assert stored.snapshot == snapshot
    assert stored.files == ("orders.csv",)


def test_a_damaged_snapshot_is_made_anew(shop: Shop) -> None:
    snapshot = shop.settle().snapshots.snapshots["orders"]
    Path(snapshot.path).write_bytes(b"PAR1")
    again = shop.import_()
    assert report(again, "orders").fresh
    assert first_rows(again.snapshots.snapshots["orders"], 1).rows[0][0] == "o1"


def test_the_caches_may_be_deleted(shop: Shop) -> None:
    first = shop.settle()
    for path in (shop.store / "cache").iterdir():
        path.write_text("{")
    assert shop.import_().snapshots == first.snapshots


@pytest.mark.parametrize("hit", [1, 3])
def test_a_kill_in_the_middle_leaves_nothing_half(shop: Shop, hit: int) -> None:
    """Kill -9 right before a folder would move to its place: earlier ones are whole, the others lie aside; the next import sweeps them."""
    script = f"""
from pathlib import Path
from support.shop import CUSTOMERS, ITEMS, ORDERS, PRODUCTS, Shop
Shop(Path({str(shop.root)!r}), {{"customers": CUSTOMERS, "products": PRODUCTS, "orders": ORDERS, "items": ITEMS}}).import_()
"""
    environment = {**os.environ, "RETENTION_TEST_CRASH": f"snapshot-written:{hit}", "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent / 'src'}"}
    killed = subprocess.run([sys.executable, "-c", script], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    left = folders(shop)
    assert len([name for name in left if name.startswith(".tmp-")]) == 5 - hit
    assert len([name for name in left if not name.startswith(".tmp-")]) == hit - 1
    imported = shop.import_()
    assert [found.fresh for found in imported.reports] == [number >= hit for number in range(1, 5)]
    assert len(folders(shop)) == 4
    assert not [name for name in folders(shop) if name.startswith(".")]


def test_sweeping_leaves_the_work_of_the_living(shop: Shop) -> None:
    mine = shop.store / "snapshots" / f".tmp-{os.getpid()}-ab"
    mine.mkdir(parents=True)
    sweep(shop.store)
    assert mine.exists()


def test_the_last_two_sets_stay_and_older_ones_go_after_thirty_days(shop: Shop) -> None:
    sets: list[SnapshotSet] = []
    for total in (1, 2, 3, 4):
        shop.write("orders.csv", f"order_id,customer_id,ordered_at,total,status\no1,001,2026-05-01,{total},paid\n")
        sets.append(shop.settle().snapshots)
        publish(shop.store, sets[-1])
    ids = [held.snapshots["orders"].id for held in sets]
    items = [held.snapshots["items"].id for held in sets]
    assert collect(shop.store, (), now=datetime.fromtimestamp(Path(sets[0].snapshots["orders"].path).stat().st_mtime, UTC) + timedelta(days=29)) == ()
    gone = collect(shop.store, {ids[0]}, now=FAR)
    assert gone == tuple(sorted([f"items-{items[0]}", f"items-{items[1]}", f"orders-{ids[1]}"]))
    assert current(shop.store) == sets[-1]
    assert find(shop.store, "orders", ids[2]) is not None
    assert find(shop.store, "orders", ids[0]) is not None
    assert collect(shop.store, (), now=NEVER) == ()


def test_publishing_the_same_set_again_keeps_the_one_before(shop: Shop) -> None:
    first = shop.settle().snapshots
    publish(shop.store, first)
    shop.write("products.csv", "product_id,title,price\np1,Čaj,13\n")
    second = shop.import_().snapshots
    for _ in range(2):
        publish(shop.store, second)
    pointer = json.loads((shop.store / "snapshots" / "current.json").read_text())
    assert [held["products"] for held in pointer["sets"]] == [second.snapshots["products"].id, first.snapshots["products"].id]


def test_a_broken_pointer_is_no_pointer(shop: Shop) -> None:
    publish(shop.store, shop.import_().snapshots)
    (shop.store / "snapshots" / "current.json").write_text("[")
    assert current(shop.store) is None


def test_first_rows_show_what_lies_first(shop: Shop) -> None:
    shown = first_rows(shop.import_().snapshots.snapshots["orders"], 1)
    assert [column.name for column in shown.columns] == ["order_id", "customer_id", "ordered_at", "total", "status"]
    assert [row[0] for row in shown.rows] == ["o1"]
