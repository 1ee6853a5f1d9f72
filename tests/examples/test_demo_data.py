"""The generator's promises: repeatable, nothing after as_of, and lives that a shop would recognise."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from retention_cli.app import demo_data
from retention_cli.app.demo_shop.names import MEN, SURNAMES, WOMEN, feminine
from retention_cli.app.demo_shop.products import catalogue
from retention_cli.project.loader import load

if TYPE_CHECKING:
    from examples.conftest import Shop

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SPRING = datetime(2026, 3, 1, 9, tzinfo=UTC)


def small(folder: Path, *, seed: int = 7) -> None:
    """Write a shop of a few people."""
    demo_data.write(folder, as_of=SPRING, customers=60, seed=seed)


def contents(folder: Path) -> dict[str, object]:
    """Every file: CSV by its bytes, Parquet by its rows (its bytes are the library's own affair)."""
    found: dict[str, object] = {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob("*.csv*")}
    with duckdb.connect() as database:
        return found | {path.name: database.read_parquet(str(path)).fetchall() for path in folder.glob("events/*.parquet")}


def test_same_seed_size_and_instant_give_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        small(tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_another_seed_gives_other_people(tmp_path: Path) -> None:
    small(tmp_path / "one")
    small(tmp_path / "two", seed=8)
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert one.keys() & two.keys()
    assert one["customers.csv"] != two["customers.csv"]


def test_reported_counts_are_those_of_the_files(shop: Shop) -> None:
    made = shop.made
    told = made.customers, made.products, made.orders, made.items, made.events, made.mails
    tables = "customers", "products", "all_orders", "items", "web", "mails"
    assert told == tuple(shop.value(f"SELECT count(*) FROM {table}") for table in tables)  # noqa: S608  # names from the line above


@pytest.mark.parametrize(
    ("table", "column", "days"),
    [("customers", "registered_at", 1), ("all_orders", "ordered_at", 1), ("all_orders", "delivered_at", 1), ("web", "occurred_at", 1),
     ("mails", "happened_at", 1), ("answers", "answered_at", 3), ("consents", "changed_at", 3), ("returns", "returned_at", 7),
     ("complaints", "complained_at", 7), ("push_tokens", "subscribed_at", 14)],
)  # fmt: skip
def test_nothing_happens_after_as_of(shop: Shop, table: str, column: str, days: int) -> None:
    """And each goes on until shortly before it."""
    newest = shop.value(f"SELECT max({column}) FROM {table}")  # noqa: S608  # names from the table above
    assert newest <= shop.value("SELECT getvariable('now')")
    assert newest > shop.value("SELECT getvariable('now') - to_days($1)", days)


def test_addresses_lead_nowhere(shop: Shop) -> None:
    """Only domains that RFC 2606 keeps for examples, each address once, and a few customers without any."""
    assert shop.value("SELECT count(*) FROM customers WHERE NOT regexp_full_match(email, '[a-z0-9.]+@example\\.(com|org)')") == 0
    assert shop.value("SELECT count(email) - count(DISTINCT email) FROM customers") == 0
    assert shop.value("SELECT count(*) FROM customers WHERE email IS NULL") > 0


def test_totals_are_those_of_the_items(shop: Shop) -> None:
    """Total = goods less discount + shipping, margin = goods less discount and cost, to the last hundredth."""
    wrong = """
        SELECT count(*) FROM all_orders JOIN
        (SELECT order_id, sum(price * quantity) AS goods, sum(cost * quantity) AS cost FROM items GROUP BY ALL) USING (order_id)
        WHERE total NOT IN (goods - discount, goods - discount + 89) OR margin <> (goods - discount - cost)::DECIMAL(18, 2)
    """
    assert shop.value(wrong) == 0
    assert shop.value("SELECT count(*) FROM all_orders ANTI JOIN items USING (order_id)") == 0
    assert shop.value("SELECT count(*) FROM items ANTI JOIN products USING (product_id)") == 0


def test_nobody_orders_before_registering(shop: Shop) -> None:
    assert shop.value("SELECT count(*) FROM orders JOIN customers USING (customer_id) WHERE ordered_at < registered_at") == 0


def test_carts_are_filled_before_their_order(shop: Shop) -> None:
    """Every product of an order of the last months was put into a cart before it."""
    missing = """
        SELECT count(*) FROM items JOIN orders USING (order_id)
        WHERE ordered_at > (SELECT min(occurred_at) FROM web) + INTERVAL 3 DAY AND NOT EXISTS (
            FROM web WHERE event = 'add_to_cart' AND web.customer_id = orders.customer_id AND web.product_id = items.product_id
            AND occurred_at < ordered_at AND occurred_at > ordered_at - INTERVAL 2 DAY)
    """
    assert shop.value(missing) == 0


@pytest.mark.parametrize("days_before", [0, 1])
def test_some_carts_were_just_left(shop: Shop, days_before: int) -> None:
    """A run at as_of finds abandoned carts, and so does one a day earlier."""
    left = """
        WITH moment AS (SELECT getvariable('now') - to_days($1) AS now)
        SELECT count(DISTINCT customer_id) FROM web AS cart, moment
        WHERE event = 'add_to_cart' AND occurred_at BETWEEN now - INTERVAL 1 DAY AND now - INTERVAL 30 MINUTE AND NOT EXISTS (
            FROM orders WHERE orders.customer_id = cart.customer_id AND ordered_at BETWEEN occurred_at AND occurred_at + INTERVAL 30 MINUTE)
    """
    assert shop.value(left, days_before) >= 3


@pytest.mark.parametrize(
    ("who", "least", "most"),
    [
        ("coalesce(n, 0) = 0", 0.15, 0.40),
        ("n = 1", 0.15, 0.40),
        ("n >= 5 AND last > getvariable('now') - INTERVAL 90 DAY", 0.10, 0.35),
        ("n >= 2 AND last < getvariable('now') - INTERVAL 120 DAY", 0.08, 0.35),
        ("n >= 30", 0.002, 0.08),
    ],
)
def test_people_shop_each_in_their_way(shop: Shop, who: str, least: float, most: float) -> None:
    """Never, once, often, not any more, and a few very often: each a plausible share of the customers."""
    lives = f"""
        SELECT avg(({who})::INT) FROM customers LEFT JOIN
        (SELECT customer_id, count(*) AS n, max(ordered_at) AS last FROM orders GROUP BY ALL) USING (customer_id)
    """  # noqa: S608  # conditions from the table above
    assert least < shop.value(lives) < most


def test_a_loyal_customer_has_a_rhythm(shop: Shop) -> None:
    """Those who order often do so at their own pace: half of the gaps lie within half and twice their median."""
    steady = """
        WITH gaps AS (
            SELECT customer_id, date_diff('hour', lag(ordered_at) OVER (PARTITION BY customer_id ORDER BY ordered_at), ordered_at) AS gap
            FROM orders),
        paced AS (SELECT *, median(gap) OVER (PARTITION BY customer_id) AS usual, count(*) OVER (PARTITION BY customer_id) AS n FROM gaps)
        SELECT avg((gap BETWEEN usual / 2 AND usual * 2)::INT) FROM paced WHERE n >= 8 AND gap IS NOT NULL
    """
    assert shop.value(steady) > 0.75


def test_some_first_orders_were_sold_at_a_loss(shop: Shop) -> None:
    """Most of them by the clearance coupon, and to who compares prices."""
    first = "FROM orders SEMI JOIN (SELECT customer_id, min(ordered_at) AS ordered_at FROM orders GROUP BY ALL) USING (customer_id, ordered_at)"
    share = shop.value(f"SELECT avg((margin < 0)::INT) {first}")
    assert 0.01 < share < 0.12
    assert shop.value(f"SELECT avg((coupon = 'VYPRODEJ40')::INT) {first} WHERE margin < 0") > 0.9
    assert shop.value(f"SELECT avg((margin < 0)::INT) {first} WHERE source = 'comparison'") > 2 * share


def test_mails_went_only_to_who_had_agreed(shop: Shop) -> None:
    """The last word before each sending was a yes, and the last of all is what the customers' file says."""
    sent = """
        SELECT count(*) FROM mails ASOF JOIN consents ON mails.customer_id = consents.customer_id AND happened_at >= changed_at
        WHERE event = 'send' AND NOT consent
    """
    assert shop.value(sent) == 0
    assert shop.value("SELECT count(*) FROM mails ANTI JOIN consents USING (customer_id)") == 0
    other = """
        WITH last AS (SELECT customer_id, arg_max(consent, changed_at) AS said FROM consents GROUP BY ALL)
        SELECT count(*) FROM customers LEFT JOIN last USING (customer_id) WHERE newsletter IS DISTINCT FROM said
    """
    assert shop.value(other) == 0


def test_mails_are_opened_and_clicked_after_they_were_sent(shop: Shop) -> None:
    """A third or so are read, a few clicked; openings by machines name no system."""
    early = """
        SELECT count(*) FROM mails AS later JOIN (FROM mails WHERE event = 'send') AS sent USING (message)
        WHERE later.event <> 'send' AND later.happened_at <= sent.happened_at
    """
    assert shop.value(early) == 0
    read = "SELECT count(DISTINCT message) FILTER (event = $1 AND NOT machine) / count(DISTINCT message) FROM mails"
    assert 0.2 < shop.value(read, "open") < 0.5
    assert 0.02 < shop.value(read, "click") < 0.12
    assert shop.value("SELECT count(*) FROM mails WHERE machine AND (os IS NOT NULL OR event <> 'open')") == 0
    assert shop.value("SELECT count(*) FROM mails WHERE machine") > 0


def test_voices_follow_their_orders(shop: Shop) -> None:
    """What is sent back was bought and delivered; who complains scores lower."""
    assert shop.value("SELECT count(*) FROM returns ANTI JOIN items USING (order_id, product_id)") == 0
    assert shop.value("SELECT count(*) FROM returns JOIN all_orders USING (order_id) WHERE returned_at <= delivered_at OR delivered_at IS NULL") == 0
    assert shop.value("SELECT count(*) FROM complaints JOIN all_orders USING (order_id) WHERE complained_at <= ordered_at") == 0
    score = "SELECT avg(answer::INT) FROM answers {join} JOIN complaints USING (customer_id) WHERE question = 'nps'"
    assert shop.value(score.format(join="SEMI")) + 0.5 < shop.value(score.format(join="ANTI"))


def test_some_told_of_themselves_when_they_registered(shop: Shop) -> None:
    """A fifth their hobbies, more how to be written to; every answer is one that the example's questions offer."""
    assert 0.15 < shop.value("SELECT count(hobbies) / count(*) FROM customers") < 0.25
    assert 0.3 < shop.value("SELECT count(preferred_channel) / count(*) FROM customers") < 0.45
    project = load(EXAMPLES, {})[0]
    assert project is not None
    hobby, channel = ({str(answer.value) for answer in question.answers} for question in project.questions)
    told = "SELECT list(DISTINCT hobby) FROM (SELECT unnest(string_split(hobbies, '|')) AS hobby FROM customers)"
    assert set(shop.value(told)) == set(shop.value("SELECT list(DISTINCT answer) FROM answers WHERE question = 'hobby'")) == hobby
    assert set(shop.value("SELECT list(DISTINCT preferred_channel) FROM customers")) - {None} == channel


def test_every_person_can_be_greeted(shop: Shop) -> None:
    """Who gave a name has a vocative, and who gave none has none."""
    assert shop.value("SELECT count(*) FROM customers WHERE (first_name IS NULL) <> (osloveni IS NULL)") == 0
    assert shop.value("SELECT count(*) FROM customers WHERE first_name IS NULL") > 0
    assert shop.value("SELECT count(DISTINCT first_name) FROM customers") == len(WOMEN) + len(MEN)


@pytest.mark.parametrize(
    ("man", "woman"),
    [("Novák", "Nováková"), ("Novotný", "Novotná"), ("Krejčí", "Krejčí"), ("Svoboda", "Svobodová"), ("Hájek", "Hájková"), ("Němec", "Němcová"),
     ("Vaněk", "Vaňková"), ("Kadlec", "Kadlecová")],
)  # fmt: skip
def test_surnames_have_a_feminine_form(man: str, woman: str) -> None:
    assert man in SURNAMES
    assert feminine(man) == woman


def test_products_have_titles_and_pages_of_their_own() -> None:
    products = catalogue(demo_data.stream(1, "products"), SPRING.date())
    assert len(products) > 250
    assert len({product.title for product in products}) == len({product.url for product in products}) == len(products)
    assert all(0 < product.cost < product.price for product in products)
