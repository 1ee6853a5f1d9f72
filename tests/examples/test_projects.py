"""The example project, and the two over real data, as their files stand: they load, and their mails can be made for anybody."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from retention_cli.app import demo_data
from retention_cli.app.demo_shop.products import catalogue
from retention_cli.model.campaign import Kind
from retention_cli.model.step import If, Step, letters, templates_of
from retention_cli.project.loader import load
from retention_cli.project.schema import KINDS
from retention_cli.project.starters import starter_names
from retention_cli.render.bundle import mail_settings
from retention_cli.render.compiled import compile_template
from retention_cli.render.compose import Finished, compose
from retention_cli.render.envelope import Envelope, From
from retention_cli.render.links import SigningKeys
from retention_cli.render.needs import needs
from support.message_check import check as check_message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from retention_cli.model.base import Described
    from retention_cli.model.project import Project

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PROJECTS = (EXAMPLES, ROOT / "bench" / "real" / "online_retail", ROOT / "bench" / "real" / "completejourney")
FOLDERS = ("segments", "groups", "metrics", "campaigns", "tests")

SOMEBODY: dict[str, object] = {
    "customer_id": "C10001", "salutation": "Jano", "first_name": "Jana", "last_name": "Nováková", "orders_count": 7,
    "last_order_at": "2026-06-12T10:00:00", "spent_this_year": "23450.00", "total_spent": "41200.50",
}  # fmt: skip
NOBODY: dict[str, object] = dict.fromkeys(SOMEBODY) | {"customer_id": "C10002", "orders_count": 0}
FACTS = {"cart_id": "K-1", "order_id": "O-77", "years": 2, "from": "none_yet", "to": "gold", "status": "shipped"}
"""What triggers tell besides products."""
CART: tuple[Mapping[str, object], ...] = (
    {"product_id": "P1009", "title": "Smaltovaný hrnek, modrý", "url": "https://www.uveverky.example/p/x", "quantity": 2, "price": "189.00",
     "image_url": "https://www.uveverky.example/img/P1009.jpg"},
    {"product_id": "P1010", "title": "<b>Hrnek</b> & spol.", "url": None, "quantity": None, "price": None, "image_url": None},
)  # fmt: skip


def read(root: Path) -> Project:
    """Load a project that must be sound."""
    project, problems = load(root, {})
    assert [str(problem) for problem in problems] == []
    assert project is not None
    return project


def message(project: Project, name: str, customer: Mapping[str, object], items: tuple[Mapping[str, object], ...]) -> Finished:
    """Make the message of a template about some products, which are recommended too."""
    sender, target = project.settings.sender, project.target("default")
    assert sender is not None
    assert target is not None
    template = project.templates[name]
    envelope = Envelope(
        sender=From(str(sender.email), sender.name, sender.reply_to),
        to="jana@example.com",
        customer="C10001",
        key="ab" * 32,
        date=datetime(2026, 11, 22, 17, 5, tzinfo=UTC),
        campaign="try",
        kind=kind_of(project, name),
        keys=SigningKeys(b"a key for tests, not a secret one"),
        public_url=target.public_url,
        unsubscribe=sender.unsubscribe,
    )
    bundle = compile_template(template, mail_settings(project.settings, kind_of(project, name), target))
    assert bundle.inlined, "its styles are inlined once for all messages"
    chosen = {each.key(each.kind or "new_arrivals"): list(items) for each in needs(template).recommends}
    about = {**FACTS, "items": list(items), "products": list(items)}
    given = {"with": {"kind": "new_arrivals", "turn": "first"}, "voucher": "KOD-1", "deadline": "2026-11-24T20:00:00", "recommended": chosen}
    return compose(bundle, {"customer": customer, "trigger": about, "campaign": {"kind": str(envelope.kind)}, **given}, envelope)


def kind_of(project: Project, template: str) -> Kind:
    """Return the kind of the campaign that sends a template."""
    return next(campaign.kind for campaign in project.campaigns.values() if template in sends(campaign.steps))


@cache
def english() -> Project:
    """Load the example project with its English mails in place of the Czech ones."""
    with TemporaryDirectory() as folder:
        shutil.copytree(EXAMPLES, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".retention"))
        shutil.copytree(EXAMPLES / "english", folder, dirs_exist_ok=True)
        return read(Path(folder))


def sends(steps: tuple[Step, ...]) -> set[str]:
    """Return the templates that steps send, however nested."""
    inner = [sends(step.then) | sends(step.else_) for step in steps if isinstance(step, If)]
    return {name for letter in letters(steps) for name in templates_of(letter)}.union(*inner)


TEMPLATES = [
    (root, path.stem) for root in PROJECTS for path in sorted(root.glob("templates/*")) if path.suffix in {".html", ".mjml"} and path.name[0] != "_"
]
each_template = pytest.mark.parametrize(("root", "name"), TEMPLATES, ids=[f"{root.name}/{name}" for root, name in TEMPLATES])
OURS = [name for root, name in TEMPLATES if root == EXAMPLES]


@pytest.mark.parametrize("root", PROJECTS, ids=lambda root: root.name)
def test_it_loads_without_a_problem_for_every_target(root: Path) -> None:
    for target in read(root).settings.targets:
        _, problems = load(root, {"SMTP_URL": "smtp://127.0.0.1:2525"}, target=str(target))
        assert problems == []


def test_the_examples_are_what_is_promised() -> None:
    project = read(EXAMPLES)
    assert len(project.campaigns) == 17
    assert starter_names() == sorted(project.campaigns)
    assert {str(path.stem) for path in EXAMPLES.glob("segments/*.yml")} == project.segments.keys()
    assert {str(path.stem) for path in EXAMPLES.glob("groups/*.yml")} == project.groups.keys()
    assert len(sends(project.campaigns["abandoned_cart"].steps)) == 3
    assert all(campaign.goals for campaign in project.campaigns.values())


@pytest.mark.parametrize("root", PROJECTS[1:], ids=lambda root: root.name)
def test_a_project_over_real_data_has_eight_segments_and_a_win_back(root: Path) -> None:
    project = read(root)
    assert (len(project.segments), list(project.campaigns)) == (8, ["win_back"])


@pytest.mark.parametrize("root", PROJECTS, ids=lambda root: root.name)
def test_every_template_is_sent_and_everything_is_described(root: Path) -> None:
    project = read(root)
    assert set(project.templates) == set().union(*(sends(campaign.steps) for campaign in project.campaigns.values()))
    assert all(each.description for each in _described(project))


def _described(project: Project) -> Iterator[Described]:
    for kind in (project.segments, project.groups, project.metrics, project.campaigns):
        yield from kind.values()


@pytest.mark.parametrize("root", PROJECTS, ids=lambda root: root.name)
def test_every_file_names_the_schema_for_editors(root: Path) -> None:
    """The first line of each YAML file leads to .retention/schema in the project's folder, by the kind of the file."""
    for kind in FOLDERS:
        assert kind in KINDS
        for path in root.glob(f"{kind}/*.yml"):
            assert path.read_text().startswith(f"# yaml-language-server: $schema=../.retention/schema/{kind}.json\n"), path
    assert (root / "retention.yml").read_text().startswith("# yaml-language-server: $schema=.retention/schema/retention.json\n")


