"""What steps name that retention.yml or another campaign has: vouchers, kept fields, campaigns that they start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.effects import Call, Start, Update, called
from retention_cli.model.kept_field import TAGS
from retention_cli.model.step import all_steps, letters
from retention_cli.model.trigger import Started
from retention_cli.project.files import is_inside
from retention_cli.project.notes import Code
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.group import Group
    from retention_cli.model.metric import Metric
    from retention_cli.model.project import Settings
    from retention_cli.model.word import Word
    from retention_cli.project.notes import Notes
    from retention_cli.project.objects import Named

_TAKEN = ("customer_id", TAGS)


def check_vouchers(root: Path, settings: Settings, campaigns: Named[Campaign], notes: Notes) -> None:
    """Note pools whose file is not there or is another's too, and pools that a message names in vain."""
    files: dict[str, Word] = {}
    for name, pool in settings.vouchers.items():
        if pool.path is None:
            continue
        if not (is_inside(root, root / pool.path) and (root / pool.path).is_file()):
            hint = "the path starts at the project's folder: vouchers/big.csv"
            notes.error(pool.path.place, Code.FILE_MISSING, f"there is no file {str(pool.path)!r} in the project", hint)
        if (first := files.setdefault(str(pool.path), name)) is not name:
            message = f"the vouchers {str(first)!r} come from {str(pool.path)!r} too: both would hand out the same codes"
            notes.error(pool.path.place, Code.DUPLICATE_NAME, message, "give each its own file, or use one name")
    for campaign in campaigns.sound.values():
        for letter in letters(campaign.steps):
            if letter.voucher is not None and letter.voucher not in settings.vouchers:
                hint = did_you_mean(letter.voucher, settings.vouchers) or "write them in retention.yml: vouchers: {NAME: {path: vouchers/NAME.csv}}"
                notes.error(letter.voucher.place, Code.UNKNOWN_VOUCHER, f"there are no vouchers {str(letter.voucher)!r}", hint)


def check_fields(settings: Settings, campaigns: Named[Campaign], groups: Named[Group], metrics: Named[Metric], notes: Notes) -> None:
    """Note kept fields that are called like something else, and fields that a step writes in vain."""
    for name in settings.fields:
        other = groups.declared.get(name) or metrics.declared.get(name)
        if other is not None:
            kind = "group" if name in groups.declared else "metric"
            notes.error(name.place, Code.DUPLICATE_NAME, f"there is a {kind} called {str(name)!r} too, at {other}", "rename one of them")
        elif name in _TAKEN:
            hint = "tags are written by add_tags and remove_tags, and need no entry here" if name == TAGS else "choose another name"
            notes.error(name.place, Code.DUPLICATE_NAME, f"{str(name)!r} is a field of its own", hint)
    for step in (step for campaign in campaigns.sound.values() for step in all_steps(campaign.steps)):
        for field in step.update.set if isinstance(step, Update) else ():
            if field not in settings.fields:
                hint = did_you_mean(field, settings.fields) or f"write it in retention.yml: fields: {{{field}: {{type: text}}}}"
                notes.error(field.place, Code.UNDECLARED_FIELD, f"retention.yml declares no field {str(field)!r}", hint)


def check_receivers(settings: Settings, campaigns: Named[Campaign], notes: Notes) -> None:
    """Note receivers that a step calls and no target has."""
    known = {str(name) for target in settings.targets.values() for name in target.call}
    for step in (step for campaign in campaigns.sound.values() for step in all_steps(campaign.steps)):
        if isinstance(step, Call) and str(step.call) not in known:
            hint = (
                did_you_mean(step.call, known)
                or f'write it under a target: call: {{{step.call}: {{url: "${{HOOK_URL}}", secret: "${{HOOK_SECRET}}"}}}}'
            )
            notes.error(step.call.place, Code.UNKNOWN_RECEIVER, f"no target has a receiver {str(step.call)!r}", hint)


def calls_of(campaigns: Iterable[Campaign]) -> set[str]:
    """Return what the calls of campaigns stand under."""
    return {called(str(step.call)) for campaign in campaigns for step in all_steps(campaign.steps) if isinstance(step, Call)}


def check_starts(campaigns: Named[Campaign], notes: Notes) -> None:
    """Note campaigns that are started in vain or in a circle, and those that nothing begins; keep only what leads to sound ones."""
    starts = {name: list(_started(campaign)) for name, campaign in campaigns.sound.items()}
    for word in (word for words in starts.values() for word in words):
        if word not in campaigns.declared:
            hint = did_you_mean(word, campaigns.declared) or "write it: campaigns/NAME.yml"
            notes.error(word.place, Code.UNKNOWN_CAMPAIGN, f"there is no campaign {str(word)!r}", hint)
    unsound = _in_circles(starts, notes) | _unbegun(campaigns, {str(word) for words in starts.values() for word in words}, notes)
    while unsound:
        for name in unsound:
            campaigns.sound.pop(name, None)
        unsound = {name for name in campaigns.sound if any(word not in campaigns.sound for word in starts[name])}


def _started(campaign: Campaign) -> Iterator[Word]:
    return (step.start for step in all_steps(campaign.steps) if isinstance(step, Start))


def _unbegun(campaigns: Named[Campaign], started: set[str], notes: Notes) -> set[str]:
    found = {name for name, campaign in campaigns.sound.items() if isinstance(campaign.trigger, Started) and name not in started}
    unread = set(campaigns.declared) - set(campaigns.sound)
    for name in found if not unread else ():
        message = f"nothing begins the campaign {name!r}: it has no trigger, and no other campaign starts it"
        notes.error(campaigns.sound[name].name.place, Code.MISSING_KEY, message, f"add trigger: …, or {{start: {name}}} among another's steps")
    return found if not unread else set()


def _in_circles(starts: Mapping[str, list[Word]], notes: Notes) -> set[str]:
    """Return the campaigns that lead back to themselves; each circle is noted once, where it closes."""
    done: set[str] = set()
    found: set[str] = set()

    def follow(name: str, path: tuple[str, ...]) -> None:
        for word in starts.get(name, ()) if name not in done else ():
            if word in path:
                circle = [*path[path.index(word) :], str(word)]
                found.update(circle)
                message = "campaigns start each other in a circle: " + " → ".join(circle)
                notes.error(word.place, Code.CAMPAIGN_CIRCLE, message, "take one of the starts out")
            else:
                follow(str(word), (*path, str(word)))
        done.add(name)

    for name in starts:
        follow(name, (name,))
    return found
