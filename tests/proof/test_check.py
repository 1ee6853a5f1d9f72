"""Rows of tests are held to the columns: each mistake at its place, and nothing that is right is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from project.case_files import told
from proof.shop import known, make
from retention_cli.app.validate import validate
from retention_cli.proof.check import check

if TYPE_CHECKING:
    from pathlib import Path

TEST = "test: a\nas_of: 2026-05-01\nexpect: {{where: {{everyone: true}}, has: [a]}}\ngiven:\n  customers: [{{customer_id: a}}]\n{rows}\n"
ORDERS = "  orders: [{order_id: 1, customer_id: a, ordered_at: 2026-01-01}]\n"
NO_CUSTOMER = (
    "6:12 missing-key: a row of orders needs 'customer_id' | "
    'add customer_id: …; customer_id: "" is a row without a customer, which an import leaves out'
)
CASES = {
    "  products: [{product_id: p, brnd: Apple}, {product_id: q, brnd: x}]": [
        "6:30 unknown-column: products has no column 'brnd' | did you mean 'brand'?"
    ],
    "  orders: [{user: a, ordered_at: 2026-01-01}]": [
        NO_CUSTOMER,
        "6:13 unknown-column: orders has no column 'user' | here it is called 'customer_id'",
    ],
    '  orders: [{customer_id: "", ordered_at: 2026-01-01}]': [],
    "  orders: [{customer_id: a, total: 5}]": ["6:12 missing-key: a row of orders needs 'ordered_at' | add ordered_at: …"],
    "  web: [{customer_id: a, at: 2026-01-01}]": ["6:9 missing-key: a row of web needs 'what' | add what: …"],
    "  web: [{customer_id: a, at: 2026-01-01, what: [cart]}]": ["6:49 wrong-value: web.what is text, and this is a list | write one value"],
    "  web: [{customer_id: a, at: 2026-01-01, what: view_itm}]": [
        "6:48 warning unknown-event: no row of web was an event 'view_itm' so far | did you mean 'view_item'?"
    ],
    "  web: [{customer_id: a, at: 2026-01-01T10:00:01Z, what: cart}, {customer_id: a, at: 2026-01-01 10:00, what: add_to_cart}]": [],
    "  web: [{customer_id: a, at: yesterday, what: cart}]": [
        "6:30 wrong-value: web.at is time, and 'yesterday' is none | write it like 2026-05-01T09:00"
    ],
    "  orders: [{customer_id: a, ordered_at: 2026-02-30}]": [
        "6:41 wrong-value: orders.ordered_at is time, and '2026-02-30' is none | write it like 2026-05-01T09:00",
    ],
    '  orders: [{customer_id: a, ordered_at: 2026-02-03, total: "1,5"}]': [
        "6:60 wrong-value: orders.total is decimal, and '1,5' is none | write it like 12.50"
    ],
    ORDERS + "  order_items: [{order_id: 2, product_id: p}]": ["7:28 wrong-value: no row of orders has the order_id '2' | known: 1"],
    ORDERS + "  order_items: [{product_id: p}]": ["7:17 missing-key: a row of order_items needs 'order_id' | add order_id: …"],
    ORDERS + "  order_items: [{order_id: 1, customer_id: a}]": [
        "7:31 unknown-column: the customer_id of order_items comes from orders | give it to the row of orders"
    ],
    ORDERS + "  order_items: [{order_id: 1}]": [],
    "  products: [{product_id: p}, {product_id: p}]": [
        "6:44 duplicate-name: two rows of products have the product_id 'p'; the first is on line 6 | an import would keep the last one alone"
    ],
}
CUSTOMERS = {
    "{customer_id: a, age: ten, newsletter: yes}": [
        "5:37 wrong-value: customers.age is integer, and 'ten' is none | write it like 12",
        "5:54 wrong-value: customers.newsletter is boolean, and 'yes' is none | write it like true or false",
    ],
    "{customer_id: a, E-mail: a@x.cz}": ["5:32 unknown-column: customers has no column 'E-mail' | here it is called 'email'"],
    '{customer_id: a, age: "", birthday: "", email: ""}': [],
    "{customer_id: a}, {age: 3}": ["5:33 missing-key: a row of customers needs 'customer_id' | add customer_id: …"],
    "{customer_id: a, birthday: 2026-01-01T10:00}": [
        "5:42 wrong-value: customers.birthday is date, and '2026-01-01T10:00' is none | write it like 2026-05-01"
    ],
}
ASKED = {
    "{where: {agee: 3}, has: [a]}": ["3:18 unknown-field: customers have no field or metric 'agee' | did you mean 'age'?"],
    "{where: {did: view_itm}, has: [a]}": ["3:23 unknown-event: no source has the event 'view_itm' | did you mean 'view_item'?"],
    "{metric: spent, customer: a, value: 1}": ["3:18 unknown-field: customers have no field or metric 'spent' | did you mean 'total_spent'?"],
    "{group: lifecicle, customer: a, is: new}": ["3:17 unknown-field: customers have no field or metric 'lifecicle'"],
    "{metric: orders_count, customer: a, value: few}": ["3:52 wrong-type: 'few' is not a whole number"],
    "{metric: last_order_at, values: {a: 2026-01-01}}": [],
}


def problems(root: Path, text: str) -> list[str]:
    """Return what is wrong in a test file, shortest form, by place."""
    project = make(root, {"tests/t.yml": text})
    found = sorted(check(project, known(root, project)), key=lambda problem: problem.place)
    return list(told(found, "tests/t.yml"))


@pytest.mark.parametrize("rows", CASES)
def test_rows(rows: str, tmp_path: Path) -> None:
    assert problems(tmp_path, TEST.format(rows=rows)) == CASES[rows]


@pytest.mark.parametrize("rows", CUSTOMERS)
def test_customers(rows: str, tmp_path: Path) -> None:
    text = TEST.format(rows="").replace("[{customer_id: a}]", f"[{rows}]")
    assert problems(tmp_path, text) == CUSTOMERS[rows]


@pytest.mark.parametrize("expected", ASKED)
def test_what_is_asked(expected: str, tmp_path: Path) -> None:
    text = TEST.format(rows="").replace("{where: {everyone: true}, has: [a]}", expected)
    found = problems(tmp_path, text)
    assert len(found) == len(ASKED[expected])
    assert all(one.startswith(begins) for one, begins in zip(found, ASKED[expected], strict=True)), found


def test_validate_tells_it_all(tmp_path: Path) -> None:
    """Of tests too: names, rows and conditions, beside what is wrong elsewhere."""
    make(tmp_path, {"tests/t.yml": TEST.format(rows="  products: [{product_id: p, brnd: Apple}]")})
    (tmp_path / "segments/wrong.yml").write_text("where: {agee: 3}\n", encoding="utf-8")
    assert [(problem.place.file, problem.code) for problem in validate(tmp_path)] == [
        ("segments/wrong.yml", "unknown-field"),
        ("tests/t.yml", "unknown-column"),
    ]


def test_of_a_source_that_was_never_seen_nothing_is_said(tmp_path: Path) -> None:
    """Neither of its columns nor of what a test's own condition asks; only of the rows' roles and values."""
    text = TEST.format(rows='  products: [{product_id: p, any: "x"}]').replace("everyone: true", "shoe_size: 44")
    make(tmp_path, {"tests/t.yml": text, "retention.lock": None})
    assert validate(tmp_path) == []
