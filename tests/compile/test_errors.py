"""What a project names in vain: each mistake with its code, its place and a hint, found before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compile.shop import COLUMNS, read, schema_of, settings
from retention_cli.compile.check import check
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from retention_cli.model.problem import Problem

ASKED = "where:\n  {}\n"


def mistakes() -> list[tuple[str, str]]:
    """Return the cases of mistakes.txt: what is written, and what is said of it."""
    blocks = (Path(__file__).parent / "mistakes.txt").read_text(encoding="utf-8").split("\n\n")[1:]
    return [(written, said.strip()) for written, said in (block.rstrip().split("\n") for block in blocks)]


def of(root: Path, files: dict[str, str], columns: dict[str, dict[str, ColumnType]] = COLUMNS) -> list[Problem]:
    """Return what the compiler finds; what the reader finds is another's test."""
    project, problems = read(root, files)
    assert [problem for problem in problems if problem.is_error] == []
    return check(project, schema_of(project, columns))


@pytest.mark.parametrize(("written", "said"), mistakes())
def test_a_mistake_is_told_at_its_place(tmp_path: Path, written: str, said: str) -> None:
    found = of(tmp_path, {"segments/asked.yml": ASKED.format(written)})
    assert {(problem.place.file, problem.place.line) for problem in found} == {("segments/asked.yml", 2)}
    assert [told(problem) for problem in found] == [said]


def told(problem: Problem) -> str:
    """Return a problem as mistakes.txt writes it."""
    return f"{problem.place.column} {problem.code}: {problem.message}{' | ' if problem.hint else ''}{problem.hint}"


def test_every_mistake_of_a_project_is_told_at_once(tmp_path: Path) -> None:
    files = {
        "segments/asked.yml": ASKED.format("[{contry: CZ}, {any: [{age: old}, {did: ordr}]}]"),
        "metrics/own.yml": "spent: {total_of: {did: order, field: totl}}\n",
    }
    assert sorted(problem.code for problem in of(tmp_path, files)) == ["unknown-column", "unknown-event", "unknown-field", "wrong-type"]


def test_a_metric_needs_its_event(tmp_path: Path) -> None:
    settings = "name: Shop\nsources:\n  customers: {path: data/c.csv, key: customer_id}\n"
    found = of(tmp_path, {"retention.yml": settings, "segments/asked.yml": ASKED.format("{orders_count: 1}")}, {"customers": COLUMNS["customers"]})
    assert [(problem.code, problem.hint) for problem in found] == [("no-source-for-metric", "name the orders' event: `event: order`")]


def test_a_metric_needs_its_column(tmp_path: Path) -> None:
    without = COLUMNS | {"orders": {name: kind for name, kind in COLUMNS["orders"].items() if name != "total"}}
    found = of(tmp_path, {"segments/asked.yml": ASKED.format("{average_order_value: {at_least: 1}}")}, without)
    assert [problem.code for problem in found] == ["no-source-for-metric"]


QUESTIONS = {
    "{ask: hobby, field: hobies, answers: [cycling], several: true}": "25 unknown-field: customers have no field 'hobies' | did you mean 'hobbies'?",
    "{ask: money, field: total_spent, answers: [much]}": (
        "25 unknown-field: 'total_spent' is a metric or a group, and an answer belongs into a field of the customers | known: "
        "age, balance, birthday, city, country, customer_id, email, hobbies, newsletter, registered_at, sms_consent"
    ),
    "{ask: town, field: city, answers: [Brno], several: true}": (
        "24 wrong-type: 'city' is text, and 'several' is for lists | leave 'several' out, or settle the type: types: {city: list}"
    ),
    "{ask: old, field: age, answers: [2, four, 8]}": "41 wrong-type: the answer 'four' is not a whole number, and 'age' is one | write it like 1250",
    "{ask: old, field: age, answers: [2, 4.5]}": "41 wrong-type: the answer '4.5' is not a whole number, and 'age' is one | write it like 1250",
    "{ask: worth, field: balance, answers: {low: Little}}": (
        "44 wrong-type: the answer 'low' is not a number, and 'balance' is one | write it like 1250.50"
    ),
    "{ask: news, field: newsletter, answers: {true: Ano, nein: Ne}}": (
        "57 wrong-type: the answer 'nein' is not true or false, and 'newsletter' is that | write true or false"
    ),
    "{ask: born, field: birthday, answers: [yesterday]}": (
        "44 wrong-type: the answer 'yesterday' is not a date, and 'birthday' is one | write it like 2026-01-31"
    ),
}


