"""The key that signs links: from `secrets: {signing: …}`, else made once beside the ledger and kept there."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from retention_cli.errors import DataUnreachable
from retention_cli.render.links import SigningKeys

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
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise DataUnreachable(f"the signing key {path} cannot be read", "restore it: links in mail already sent are signed with it") from error
    path.parent.mkdir(parents=True, exist_ok=True)
    key = secrets.token_bytes(_BYTES)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    say(f"made a key that signs unsubscribe links: {path} (keep it, or name your own under secrets: signing)")
    return key
