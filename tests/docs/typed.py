"""Commands as a page shows them, typed one after the other.

What is not `retention …` runs in a real shell. `retention …` itself runs inside the test's process, where it is quicker by
the imports; its arguments are still a shell's, with quotes and `$(…)`.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from support.shell import retention

_EXPECTED = re.compile(r"\s+# exit (\d+)$")
_WHERE = "\npwd >&3\n"


@dataclass
class Typed:
    """Where the typing is, and all that was printed and said so far."""

    folder: Path
    out: str = ""
    said: str = ""
    _other: list[str] = field(default_factory=list)

    def page(self, script: str) -> None:
        """Type a whole script; fails at the first line that does not do what it says."""
        for line in script.splitlines():
            if line.startswith("retention "):
                self._shell()
                self._retention(line)
            else:
                self._other.append(line)
        self._shell()

    def _retention(self, line: str) -> None:
        expected = _EXPECTED.search(line)
        command = _EXPECTED.sub("", line).removeprefix("retention ")
        split = subprocess.run(["sh", "-euc", f"printf '%s\\0' {command}"], cwd=self.folder, text=True, capture_output=True, check=True)
        ran = retention(self.folder, *split.stdout.split("\0")[:-1])
        assert ran.code == (int(expected[1]) if expected else 0), f"{line}\n{ran.said}"
        self.out, self.said = self.out + ran.out, self.said + ran.said

    def _shell(self) -> None:
        """Run what has gathered since the last `retention`, and follow where it went."""
        script, self._other = "\n".join(self._other), []
        if not script.strip():
            return
        command = f"exec 3>&1 1>&2\n{script}{_WHERE}"
        done = subprocess.run(["sh", "-eu"], input=command, cwd=self.folder, text=True, capture_output=True, check=False, timeout=60)
        assert done.returncode == 0, f"{script}\n{done.stderr}"
        self.folder = Path(done.stdout.strip())