@pytest.mark.parametrize(("question", "said"), QUESTIONS.items())
def test_a_question_fits_the_field_that_it_is_about(tmp_path: Path, question: str, said: str) -> None:
    found = of(tmp_path, {"retention.yml": settings(questions=f"- {question}")})
    assert [told(problem) for problem in found] == [said]
    line = settings(questions=f"- {question}").split("\n").index(f"  - {question}") + 1
    assert {(problem.place.file, problem.place.line) for problem in found} == {("retention.yml", line)}


def test_a_question_about_customers_never_seen_is_not_complained_of(tmp_path: Path) -> None:
    unseen = {name: of for name, of in COLUMNS.items() if name != "customers"}
    asked = {"retention.yml": settings(questions="- {ask: a, field: anything, answers: [b]}"), "segments/s.yml": ASKED.format("{next_question: a}")}
    assert of(tmp_path, asked, unseen) == []


def test_only_a_question_that_is_asked_can_be_the_next(tmp_path: Path) -> None:
    asked = settings(questions="- {ask: hobby, field: hobbies, answers: [cycling]}")
    found = of(tmp_path, {"retention.yml": asked, "segments/asked.yml": ASKED.format("{next_question: {in: [hobby, hoby]}}")})
    assert [told(problem) for problem in found] == ["32 never-holds: there is no question 'hoby' | did you mean 'hobby'?"]


def test_of_a_source_never_seen_nothing_is_complained_of(tmp_path: Path) -> None:
    asked = "[{did: visit, where: {anything: 1}}, {total_of: {did: order, field: whatever, value: 1}}]"
    unseen = {name: of for name, of in COLUMNS.items() if name not in ("visits", "orders")}
    assert of(tmp_path, {"segments/asked.yml": ASKED.format(asked)}, unseen) == []


def test_a_lookup_whose_key_the_rows_lack_is_out_of_reach(tmp_path: Path) -> None:
    without = COLUMNS | {"web": {name: kind for name, kind in COLUMNS["web"].items() if name != "product_id"}}
    found = of(tmp_path, {"segments/asked.yml": ASKED.format("{did: view_item, where: {brand: Apple}}")}, without)
    assert [(problem.code, problem.message) for problem in found] == [("unknown-column", "web has no column 'brand'")]


CIRCLES = [
    ({"metrics/m.yml": "a: {when: {b: true}}\nb: {when: {a: true}}\n"}, "metrics/m.yml:2:12", "a → b → a"),
    ({"metrics/m.yml": "a: {when: {g: x}}\n", "groups/g.yml": "{divisions: {x: {a: true}}, otherwise: y}\n"}, "groups/g.yml:1:18", "a → g → a"),
    ({"metrics/m.yml": "a: {when: {segment: s}}\n", "segments/s.yml": "where: {a: true}\n"}, "segments/s.yml:1:9", "a → segment s → a"),
    ({"groups/g.yml": "{of: s, divisions: {x: {age: 1}}}\n", "segments/s.yml": "where: {g: x}\n"}, "segments/s.yml:1:9", "g → segment s → g"),
    ({"groups/g.yml": "{divisions: {x: {g: y}}, otherwise: y}\n"}, "groups/g.yml:1:18", "g → g"),
    ({"metrics/m.yml": "a: {score: {of: a}}\n"}, "metrics/m.yml:1:17", "a → a"),
    ({"metrics/m.yml": "a: {score: {of: age, among: {age: {at_least: {percentile: 5, of: a}}}}}\n"}, "metrics/m.yml:1:66", "a → a"),
    ({"metrics/m.yml": "a: {when: {age: {at_least: {metric: a}}}}\n"}, "metrics/m.yml:1:37", "a → a"),
    ({"metrics/m.yml": "a: {when: {sql: b}}\nb: {when: {sql: a}}\n"}, "metrics/m.yml:2:17", "a → b → a"),
    ({"metrics/m.yml": "orders_count: {when: {rfm_frequency: 1}}\n"}, "metrics/m.yml:1:23", "orders_count → rfm_frequency → orders_count"),
    ({"metrics/m.yml": "total_margin: {score: {of: margin_rate}}\n"}, "metrics/m.yml:1:28", "total_margin → total_margin"),
]


