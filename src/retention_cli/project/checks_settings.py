"""What retention.yml says that cannot be: sources of odd shape, clashing events, unknown zones, targets that cannot send.

A source is one of four things, told by its keys: events (`time` and `customer`), parts of events (`parent`), facts
about a customer (`customer` alone), or a table that others look up (`key` alone).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from retention_cli.model.campaign import Kind
from retention_cli.model.mail import EVENTS, OWN_EVENTS
from retention_cli.model.reserved import RESERVED
from retention_cli.model.source import CUSTOMERS, IDENTITIES, EventColumn
from retention_cli.model.step import PREFERRED, letters, templates_of
from retention_cli.model.target import DEFAULT_TARGET, FOR_ALL, FOR_NOTES
from retention_cli.model.word import Word, place_of
from retention_cli.project.notes import Code
from retention_cli.text import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.project import Settings
    from retention_cli.model.source import Source
    from retention_cli.model.step import Letter
    from retention_cli.model.template import Template
    from retention_cli.project.notes import Notes
    from retention_cli.project.objects import Named

_WAYS = {
    True: "mail leaves by smtp, folder, a provider or a plugin; apprise is for sms and push",
    False: "sms and push leave by apprise, folder, fake or a plugin",
}
_NOT_ZONES = ("localtime", "posixrules", "Factory", "posix/", "right/")


def check_settings(settings: Settings, campaigns: Named[Campaign], templates: Named[Template], target: str | None, notes: Notes) -> None:
    """Note what is wrong between the parts of retention.yml, and between it and the campaigns."""
    _check_zone(settings.timezone, notes)
    for name, source in settings.sources.items():
        _check_source(name, source, settings.sources, notes)
        if source.timezone is not None:
            _check_zone(source.timezone, notes)
    _check_events(settings.sources, notes)
    _check_targets(settings, notes)
    _check_sending(settings, campaigns, notes)
    _check_way_out(settings, campaigns, templates, target, notes)
    _check_channels(settings, campaigns, target, notes)


def _check_zone(zone: Word, notes: Notes) -> None:
    if not _is_zone(zone):
        near = nearest(zone, available_timezones())
        notes.error(
            zone.place,
            Code.UNKNOWN_ZONE,
            f"{zone!r} is no time zone",
            f"did you mean {near!r}?" if near else "write a name of the IANA list, such as Europe/Prague",
        )


def _is_zone(name: str) -> bool:
    if name.startswith(_NOT_ZONES):
        return False
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return False
    return True


def _check_source(name: Word, source: Source, sources: Mapping[Word, Source], notes: Notes) -> None:
    if name.lower() in RESERVED:
        notes.error(name.place, Code.RESERVED_NAME, f"a source cannot be called {str(name)!r}: a run has a table of that name", "call it otherwise")
    for message, hint, word in _oddities(name, source):
        notes.error(place_of(word), Code.SOURCE_SHAPE, f"the source {name!r} {message}", hint)
    if source.parent is not None and _known(source.parent, name, sources, notes):
        parent = sources[source.parent]
        if parent.time is None or parent.customer is None or parent.key is None:
            hint = "give the parent key, customer and time"
            notes.error(source.parent.place, Code.SOURCE_SHAPE, f"{source.parent!r} cannot be a parent: it is no source of events with a key", hint)
    if source.lookup is not None and _known(source.lookup, name, sources, notes):
        looked_up = sources[source.lookup]
        if looked_up.key is None or looked_up.time is not None or looked_up.parent is not None:
            notes.error(
                source.lookup.place,
                Code.SOURCE_SHAPE,
                f"{source.lookup!r} cannot be looked up: it needs a key and no time",
                "look up a table such as products",
            )


def _known(other: Word, name: Word, sources: Mapping[Word, Source], notes: Notes) -> bool:
    if other in sources and other != name:
        return True
    message = f"{other!r} is the source itself" if other == name else f"there is no source {other!r}"
    notes.error(other.place, Code.UNKNOWN_SOURCE, message, did_you_mean(other, [known for known in sources if known != name]))
    return False


def _oddities(name: Word, source: Source) -> Iterator[tuple[str, str, Word]]:
    """Yield what is odd about a source's keys: message, hint, and the word to point at."""
    event = source.event.column if isinstance(source.event, EventColumn) else source.event
    if source.parent is not None:
        if source.time is not None or source.customer is not None:
            yield "takes customer and time from its parent", "leave customer and time out", source.time or source.customer or name
        if event is None:
            yield "has a parent, and no name for its events", "add event: buy_item", name
    elif source.time is not None:
        if source.customer is None:
            yield "has events of nobody", "add customer: and the column with the customer's id", source.time
        if event is None:
            yield "has a time, and no name for its events", "add event: and a name, or event: {column: …}", source.time
    elif event is not None:
        yield "has an event, and does not say when it happened", "add time: and the column that says when", event
    elif source.customer is None and source.key is None and name not in (CUSTOMERS, IDENTITIES):
        yield "says neither whose rows these are nor what names them", "add customer: or key:", name
    if name == CUSTOMERS and (source.key is None or source.time is not None):
        yield "needs a key, and no time: it has a row a customer", "add key: customer_id", source.time or name
    yield from _odd_places(name, source)


