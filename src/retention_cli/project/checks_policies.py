"""What policies refer to: topics of consent, and segments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.kind import Kind
from retention_cli.model.word import place_of
from retention_cli.project.checks import conditions_of_policies, note_unknown_segment, segments_in
from retention_cli.project.notes import Code
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.policy import Consent, Policies
    from retention_cli.model.project import Settings
    from retention_cli.model.segment import Segment
    from retention_cli.model.word import Word
    from retention_cli.project.notes import Notes
    from retention_cli.project.objects import Named


def check_policies(settings: Settings, campaigns: Named[Campaign], segments: Named[Segment], notes: Notes) -> None:
    """Note topics and segments that there are not; a campaign about an unknown topic would be sent by nobody's consent."""
    _check_presence(settings, campaigns.sound, notes)
    for node in segments_in(conditions_of_policies(settings)):
        note_unknown_segment(node.name, node.place, segments, notes)
    for topic, known in _topics(settings.policies, campaigns.sound):
        if topic not in known:
            hint = did_you_mean(topic, known) or "write it under policies: consent: topics:"
            notes.error(topic.place, Code.UNKNOWN_TOPIC, f"there is no topic {str(topic)!r}", hint)


def _check_presence(settings: Settings, campaigns: Mapping[str, Campaign], notes: Notes) -> None:
    """Warn, once each, of what nothing holds back where marketing is truly sent."""
    sending = next((name for name, target in settings.targets.items() if target.truly_sends), None)
    if sending is None or settings.policies.allow or all(campaign.kind is Kind.TRANSACTIONAL for campaign in campaigns.values()):
        return
    for missing, message, hint in _ABSENT:
        if not getattr(settings.policies, missing):
            notes.warn(place_of(sending), Code.NO_POLICY, f"the target {str(sending)!r} truly sends, and {message}", hint)


_ABSENT = (
    ("consent", "nobody is asked whether they consented", "write policies: {consent: {email: newsletter}}"),
    ("quiet_hours", "messages leave at any hour", 'write policies: {quiet_hours: {from: "21:00", to: "08:00"}}'),
    ("caps", "nothing says how many messages are enough", "write policies: {caps: [{at_most: 3, per: 7 days}]}"),
)


def _topics(policies: Policies, campaigns: Mapping[str, Campaign]) -> Iterator[tuple[Word, set[str]]]:
    """Yield every topic that is named, with those that it may be."""
    of_campaigns = [campaign.topic for campaign in campaigns.values() if campaign.topic is not None]
    told = _told(policies.consent)
    if told is not None:
        yield from ((topic, told) for topic in of_campaigns)
    known = told if told is not None else set(map(str, of_campaigns))
    yield from ((cap.topic, known) for cap in policies.caps if cap.topic is not None)


def _told(consent: Consent | None) -> set[str] | None:
    """Return the topics that consent knows; None where consent asks for none, so that a topic is only a name."""
    return None if consent is None or consent.source is None else set(map(str, consent.topics))
