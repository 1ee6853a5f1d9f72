"""What `matches:` takes: patterns of RE2, found out without running one.

    pattern  = branch ("|" branch)*
    branch   = (atom repeat?)*
    repeat   = ("*" | "+" | "?" | "{n}" | "{n,}" | "{n,m}") "?"?
    atom     = character | "." | "^" | "$" | escape | "[" class "]" | "(" ("?:" | "?P<name>" | "?flags:")? pattern ")" | "(?flags)"

RE2 (https://github.com/google/re2/wiki/Syntax) has no look-around and no back-references, and Python's own patterns differ
from it both ways. What passes here every engine takes; a few rare forms of RE2 are refused with the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_POINT = r"x[0-9A-Fa-f]{2}|x\{(?!0*[dD][89A-Fa-f])[0-9A-Fa-f]{1,5}\}"
_PROPERTY = r"[pP](?:[LMNPSZ]|\{\^?(?:L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|Latin|Greek|Cyrillic|Han)\})"
_SIGN = r"[ -/:-@\[-`{-~]"
_ESCAPE = re.compile(rf"\\(?:[dDsSwWbBAzaftnrv]|{_PROPERTY}|{_POINT}|{_SIGN})")
_CLASS_ESCAPE = re.compile(rf"\\(?:[dDsSwWaftnrv]|{_PROPERTY}|{_POINT}|{_SIGN})")
_POSIX = re.compile(r"\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]")
_OPENING = re.compile(r"\((?:\?(?::|P<(?P<name>[A-Za-z_]\w*)>|[imsU]+(?:-[imsU]+)?(?P<end>[:)])))?", re.ASCII)
_REPEAT = re.compile(r"[*+?]|\{(?P<least>\d{1,9})(?:,(?P<most>\d{0,9}))?\}", re.ASCII)

_MOST_REPEATS, _MOST_NESTED, _MOST_SIZE = 1000, 50, 400_000
_SIZE_OF_CHARACTER, _SIZE_OF_CLASS, _SIZE_OF_PROPERTY = 4, 20, 2000

_FOREIGN = {
    "(?=": "RE2 has no look-ahead",
    "(?!": "RE2 has no look-ahead",
    "(?<=": "RE2 has no look-behind",
    "(?<!": "RE2 has no look-behind",
    "(?P=": "RE2 has no back-references",
    "(?>": "RE2 has no atomic groups",
}


def as_path(written: str) -> str:
    """Return a path of a tree with plain slashes: `Home > Kitchen` is `Home/Kitchen`."""
    return re.sub(r"\s*[/>]\s*", "/", written.strip()).strip("/")


def fault(pattern: str) -> str | None:
    """Return what keeps a pattern from being one, None where nothing does."""
    try:
        _Reader(pattern).read()
    except _Fault as found:
        return str(found)
    return None


class _Fault(Exception):
    """What is wrong, in words for a user."""


@dataclass(frozen=True, slots=True)
class _Extent:
    """How far a part unrolls: its nested counts multiplied, and roughly how big RE2 makes it."""

    repeats: int = 1
    size: int = 0


class _Reader:
    """Reads a pattern from left to right; `at` is where it stands."""

    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.names: set[str] = set()

    def read(self) -> None:
        """Read the whole pattern."""
        if self._branches(0).size > _MOST_SIZE:
            raise _Fault("it is too large")
        if self.at < len(self.text):
            raise _Fault("a ) without its (")

    def _next(self, length: int = 1) -> str:
        return self.text[self.at : self.at + length]

    def _branches(self, depth: int) -> _Extent:
        if depth > _MOST_NESTED:
            raise _Fault("its groups are nested too deeply")
        found = [_Extent()]
        while self._next() not in ("", ")"):
            if self._next() == "|":
                self.at += 1
            else:
                found.append(self._repeated(self._atom(depth)))
        return _Extent(max(part.repeats for part in found), sum(part.size for part in found))

    def _atom(self, depth: int) -> _Extent:
        character = self._next()
        if character == "(":
            return self._group(depth)
        if character == "[":
            return self._class()
        if character == "\\":
            return self._escape(_ESCAPE)
        if _REPEAT.match(self.text, self.at):
            raise _Fault(f"nothing stands before {character!r} to repeat")
        self.at += 1
        return _Extent(size=_SIZE_OF_CLASS if character == "." else _SIZE_OF_CHARACTER)

    def _repeated(self, inside: _Extent) -> _Extent:
        found = _REPEAT.match(self.text, self.at)
        if found is None:
            return inside
        self.at = found.end()
        if self._next() == "?":
            self.at += 1
        if _REPEAT.match(self.text, self.at):
            raise _Fault("two repetitions follow each other")
        if found["least"] is None:
            return inside
        least, most = int(found["least"]), int(found["most"] or found["least"])
        repeats = inside.repeats * max(most, 1)
        if least > most or repeats > _MOST_REPEATS:
            raise _Fault(f"{found[0]} cannot be counted out; RE2 counts up to {_MOST_REPEATS}")
        return _Extent(repeats, inside.size * max(most, 1))

    def _group(self, depth: int) -> _Extent:
        found = _OPENING.match(self.text, self.at)
        if found is None or (found[0] == "(" and self._next(2) == "(?"):
            raise _Fault(next((why for sign, why in _FOREIGN.items() if self._next(len(sign)) == sign), f"RE2 knows no group {self._next(3)!r}"))
        self.at = found.end()
        if found["name"]:
            self._name(found["name"])
        if found["end"] == ")":
            if _REPEAT.match(self.text, self.at):
                raise _Fault("flags cannot be repeated")
            return _Extent()
        inside = self._branches(depth + 1)
        if self._next() != ")":
            raise _Fault("a ( without its )")
        self.at += 1
        return inside

    def _name(self, name: str) -> None:
        if name in self.names:
            raise _Fault(f"two groups are called {name!r}")
        self.names.add(name)

    def _escape(self, allowed: re.Pattern[str]) -> _Extent:
        found = allowed.match(self.text, self.at)
        sign = self._next(2)
        if found is None:
            raise _Fault("RE2 has no back-references" if sign[1:].isdigit() else f"RE2 knows no {sign!r}")
        self.at = found.end()
        return _Extent(size=_SIZE_OF_PROPERTY if sign[1] in "pP" else _SIZE_OF_CLASS)

    def _class(self) -> _Extent:
        self.at += 2 if self._next(2) == "[^" else 1
        size = _SIZE_OF_CLASS + self._range()
        while self._next() != "]":
            size += self._range()
        self.at += 1
        return _Extent(size=size)

    def _range(self) -> int:
        """Read a member of a class or a range of two; return its size."""
        low, size = self._member()
        if self._next() == "-" and self._next(2) not in ("-]", "-"):
            self.at += 1
            high, _ = self._member()
            if low is None or high is None or low > high:
                raise _Fault("a range in [ ] goes from a lower to a higher character")
        return size

    def _member(self) -> tuple[str | None, int]:
        """Read one member of a class; return it where it is a plain character, and its size."""
        if (posix := _POSIX.match(self.text, self.at)) is not None:
            self.at = posix.end()
            return None, _SIZE_OF_CLASS
        if self._next() == "" or self._next(2) == "[:":
            raise _Fault("RE2 knows no such [: :]" if self._next() else "a [ without its ]")
        if self._next() == "\\":
            start = self.at + 1
            size = self._escape(_CLASS_ESCAPE).size
            written = self.text[start : self.at]
            return (written if len(written) == 1 and not written.isalnum() else None), size
        self.at += 1
        return self.text[self.at - 1], _SIZE_OF_CLASS
