"""The key that signs links: from `secrets: {signing: …}`, else made once beside the ledger and kept there."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from retention_cli.errors import DataUnreachable
from retention_cli.render.links import SigningKeys
from retention_cli.sources import atomic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from retention_cli.app.workspace import Workspace
    from retention_cli.ledger.location import Location

FILE = "signing.key"
_BYTES = 32


def signing_keys(work: Workspace, location: Location, say: Callable[[str], None]) -> SigningKeys:
    """Return the project's signing keys; `say` is told once where a new one was put."""
    given = work.project.settings.secrets
    old = tuple(key.get_secret_value().encode() for key in given.signing_old)
    if given.signing is not None:
        return SigningKeys(given.signing.get_secret_value().encode(), old)
    folder = location.path.parent if location.path is not None else work.store
    return SigningKeys(_kept(folder / FILE, say), old)


def _kept(path: Path, say: Callable[[str], None]) -> bytes:
    """Read the key file, or make it: whole, for its owner alone, never over an existing one."""
    try:
        if not path.exists() and atomic.write_once(path, secrets.token_bytes(_BYTES).hex() + "\n"):
            say(f"made a key that signs unsubscribe links: {path} (keep it, or name your own under secrets: signing)")
        return _whole(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise DataUnreachable(
            f"the signing key {path} cannot be read or made", "restore it: links in mail already sent are signed with it"
        ) from error


def _whole(text: str) -> bytes:
    key = bytes.fromhex(text.strip())
    if len(key) != _BYTES:
        raise ValueError("a part of a key")
    return key
