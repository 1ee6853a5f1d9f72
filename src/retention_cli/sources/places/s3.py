"""Exports in S3 (or what speaks like it): one object, or all that a pattern means; credentials as the AWS tools find them.

An object that has not changed (its ETag) is not sent again; the file's time is the object's.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from retention_cli.errors import DataUnreachable, MissingExtra
from retention_cli.sources.atomic import write_text
from retention_cli.sources.places.fetch import parts_of, write_index
from retention_cli.sources.places.http import MOST_BYTES, way
from retention_cli.sources.places.opening import PORTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAGIC = "*?["
_AMAZON = (".amazonaws.com", ".amazonaws.com.cn")


def fetch_objects(address: str, folder: Path, shown: str, *, allow_private: bool = False) -> None:
    """Bring the objects of an address into a folder; raises DataUnreachable or MissingExtra."""
    parts = parts_of(address)
    if parts is None or parts.username is not None:
        raise DataUnreachable(f"{shown} is no well-formed address", "write s3://BUCKET/KEY; credentials stand where the AWS tools look for them")
    try:
        import boto3  # noqa: PLC0415 - an extra
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above
    except ImportError as error:
        raise MissingExtra("s3", f"reading {shown}") from error
    try:
        client = boto3.client("s3")
        _look_at(str(client.meta.endpoint_url), shown, allow_private=allow_private)
        found = [_fetched(client, parts.netloc, each, folder, shown) for each in _objects(client, parts.netloc, parts.path.lstrip("/"))]
    except ValueError as error:
        raise DataUnreachable(f"{shown} cannot be fetched: its endpoint is no well-formed address", "look at AWS_ENDPOINT_URL") from error
    except (BotoCoreError, ClientError, OSError) as error:
        raise DataUnreachable(f"{shown} cannot be fetched: {error}", "are bucket, key and credentials right?") from error
    if not found:
        raise DataUnreachable(f"no object matches {shown}", "")
    write_index(folder, found)


def _look_at(endpoint: str, shown: str, *, allow_private: bool) -> None:
    """Demand of an endpoint what is demanded of a host, unless it is Amazon's own; raises DataUnreachable.

    boto3 makes its connections itself, and looks the host up again: there TLS alone holds it to the name.
    """
    parts = parts_of(endpoint)
    if parts is not None and parts.scheme == "https" and str(parts.hostname).endswith(_AMAZON):
        return
    if parts is None or parts.scheme not in PORTS or parts.username is not None:
        raise DataUnreachable(f"the endpoint of {shown} is no well-formed address", "look at AWS_ENDPOINT_URL; no user and no password stand in it")
    way(parts, f"the endpoint of {shown}", allow_private=allow_private)


def _objects(client: Any, bucket: str, key: str) -> Iterator[dict[str, Any]]:
    """Return the objects that a key or a pattern means; `*` stays in its folder."""
    start = min((key.index(mark) for mark in _MAGIC if mark in key), default=len(key))
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key[:start]):
        for each in page.get("Contents", []):
            if each["Key"] == key or (start < len(key) and fnmatch.fnmatchcase(each["Key"], key) and each["Key"].count("/") == key.count("/")):
                yield each


def _fetched(client: Any, bucket: str, each: dict[str, Any], folder: Path, shown: str) -> tuple[str, str]:
    if each["Size"] > MOST_BYTES:
        raise DataUnreachable(f"{shown} is too big: {each['Size']:,} bytes", "fetch it by other means")
    name = hashlib.sha256(each["Key"].encode()).hexdigest()[:20]
    known, place = folder / f"{name}.json", folder / name
    tag = {"etag": each["ETag"], "size": each["Size"]}
    if not (place.exists() and known.exists() and json.loads(known.read_text(encoding="utf-8")) == tag):
        aside = folder / f".{name}-{os.getpid()}"
        client.download_file(bucket, each["Key"], str(aside))
        aside.chmod(0o600)
        os.utime(aside, (each["LastModified"].timestamp(), each["LastModified"].timestamp()))
        aside.replace(place)
        write_text(known, json.dumps(tag))
    return name, f"s3://{bucket}/{each['Key']}"
