"""The statements of caps on small tables, against the same rules in plain Python: one message after another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from retention_cli.engine.duck import DuckEngine
from retention_cli.journey.caps import TWIN_WINDOW, allot, load_caps
from retention_cli.journey.frame import to_micros
from retention_cli.journey.programs import Asked
from retention_cli.journey.zones import Zones
from retention_cli.model.duration import Duration
from retention_cli.model.kind import Kind
from retention_cli.model.period import Period, period_start
from retention_cli.model.policy import Cap, FieldLimit, Policies, WhenCapped
from retention_cli.model.word import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

AS_OF = datetime(2026, 5, 3, 20, 30, tzinfo=UTC)
ZONES = {name: ZoneInfo(name) for name in ("Europe/Prague", "Asia/Tokyo", "America/New_York")}
CAMPAIGNS = {1: ("performance", "news", 10), 2: ("brand", "news", 50), 3: ("performance", None, 50), 4: ("transactional", None, 90)}
UNSENT = ("planned", "claimed", "committing", "deferred")


@dataclass(frozen=True)
class Person:
    """A customer: where they live, where they are written to, and how much they want."""

    id: str
    zone: str
    address: str
    wanted: int | None


@dataclass(frozen=True)
class Message:
    """A message that could leave so many hours after as_of, or that was sent, or waits, so many hours before."""

    customer: str
    campaign: int
    step: str
    hours: int
    state: str = "planned"


@dataclass(frozen=True)
class World:
    """What a tick of caps meets."""

    policies: Policies
    people: tuple[Person, ...]
    new: tuple[Message, ...]
    past: tuple[Message, ...]

    def person(self, customer: str) -> Person:
        """Return a customer."""
        return next(each for each in self.people if each.id == customer)


def by_sql(world: World) -> dict[int, str | None]:
    """Return what the statements say of each new message, by its number."""
    with DuckEngine() as engine:
        frame = SimpleNamespace(
            project=SimpleNamespace(settings=SimpleNamespace(policies=world.policies), zone=ZONES["Europe/Prague"]),
            past=SimpleNamespace(recent_messages=lambda customers, addresses, since: recent(world, customers, addresses, since)),
            as_of=AS_OF,
            micros=to_micros(AS_OF),
        )
        lay_out(world, engine)
        load_caps(frame, engine, Asked())  # type: ignore[arg-type]  # it asks for no more than this of a frame
        allot(frame, engine, Zones(ZONES, {}))  # type: ignore[arg-type]  # as above
        return dict(engine.run("SELECT message, reason FROM allotted"))


def lay_out(world: World, engine: DuckEngine) -> None:
    """Fill the tables that are there when caps are asked."""
    ids = {person.id: number for number, person in enumerate(world.people, 1)}
    campaigns = [(id_, kind, topic, priority) for id_, (kind, topic, priority) in CAMPAIGNS.items()]
    engine.table("campaign_traits", {"campaign": "BIGINT", "kind": "VARCHAR", "topic": "VARCHAR", "priority": "BIGINT"}, campaigns)
    text = dict.fromkeys(("step", "customer_id", "channel", "kind", "topic", "key", "stopped"), "VARCHAR")
    engine.table("planned", {"message": "BIGINT", "subject": "BIGINT", "campaign": "BIGINT", **text}, _planned(world, ids))
    outside = {"state": "VARCHAR", "reason": "VARCHAR", "becomes": "VARCHAR", "is_outside": "BOOLEAN", "journey": "BIGINT", "priority": "BIGINT"}
    engine.table("unsent_judged", {"message": "BIGINT", "campaign": "BIGINT", **text, **outside}, [])
    times = [
        (number, world.person(each.customer).zone, (AS_OF + timedelta(hours=each.hours)).replace(tzinfo=None))
        for number, each in enumerate(world.new, 1)
    ]
    engine.table("message_times", {"message": "BIGINT", "zone": "VARCHAR", "leaves_at": "TIMESTAMP"}, times)
    addresses = [(ids[person.id], "email", person.address) for person in world.people]
    engine.table("subject_addresses", {"subject": "BIGINT", "channel": "VARCHAR", "key": "VARCHAR"}, addresses)
    engine.table("answered", {"subject": "BIGINT", "field_wanted": "BIGINT"}, [(ids[person.id], person.wanted) for person in world.people])
    engine.execute("CREATE OR REPLACE TABLE asked AS SELECT subject, CAST([] AS BOOLEAN[]) AS answers FROM answered")


def _planned(world: World, ids: dict[str, int]) -> list[tuple[Any, ...]]:
    found = []
    for number, each in enumerate(world.new, 1):
        kind, topic, _ = CAMPAIGNS[each.campaign]
        person = world.person(each.customer)
        found.append((number, ids[each.customer], each.campaign, each.step, each.customer, "email", kind, topic, person.address, None))
    return found


def recent(world: World, customers: Sequence[str], addresses: Sequence[str], since: int) -> list[tuple[Any, ...]]:
    """Return the past as a ledger would."""
    rows = []
    for number, each in enumerate(world.past, 101):
        kind, topic, _ = CAMPAIGNS[each.campaign]
        address, at = world.person(each.customer).address, to_micros(AS_OF - timedelta(hours=each.hours))
        if (each.customer in customers or address in addresses) and (each.state in UNSENT or at >= since):
            rows.append((number, each.customer, address, "email", kind, topic, each.campaign, each.step, each.state, at))
    return rows


def one_by_one(world: World) -> dict[int, str | None]:
    """Say the same without a set: each message in its order, after all before it."""
    order = sorted(enumerate(world.new, 1), key=lambda item: (-CAMPAIGNS[item[1].campaign][2], item[1].campaign, _subject(world, item[1]), item[0]))
    granted: list[tuple[Message, datetime | None]] = [
        (each, None if each.state in UNSENT else AS_OF - timedelta(hours=each.hours)) for each in world.past if each.campaign != 4
    ]
    found: dict[int, str | None] = {}
    for number, message in order:
        if CAMPAIGNS[message.campaign][0] != "transactional":
            found[number] = _verdict(world, message, granted)
            if found[number] is None:
                granted.append((message, None))
    return found


def _subject(world: World, message: Message) -> int:
    return [person.id for person in world.people].index(message.customer)


def _verdict(world: World, message: Message, granted: Sequence[tuple[Message, datetime | None]]) -> str | None:
    mine = [(each, at) for each, at in granted if _same_person(world, each, message)]
    if world.policies.one_per_address and any(_is_twin(world, message, each, at) for each, at in granted):
        return "one per address"
    for cap in world.policies.caps:
        if _fits(cap, message):
            since = _since(world, cap, message)
            taken = sum(_fits(cap, each) and (at is None or at >= since) for each, at in mine)
            if taken >= _room(world, cap, message):
                return f"capped: {cap}"
    return None


def _same_person(world: World, one: Message, two: Message) -> bool:
    shared = world.policies.one_per_address and world.person(one.customer).address == world.person(two.customer).address
    return one.customer == two.customer or shared


def _is_twin(world: World, message: Message, other: Message, at: datetime | None) -> bool:
    same = (message.campaign, message.step, world.person(message.customer).address) == (
        other.campaign,
        other.step,
        world.person(other.customer).address,
    )
    return same and message.customer != other.customer and (at is None or at >= AS_OF - TWIN_WINDOW)


def _fits(cap: Cap, message: Message) -> bool:
    kind, topic, _ = CAMPAIGNS[message.campaign]
    return cap.kind in {None, kind} and (cap.topic is None or cap.topic == topic)


def _since(world: World, cap: Cap, message: Message) -> datetime:
    leaves = AS_OF + timedelta(hours=message.hours)
    if isinstance(cap.per, Duration):
        return leaves - cap.per.elapsed + timedelta(microseconds=1)
    return period_start(leaves, cap.per, ZONES[world.person(message.customer).zone])


def _room(world: World, cap: Cap, message: Message) -> int:
    if not isinstance(cap.at_most, FieldLimit):
        return cap.at_most
    wanted = world.person(message.customer).wanted
    return cap.at_most.if_missing if wanted is None else max(0, wanted)


limits = st.integers(0, 3) | st.builds(FieldLimit, field=st.just(Word("wanted")), if_missing=st.integers(0, 3))
spans = st.sampled_from([Period.DAY, Period.WEEK, Period.MONTH, Duration(1, "day"), Duration(7, "day"), Duration(6, "hour")])
caps = st.builds(
    Cap, at_most=limits, per=spans, kind=st.sampled_from([None, Kind.PERFORMANCE, Kind.BRAND]), topic=st.sampled_from([None, Word("news")])
)
policies = st.builds(Policies, caps=st.lists(caps, max_size=3).map(tuple), when_capped=st.sampled_from(WhenCapped), one_per_address=st.booleans())
people = st.tuples(
    *(
        st.builds(
            Person,
            st.just(name),
            st.sampled_from(sorted(ZONES)),
            st.sampled_from(["x@example.com", f"{name}@example.com"]),
            st.none() | st.integers(-1, 4),
        )
        for name in "abc"
    )
)
named = {"customer": st.sampled_from("abc"), "campaign": st.sampled_from(sorted(CAMPAIGNS)), "step": st.sampled_from(["one", "two"])}
new = st.lists(st.builds(Message, **named, hours=st.sampled_from([0, 0, 0, 9, 33])), max_size=9).map(tuple)
past = st.lists(
    st.builds(Message, **named, hours=st.integers(0, 800), state=st.sampled_from([*UNSENT, "sent", "sent", "sent", "unknown"])), max_size=9
)
worlds = st.builds(World, policies, people, new, past.map(tuple))


@given(worlds)
@settings(deadline=None, max_examples=80)
def test_rounds_allot_what_one_after_the_other_would(world: World) -> None:
    expected = one_by_one(world) if world.policies.caps or world.policies.one_per_address else {}
    assert by_sql(world) == expected


@given(worlds)
@settings(deadline=None, max_examples=40)
def test_nobody_gets_more_than_a_cap_in_any_of_its_windows(world: World) -> None:
    """Counted afterwards, of what was granted, whatever order it came in."""
    said = by_sql(world)
    granted = [each for number, each in enumerate(world.new, 1) if said.get(number, "") is None]
    for cap in world.policies.caps:
        for person in world.people:
            mine = [each for each in granted if each.customer == person.id and _fits(cap, each)]
            assert len(mine) <= max((_room(world, cap, each) for each in mine), default=0)


def test_the_same_tick_gives_the_same_people() -> None:
    """Ties go by campaign, then by journey: nothing is left to chance."""
    everybody = tuple(Person(name, "Europe/Prague", f"{name}@example.com", None) for name in "abc")
    wanted = tuple(Message(name, campaign, "one", 0) for name in "cab" for campaign in (3, 2, 1))
    world = World(Policies(caps=(Cap(at_most=1, per=Period.DAY),)), everybody, wanted, ())
    assert [number for number, reason in sorted(by_sql(world).items()) if reason is None] == [2, 5, 8]
