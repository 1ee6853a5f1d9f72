"""Exports in S3 (or what speaks like it): one object, or all that a pattern means; credentials as the AWS tools find them.

An object that has not changed (its ETag) is not sent again; the file's time is the object's.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from retention_cli.errors import DataUnreachable, MissingExtra
from retention_cli.sources.atomic import write_text
from retention_cli.sources.places.fetch import write_index
from retention_cli.sources.places.http import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAGIC = "*?["


def fetch_objects(address: str, folder: Path, shown: str) -> None:
    """Bring the objects of an address into a folder; raises DataUnreachable or MissingExtra."""
    try:
        import boto3  # noqa: PLC0415 - an extra
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above
    except ImportError as error:
        raise MissingExtra("s3", f"reading {shown}") from error
    parts = urlsplit(address)
    try:
        client = boto3.client("s3")
        found = [_fetched(client, parts.netloc, each, folder, shown) for each in _objects(client, parts.netloc, parts.path.lstrip("/"))]
    except (BotoCoreError, ClientError, OSError) as error:
        raise DataUnreachable(f"{shown} cannot be fetched: {error}", "are bucket, key and credentials right?") from error
    if not found:
        raise DataUnreachable(f"no object matches {shown}", "")
    write_index(folder, found)


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
