"""Draw docs/starters/NAME.png: every mail of each starter campaign, in English, as a browser shows it at desktop and phone width.

    .venv/bin/python tools/pictures.py [NAME …]       needs Chromium (Debian's package chromium)

Pictures of products are drawn as plain squares, for the shop of the examples has none.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from retention_cli.app import init
from retention_cli.app.facts import look
from retention_cli.app.trial import drafts, shown
from retention_cli.app.workspace import open_project
from retention_cli.cli.letters import html_of
from retention_cli.project.starters import examples_folder, starter_names

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "starters"
AS_OF = datetime(2026, 5, 14, 16, 0, tzinfo=UTC)
DESKTOP, PHONE, HIGH = 640, 360, 1180
SQUARE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='200' height='200'%3E"
    "%3Crect width='200' height='200' fill='%23{}'/%3E%3C/svg%3E"
)
COLOURS = ("c9d8c5", "e3cfa9", "d8b9a4", "b9c9d1", "cfc3dc")
BROWSER = (
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--allow-file-access-from-files", "--hide-scrollbars", "--virtual-time-budget=3000",
)  # fmt: skip


def main(names: list[str]) -> None:
    """Draw the named campaigns, or all."""
    OUT.mkdir(exist_ok=True)
    with TemporaryDirectory() as made:
        folder = Path(made) / "shop"
        init.init_demo(folder, AS_OF, 5000)
        shutil.copytree(examples_folder() / "english", folder, dirs_exist_ok=True)
        view = look(open_project(folder), AS_OF, lambda _: None)
        for name in names or starter_names():
            mails = {draft.step: html_of(finished.raw) for draft, finished in shown(view, name, drafts(view, name, None, None), lambda _: None)}
            draw(Path(made), name, list(mails.values()))
            sys.stderr.write(f"docs/starters/{name}.png\n")


def draw(folder: Path, name: str, mails: list[str]) -> None:
    """Draw mails side by side, the first once more as on a phone."""
    frames = [(mail, DESKTOP) for mail in mails] + [(mails[0], PHONE)]
    for number, (mail, _) in enumerate(frames):
        (folder / f"{number}.html").write_text(with_squares(mail), encoding="utf-8")
    boxes = "".join(
        f'<div style="width:{width // 2}px;height:{HIGH // 2}px;margin:8px 0 8px 8px;overflow:hidden;float:left"><iframe src="{number}.html"'
        f' style="border:0;width:{width}px;height:{HIGH}px;transform:scale(.5);transform-origin:0 0"></iframe></div>'
        for number, (_, width) in enumerate(frames)
    )
    page = folder / "page.html"
    page.write_text(f'<!doctype html><meta charset="utf-8"><body style="margin:0;background:#fff">{boxes}', encoding="utf-8")
    across = sum(width // 2 + 8 for _, width in frames) + 8
    size = (f"--window-size={across},{HIGH // 2 + 16}", f"--screenshot={OUT / name}.png", f"--user-data-dir={folder / 'browser'}")
    subprocess.run([*BROWSER, *size, page.as_uri()], check=True, capture_output=True, timeout=120)  # noqa: S603 - our own words and files


def with_squares(mail: str) -> str:
    """Put a square in place of each picture."""
    count = iter(range(1000))
    return re.sub(r'(<img[^>]*? src=")[^"]*"', lambda found: f'{found[1]}{SQUARE.format(COLOURS[next(count) % len(COLOURS)])}"', mail)


if __name__ == "__main__":
    main(sys.argv[1:])
