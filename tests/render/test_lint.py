"""What the checks of finished pages say: each code for what it is about, and nothing of a page that is sound."""

from __future__ import annotations

import pytest

from retention_cli.render.lint import clients, colour, page
from retention_cli.render.lint.finding import Level
from retention_cli.render.lint.tree import read

SOUND = (
    '<!doctype html><html lang="en"><head><title>News</title><meta name="viewport" content="width=device-width">'
    "<style>.x { color: red } @media (max-width: 480px) { .x { display: block } }</style></head><body>{}</body></html>"
)
WORDS = "<h1>News</h1><p>Words to be read.</p>"


def found(body: str, size: int = 1000) -> list[tuple[str, str]]:
    """Return level and code of what is found in a body."""
    return [(str(each.level), each.code) for each in page.check(read(SOUND.replace("{}", body)), size)]


@pytest.mark.parametrize(
    "body",
    [
        WORDS,
        f'{WORDS}<a href="https://shop.example/x">https://www.shop.example/x</a><a href="mailto:a@b.example">write</a>',
        f'{WORDS}<a href="https://shop.example"><img src="https://shop.example/i.png" alt="The cup"></a><img src="https://x.example/l.png" alt="">',
        f'{WORDS}<table role="presentation"><tr><td>x</td></tr></table><table><tr><th>Price</th></tr></table>',
        f"{WORDS}<h2>More</h2><h3>Deep</h3><h2>Again</h2>",
        f'{WORDS}<div style="display: none; color: #fff">hidden words</div><div style="font-size:0"><p style="font-size:16px">seen</p></div>',
        f'{WORDS}<p style="color: #767676">grey, just enough</p><p style="color:#8f8f8f; font-size: 24px">large</p>',
        f'{WORDS}<div style="background-image: url(x.png)"><p style="color:#fff">on a picture: nobody knows</p></div>',
        f'{WORDS}<!--[if mso]><table><tr><td style="color:#fff"></td></tr></table><![endif]-->',
    ],
)
def test_sound_pages_are_left_in_peace(body: str) -> None:
    assert found(body) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"{WORDS}<img src='https://x.example/i.png'>", [("error", "H03")]),
        (f"{WORDS}<img src='http://x.example/i.png' alt='x'>", [("error", "H12")]),
        (f"{WORDS}<img src='data:image/png;base64,xxxx' alt='x'>", [("warning", "H13")]),
        (f"{WORDS}<a href='https://x.example'><img src='https://x.example/i.png' alt=''></a>", [("error", "H04")]),
        (f"{WORDS}<a href='/relative'>words</a>", [("error", "H09")]),
        (f"{WORDS}<a href=''>words</a>", [("error", "H09")]),
        (f"{WORDS}<a href='javascript:alert(1)'>words</a>", [("error", "H09")]),
        (f"{WORDS}<a href='https://[broken'>words</a>", [("error", "H09")]),
        (f"{WORDS}<a href='https://evil.example/x'>www.bank.example</a>", [("error", "H10")]),
        ("<p>Words alone.</p>", [("warning", "H05")]),
        ("<h2>Second</h2>", [("warning", "H05")]),
        (f"{WORDS}<h3>Deep</h3>", [("warning", "H05")]),
        (f"{WORDS}<table><tr><td>x</td></tr></table>", [("warning", "H07")]),
        (f"{WORDS}<p style='color: #999'>pale</p>", [("warning", "H06")]),
        (f"{WORDS}<div style='background: navy'><p>dark on dark</p></div>", [("warning", "H06")]),
        (
            f"{WORDS}<table role='presentation' bgcolor='#336699'><tr><td><a href='https://x.example'>blue on blue</a></td></tr></table>",
            [("warning", "H06")],
        ),
        (f"{WORDS}<p style='font-size: 9px'>tiny</p>", [("warning", "H08")]),
    ],
)
def test_each_mistake_has_its_code(body: str, expected: list[tuple[str, str]]) -> None:
    assert found(body) == expected


def test_a_bare_page_lacks_its_head() -> None:
    assert [each.code for each in page.check(read(WORDS), 1000)] == ["H01", "H02", "H14"]


def test_what_gmail_would_cut_off_is_said_before() -> None:
    assert found(WORDS, 80_001) == [("warning", "H11")]


def test_what_strangers_wrote_is_quoted_short_and_on_one_line() -> None:
    words = "x\x1b[31m\n" * 100
    [finding] = page.check(read(SOUND.replace("{}", f"{WORDS}<a href='/x'>{words}</a>")), 1000)
    assert "\x1b" not in finding.message
    assert "\n" not in finding.message
    assert len(finding.message) < 200


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000", "#fff", 21.0), ("#ffffff", "white", 1.0), ("#767676", "#fff", 4.54), ("rgb(255, 0, 0)", "#fff", 4.0), ("#777", "#FFF".lower(), 4.48)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    """Figures of the W3C's own examples and of other calculators."""
    first, second = colour.read(one), colour.read(other)
    assert first is not None
    assert second is not None
    assert colour.contrast(first, second) == pytest.approx(ratio, abs=0.005)


@pytest.mark.parametrize(
    ("body", "client", "level", "told"),
    [
        ('<div style="display: flex">x</div>', "outlook-windows", Level.WARNING, "display:flex is not shown by Outlook on Windows"),
        ("<video src='x'></video>", "gmail", Level.WARNING, "<video> is not shown by Gmail"),
        ("<form><input type=checkbox></form>", "outlook-windows", Level.WARNING, "<form> is not shown by Outlook on Windows"),
        ('<p style="border-radius: 4px">x</p>', "outlook-windows", Level.NOTE, "border-radius is not shown by Outlook on Windows"),
        ("<style>p:hover { color: red }</style>", "outlook-windows", Level.NOTE, ":hover is not shown by Outlook on Windows"),
        ("<style>@font-face { src: url(x) }</style>", "gmail", Level.NOTE, "@font-face is not shown by Gmail"),
        ('<p style="width: calc(100% - 3vw)">x</p>', "outlook-windows", Level.WARNING, "calc() is not shown by Outlook on Windows"),
    ],
)
def test_what_a_program_does_not_show_is_told(body: str, client: str, level: Level, told: str) -> None:
    assert (level, told) in [(each.level, each.message) for each in clients.check(read(body), [client])]
    assert [
        each for each in clients.check(read(body), ["apple-mail"]) if told.split(" is ", maxsplit=1)[0] == each.message.split(" is ", maxsplit=1)[0]
    ] == []


def test_what_is_written_for_outlook_alone_is_not_looked_at() -> None:
    assert list(clients.check(read("<!--[if mso]><v:rect><div style='display:flex'></div></v:rect><![endif]--><p>x</p>"), clients.USUAL)) == []


def test_the_table_names_its_source_and_programs() -> None:
    known = clients.table()
    assert set(clients.USUAL) <= known.clients.keys()
    assert known.as_of == "2025-09-09"
    named = {client for feature in known.features.values() for programs in feature.values() for client in programs}
    assert named == known.clients.keys()
