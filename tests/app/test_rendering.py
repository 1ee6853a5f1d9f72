"""Rendering ahead in other processes: the same bytes, whatever happens to them, and no secret in their environment."""

from __future__ import annotations

import io
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from retention_cli.app import rendering, wire
from retention_cli.app.letters import Post, mail_of
from retention_cli.app.rendering import Rendering, processes_for
from retention_cli.deliver.mail import Mail
from retention_cli.deliver.marks import Job
from retention_cli.journey.frame import to_micros
from retention_cli.ledger.rows import Claim
from retention_cli.model.problem import Place
from retention_cli.model.template import FrontMatter, Template, TemplateFormat
from retention_cli.model.word import Word
from retention_cli.render.bundle import MailSettings
from retention_cli.render.compiled import compile_template
from retention_cli.render.contexts import pack
from retention_cli.render.envelope import From
from retention_cli.render.links import SigningKeys

COUNT = 40
CHUNK = pack([f'{{"campaign":{{"kind":"brand"}},"customer":{{"first_name":"Ann {n}"}},"trigger":null}}' for n in range(COUNT)])
POST = Post(From("shop@example.com", "Shop"), SigningKeys(b"k" * 16, (b"o" * 16,)), "https://mail.example.com", None)


def bundle_text() -> str:
    """Return a compiled template as the ledger keeps it."""
    front = FrontMatter(subject=Word("Hello {{ customer.first_name }}"))
    body = "<h1>Hello {{ customer.first_name }}</h1><p>These are enough words for a letter.</p>"
    template = Template(name="letter", file="templates/letter.html", format=TemplateFormat.HTML, front=front, body=body, body_place=Place("x", 5, 1))
    return compile_template(template, MailSettings("Shop", "shop@example.com")).dump()


@pytest.fixture(scope="module")
def jobs() -> list[Job]:
    """Return claimed messages of one chunk."""
    at, text = to_micros(datetime(2026, 5, 1, tzinfo=UTC)), bundle_text()
    claims = [Claim(n, n, "hello", f"c{n}", "1", "s", "email", f"p{n}@example.com", "t", 1, n, 0, at, None, None) for n in range(COUNT)]
    return [Job(claim, CHUNK, text) for claim in claims]


def made_here(jobs: list[Job]) -> list[Mail]:
    """Make all messages in this process."""
    return [
        mail_of(POST, job.claim, f'{{"campaign":{{"kind":"brand"}},"customer":{{"first_name":"Ann {n}"}},"trigger":null}}', job.template)
        for n, job in enumerate(jobs)
    ]


def children() -> set[int]:
    """Return this process's children."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(path.parent.name))
    return found


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the processes something that they must not have."""
    monkeypatch.setenv("SMTP_PASSWORD", "SECRET_CANARY_2")
    yield
    assert rendering._WORTH_IT > COUNT, "so few would not be worth it by themselves"


def begun(ahead: Rendering, jobs: list[Job]) -> None:
    """Wait until the last batch is made, or a while."""
    until = time.monotonic() + 60
    while time.monotonic() < until and not all(batch.done.is_set() for batch in ahead._batches.values()):
        time.sleep(0.01)
    assert jobs


@pytest.mark.usefixtures("eager")
def test_another_process_makes_the_same_bytes(jobs: list[Job]) -> None:
    before = children()
    with Rendering(POST, 1) as ahead:
        ahead.ahead(jobs)
        begun(ahead, jobs)
        [child] = children() - before
        assert b"SECRET_CANARY_2" not in Path(f"/proc/{child}/environ").read_bytes()
        assert POST.keys.current not in Path(f"/proc/{child}/cmdline").read_bytes()
        assert all(batch.made for batch in ahead._batches.values()), "they were made there"
        found = [ahead.compose(job.claim, job.context, job.template) for job in jobs]
    assert found == made_here(jobs)
    assert children() == before


@pytest.mark.usefixtures("eager")
def test_a_process_that_dies_takes_nothing_with_it(jobs: list[Job]) -> None:
    """C12: whoever asks makes the message itself."""
    before = children()
    with Rendering(POST, 1) as ahead:
        ahead.ahead(jobs)
        until = time.monotonic() + 30
        while not (started := children() - before) and time.monotonic() < until:
            time.sleep(0.001)
        for child in started:
            os.kill(child, signal.SIGKILL)
        found = [ahead.compose(job.claim, job.context, job.template) for job in jobs]
    assert found == made_here(jobs)


def test_few_messages_start_no_process() -> None:
    assert processes_for(COUNT) == 0


def test_a_pipe_that_ends_early_is_an_end() -> None:
    """Half a frame is no frame."""
    stream = io.BytesIO()
    wire.put_mails(stream, [Mail("k", b"raw\r\n", "a@example.com", "b@example.com", "s"), None])
    whole = stream.getvalue()
    assert wire.take_mails(io.BytesIO(whole)) == [Mail("k", b"raw\r\n", "a@example.com", "b@example.com", "s"), None]
    for length in range(len(whole)):
        with pytest.raises(EOFError):
            wire.take_mails(io.BytesIO(whole[:length]))


def test_a_post_and_a_claim_come_back_as_they_were(jobs: list[Job]) -> None:
    assert wire.read_post(wire.post_values(POST)) == POST
    assert wire.read_claim(wire.claim_values(jobs[3].claim)) == jobs[3].claim