def _odd_places(name: Word, source: Source) -> Iterator[tuple[str, str, Word]]:
    """Yield what does not go together in where a source's rows come from, and where they go."""
    if source.url is not None and (source.query is None or source.path is not None):
        yield "asks a database, and does not say what", 'write url: "${SHOP_DB}" and query: select …, and no path', source.url
    elif source.query is not None and source.url is None:
        yield "has a query, and no database to ask", 'add url: "${SHOP_DB}"', source.query
    if source.adds_to is not None and (source.customer is None or source.time is not None or source.parent is not None):
        yield "adds to the customers: a row a customer, and no time", "add customer: and the column with the customer's id, take time out", name
    if name == IDENTITIES and (source.time is not None or source.parent is not None or source.adds_to is not None):
        yield "joins visitors to customers: a row a visitor, and no time", "leave it with path, key and customer", name
    if source.guard.absent_runs is not None and name != CUSTOMERS:
        yield "has no people who could be absent: only customers have", "take absent_runs out of its guard", name


def _check_events(sources: Mapping[Word, Source], notes: Notes) -> None:
    """Warn of an event that two sources give, each with those before it: what both tell of would count twice."""
    givers: dict[str, list[Word]] = {}
    for name, source in sources.items():
        if name == OWN_EVENTS:
            notes.error(name.place, Code.DUPLICATE_NAME, f"{str(name)!r} is the tool's own source of mail events", "call it mail_history")
        for event in _events(source):
            before = givers.setdefault(event, [])
            other = next((each for each in before if not _adds_up(event, each, name, sources)), None)
            before.append(name)
            if other is not None:
                place = place_of(event) if isinstance(event, Word) else name.place
                notes.warn(place, Code.EVENT_CLASH, f"both {other!r} and {name!r} give the event {event!r}, and they are added up", _TWICE)


_TWICE = "where both tell of the same rows, rename one's event; where they are parts of a whole, name the sources alike: orders_cz, orders_sk"


def _adds_up(event: str, one: Word, other: Word, sources: Mapping[Word, Source]) -> bool:
    """Whether two sources are plainly made to give one event: a history of the tool's own mail, or parts that are named alike."""
    plain = all(isinstance(sources[name].event, Word) for name in (one, other))
    return event in EVENTS or (plain and one.partition("_")[0] == other.partition("_")[0])


def _events(source: Source) -> list[str]:
    match source.event:
        case None:
            return []
        case EventColumn(names=names):
            return sorted(set(names.values()))
        case name:
            return [name]


def _check_targets(settings: Settings, notes: Notes) -> None:
    for name, target in settings.targets.items():
        if target.truly_sends and target.ledger is None:
            hint = 'add ledger: sqlite, or ledger: "${LEDGER_URL}"'
            notes.error(name.place, Code.TARGET_LEDGER, f"the target {name!r} truly sends and names no ledger", hint)
        for way, channel in target.deliver.items():
            if channel.to not in FOR_ALL and (way == "email") is (channel.to in FOR_NOTES):
                message = f"the target {name!r} cannot deliver {way} by {channel.to}"
                notes.error(name.place, Code.WRONG_VALUE, message, _WAYS[way == "email"])


def _check_sending(settings: Settings, campaigns: Named[Campaign], notes: Notes) -> None:
    first = next(_sends(campaigns), None)
    sending = next((name for name, target in settings.targets.items() if target.truly_sends), None)
    if settings.sender is not None or (first is None and sending is None):
        return
    why = f"the template {str(first[1].send)!r} is sent" if first is not None else f"the target {sending!r} truly sends"
    place = first[1].send.place if first is not None else place_of(sending)
    notes.error(place, Code.NO_SENDER, f"{why}, and retention.yml names no sender", "add sender: {email: shop@example.com, name: …} to retention.yml")


def _sends(campaigns: Named[Campaign]) -> Iterator[tuple[Campaign, Letter]]:
    for campaign in campaigns.sound.values():
        yield from ((campaign, letter) for letter in letters(campaign.steps))


def _check_channels(settings: Settings, campaigns: Named[Campaign], target: str | None, notes: Notes) -> None:
    """Warn of channels that a campaign writes to and the target does not deliver: messages stop there."""
    asked = target or DEFAULT_TARGET.name
    found = settings.targets.get(Word(asked), DEFAULT_TARGET if asked == DEFAULT_TARGET.name else None)
    if found is None:
        return
    for _, letter in _sends(campaigns):
        for channel in letter.channel:
            if channel != PREFERRED and channel not in found.deliver:
                message = f"the target {asked!r} delivers no {channel}: what {str(letter.send)!r} would send that way is held back"
                notes.warn(letter.send.place, Code.CHANNEL_NOT_DELIVERED, message, f"write it under targets: {asked}: deliver:")


def _check_way_out(settings: Settings, campaigns: Named[Campaign], templates: Named[Template], target: str | None, notes: Notes) -> None:
    """Warn of marketing that says nowhere how to be left alone; unless one target is asked for, any public address will do."""
    targets = [found for name, found in settings.targets.items() if target in {None, DEFAULT_TARGET.name, name}]
    if any(found.public_url for found in targets) or (settings.sender is not None and settings.sender.unsubscribe):
        return
    sent = [letter for campaign, letter in _sends(campaigns) if campaign.kind is not Kind.TRANSACTIONAL and "email" in letter.channel]
    marketing = {str(name) for letter in sent for name in templates_of(letter)}
    for name in sorted(marketing & set(templates.sound)):
        template = templates.sound[name]
        if "unsubscribe_url" not in template.body:
            hint = "set public_url in the target, or sender.unsubscribe, or say in the template how to be left alone"
            notes.warn(template.body_place, Code.NO_UNSUBSCRIBE, f"the template {name!r} is marketing without a way out", hint)