@pytest.mark.parametrize(("files", "place", "circle"), CIRCLES, ids=[circle for *_, circle in CIRCLES])
def test_a_definition_that_leads_back_to_itself_is_told_once(tmp_path: Path, files: dict[str, str], place: str, circle: str) -> None:
    found = [problem for problem in of(tmp_path, files) if problem.code == "definition-circle"]
    assert [(str(problem.place), problem.message.partition(": ")[2]) for problem in found] == [(place, circle)]


DEFINITIONS = {
    "a: {score: {of: country}}": "1:17 wrong-type: country is text, and a score is of a number | name a metric that is one",
    "a: {score: {of: contry}}": "1:17 unknown-field: customers have no field or metric 'contry' | did you mean 'country'?",
    "a: {score: {of: age, among: {contry: x}}}": "1:30 unknown-field: customers have no field or metric 'contry' | did you mean 'country'?",
    "a: {favourite: {of: collecton, weights: {view_item: 1}}}": "1:21 unknown-column: web has no column 'collecton' | did you mean 'collection'?",
    "a: {favourite: {of: brand, weights: {view_itm: 1}}}": "1:38 unknown-event: no source has the event 'view_itm' | did you mean 'view_item'?",
    "a: {favourite: {of: total, weights: {order: 1, till: 1}}}": (
        "1:21 wrong-type: 'total' is decimal in one table of these events and text in another | give both the same type under types:"
    ),
    "a: {when: {contry: x}}": "1:12 unknown-field: customers have no field or metric 'contry' | did you mean 'country'?",
    "a: {total_of: {did: order, field: totl}}": "1:35 unknown-column: orders has no column 'totl' | did you mean 'total'?",
    "t: {learned: {percentile: 50, of: days_betwen_orders}}": (
        "1:35 unknown-field: customers have no field or metric 'days_betwen_orders' | did you mean 'days_between_orders'?"
    ),
    "t: {learned: {percentile: 50, of: country}}": "1:35 wrong-type: 'country' is text, and a percentile is of numbers | name a metric that is one",
    "t: {learned: {percentile: 5, of: age, by: contry}}": (
        "1:43 unknown-field: customers have no field or metric 'contry' | did you mean 'country'?"
    ),
}


@pytest.mark.parametrize(("written", "said"), DEFINITIONS.items())
def test_a_mistake_in_a_definition_is_told_at_its_place(tmp_path: Path, written: str, said: str) -> None:
    tills = "tills: {path: t.csv, customer: customer_id, time: at, event: till}"
    columns = COLUMNS | {"tills": {"customer_id": ColumnType.TEXT, "at": ColumnType.TIME, "total": ColumnType.TEXT}}
    found = of(tmp_path, {"metrics/m.yml": f"{written}\n", "retention.yml": settings(sources=tills)}, columns)
    assert [f"{problem.place.line}:{told(problem)}" for problem in found] == [said]


