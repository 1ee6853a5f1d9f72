"""The key that signs links is whole from its first moment, one for all processes, and never replaced."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import pytest

from retention_cli.app.keys import FILE, signing_keys
from retention_cli.app.workspace import open_project
from retention_cli.errors import DataUnreachable
from support.tiny_shop import make_shop

if TYPE_CHECKING:
    from pathlib import Path

AT_ONCE = 8


def test_many_that_need_the_key_at_once_get_the_same(tmp_path: Path) -> None:
    """Half-written keys were read by a second sender that started beside the first."""
    folder = make_shop(tmp_path / "shop", {}, customers=[])
    work = open_project(folder)
    for _ in range(20):
        said: list[str] = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            keys = list(pool.map(partial(signing_keys, work, work.location), [said.append] * AT_ONCE))
        assert len({each.current for each in keys}) == 1
        assert len(said) == 1, "one made it, and only that one says so"
        place = next(folder.rglob(FILE))
        assert place.stat().st_mode & 0o777 == 0o600
        place.unlink()


@pytest.mark.parametrize("text", ["", "abcd\n", "no hex at all"])
def test_a_damaged_key_is_told_and_kept(tmp_path: Path, text: str) -> None:
    work = open_project(make_shop(tmp_path / "shop", {}, customers=[]))
    signing_keys(work, work.location, print)
    place = next((tmp_path / "shop").rglob(FILE))
    place.write_text(text, encoding="ascii")
    with pytest.raises(DataUnreachable, match="signing key"):
        signing_keys(work, work.location, print)
    assert place.read_text(encoding="ascii") == text
