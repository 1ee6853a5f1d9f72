"""The campaigns that are shipped: the whole example shop, or some of them put into a project with all that they lean on.

Nothing that is there is ever written over. The mails are written in Czech and in English; the latter lie in english/, file for
file, and take the place of the Czech ones.
"""

from __future__ import annotations

import re
import shutil
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from retention_cli.errors import UsageError
from retention_cli.model.case import Course, What, Who
from retention_cli.model.step import letters, templates_of
from retention_cli.project.loader import SETTINGS, load
from retention_cli.project.lock_file import LOCK, quoted
from retention_cli.project.scaffold import IGNORED, refuse_existing
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from retention_cli.model.case import Expectation
    from retention_cli.model.project import Project

LANGUAGES = ("en", "cs")
_ENGLISH = "english"
_BEGUN = "Begun with starter campaigns; sources, sender and targets are to be made your own"
_NOT_COPIED = (".retention", ".env", "outbox", "__pycache__", _ENGLISH)
_OPTIONAL = {
    "returns": {"return", "returns"},
    "complaints": {"complaint", "complaints"},
    "answers": {"answer", "answers", "nps"},
    "mail_history": {"mail_history"},
    "push_subscription": {"push_subscription"},
}
"""Sources that a new project has only where its campaigns lean on them, by the words that tell it."""
_ANSWERS = {
    "cycling: Kolo, running: Běh, hiking: Turistika, gardening: Zahrada, cooking: Vaření, reading: Čtení, crafts: Tvoření, dogs: Psi": (
        "cycling: Cycling, running: Running, hiking: Hiking, gardening: Gardening, cooking: Cooking, reading: Reading, crafts: Crafts, dogs: Dogs"
    ),
    "email: E-mailem, sms: Esemeskou": "email: By mail, sms: By text message",
}
"""What people read of the questions, in Czech and in English."""
_WORD = re.compile(r"[a-z][a-z0-9_]*")
_COMMENT = re.compile(r"(^|\s)#.*")
_DESCRIPTION = re.compile(r"^\s*(- )?description: .*$")


def copy_demo(dest: Path) -> list[Path]:
    """Copy the shipped example project whole; return the new files."""
    origin = examples_folder()
    return _copied({name: origin / name for name in _all_files(origin)}, dest)


def starter_names() -> list[str]:
    """Return the names of the campaigns that are shipped."""
    return sorted(_examples().campaigns)


def add_starters(dest: Path, names: Sequence[str], language: str, shop: str) -> list[Path]:
    """Put campaigns with all that they lean on into a project, and settings where it has none; return the new files.

    What the project has already of what they share (a part, a segment that leads into another campaign too) stays as it is.
    """
    origin, project = examples_folder(), _examples()
    for name in names:
        if name not in project.campaigns:
            raise UsageError(f"there is no starter campaign {name!r}", did_you_mean(name, project.campaigns))
    campaigns = {project.campaigns[name].name.place.file for name in names}
    refuse_existing(dest / file for file in sorted(campaigns))
    wanted = {file: _in_language(origin, file, language) for file in _leaned_on(project, origin, campaigns)}
    made = _copied({file: source for file, source in wanted.items() if not (dest / file).exists()}, dest)
    if not (dest / SETTINGS).exists():
        words = {word for file in wanted for word in _words((origin / file).read_text(encoding="utf-8"))}
        spare = [source for source, named in _OPTIONAL.items() if not named & words]
        made += _begun(dest, {name: _without(text, spare) for name, text in _settings(origin, language, shop).items()})
    return made


def examples_folder() -> Path:
    """Return where the examples are: inside the installed package, or at the top of a checkout."""
    packaged = Path(str(files("retention_cli"))) / "examples"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[3] / "examples"


def _examples() -> Project:
    project, _ = load(examples_folder(), {})
    assert project is not None  # noqa: S101 - the shipped examples are valid, a test holds it
    return project


def _copied(sources: dict[str, Path], dest: Path) -> list[Path]:
    targets = {dest / name: source for name, source in sorted(sources.items())}
    refuse_existing(targets)
    for target, source in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return list(targets)


def _all_files(origin: Path) -> Iterator[str]:
    for path in origin.rglob("*"):
        name = path.relative_to(origin)
        if path.is_file() and not set(name.parts) & set(_NOT_COPIED):
            yield name.as_posix()


