"""Campaigns and policies by chance: every trigger, every step in its dresses, and what holds over all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

SEGMENTS = {
    "asleep": {"last_order_at": {"older_than": "5 days"}},
    "fresh": {"last_order_at": {"within": "5 days"}},
    "czech": {"country": "CZ"},
    "everybody": {"everyone": "true"},
}
GROUP = {"name": "rhythm", "divisions": {"often": {"did": "order", "within": "7 days"}, "seldom": {"did": "order"}}, "otherwise": "never"}


def some(*values: Any) -> SearchStrategy[Any]:
    """Draw one of these."""
    return st.sampled_from(values)


CONDITIONS = some(
    {"country": "CZ"},
    {"newsletter": "true"},
    {"segment": "asleep"},
    {"rhythm": ["often", "seldom"]},
    {"did": "order", "since": "entry"},
    {"did_not": "order", "since": "entry"},
    {"did": "view_item", "within": "3 days"},
    {"total_spent": {"at_least": 50}},
    {"sample": {"share": "50%", "name": "half"}},
)
SPANS = some("30 minutes", "6 hours", "1 day", "2 days")
TIMES = some("08:00", "12:30", "23:00")


@st.composite
def triggers(draw: DrawFn) -> dict[str, Any]:
    """Draw what begins a campaign."""
    backfill = draw(some("true", "false"))
    cart: dict[str, Any] = {"did": "add_to_cart", "late": draw(some("1 day", "3 days")), "backfill": backfill}
    patient = {**cart, "not_followed_by": [{"did": "order", "within": "30 minutes"}, {"did": "add_to_cart", "within": "30 minutes"}]}
    return draw(
        some(
            {"enters": draw(some(*SEGMENTS)), "backfill": backfill},
            {"leaves": draw(some("asleep", "fresh", "czech"))},
            {"moves": {"group": "rhythm", "to": draw(some("often", ["seldom", "never"]))}, "backfill": backfill},
            cart,
            {**cart, "per": "product_id"},
            patient,
            {"changes": {"field": "country", **draw(some({}, {"to": ["CZ", "SK"]}, {"from": "CZ"}))}},
            {
                "date": "birthday",
                "every": "year",
                "offset": draw(some("-1 days", "2 days")),
                "at": draw(TIMES),
                "zone": draw(some("customer", "shop")),
            },
            {"date": "registered_at", "offset": "3 days", "backfill": backfill},
            {"elapsed": {"since": {"did": "order"}, "for": draw(some("2 days", {"metric": "days_between_orders"}))}, "backfill": backfill},
            {"elapsed": {"since": {"did": "view_item"}, "for": {"field": "consumption_days", "plus": "-1 days"}, "per": "product_id"}},
            {"schedule": {"every": draw(some("day", "weekday", "saturday")), "at": draw(TIMES), "zone": draw(some("customer", "shop"))}},
            {"schedule": {"cron": "0 */6 * * *"}},
            {"once": "2026-05-02 09:00", "late": "3 days"},
            {"restocked": {"interested": {"did": "view_item", "within": "80 days"}, "at_least": 2}},
            {"price_dropped": {"interested": {"did": ["view_item", "add_to_cart"], "within": "80 days"}}},
        )
    )


EAGER = some(
    {"enters": "everybody", "backfill": "true"},
    {"moves": {"group": "rhythm", "to": ["often", "seldom", "never"]}, "backfill": "true"},
    {"did": ["add_to_cart", "view_item"], "backfill": "true", "per": "product_id"},
    {"schedule": {"cron": "0 */6 * * *"}},
)
"""What surely begins something for somebody."""


@st.composite
def letters(draw: DrawFn, number: int) -> dict[str, Any]:
    """Draw a message in one of its dresses; `number` makes its names its own."""
    dress = draw(
        some(
            {},
            {},
            {"channel": ["sms", "email"]},
            {"channel": ["preferred", "email"]},
            {"channel": "sms"},
            {"at": draw(TIMES)},
            {"at": {"best_hour": {"from": "07:00", "to": "20:00", "otherwise": "09:00", "evidence": 1}}},
            {"expires": draw(SPANS)},
            {"if": draw(CONDITIONS)},
            {"on_fail": "stop", "on_unknown": "resend_once", "subject": "Again"},
            {
                "experiment": f"words_{number}",
                "variants": {"plain": {"share": "50%", "subject": "One"}, "other": {"share": "50%", "template": "second"}},
            },
            {"no_reaction": {"after": draw(SPANS), "send": "second", "id": f"n{number}"}},
        )
    )
    return {"send": draw(some("letter", "second")), "id": f"s{number}", **dress}


@st.composite
def waits(draw: DrawFn, number: int) -> dict[str, Any]:
    """Draw a wait."""
    until = draw(
        some(
            {"until": draw(TIMES)},
            {"until": "saturday", "at": draw(TIMES)},
            {"until": draw(CONDITIONS), "at_most": draw(SPANS)},
            {"until": {"date": "birthday", "every": "year", "offset": "-1 days"}, "at_most": "2 days"},
        )
    )
    return {"wait": draw(some(draw(SPANS), until)), "id": f"w{number}", **draw(some({}, {}, {"if": draw(CONDITIONS)}))}


@st.composite
def programs(draw: DrawFn, name: str) -> list[dict[str, Any]]:
    """Draw the steps of a campaign; at least one message is among them."""
    count = iter(range(100))

    def inside(depth: int) -> list[dict[str, Any]]:
        return [step(depth) for _ in range(draw(st.integers(1, 3)))]

    def step(depth: int) -> dict[str, Any]:
        number = next(count)
        kind = draw(some("send", "send", "wait", "wait", "if", "split", "stop") if depth else some("send", "wait"))
        match kind:
            case "send":
                return draw(letters(number))
            case "wait":
                return draw(waits(number))
            case "stop":
                return {"stop": f"enough_{number}", "id": f"x{number}", "if": draw(CONDITIONS)}
            case "if":
                return {"if": draw(CONDITIONS), "then": inside(depth - 1), "else": inside(depth - 1), "id": f"i{number}"}
            case _:
                paths = {"none": {"share": "30%", "then": []}, "some": {"then": inside(depth - 1)}}
                return {"split": {"name": f"{name}_{number}", "paths": paths}, "id": f"p{number}"}

    return [*inside(2), draw(letters(next(count)))]


@st.composite
def campaigns(draw: DrawFn, name: str, *, is_eager: bool = False) -> dict[str, Any]:
    """Draw a campaign; an eager one writes to somebody before it waits."""
    found: dict[str, Any] = {
        "name": name,
        "priority": draw(st.integers(0, 3)) * 30,
        "kind": draw(some("performance", "performance", "brand", "transactional")),
        "trigger": draw(EAGER if is_eager else triggers()),
        "goals": {
            "ordered": {"when": {"did": "order"}, "window": "3 days"},
            "money": {"total_of": {"did": "order", "field": "total"}, "window": "2 days"},
        },
        "steps": [*([draw(letters(99))] if is_eager else []), *draw(programs(name))],
    }
    others: dict[str, SearchStrategy[Any]] = {
        "audience": some({"country": ["CZ", "SK"]}, {"newsletter": "true"}, {"did_not": "order", "within": "1 day"}),
        "again": some("never", "always", {"after": "2 days"}, {"at_most": 2}),
        "deadline": some({"after": "1 day"}, {"after": "2 days", "at": "20:00"}),
        "holdout": some("30%"),
        "exit": some({"ordered": {"did": "order", "since": "entry"}}, {"gone": {"country": "US"}, "ordered": {"did": "order", "since": "entry"}}),
    }
    return found | {key: draw(values) for key, values in others.items() if draw(st.booleans())}


POLICIES: dict[str, SearchStrategy[Any]] = {
    "consent": some({"email": "newsletter", "sms": "newsletter", "push": "newsletter"}),
    "quiet_hours": some({"from": "21:00", "to": "08:00"}, {"from": "21:00", "to": "08:00", "days": ["sun"]}, {"from": "12:00", "to": "13:00"}),
    "caps": some(
        [{"at_most": 1, "per": "1 day"}],
        [{"at_most": 1, "per": "day", "kind": "performance"}, {"at_most": 2, "per": "week"}],
        [{"at_most": 2, "per": "3 days", "who": {"country": "CZ"}}, {"at_most": {"field": "orders_count", "if_missing": 1}, "per": "month"}],
    ),
    "when_capped": some("wait", "drop"),
    "holdout": some("10%"),
    "surge": some({"at_most": "60%"}),
    "suppression": some({"path": "out.csv"}),
    "one_per_address": some("true"),
}
