"""Where a bench works: a folder of its own below bench/out/, children with an environment of their own, and the real projects.

Nothing here touches the user's state: witnesses and compiled Python lie in the bench's own folder. Children find their
compiled modules there after the first start, as an installed package would have them.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from kit.measure import Ended, Missing, process

BENCH = Path(__file__).resolve().parent.parent
RETENTION = (sys.executable, "-c", "from retention_cli.cli.main import main; main()")
AS_OF = {"completejourney": "2018-01-02", "online_retail": "2011-12-10"}
"""The real projects and the day after their last fact, on which their baselines stand."""


@dataclass(frozen=True, slots=True)
class Place:
    """The bench's folder, and where the real data is (None: not on this machine)."""

    folder: Path
    data: Path | None

    @property
    def env(self) -> dict[str, str]:
        """The environment of every child."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**kept, "PYTHONPYCACHEPREFIX": str(self.folder / "pycache"), "XDG_STATE_HOME": str(self.folder / "state")}

    def retention(self, folder: Path, *words: str, codes: tuple[int, ...] = (0,), **env: str) -> Ended:
        """Run the tool in a folder, as a process."""
        return process([*RETENTION, *words], folder, {**self.env, **env}, codes)

    def process(self, command: list[str], folder: Path) -> Ended:
        """Run any program in a folder."""
        return process(command, folder, self.env)

    def python(self, *words: str | Path, **env: str) -> Ended:
        """Run a Python program of the bench as a process."""
        return process([sys.executable, *words], self.folder, {**self.env, **env})

    def project(self, name: str) -> Path:
        """Return a real project with its exports, made on first use, its columns settled; raises Missing where the data is not here."""
        made = self.folder / "real" / name
        if made.exists():
            return made
        if self.data is None or not (self.data / name).is_dir():
            raise Missing(f"the real data {name} is not here; RETENTION_DATA names the folder that holds it")
        shutil.copytree(BENCH / "real" / name, made, ignore=shutil.ignore_patterns("data", ".retention"))
        process([sys.executable, made / "prepare.py"], made, {**self.env, "RETENTION_DATA": str(self.data)})
        self.retention(made, "data", "import", "--as-of", AS_OF[name])
        return made


def find_data() -> Path | None:
    """Return the folder of real data: RETENTION_DATA, else shared/data beside the repository."""
    named = os.environ.get("RETENTION_DATA")
    found = Path(named) if named else BENCH.parent.parent / "shared" / "data"
    return found.resolve() if found.is_dir() else None