LEARNED = "t: {learned: {percentile: 50, of: age}}\n"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("{age: {at_least: {learned: t}}}", "30 not-pinned: retention.lock does not hold 't' yet | run `retention lock`, and review what it wrote"),
        ("{age: {at_least: {learned: u}}}", "30 unknown-learned: there is no learned threshold 'u' | known: t"),
        ("{t: {at_least: 1}}", "4 unknown-field: customers have no field or metric 't' | it is a threshold: {at_least: {learned: t}}"),
    ],
)
def test_a_threshold_that_is_not_pinned_or_not_known(tmp_path: Path, asked: str, said: str) -> None:
    found = of(tmp_path, {"metrics/m.yml": LEARNED, "segments/asked.yml": ASKED.format(asked)})
    assert [told(problem) for problem in found] == [said]


@pytest.mark.parametrize(
    ("policy", "asked", "said"),
    [
        ("{source: consents, topics: {news: opt_in}}", "topic: nws", "37 unknown-topic: there is no topic 'nws' | did you mean 'news'?"),
        (
            "{source: consnts, topics: {news: opt_in}}", "topic: news",
            "3 unknown-event: there is no source of events 'consnts' | did you mean 'consents'?",
        ),
        (
            "{source: visits, topics: {news: opt_in}}", "topic: news",
            "3 unknown-column: visits has no column 'consent' | known: branch, customer_id, visited_at",
        ),
        ("{sms: newsletter}", "topic: news", "3 no-consent: policies: consent says nothing of 'email' | known: sms"),
        ("{email: newsletr}", "topic: news", "20 unknown-field: customers have no field or metric 'newsletr' | did you mean 'newsletter'?"),
        ("{email: city}", "topic: news", "20 wrong-type: 'city' is text, and consent is true or false | settle it under types: {city: boolean}"),
    ],
)  # fmt: skip
def test_consent_that_stands_nowhere(tmp_path: Path, policy: str, asked: str, said: str) -> None:
    files = {
        "retention.yml": settings(policies=f"consent: {policy}"),
        "segments/asked.yml": ASKED.format(f"{{consent: {{channel: email, {asked}}}}}"),
    }
    assert [told(problem) for problem in of(tmp_path, files)] == [said]


SENDING = """\
kind: {kind}
topic: news
trigger: {{did: order}}
steps: [{{send: hello}}]
"""


@pytest.mark.parametrize(
    ("policy", "kind", "said"),
    [
        ("consent: {email: newsletter}", "brand", []),
        ("consent: {sms: newsletter}", "brand", ["8 no-consent: policies: consent says nothing of 'email' | known: sms"]),
        ("consent: {sms: newsletter}", "transactional", []),
        (
            "caps: [{at_most: 1, per: day, who: {cty: Brno}}]", "brand",
            ["39 unknown-field: customers have no field or metric 'cty' | did you mean 'city'?"],
        ),
        (
            "caps: [{at_most: {field: orders_cont, if_missing: 1}, per: day}]", "brand",
            ["28 unknown-field: customers have no field or metric 'orders_cont' | did you mean 'orders_count'?"],
        ),
        (
            "caps: [{at_most: {field: city, if_missing: 1}, per: day}]", "brand",
            ["28 wrong-type: 'city' is text, and a cap is a number | name a field or metric that is one, or settle types: {city: integer}"],
        ),
        ("caps: [{at_most: {field: orders_count, if_missing: 1}, per: day}]", "brand", []),
    ],
)  # fmt: skip
def test_what_policies_ask_of_customers(tmp_path: Path, policy: str, kind: str, said: list[str]) -> None:
    """Who must consent to what is sent, whom a cap is about, and whose number it goes by."""
    files = {
        "retention.yml": settings(policies=policy),
        "campaigns/sending.yml": SENDING.format(kind=kind),
        "templates/hello.html": "---\nsubject: Hello\n---\n<p>Hello</p>\n",
    }
    assert [told(problem) for problem in of(tmp_path, files)] == said


