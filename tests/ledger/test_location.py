from __future__ import annotations

from pathlib import Path

import pytest

from retention_cli.errors import LedgerRefused, UsageError
from retention_cli.ledger.address import normalised
from retention_cli.ledger.location import Location
from retention_cli.ledger.mounts import filesystem_of, refuse_network

MOUNTS = r"""
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 21 0:40 / /mnt/shop rw shared:7 - nfs4 server:/shop rw
31 21 0:41 / /mnt/my\040disk rw - ext4 /dev/sdb1 rw
32 21 0:42 / /mnt/over rw - 9p share rw
33 32 0:43 / /mnt/over rw - ext4 /dev/sdc1 rw
34 21 0:44 / /srv rw master:3 - fuse.sshfs me@host:/ rw
35 21 0:45 / /win rw - cifs //host/share rw
"""


@pytest.mark.parametrize(("text", "file"), [(None, ".retention/ledger.db"), ("sqlite", ".retention/ledger.db"), ("sqlite:a/b.db", "a/b.db")])
def test_a_sqlite_ledger_lies_in_the_project(tmp_path: Path, text: str | None, file: str) -> None:
    assert Location.parse(text, tmp_path).path == tmp_path / file


def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path) -> None:
    assert Location.parse("sqlite:/var/lib/shop.db", tmp_path).path == Path("/var/lib/shop.db")


def test_two_ways_to_one_file_are_one_ledger(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "way").symlink_to(tmp_path / "real")
    assert Location.parse("sqlite:way/x.db", tmp_path).identity == Location.parse("sqlite:real/x.db", tmp_path).identity


@pytest.mark.parametrize("text", ["postgresql://me:hunter2@db:5433/shop?sslmode=require", "postgres://me:hunter2@db:5433/shop"])
def test_no_password_is_ever_shown(tmp_path: Path, text: str) -> None:
    location = Location.parse(text, tmp_path)
    assert location.shown == "postgresql://me:***@db:5433/shop"
    assert "hunter2" not in repr(location) + location.identity


def test_another_login_is_the_same_ledger(tmp_path: Path) -> None:
    one, other = (Location.parse(f"postgresql://{user}:x@db/shop", tmp_path) for user in ("planner", "sender"))
    assert one.identity == other.identity


@pytest.mark.parametrize(
    "text", ["mysql://u:hunter2@h/d", "sqlite:", "sqlite:///", "postgresql://u:hunter2@h", "postgresql://u:hunter2@h:port/d", ""]
)
def test_what_is_no_ledger_is_a_mistake_that_shows_no_password(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Location.parse(text, tmp_path)
    assert "hunter2" not in str(caught.value) + caught.value.hint
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me/x", "ext4"),
        ("/mnt/shop/.retention/ledger.db", "nfs4"),
        ("/mnt/shopping/x", "ext4"),
        ("/mnt/my disk/x", "ext4"),
        ("/mnt/over/x", "ext4"),
        ("/srv/x", "fuse.sshfs"),
        ("/win", "cifs"),
    ],
)
def test_k07_the_nearest_mount_says_the_file_system(path: str, kind: str) -> None:
    assert filesystem_of(Path(path), MOUNTS) == kind


def test_k07_network_file_systems_are_refused(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(MOUNTS)
    for path in ("/mnt/shop/l.db", "/srv/l.db", "/win/l.db"):
        with pytest.raises(LedgerRefused, match="network file system"):
            refuse_network(Path(path), table)
    refuse_network(Path("/home/l.db"), table)
    refuse_network(Path("/mnt/shop/l.db"), tmp_path / "no such table")


@pytest.mark.parametrize(
    ("channel", "written", "kept"),
    [
        ("email", " Ann@Example.COM ", "ann@example.com"),
        ("email", "Žofie@Bücher.example", "žofie@xn--bcher-kva.example"),
        ("email", "Z\u030cofie@x.cz", "žofie@x.cz"),
        ("email", "STRASSE@straße.example", "strasse@strasse.example"),
        ("email", "ž@..", "ž@.."),
        ("sms", "+420 777", "+420 777"),
        ("push", "Ž@ž", "ž@ž"),
    ],
)
def test_addresses_are_compared_in_one_form(channel: str, written: str, kept: str) -> None:
    assert normalised(channel, written) == kept
