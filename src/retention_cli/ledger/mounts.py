"""Which file system a path lies on, and which of them cannot be trusted with a ledger.

A ledger needs locks and fsync that hold; shared network file systems promise neither reliably, so they are refused.
Where the system keeps no table of mounts (macOS, Windows), nothing is known and nothing is refused.
"""

from __future__ import annotations

import re
from pathlib import Path

from retention_cli.errors import LedgerRefused

_TABLE = Path("/proc/self/mountinfo")
_NETWORK = re.compile(r"(nfs\d*|cifs|smb\w*|9p|fuse\.sshfs)")
_OCTAL = re.compile(r"\\([0-7]{3})")


def filesystem_of(path: Path, mountinfo: str) -> str:
    """Return the type of the file system that holds `path` (absolute), "" where the table does not tell (proc_pid_mountinfo(5))."""
    best, found = -1, ""
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split(" ")
        if len(fields) < 5 or not right:  # noqa: PLR2004 - the mount point is the fifth field
            continue
        mount = Path(_OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4]))
        depth = len(mount.parts)
        if depth >= best and (path == mount or mount in path.parents):  # a later mount on the same point covers the earlier
            best, found = depth, right.split(" ")[0]
    return found


def refuse_network(path: Path, table: Path = _TABLE) -> None:
    """Raise LedgerRefused where `path` lies on a network file system."""
    try:
        mountinfo = table.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return
    kind = filesystem_of(path, mountinfo)
    if _NETWORK.fullmatch(kind):
        raise LedgerRefused(
            f"the ledger {path} lies on a network file system ({kind}), where locks and durable writes cannot be trusted",
            "keep it on a local disk, or use a postgresql:// ledger",
        )
