"""One contract for every channel, and what only the folder and the fake do."""

from __future__ import annotations

import stat
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from retention_cli.deliver.channels.channel import Unreachable
from retention_cli.deliver.channels.fake import Fake
from retention_cli.deliver.channels.folder import Folder
from retention_cli.deliver.channels.registry import CHANNELS, channel_for
from retention_cli.deliver.channels.smtp import Smtp
from retention_cli.deliver.channels.smtp_url import SmtpUrl
from retention_cli.deliver.mail import Mail
from retention_cli.deliver.outcome import Accepted, ConnectionDown, Deferred, Fault, Refused, Unknown, Withheld
from retention_cli.errors import UsageError
from retention_cli.model.target import FakeChannel, FolderChannel, PluginChannel, SmtpChannel
from retention_cli.model.word import Word
from support.providers import CONTRACTS
from support.smtp_sink import SmtpSink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from retention_cli.deliver.channels.channel import Channel

RAW = b"Subject: hi\r\n\r\n.hello\r\n"


def yes(act: Callable[[], None]) -> bool:
    act()
    return True


def mail(key: str = "a1b2", to: str = "jana@example.com", raw: bytes = RAW) -> Mail:
    return Mail(key, raw, "shop@example.com", to)


@contextmanager
def each(kind: str, folder: Path) -> Iterator[tuple[Channel, Callable[[], list[bytes]]]]:
    """Give a channel, and what has gone through it."""
    if kind == "smtp":
        with SmtpSink() as sink:
            yield Smtp(SmtpUrl.parse(sink.url), 5.0), lambda: [got.raw for got in sink.received]
    elif kind == "folder":
        yield Folder(folder / "outbox"), lambda: [path.read_bytes() for path in sorted((folder / "outbox").glob("*.eml"))]
    else:
        fake = Fake()
        yield fake, lambda: [message.raw for message in fake.sent]


HERE = ("folder", "smtp", "fake")
"""Channels whose other end is asked here; the others are in test_providers.py, test_ses.py and cli/test_ways.py."""


@pytest.mark.parametrize("kind", HERE)
def test_nothing_has_gone_when_the_intent_is_made_durable(kind: str, tmp_path: Path) -> None:
    """C04, C05: and it is asked for exactly once."""
    seen: list[int] = []
    with each(kind, tmp_path) as (channel, gone):

        def commit(act: Callable[[], None]) -> bool:
            seen.append(len(gone()))
            act()
            return True

        connection = channel.open()
        outcomes = [connection.send(mail(f"key{count}"), commit) for count in range(2)]
        connection.close()
        assert [type(outcome) for outcome in outcomes] == [Accepted, Accepted]
        assert seen == [0, 1]
        assert gone() == [RAW, RAW]


@pytest.mark.parametrize("kind", HERE)
def test_a_gate_that_says_no_holds_the_message_back(kind: str, tmp_path: Path) -> None:
    """J09."""
    with each(kind, tmp_path) as (channel, gone):
        connection = channel.open()
        assert connection.send(mail(), lambda _: False) == Withheld()
        connection.close()
        assert gone() == []
    assert list(tmp_path.rglob("*.part")) == []


def test_every_channel_is_held_to_the_contract() -> None:
    assert set(CHANNELS) == {*HERE, *CONTRACTS, "ses", "apprise"}


def test_another_package_brings_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an entry point of the group retention.channels, which is loaded when it is asked for and not before."""
    info = tmp_path / "shop_channel-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-channel\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[retention.channels]\npigeon = shop_channel:Pigeon\n")
    (tmp_path / "shop_channel.py").write_text(
        "from retention_cli.deliver.channels.fake import Fake\n"
        "class Pigeon:\n"
        "    @classmethod\n"
        "    def of(cls, settings, root):\n"
        "        channel = Fake()\n"
        "        channel.name = 'pigeon of ' + str(settings.options['loft'])\n"
        "        return channel\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    settings = PluginChannel(to="plugin", plugin="pigeon", options={"loft": Word("shop")})
    channel = channel_for(settings, tmp_path)
    assert channel.name == "pigeon of shop"
    assert isinstance(channel.open().send(mail(), yes), Accepted)
    with pytest.raises(UsageError, match="no installed package brings a channel 'pigeons'") as told:
        channel_for(PluginChannel(to="plugin", plugin="pigeons"), tmp_path)
    assert "pigeon" in (told.value.hint or "")


def test_a_target_names_its_channel(tmp_path: Path) -> None:
    assert isinstance(channel_for(FolderChannel(to="folder"), tmp_path), Folder)
    assert isinstance(channel_for(FakeChannel(to="fake"), tmp_path), Fake)
    assert isinstance(channel_for(SmtpChannel(to="smtp", url=Word("smtp://127.0.0.1:1")), tmp_path), Smtp)


def test_listing_channels_imports_none() -> None:
    code = "import sys, retention_cli.deliver.channels.registry; print([m for m in sys.modules if 'smtplib' in m or 'channels.folder' in m])"
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert shown.stdout.strip() == "[]"


def test_the_folder_keeps_messages_private_and_whole(tmp_path: Path) -> None:
    connection = Folder(tmp_path / "a" / "outbox").open()
    assert connection.send(mail(), yes) == Accepted("a1b2.eml")
    connection.close()
    folder = tmp_path / "a" / "outbox"
    assert [path.name for path in folder.iterdir()] == ["a1b2.eml"]
    assert (folder / "a1b2.eml").read_bytes() == RAW
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "a1b2.eml").stat().st_mode) == 0o600


def test_the_same_message_twice_is_the_same_file(tmp_path: Path) -> None:
    """Also over what a killed process left behind."""
    (tmp_path / ".a1b2.part").write_bytes(b"left behind, and longer than the message that is written now" * 9)
    connection = Folder(tmp_path).open()
    for _ in range(2):
        assert isinstance(connection.send(mail(), yes), Accepted)
    connection.close()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a1b2.eml", RAW)]


@pytest.mark.parametrize("key", ["../evil", "a/b", "", ".", "x" * 200, "a\0b"])
def test_a_key_is_never_a_path(key: str, tmp_path: Path) -> None:
    connection = Folder(tmp_path / "outbox").open()
    assert isinstance(connection.send(mail(key), yes), Refused)
    connection.close()
    assert list(tmp_path.rglob("*")) == [tmp_path / "outbox"]


def test_the_folder_does_not_write_through_a_link(tmp_path: Path) -> None:
    """SEC31."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"keep")
    (tmp_path / "outbox").mkdir()
    (tmp_path / "outbox" / ".a1b2.part").symlink_to(outside)
    connection = Folder(tmp_path / "outbox").open()
    assert isinstance(connection.send(mail(), yes), ConnectionDown)
    connection.close()
    assert outside.read_bytes() == b"keep"


def test_a_folder_that_cannot_be_made_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unreachable, match="folder cannot be opened"):
        Folder(tmp_path / "file" / "outbox").open()


def test_the_fake_answers_by_the_address() -> None:
    connection = Fake().open()
    answers = [connection.send(mail(to=to), yes) for to in ("refuse@x.cz", "defer+1@x.cz", "hang@x.cz", "jana@x.cz")]
    assert [type(answer) for answer in answers] == [Refused, Deferred, Unknown, Accepted]


def test_the_fake_answers_as_told() -> None:
    told = Refused(550, "5.7.1 no", Fault.SENDER)
    fake = Fake(lambda _: told)
    assert fake.open().send(mail(), yes) is told
    assert fake.sent == []
