"""Addresses that a shop writes into its own files."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from retention_cli.model.word import Word

_ATOM = r"[^\s@.<>()\[\],;:\\\"\x00-\x1f\x7f]+"
_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@{_ATOM}(\.{_ATOM})+")


def _check_address(value: Word) -> Word:
    if not _ADDRESS.fullmatch(value):
        raise ValueError(f"{value!r} is no e-mail address")
    return value


EmailAddress = Annotated[Word, AfterValidator(_check_address), WithJsonSchema({"type": "string", "format": "email"})]
"""An address the shop itself uses; what customers' addresses may look like is decided where messages are made."""
