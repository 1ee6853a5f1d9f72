"""An export at an http(s) address: the host that the project names and no other, TLS but on this machine, bounded in size and time.

A redirect is followed on the same host alone. What has not changed (ETag, Last-Modified) is not sent again. The file's
time is the server's, so that a guard's `max_age` asks of the export and not of the fetch.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPMessage
from typing import IO, TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from retention_cli.errors import DataUnreachable
from retention_cli.sources.atomic import write_text
from retention_cli.sources.places.fetch import private, write_index

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOST_BYTES = 20 << 30
MOST_SECONDS, SILENCE = 3600, 30
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_CHUNK = 1 << 20
_FILE, _KNOWN = "export", "export.json"
_UNCHANGED = 304


def fetch_file(address: str, folder: Path, shown: str) -> None:
    """Bring the file at an address into a folder; raises DataUnreachable."""
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise DataUnreachable(f"{shown} is not encrypted on its way", "write https://; http:// is read from this machine alone")
    request = Request(_bare(parts), headers={**_headers(parts), **_conditions(folder, address)})  # noqa: S310 - the scheme was looked at above
    try:
        with build_opener(_SameHost(parts)).open(request, timeout=SILENCE) as answer:
            _save(answer, folder, shown)
            _remember(folder, address, answer.headers)
    except HTTPError as error:
        error.close()
        if error.code != _UNCHANGED:
            raise DataUnreachable(f"{shown} cannot be fetched: the server answers {error.code}", "") from error
    except (URLError, OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise DataUnreachable(f"{shown} cannot be fetched: {reason}", "is the address right, and the server up?") from error
    write_index(folder, [(_FILE, shown)])


class _SameHost(HTTPRedirectHandler):
    """Follows a redirect on one host, never to plain http, and keeps what authorises there alone."""

    def __init__(self, origin: SplitResult) -> None:
        self._origin = origin

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str) -> Request | None:  # noqa: PLR0917 - as the parent has it
        """Return the next request; raises URLError where it leads away."""
        target = urlsplit(newurl)
        if (target.scheme, target.hostname, target.port) != (self._origin.scheme, self._origin.hostname, self._origin.port):
            raise URLError(f"it leads away to {target.scheme}://{target.hostname}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


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


def _save(answer: Any, folder: Path, shown: str) -> None:
    began, size = time.monotonic(), 0
    expected = answer.headers.get("Content-Length")
    aside = folder / f".{_FILE}-{os.getpid()}"
    try:
        with os.fdopen(private(aside), "wb") as out:
            while chunk := answer.read(_CHUNK):
                size += len(chunk)
                if size > MOST_BYTES or time.monotonic() - began > MOST_SECONDS:
                    raise DataUnreachable(
                        f"{shown} is too big or too slow: {size:,} bytes in {time.monotonic() - began:.0f} s", "fetch it by other means"
                    )
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        if expected is not None and int(expected) != size:
            raise DataUnreachable(f"{shown} came cut off: {size:,} of {int(expected):,} bytes", "try again")
        _date(aside, answer.headers)
        aside.replace(folder / _FILE)
    finally:
        aside.unlink(missing_ok=True)


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