@each_template
@pytest.mark.parametrize("customer", [SOMEBODY, NOBODY], ids=["known", "nameless"])
def test_a_mail_is_sound_for_anybody(root: Path, name: str, customer: Mapping[str, object]) -> None:
    """Whoever it goes to, the message passes the independent check (M01 to M31)."""
    project = read(root)
    assert project.settings.sender is not None
    finished = message(project, name, customer, CART)
    domain = project.settings.sender.email.rpartition("@")[2]
    found = check_message(finished.raw, to="jana@example.com", sender_domain=domain, kind=str(kind_of(project, name)), host=f"mail.{domain}")
    assert found == []


@pytest.mark.parametrize("name", OURS)
def test_every_mail_is_there_in_english_too(name: str) -> None:
    """It reads the same of its reader, is as sound, and has no Czech word left: neither side of the two has what the other lacks."""
    czech, project = read(EXAMPLES).templates[name], english()
    template = project.templates[name]
    assert (template.front.language, czech.front.language) == ("en", "cs")
    assert needs(template).trigger == needs(czech).trigger
    assert needs(template).recommends == needs(czech).recommends
    assert (template.text is None) == (czech.text is None)
    finished = message(project, name, NOBODY, CART[1:])
    assert (
        check_message(
            finished.raw, to="jana@example.com", sender_domain="uveverky.example", kind=str(kind_of(project, name)), host="mail.uveverky.example"
        )
        == []
    )
    written = "".join((template.front.subject, template.front.preheader, template.body, template.text or ""))
    assert set(re.findall(r"\w*[ěščřžýáíéůúťďň]\w*", written)) <= {"Ořech"}


def test_a_cart_mail_can_be_made_of_an_empty_cart() -> None:
    project = read(EXAMPLES)
    for name in ("cart-1", "cart-2", "cart-3"):
        assert message(project, name, NOBODY, ()).subject


def test_links_to_products_lead_to_products() -> None:
    """A page that a mail names is one of the generator's products."""
    products = catalogue(demo_data.stream(7, "products"), datetime(2026, 1, 1, tzinfo=UTC).date())
    linked = {link for path in EXAMPLES.glob("**/templates/*.mjml") for link in re.findall(r'href="([^"]+/p/[^"{]+)"', path.read_text())}
    assert linked <= {product.url for product in products}


def test_the_readme_names_every_file() -> None:
    readme = (EXAMPLES / "README.md").read_text()
    named = [path.relative_to(EXAMPLES).as_posix() for kind in FOLDERS if kind != "tests" for path in EXAMPLES.glob(f"{kind}/*.yml")]
    assert [name for name in named if f"`{name}`" not in readme] == []
