"""An export at an http(s) address: the host that the project names and no other, TLS but in private, bounded in size and time.

A redirect is followed on the same host alone, and to the addresses that it had at first. What has not changed (ETag,
Last-Modified) is not sent again. The file's time is the server's, so that a guard's `max_age` asks of the export and not of
the fetch. No proxy is used: it would look names up itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from email.utils import parsedate_to_datetime
from http.client import HTTPException, InvalidURL
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote
from urllib.request import Request

from retention_cli.errors import DataUnreachable
from retention_cli.sources.atomic import write_text
from retention_cli.sources.places.fetch import parts_of, private, write_index
from retention_cli.sources.places.hosts import SILENCE, is_loopback, is_public, route_to
from retention_cli.sources.places.opening import PORTS, in_time, opener

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from retention_cli.sources.places.hosts import Route, Wire

MOST_BYTES = 20 << 30
MOST_SECONDS = 3600
_CHUNK = 1 << 20
_FILE, _KNOWN = "export", "export.json"
_UNCHANGED = 304
_TLS = "write https://; http:// is read with allow_private: true alone, from this machine or a private network"
_ADDRESS = "is the address right? A blank is written %20, and what is special in a password likewise"


def fetch_file(address: str, folder: Path, shown: str, *, allow_private: bool = False, wire: Wire | None = None) -> None:
    """Bring the file at an address into a folder; raises DataUnreachable."""
    parts = parts_of(address)
    if parts is None or not parts.hostname:
        raise DataUnreachable(f"{shown} is no well-formed address", _ADDRESS)
    route = way(parts, shown, allow_private=allow_private, wire=wire)
    began = time.monotonic()
    try:
        with in_time(route, MOST_SECONDS), opener(parts, route).open(_asked(parts, folder, address), timeout=SILENCE) as answer:
            _save(answer, folder, shown, began)
            _remember(folder, address, answer.headers)
    except HTTPError as error:
        error.close()
        if error.code != _UNCHANGED:
            raise DataUnreachable(f"{shown} cannot be fetched: the server answers {error.code}", "") from error
    except (InvalidURL, ValueError) as error:
        raise DataUnreachable(f"{shown} is no well-formed address", _ADDRESS) from error
    except (URLError, OSError, HTTPException) as error:
        _demand_bounds(0, began, shown)
        reason = getattr(error, "reason", None) or error
        raise DataUnreachable(f"{shown} cannot be fetched: {reason}", "is the address right, and the server up?") from error
    write_index(folder, [(_FILE, shown)])


def way(parts: SplitResult, shown: str, *, allow_private: bool, wire: Wire | None = None) -> Route:
    """Return the way to an address's host; raises DataUnreachable where it may not be gone, or not without TLS."""
    host = parts.hostname or ""
    plain = parts.scheme != "https"
    if plain and not allow_private and not is_loopback(host):
        raise DataUnreachable(f"{shown} is not encrypted on its way", _TLS)
    route = route_to(host, parts.port or PORTS[parts.scheme], shown, private=allow_private, wire=wire)
    if plain and any(map(is_public, route.addresses)):
        raise DataUnreachable(f"{shown} is not encrypted on its way", _TLS)
    return route


def _asked(parts: SplitResult, folder: Path, address: str) -> Request:
    return Request(_bare(parts), headers={**_headers(parts), **_conditions(folder, address)})  # noqa: S310 - only http and https are opened


def _bare(parts: SplitResult) -> str:
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()


def _headers(parts: SplitResult) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity", "User-Agent": "retention"}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return headers


def _conditions(folder: Path, address: str) -> dict[str, str]:
    try:
        known = json.loads((folder / _KNOWN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if known.get("address") != _named(address) or not (folder / _FILE).exists():
        return {}
    names = {"etag": "If-None-Match", "modified": "If-Modified-Since"}
    return {header: known[key] for key, header in names.items() if known.get(key)}


def _save(answer: Any, folder: Path, shown: str, began: float) -> None:
    size, expected = 0, _length(answer.headers)
    _demand_bounds(expected or 0, began, shown)
    aside = folder / f".{_FILE}-{os.getpid()}"
    try:
        with os.fdopen(private(aside), "wb") as out:
            while chunk := answer.read1(_CHUNK):  # what is there: a whole chunk could be waited for without end
                size += len(chunk)
                _demand_bounds(size, began, shown)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        _demand_bounds(size, began, shown)
        if expected is not None and expected != size:
            raise DataUnreachable(f"{shown} came cut off: {size:,} of {expected:,} bytes", "try again")
        _date(aside, answer.headers)
        aside.replace(folder / _FILE)
    finally:
        aside.unlink(missing_ok=True)


def _length(headers: Mapping[str, str]) -> int | None:
    said = headers.get("Content-Length", "")
    return int(said) if said.isascii() and said.isdigit() else None


def _demand_bounds(size: int, began: float, shown: str) -> None:
    """Raise DataUnreachable where so many bytes are too many, or it took too long."""
    took = time.monotonic() - began
    if size > MOST_BYTES or took > MOST_SECONDS:
        raise DataUnreachable(f"{shown} is too big or too slow: {size:,} bytes in {took:.0f} s", "fetch it by other means")


def _date(path: Path, headers: Mapping[str, str]) -> None:
    try:
        modified = parsedate_to_datetime(headers["Last-Modified"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return
    os.utime(path, (modified, modified))


def _named(address: str) -> str:
    """Return what tells an address from another one, and not what it is: there may be a secret in it."""
    return hashlib.sha256(address.encode()).hexdigest()


def _remember(folder: Path, address: str, headers: Mapping[str, str]) -> None:
    known = {"address": _named(address), "etag": headers.get("ETag"), "modified": headers.get("Last-Modified")}
    write_text(folder / _KNOWN, json.dumps(known))
