"""Voucher codes that messages carry: a file of codes, each for one message, or one code for all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from pydantic import Field, model_validator

from retention_cli.model.base import Model
from retention_cli.model.word import Word

CODE, VALID_UNTIL = "code", "valid_until"


class Pool(Model):
    """Where codes come from. With `path`, `code` and `valid_until` name columns of the file; without, they are the code and its last day."""

    path: Word | None = Field(default=None, min_length=1, description="a CSV of codes, each for one message: vouchers/big.csv")
    code: Word | None = Field(default=None, min_length=1, description="with path: the column of the codes (code); without: the code for everybody")
    valid_until: Word | None = Field(default=None, description="with path: the column with each code's last day; without: the code's last day")

    @model_validator(mode="after")
    def _check(self) -> Pool:
        if self.path is None and self.code is None:
            raise ValueError("there is no code in it; write {path: vouchers/big.csv} or {code: WELCOME10}")
        if self.path is None and self.valid_until is not None:
            self.last_day()
        return self

    def last_day(self) -> date | None:
        """Return the last day of a code for everybody, None where it has none."""
        if self.path is not None or self.valid_until is None:
            return None
        try:
            return date.fromisoformat(str(self.valid_until))
        except ValueError as error:
            raise ValueError(f"{str(self.valid_until)!r} is no day; write it like 2026-12-31") from error


@dataclass(frozen=True, slots=True)
class Code:
    """One code. `until` is its last day as it is told (2026-12-31), `ends` the instant from which on it is not handed out."""

    code: str
    until: str | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of a pool in the order in which they go; `shared`: the only one is for everybody. `file` is where more are written."""

    codes: tuple[Code, ...]
    shared: bool = False
    file: str = ""
