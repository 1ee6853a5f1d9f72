"""`message lint` and `message matrix`, by the real command: what they say, and that they end with 2 where something must not be sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.shell import retention
from support.tiny_shop import TEMPLATE, make_shop

HEAD = '<html lang="en"><head><title>x</title><meta name="viewport" content="width=device-width"></head><body>{}</body></html>'
CAMPAIGN = "trigger: {enters: some, backfill: true}\ngoals: {g: {when: {did: order}, window: 5 days}}\nsteps: [{send: letter}]\n"
SOME = "where: {country: CZ}\n"


def shop(folder: Path, body: str, *, front: str = "", **files: str) -> Path:
    """Make a shop whose one campaign writes to those in CZ: Ann, and somebody without a name and an address."""
    head = TEMPLATE.partition("\n---\n")[0]
    letter = f"{head}\nlanguage: en\n{front}---\n" + HEAD.format(
        f"<h1>Hello</h1><p>This is a letter from the tiny shop, with enough words.</p>{body}"
    )
    more = {name.replace("__", "/"): text for name, text in files.items()}
    people = [
        ("a", "ann@example.com", "Ann", "CZ", "2026-01-01"),
        ("d", "dan@example.com", "", "CZ", "2026-01-01"),
        ("e", "eve@example.com", "", "SK", "2026-01-01"),
    ]
    written = {"campaigns/c.yml": CAMPAIGN, "segments/some.yml": SOME, "templates/letter.html": letter}
    return make_shop(folder / "shop", {**written, **more}, customers=people)


def test_a_sound_mail_has_nothing_to_mend(tmp_path: Path) -> None:
    ran = retention(shop(tmp_path, '<a href="{{ unsubscribe_url }}">no more</a>'), "message", "lint", "--as-of", "2026-05-01")
    assert (ran.code, ran.out) == (0, "")
    assert ran.said.endswith("1 message: nothing to mend\n")


def test_what_is_wrong_is_told_with_its_code_and_a_hint(tmp_path: Path) -> None:
    body = '<img src="http://x.example/i.png"><p style="color: #ccc">pale</p><p style="border-radius: 3px">{{ customer.first_name | safe }}</p>'
    folder = shop(tmp_path, body)
    ran = retention(folder, "message", "lint", "letter", "--as-of", "2026-05-01")
    assert ran.code == 2
    assert "letter: error: the picture 'http://x.example/i.png' has no alt text [H03]\n    hint: write alt=" in ran.out
    assert "letter: warning: 'pale' hardly stands out: 1.6 to 1 [H06]" in ran.out
    assert "templates/letter.html:" in next(line for line in ran.out.splitlines() if "[H15]" in line)
    assert "border-radius" not in ran.out
    assert ran.said.endswith("1 message: 2 errors, 2 warnings, 0 notes\n") or ran.said.endswith("1 message: 2 errors, 2 warnings\n")
    noted = retention(folder, "message", "lint", "--notes", "--client", "outlook-windows", "--format", "json", "--as-of", "2026-05-01")
    assert ("note", "C01") in [(each["level"], each["code"]) for each in noted.json]
    assert {each["message"] for each in noted.json} == {"letter"}


def test_warnings_count_where_they_are_told_to(tmp_path: Path) -> None:
    folder = shop(tmp_path, '<p style="font-size: 9px">tiny</p>')
    assert retention(folder, "message", "lint", "--as-of", "2026-05-01").code == 0
    assert retention(folder, "message", "lint", "--strict", "--as-of", "2026-05-01").code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["leter"], "no campaign sends a template 'leter'\nhint: did you mean 'letter'?"),
        (["--client", "outlok-windows"], "there is no mail program 'outlok-windows'\nhint: did you mean 'outlook-windows'?"),
        (["nothing.eml"], "nothing.eml"),
    ],
)
def test_what_is_not_there_is_said(words: list[str], said: str, tmp_path: Path) -> None:
    ran = retention(shop(tmp_path, ""), "message", "lint", *words, "--as-of", "2026-05-01")
    assert ran.code == 2
    assert said in ran.said


def test_a_message_file_is_read_as_it_lies(tmp_path: Path) -> None:
    folder = shop(tmp_path, "")
    retention(folder, "run", "--as-of", "2026-05-01T09:00")
    [first, *_] = sorted((folder / "outbox").glob("*.eml"))
    assert retention(folder, "message", "lint", str(first)).code == 0
    broken = folder / "broken.eml"
    broken.write_bytes(first.read_bytes().replace(b"Subject: Hello", b"Subject: {{ hello }}"))
    ran = retention(folder, "message", "lint", "broken.eml", "--format", "json")
    assert ran.code == 2
    assert [each["code"] for each in ran.json] == ["M15"]
    broken.write_bytes(first.read_bytes().replace(b"\r\nDate:", b"\nDate:"))
    assert "M01" in {each["code"] for each in retention(folder, "message", "lint", "broken.eml", "--format", "json").json}
    (folder / "none.eml").write_bytes(b"no message at all")
    assert retention(folder, "message", "lint", "none.eml").code == 2


def test_a_template_that_cannot_be_made_is_told_and_the_others_are_checked(tmp_path: Path) -> None:
    cart = CAMPAIGN.replace("{enters: some, backfill: true}", "{did: order, where: {total: {at_least: 5000}}}").replace("letter", "cart")
    letter = TEMPLATE.replace("This", "{{ trigger.order_id }} this")
    folder = shop(tmp_path, "", **{"campaigns__cart.yml": cart, "templates__cart.html": letter})
    ran = retention(folder, "message", "lint", "--as-of", "2026-05-01")
    assert ran.code == 2
    assert "cart: error: it cannot be made: in the last 90 days no event of anybody would begin this campaign [R01]" in ran.out
    assert "2 messages: 1 error" in ran.said


def test_j19_who_lacks_a_name_with_nothing_in_its_place_is_counted(tmp_path: Path) -> None:
    """Of the campaign's own audience alone: who lives elsewhere does not count."""
    folder = shop(tmp_path, "<p>Dear {{ customer.first_name }}, welcome.</p>")
    ran = retention(folder, "message", "matrix", "--as-of", "2026-05-01", "--format", "json")
    assert ran.code == 2
    found = {each["what"]: each for each in ran.json}
    lacking = found["no first_name"]
    assert (lacking["audience"], lacking["members"], lacking["is_wrong"]) == (2, 1, True)
    assert lacking["told"] == "written without first_name, and nothing stands in for it"
    assert found["anybody"]["told"] == "sound"
    assert found["first_name of 3 characters"]["is_wrong"] is False


