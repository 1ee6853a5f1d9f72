"""Which files a source's `path` means.

Only regular files are read, below the project's folder or where an absolute path says so; a link that leads out is
refused.
"""

from __future__ import annotations

import glob
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retention_cli.errors import DataUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the file system says of a file; any change of it means that the file must be read again."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file of an export: where it is, how it is named to the user, and its stamp when it was found."""

    path: str
    shown: str
    stamp: Stamp


def stamp_of(path: str) -> Stamp:
    """Return a regular file's stamp; raises DataUnreachable for anything else."""
    try:
        found = os.stat(path)  # noqa: PTH116 - one call for the type and the stamp
    except OSError as error:
        raise DataUnreachable(f"{path} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        raise DataUnreachable(f"{path} is not a regular file", "a source reads files, folders of files and globs; no pipes and no devices")
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def expand(root: Path, written: str) -> tuple[ExportFile, ...]:
    """Return the files that a path, folder or glob means, sorted by name; raises DataUnreachable where there is none."""
    home = Path(os.path.realpath(root))
    absolute = Path(written).is_absolute()
    found = [_export_file(path, home, written, anywhere=absolute) for path in _matches(home, written)]
    if not found:
        raise DataUnreachable(f"no file matches {written}", f"looked in {home}" if not absolute else "")
    return tuple(sorted(found, key=lambda file: file.shown))


def _matches(home: Path, written: str) -> Iterable[Path]:
    if glob.has_magic(written):
        names = glob.glob(written, root_dir=home, recursive=True)  # noqa: PTH207 - pathlib's glob takes no absolute pattern
        return [home / name for name in names if not (home / name).is_dir()]
    path = home / written
    if path.is_dir():
        return [child for child in path.iterdir() if not child.name.startswith(".") and not child.is_dir()]
    return [path]


def _export_file(path: Path, home: Path, written: str, *, anywhere: bool) -> ExportFile:
    real = Path(os.path.realpath(path))
    if not anywhere and not real.is_relative_to(home):
        raise DataUnreachable(f"{written} leads out of the project's folder", "write an absolute path where that is meant")
    shown = str(path) if anywhere else os.path.relpath(path, home)
    try:
        return ExportFile(str(real), shown, stamp_of(str(real)))
    except DataUnreachable as error:
        raise DataUnreachable(str(error).replace(str(real), shown), error.hint) from error