@pytest.mark.parametrize("names", [("VIP", "vip"), ("customer_id",)])
def test_segments_that_would_be_one_column_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Otherwise who enters `vip` would be looked up among `VIP`."""
    listed = "".join(f"- {{name: {name}, where: {{everyone: true}}}}\n" for name in names)
    found = of(tmp_path, {"segments/all.yml": listed})
    assert [(problem.code, problem.place.line) for problem in found] == [("duplicate-name", len(names))]


CAMPAIGN = """\
name: c
trigger: {trigger}
steps: [{{if: {asked}, then: [{{stop: here}}], else: [{{stop: there}}]}}]
exit: {{left: {exit}}}
audience: {audience}
goals: {{g: {{when: {goal}, window: 1 day}}, m: {{total_of: {{did: order, field: {field}}}, window: 1 day}}}}
"""
SOUND = {
    "trigger": "{did: order}", "asked": "{country: CZ}", "exit": "{did: order, since: entry}", "audience": "{age: 1}",
    "goal": "{did: order}", "field": "total",
}  # fmt: skip


@pytest.mark.parametrize(
    ("part", "written", "code"),
    [
        ("trigger", "{did: order, where: {totl: 1}}", "unknown-column"),
        ("trigger", "{did: ordr}", "unknown-event"),
        ("trigger", "{did: view_item, not_followed_by: {did: ordr, within: 1 day}}", "unknown-event"),
        ("asked", "{contry: CZ}", "unknown-field"),
        ("exit", "{did: order, since: entry, where: {totl: 1}}", "unknown-column"),
        ("exit", "{did: order, since: entry, same: cart_id}", "unknown-column"),
        ("audience", "{age: old}", "wrong-type"),
        ("goal", "{did: ordr}", "unknown-event"),
        ("field", "totl", "unknown-column"),
    ],
)
def test_every_part_of_a_campaign_is_tried(tmp_path: Path, part: str, written: str, code: str) -> None:
    assert of(tmp_path / "sound", {"campaigns/c.yml": CAMPAIGN.format(**SOUND)}) == []
    found = of(tmp_path, {"campaigns/c.yml": CAMPAIGN.format(**SOUND | {part: written})})
    assert [(problem.code, problem.place.file) for problem in found] == [(code, "campaigns/c.yml")]


def test_exclude_is_tried_too(tmp_path: Path) -> None:
    settings = "name: Shop\nsources:\n  orders: {path: d.csv, key: order_id, customer: c, time: ordered_at, event: order, exclude: {statu: x}}\n"
    found = of(tmp_path, {"retention.yml": settings}, {"orders": COLUMNS["orders"]})
    assert [(problem.code, problem.place.line, problem.hint) for problem in found] == [("unknown-column", 3, "did you mean 'status'?")]


@pytest.mark.parametrize(
    "asked",
    [
        "{registered_at: {within: 30 days, older_than: 1 month}}",
        "{total_margin: {at_least: {metric: balance, factor: 2}, at_most: {metric: balance}}}",
    ],
)
def test_what_may_hold_after_all_is_not_called_impossible(tmp_path: Path, asked: str) -> None:
    """In March a month is 28 days; and twice a debt is less than the debt."""
    assert of(tmp_path, {"segments/asked.yml": ASKED.format(asked)}) == []


def test_a_date_that_is_waited_for_is_one(tmp_path: Path) -> None:
    """Of the customer and of the event; what is no date, and what is not there."""
    waits = "".join(
        f"  - wait: {{until: {{date: {name}}}, at_most: 1 day}}\n"
        for name in ("birthday", "trigger.ordered_at", "country", "birthdy", "trigger.total", "trigger.totl")
    )
    campaign = "trigger: {did: order}\ngoals: {g: {when: {did: order}, window: 1 day}}\nsteps:\n" + waits
    found = of(tmp_path, {"campaigns/c.yml": campaign})
    assert sorted((problem.place.line, problem.code) for problem in found) == [
        (6, "wrong-type"), (7, "unknown-field"), (8, "wrong-type"), (9, "unknown-field"),
    ]  # fmt: skip
    assert {problem.place.line: problem.hint for problem in found if problem.code == "unknown-field"} == {
        7: "did you mean 'birthday'?", 9: "did you mean 'total'?",
    }  # fmt: skip