def _begun(dest: Path, texts: Mapping[str, str]) -> list[Path]:
    new = {dest / name: text for name, text in texts.items() if not (dest / name).exists()}
    for path, text in new.items():
        path.write_text(text, encoding="utf-8")
    return list(new)


def _without(text: str, sources: Collection[str]) -> str:
    """Return settings or a lock without some sources: each is a line of two spaces and its name, and the deeper ones behind it."""
    for name in sources:
        text = re.sub(rf"^  {name}:.*\n(?:   .*\n)*", "", text, flags=re.MULTILINE)
    return text


def _in_language(origin: Path, file: str, language: str) -> Path:
    translated = origin / _ENGLISH / file
    return translated if language == "en" and translated.is_file() else origin / file


def _settings(origin: Path, language: str, shop: str) -> dict[str, str]:
    """Return what a project of one's own begins with besides: settings to be changed, and a lock that knows the columns until the first import."""
    own = (origin / SETTINGS).read_text(encoding="utf-8")
    own = own.replace("uveverky.example", "example.com").replace("name: U Veverky", f"name: {quoted(shop)}")
    own = re.sub(r"^description: .*$", f"description: {_BEGUN}", own, flags=re.MULTILINE)
    own = re.sub(r"^  postal_address: .*$", "  postal_address: Street 1, Town", own, flags=re.MULTILINE)
    if language == "en":
        for czech, english in {"locale: cs_CZ": "locale: en_GB", "currency: CZK": "currency: EUR", **_ANSWERS}.items():
            own = own.replace(czech, english)
    return {SETTINGS: own, LOCK: (origin / LOCK).read_text(encoding="utf-8"), ".gitignore": IGNORED}


def _leaned_on(project: Project, origin: Path, campaigns: set[str]) -> set[str]:
    """Return the files of campaigns, and of whatever segment, group, metric, template and part stands in them, and in those; and their tests."""
    found, waiting = set(campaigns), list(campaigns)
    named = _files_by_name(project)
    while waiting:
        file = waiting.pop()
        more = _mails(project, file) | {named[word] for word in _words((origin / file).read_text(encoding="utf-8")) if word in named}
        waiting += sorted(more - found)
        found |= more
    return found | _files_of_tests(project, named, found)


def _words(text: str) -> set[str]:
    """Return the words of a file but for comments and descriptions, which lean on nothing."""
    lines = [_COMMENT.sub("", line) for line in text.splitlines() if not _DESCRIPTION.match(line)]
    return set(_WORD.findall("\n".join(lines)))


def _files_by_name(project: Project) -> dict[str, str]:
    """Return in which file each segment, group and metric is defined."""
    defined = (*project.segments.values(), *project.groups.values(), *project.metrics.values())
    return {str(each.name): each.name.place.file for each in defined}


def _mails(project: Project, file: str) -> set[str]:
    """Return the templates that a campaign's file sends, with the parts and texts that belong to them."""
    campaigns = [campaign for campaign in project.campaigns.values() if campaign.name.place.file == file]
    names = {name for campaign in campaigns for letter in letters(campaign.steps) for name in templates_of(letter)}
    found: set[str] = set()
    for template in (project.templates[name] for name in sorted(names)):
        found |= {template.file, *(origin.file for origin in template.origins)}
        found |= {str(Path(template.file).with_suffix(".txt"))} if template.text is not None else set()
    return found


def _files_of_tests(project: Project, named: dict[str, str], taken: Collection[str]) -> set[str]:
    """Return the test files all of whose tests ask only of what is taken."""
    asked = {case.test.place.file: True for case in project.cases}
    for case in project.cases:
        known = [_file_of(each, project, named) in taken for each in case.expect]
        asked[case.test.place.file] &= bool(known) and all(known)
    return {file for file, fits in asked.items() if fits}


def _file_of(each: Expectation, project: Project, named: dict[str, str]) -> str:
    """Return the file of what a test asks of; nothing for a condition of its own."""
    match each:
        case Course(campaign=name):
            return project.campaigns[name].name.place.file
        case Who(segment=name) if name is not None:
            return named.get(name, "")
        case What(name=name):
            return named.get(name, "")
        case _:
            return ""
