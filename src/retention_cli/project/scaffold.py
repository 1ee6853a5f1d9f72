"""What `retention init` writes: a starter project, or the shipped example shop, whole or by campaign.

Nothing that is there is ever written over. What is written validates without a warning and without an error.
"""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from retention_cli.errors import UsageError
from retention_cli.model.campaign import conditions_of
from retention_cli.model.case import Course, Who
from retention_cli.model.condition import InSegment, walk
from retention_cli.model.step import letters, templates_of
from retention_cli.model.trigger import Enters
from retention_cli.project.loader import load
from retention_cli.project.lock_file import quoted
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.project import Project

SETTINGS = """\
# yaml-language-server: $schema=.retention/schema/retention.json
name: {name}
timezone: UTC                     # the shop's own, such as Europe/Prague
locale: en_US
currency: EUR

sender: {{email: shop@example.com, name: {name}, unsubscribe: unsubscribe@example.com}}

sources:
  customers: {{path: data/customers.csv, key: customer_id}}
  orders: {{path: data/orders*.csv, key: order_id, customer: customer_id, time: ordered_at, event: order}}

targets:
  default: {{deliver: {{email: {{to: folder, path: outbox}}}}}}      # messages become files; nothing leaves by accident
"""
SEGMENT = """\
# yaml-language-server: $schema=../.retention/schema/segments.json
name: lapsed
description: Bought once or more, and not for 90 days
where:
  last_order_at: {older_than: 90 days}
"""
CAMPAIGN = """\
# yaml-language-server: $schema=../.retention/schema/campaigns.json
name: win_back
description: One friendly letter to those who lapse from now on
trigger: {enters: lapsed}
again: {after: 180 days}
exit:
  ordered: {did: order, since: entry}
goals:
  back: {when: {did: order}, window: 30 days}
steps:
  - send: win-back-1
"""
TEMPLATE = """\
---
subject: It has been a while
preheader: Come and see what is new.
---
<h1>Hello{% if customer.first_name %} {{ customer.first_name }}{% endif %},</h1>
<p>we have not seen you for some time, and would be glad to.</p>
<p><a href="{{ unsubscribe_url }}">Write to me no more</a></p>
"""
TEST = """\
# yaml-language-server: $schema=../.retention/schema/tests.json
test: who has been silent for 90 days has lapsed, who never bought has not
as_of: 2026-05-01
given:
  customers: [{customer_id: visitor}]
  orders:
    - {customer_id: silent, ordered_at: 2026-01-15}
    - {customer_id: buyer, ordered_at: 2026-01-15}
    - {customer_id: buyer, ordered_at: 2026-04-20}
expect: {segment: lapsed, is: [silent]}
"""
CAMPAIGN_TEST = """\
# yaml-language-server: $schema=../.retention/schema/tests.json
test: one letter when 90 days have passed, and no second one
as_of: 2026-03-01
given:
  orders: [{customer_id: silent, ordered_at: 2026-01-15T10:00}]
expect:
  campaign: win_back
  customer: silent
  until: 2026-06-01
  sends: [{template: win-back-1, at: 2026-04-15T10:00}]
  ends: finished
"""
IGNORED = """\
.env
.retention/
outbox/
"""
_NOT_COPIED = (".retention", ".env", "outbox", "__pycache__")


def init(folder: Path, name: str) -> list[Path]:
    """Write a starter project for the shop `name` and return its files; refuse to write over any of them."""
    written = {
        "retention.yml": SETTINGS.format(name=quoted(name)),
        "segments/lapsed.yml": SEGMENT,
        "tests/lapsed.yml": TEST,
        "tests/win_back.yml": CAMPAIGN_TEST,
        "campaigns/win_back.yml": CAMPAIGN,
        "templates/win-back-1.html": TEMPLATE,
        ".gitignore": IGNORED,
    }
    targets = [folder / file for file in written]
    _refuse_existing(targets)
    for target, text in zip(targets, written.values(), strict=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return targets


def copy_examples(dest: Path, *, only: Sequence[str] | None = None) -> list[Path]:
    """Copy the shipped example project, or the named campaigns of it with all that they lean on; return the new files."""
    origin = examples_folder()
    names = sorted(_all_files(origin) if only is None else _files_of_campaigns(origin, only))
    targets = [dest / name for name in names]
    _refuse_existing(targets)
    for name, target in zip(names, targets, strict=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin / name, target)
    return targets


def examples_folder() -> Path:
    """Return where the examples are: inside the installed package, or at the top of a checkout."""
    packaged = Path(str(files("retention_cli"))) / "examples"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[3] / "examples"


def _refuse_existing(targets: Iterable[Path]) -> None:
    if taken := [target for target in targets if target.exists() or target.is_symlink()]:
        raise UsageError(f"{taken[0]} is there already; nothing was written", "choose an empty folder")


def _all_files(origin: Path) -> Iterator[str]:
    for path in origin.rglob("*"):
        name = path.relative_to(origin)
        if path.is_file() and not set(name.parts) & set(_NOT_COPIED):
            yield name.as_posix()


def _files_of_campaigns(origin: Path, names: Sequence[str]) -> set[str]:
    project, _ = load(origin, {})
    assert project is not None  # noqa: S101 - the shipped examples are valid, a test holds it
    found: set[str] = set()
    for name in names:
        if name not in project.campaigns:
            raise UsageError(f"there is no example campaign {name!r}", did_you_mean(name, project.campaigns))
        found |= _files_of(project.campaigns[name], project)
    found |= {metric.name.place.file for metric in project.metrics.values()}
    return found | _files_of_tests(found, project)


def _files_of(campaign: Campaign, project: Project) -> set[str]:
    found = {campaign.name.place.file}
    for name in (name for letter in letters(campaign.steps) for name in templates_of(letter)):
        template = project.templates[name]
        text = str(Path(template.file).with_suffix(".txt"))
        found |= {template.file, text} if template.text is not None else {template.file}
    asked = [node.name for condition in conditions_of(campaign) for node in walk(condition) if isinstance(node, InSegment)]
    if isinstance(campaign.trigger, Enters):
        asked.append(str(campaign.trigger.enters))
    return found | _files_of_segments(asked, project)


def _files_of_tests(taken: set[str], project: Project) -> set[str]:
    """Return the test files all of whose tests ask only of segments and campaigns that are taken."""
    asked = {case.test.place.file: True for case in project.cases}
    for case in project.cases:
        known = [_file_of(each, project) in taken for each in case.expect if isinstance(each, Who | Course)]
        asked[case.test.place.file] &= bool(known) and all(known)
    return {file for file, fits in asked.items() if fits}


def _file_of(each: Who | Course, project: Project) -> str:
    """Return the file of what a test asks of; nothing for a condition of its own."""
    if isinstance(each, Course):
        return project.campaigns[each.campaign].name.place.file
    return project.segments[each.segment].name.place.file if each.segment is not None else ""


def _files_of_segments(names: list[str], project: Project) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            segment = project.segments[name]
            found.add(segment.name.place.file)
            waiting += [node.name for node in walk(segment.where) if isinstance(node, InSegment)]
    return found
