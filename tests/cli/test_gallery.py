"""`message preview --web`: a real server; what strangers wrote does no harm there (SEC11), and a save shows at once."""

from __future__ import annotations

import re
import signal
import subprocess
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from retention_cli.app.edges import HOSTILE, edge
from retention_cli.app.gallery_page import EDGES
from support.shell import RETENTION
from support.tiny_shop import TEMPLATE, make_shop, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAKE = "trigger: {enters: all}\ngoals: {g: {when: {did: order}, window: 5 days}}\nsteps: [{send: letter}]\n"
DARK = "<style>h1 { color: black } @media (prefers-color-scheme: dark) { h1 { color: white } }</style>"
NAME = "<script>document.title=1</script>{{ 7 * 7 }}"
PEOPLE = [("a", "ann@example.com", NAME, "CZ", "2026-01-01"), ("b", "bob@example.com", "Bob", "CZ", "2026-01-01")]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A shop whose first customer bears a hostile name, and the port on which its mails are shown."""
    letter = TEMPLATE.replace("<h1>", f"{DARK}<h1>")
    files = {"campaigns/wake.yml": WAKE, "segments/all.yml": "where: {everyone: true}\n", "templates/letter.html": letter}
    folder = make_shop(tmp_path / "shop", files, customers=PEOPLE)
    command = [*RETENTION, "message", "preview", "--web", "--as-of", "2026-05-01", "--customer", "b"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/\n", process.stdout.readline())
        assert found is not None, process.stderr and process.stderr.read()
        yield folder, int(found[1])
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def get(port: int, path: str, host: str = "") -> tuple[int, dict[str, str], str]:
    """Ask the server; return status, headers by small letters and text."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{port}"})
    found = connection.getresponse()
    return found.status, {name.lower(): value for name, value in found.getheaders()}, found.read().decode()


def test_sec11_a_mail_stands_in_a_frame_that_runs_nothing(served: tuple[Path, int]) -> None:
    _, port = served
    status, headers, page = get(port, "/")
    assert status == 200
    frames = re.findall(r"<iframe[^>]*>", page)
    assert len(frames) == 21, "six edges and a customer, each wide, narrow and dark"
    assert all('sandbox=""' in frame for frame in frames)
    assert "script-src 'self'" in headers["content-security-policy"]
    status, headers, mail = get(port, "/mail?template=letter&edge=real")
    assert status == 200
    assert headers["content-security-policy"].startswith("sandbox; default-src 'none'; img-src https: data:;")
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
    assert "<script" not in mail
    assert "{{ 7 * 7 }}" in mail, "data are never run as a template (SEC12)"
    hostile = get(port, "/mail?template=letter&edge=hostile")[2]
    assert "<img src=x" not in hostile
    assert "&lt;img src=x" in hostile


def test_sec11_a_message_that_is_text_alone_is_never_read_as_html(served: tuple[Path, int]) -> None:
    folder, port = served
    (folder / "templates/letter.html").unlink()
    text = "Hello {{ customer.first_name }}, these are words enough for a letter.\n{{ unsubscribe_url }}\n"
    write(folder, "templates/letter.txt", f"---\nsubject: Hello\n---\n{text}")
    shown = get(port, "/mail?template=letter")[2]
    assert "<pre" in shown
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown


def test_sec11_only_its_own_name_is_answered_and_nothing_beside_its_pages(served: tuple[Path, int]) -> None:
    """A page elsewhere that has its name lead here reads nothing."""
    _, port = served
    assert get(port, "/", host="evil.example")[0] == 403
    assert get(port, "/../retention.yml")[0] == 404
    assert get(port, "/mail?template=nothing")[0] == 409
    assert get(port, "/mail?template=letter&edge=nothing")[0] == 409
    assert get(port, "/mail?template=letter&customer=zoe")[0] == 409


def test_edges_and_looks_differ(served: tuple[Path, int]) -> None:
    _, port = served
    light, dark = (get(port, f"/mail?template=letter&customer=b{more}")[2] for more in ("", "&dark=1"))
    assert "prefers-color-scheme" not in light + dark
    assert ("(max-width: 0)" in light, "(min-width: 0)" in dark) == (True, True)
    assert "Hello Bob" in light
    assert "Hello there" in get(port, "/mail?template=letter&customer=b&edge=bare")[2]


def test_a_save_shows_at_once_and_a_mistake_is_told_until_it_is_mended(served: tuple[Path, int]) -> None:
    folder, port = served
    before = get(port, "/version")[2]
    write(folder, "templates/letter.html", TEMPLATE.replace("Hello", "Good day"))
    assert get(port, "/version")[2] != before
    assert "Good day Bob" in get(port, "/mail?template=letter&customer=b")[2]
    write(folder, "campaigns/wake.yml", WAKE.replace("letter", "leter"))
    status, _, told = get(port, "/")
    assert status == 409
    assert "campaigns/wake.yml" in told
    write(folder, "campaigns/wake.yml", WAKE)
    assert get(port, "/")[0] == 200


def test_edge_readers_are_made_of_a_real_one() -> None:
    context = (
        '{"customer": {"customer_id": "C1", "first_name": "Ann", "orders_count": 3, "last_order_at": "2026-05-01T10:00:00"},'
        ' "trigger": {"items": [{"title": "Cup", "image_url": "https://x.example/i.png"}]}, "recommended": {"bestsellers/4/90/": [{"title": "Pot"}]}}'
    )
    found = {name: edge(context, name) for name in EDGES}
    assert found["real"] == context
    assert '"first_name": null' in found["bare"]
    assert all('"orders_count": 3' in text and '"customer_id": "C1"' in text and "2026-05-01T10:00:00" in text for text in found.values())
    assert HOSTILE[:10] in found["hostile"]
    assert found["longest"].count("A title that goes on") == 4
    assert '"image_url": null' in found["picture"]
    assert '"bestsellers/4/90/": []' in found["alone"]
