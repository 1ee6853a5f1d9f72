"""Secrets that someone wrote into a file: found by their looks, and blanked out wherever a line is shown.

Only the looks are known: a password inside a URL, the prefixes that providers give their keys, and the values of keys
that are secret by name. What is a reference to the environment (`${…}`) is no secret.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from retention_cli.project.notes import Code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.model.word import Word
    from retention_cli.project.notes import Notes
    from retention_cli.project.yaml_tree import Raw

_IN_URL = re.compile(r"(?<=://)([^\s/@:]*:)((?!\$\{)[^\s/@]+)(?=@)")
_PREFIXES = ("re_", "SG\\.", "key-", "AKIA", "xkeysib-", "sk_live_", "sk_test_", "ghp_", "github_pat_", "xox[abp]-", "AIza", "glpat-")
_BY_PREFIX = re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(_PREFIXES)})[A-Za-z0-9_.\-]{{16,}}")
_SECRET_NAMES = ("signing", "signing_old", "password", "passwd", "secret", "token", "api_key", "apikey", "private_key")
_BY_NAME = re.compile(rf"\b(?:{'|'.join(_SECRET_NAMES)})[\"']?\s*:\s*(?![\"'\[]*\$\{{)([^\s,}}].*)")
_NAMED = re.compile("|".join(_SECRET_NAMES), re.IGNORECASE)
_PRIVATE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def note_secrets(raw: Raw | None, text: str, notes: Notes) -> None:
    """Warn of every secret that stands literally in the tree of a text; the secret itself is never repeated."""
    if not any(pattern.search(text) for pattern in (_IN_URL, _BY_PREFIX, _PRIVATE, _NAMED)):
        return
    for key, word in _scalars(raw, ""):
        if _is_secret(key, word):
            notes.warn(word.place, Code.SECRET_IN_FILE, "a secret is written out here", 'put it in the environment or .env, and write "${NAME}"')


def _is_secret(key: str, word: Word) -> bool:
    named = key.lower() in _SECRET_NAMES and not word.startswith("${") and bool(word)
    return named or any(pattern.search(word) for pattern in (_IN_URL, _BY_PREFIX, _PRIVATE))


def _scalars(raw: Raw | None, key: str) -> Iterator[tuple[str, Word]]:
    if isinstance(raw, dict):
        for name, value in raw.items():
            yield from _scalars(value, str(name))
    elif isinstance(raw, list):
        for value in raw:
            yield from _scalars(value, key)
    elif raw is not None:
        yield key, raw


def masked(line: str, file: str) -> str:
    """Return a line as it may be shown: secrets become asterisks, as long as they were; of .env only the names remain."""
    if file == ".env":
        name, sign, value = line.partition("=")
        return name + sign + "*" * len(value)
    for pattern, group in ((_IN_URL, 2), (_BY_PREFIX, 0), (_BY_NAME, 1)):
        line = pattern.sub(partial(_starred, group), line)
    return line


def _starred(group: int, match: re.Match[str]) -> str:
    start, end = match.start(group) - match.start(), match.end(group) - match.start()
    return match[0][:start] + "*" * (end - start) + match[0][end:]
