"""Parts of templates: their text is put in place, a mistake in one is told where it stands, and nothing is read from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from retention_cli.project import loader
from retention_cli.render.check import Known, check

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "---\nsubject: Hello\n---\n"
SETTINGS = "name: shop\nsources: {orders: {path: o.csv, key: order_id, customer: customer_id, time: ordered_at, event: order}}\n"
KNOWN = Known({"first_name"})


def load(folder: Path, **files: str) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """Return the bodies of a project's templates and its problems; a name with `__` is a file with a dot."""
    (folder / "templates" / "deep").mkdir(parents=True, exist_ok=True)
    (folder / "retention.yml").write_text(SETTINGS, encoding="utf-8")
    for name, text in files.items():
        (folder / "templates" / name.replace("__", ".")).write_text(text, encoding="utf-8")
    project, problems = loader.load(folder, {})
    templates = project.templates if project is not None else {}
    found = [*problems, *(problem for each in templates.values() for problem in check(each, KNOWN))]
    return {name: each.body for name, each in templates.items()}, [(str(each.place), each.code, each.hint) for each in found]


def test_a_part_is_put_in_place(tmp_path: Path) -> None:
    bodies, problems = load(tmp_path, a__html=f'{HEAD}<p>one</p>\n{{% include "_foot.html" %}}\n<p>two</p>\n', _foot__html="<i>{{ shop.name }}</i>")
    assert bodies == {"a": "<p>one</p>\n<i>{{ shop.name }}</i>\n<p>two</p>\n"}, "a part is no template itself"
    assert problems == []


def test_macros_come_from_a_part(tmp_path: Path) -> None:
    card = "\n{% macro card(x) %}<b>{{ x }}</b>{% endmacro %}\n\n"
    bodies, problems = load(tmp_path, a__html=f'{HEAD}{{% from "_cards.html" import card %}}<p>{{{{ card(1) }}}}</p>', _cards__html=card)
    assert bodies["a"].startswith("{% macro card(x) %}")
    assert problems == []


def test_parts_include_parts(tmp_path: Path) -> None:
    bodies, _ = load(tmp_path, a__md=f"{HEAD}{{% include '_b.md' %}}", _b__md="b {% include '_c.md' %}", _c__md="c")
    assert bodies == {"a": "b c"}


def test_a_mistake_is_told_where_it_stands(tmp_path: Path) -> None:
    body = f'{HEAD}<p>\n{{% include "_b.html" %}}\n{{{{ custmer.x }}}}</p>'
    _, problems = load(tmp_path, a__html=body, _b__html="<i>\n  {{ shop.adress }}</i>\n<b>{{ campaign.nam }}</b>")
    assert [each[0] for each in problems] == ["templates/_b.html:2:11", "templates/_b.html:3:16", "templates/a.html:6:4"]
    assert [each[1] for each in problems] == ["unknown-field", "unknown-field", "unknown-name"]


def test_a_mistake_behind_a_part_on_its_line(tmp_path: Path) -> None:
    _, problems = load(tmp_path, a__html=f'{HEAD}{{% include "_b.html" %}} {{{{ custmer.x }}}}\n{{{{ shop.nam }}}}', _b__html="<i>\n</i>")
    assert [each[0].rpartition(":")[0] for each in problems] == ["templates/a.html:4", "templates/a.html:5"]


@pytest.mark.parametrize(
    ("tag", "hint"),
    [
        ('{% include "_foto.html" %}', "did you mean '_foot.html'?"),
        ('{% include "../retention.yml" %}', "known: _foot.html"),
        ('{% include "/etc/passwd" %}', "known: _foot.html"),
        ('{% from "_foot.html" import card %}', "did you mean 'cards'?"),
    ],
)
def test_a_part_that_there_is_not(tmp_path: Path, tag: str, hint: str) -> None:
    """SEC10: only files of the project's own templates/ can be named."""
    _, problems = load(tmp_path, a__html=f"{HEAD}<p>\n {tag}</p>", _foot__html="{% macro cards() %}{% endmacro %}")
    assert problems == [("templates/a.html:5:2", "unknown-part", hint)]


def test_a_part_that_includes_itself(tmp_path: Path) -> None:
    _, problems = load(tmp_path, a__html=f'{HEAD}{{% include "_b.html" %}}', _b__html='{% include "_c.html" %}', _c__html='{% include "_b.html" %}')
    assert problems == [("templates/_c.html:1:1", "unknown-part", "take one of the includes out")]


def test_a_link_out_of_the_project_is_no_part(tmp_path: Path) -> None:
    """SEC10: a link is not followed."""
    (tmp_path / "secret.html").write_text("secret", encoding="utf-8")
    (tmp_path / "shop" / "templates").mkdir(parents=True)
    (tmp_path / "shop" / "templates" / "_b.html").symlink_to(tmp_path / "secret.html")
    bodies, problems = load(tmp_path / "shop", a__html=f'{HEAD}{{% include "_b.html" %}}')
    assert [each[1] for each in problems] == ["file-outside", "unknown-part"]
    assert "secret" not in str(bodies)


@pytest.mark.parametrize("tag", ['{% import "_b.html" as b %}', '{% extends "_b.html" %}', "{% include shop.name %}", "{% block a %}{% endblock %}"])
def test_what_is_not_known(tmp_path: Path, tag: str) -> None:
    _, problems = load(tmp_path, a__html=f"{HEAD}{tag}", _b__html="")
    assert [each[1] for each in problems] == ["template-syntax"]


def test_a_text_part_beside_mjml_and_markdown(tmp_path: Path) -> None:
    whole = "<mjml><mj-body></mj-body></mjml>"
    bodies, problems = load(tmp_path, a__mjml=HEAD + whole, a__txt="Text {% include '_t.txt' %}", b__md=f"{HEAD}*b*", b__txt="b", _t__txt="of it")
    assert bodies == {"a": whole, "b": "*b*"}
    assert problems == []