@pytest.mark.parametrize(
    ("body", "front"),
    [
        ("<p>Dear {{ customer.first_name or 'friend' }}, welcome.</p>", ""),
        ("<p>Dear {{ customer.first_name }}, welcome.</p>", "requires: [first_name]\n"),
    ],
)
def test_j19_a_fallback_or_who_is_left_out_is_sound(body: str, front: str, tmp_path: Path) -> None:
    ran = retention(shop(tmp_path, body, front=front), "message", "matrix", "letter", "--as-of", "2026-05-01")
    assert ran.code == 0, ran.out
    assert ran.said.endswith("all sound\n")


def test_the_longest_name_is_tried(tmp_path: Path) -> None:
    """A subject of nothing but a long name is too long for one: found before it is sent."""
    folder = shop(tmp_path, "")
    people = folder / "data/customers.csv"
    people.write_text(people.read_text(encoding="utf-8") + f"f,fay@example.com,{'Fay ' * 100},CZ,2026-01-01\n", encoding="utf-8")
    ran = retention(folder, "message", "matrix", "--as-of", "2026-05-01", "--format", "json")
    longest = [each for each in ran.json if each["what"].startswith("first_name of ")]
    assert [each["members"] for each in longest] == [1]
    assert ran.code == 0, "a subject over 250 characters is cut"


def test_a_campaign_without_anybody_has_one_row(tmp_path: Path) -> None:
    ran = retention(
        shop(tmp_path, "", **{"segments__some.yml": "where: {country: XX}\n"}), "message", "matrix", "--as-of", "2026-05-01", "--format", "csv"
    )
    assert ran.out.splitlines() == ["template,audience,edge,members,message", "letter,0,anybody,0,sound"]
