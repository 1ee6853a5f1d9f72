"""The stable codes of mistakes in project files, and the list on which readers note them.

A code is a promise: it stands in `--format json`, in editors and in docs/reference/problems.md, and is never renamed.
Readers note a problem and go on; what they return in its place stands in only until the notes are looked at.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from retention_cli.model.problem import Problem, warning

if TYPE_CHECKING:
    from retention_cli.model.problem import Place


class Code(StrEnum):
    """What kinds of mistakes there are."""

    YAML_SYNTAX = "yaml-syntax"
    YAML_DUPLICATE_KEY = "yaml-duplicate-key"
    YAML_ANCHOR = "yaml-anchor"
    YAML_ALIAS = "yaml-alias"
    YAML_TAG = "yaml-tag"
    YAML_MERGE_KEY = "yaml-merge-key"
    YAML_NULL = "yaml-null"
    YAML_KEY = "yaml-key"
    YAML_DOCUMENTS = "yaml-documents"
    YAML_TAB = "yaml-tab"
    YAML_ENCODING = "yaml-encoding"
    YAML_CHARACTER = "yaml-character"
    YAML_TOO_BIG = "yaml-too-big"
    YAML_TOO_DEEP = "yaml-too-deep"
    YAML_COMMENT = "yaml-comment"
    YAML_EMPTY = "yaml-empty"
    FILE_MISSING = "file-missing"
    FILE_UNREADABLE = "file-unreadable"
    FILE_OUTSIDE = "file-outside"
    FILE_KIND = "file-kind"
    UNKNOWN_PART = "unknown-part"
    ENVIRONMENT_MISSING = "environment-missing"
    ENVIRONMENT_FILE = "environment-file"
    SECRET_IN_FILE = "secret-in-file"  # noqa: S105 - the name of a problem, not a password
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    WRONG_VALUE = "wrong-value"
    WRONG_SHAPE = "wrong-shape"
    DUPLICATE_NAME = "duplicate-name"
    MIXED_CONDITION = "mixed-condition"
    EMPTY_CONDITION = "empty-condition"
    UNBOUNDED_EXIT = "unbounded-exit"
    NOT_HERE = "not-here"
    RESERVED_NAME = "reserved-name"
    UNKNOWN_SEGMENT = "unknown-segment"
    SEGMENT_CIRCLE = "segment-circle"
    UNKNOWN_TEMPLATE = "unknown-template"
    UNKNOWN_CAMPAIGN = "unknown-campaign"
    CAMPAIGN_CIRCLE = "campaign-circle"
    UNKNOWN_RECEIVER = "unknown-receiver"
    UNKNOWN_VOUCHER = "unknown-voucher"
    UNDECLARED_FIELD = "undeclared-field"
    UNKNOWN_SOURCE = "unknown-source"
    UNKNOWN_CUSTOMER = "unknown-customer"
    SOURCE_SHAPE = "source-shape"
    EVENT_CLASH = "event-clash"
    UNKNOWN_ZONE = "unknown-zone"
    UNKNOWN_TOPIC = "unknown-topic"
    EMPTY_CAP = "empty-cap"
    NOTHING_SENT = "nothing-sent"
    NO_POLICY = "no-policy"
    UNREACHABLE_STEP = "unreachable-step"
    SHARES = "shares"
    UNKNOWN_GOAL = "unknown-goal"
    CHANNEL_NOT_DELIVERED = "channel-not-delivered"
    FRONT_MATTER = "front-matter"
    TARGET_LEDGER = "target-ledger"
    NO_SENDER = "no-sender"
    NO_GOALS = "no-goals"
    NO_UNSUBSCRIBE = "no-unsubscribe"
    NOT_LEARNED = "not-learned"


class Notes(list[Problem]):
    """Problems in the order they were met."""

    def error(self, place: Place, code: Code, message: str, hint: str = "") -> None:
        """Note what must be mended before a run."""
        self.append(Problem(place, str(code), message, hint))

    def warn(self, place: Place, code: Code, message: str, hint: str = "") -> None:
        """Note what does not stop a run."""
        self.append(warning(place, str(code), message, hint))

    @property
    def errors(self) -> int:
        """How many of them stop a run."""
        return sum(problem.is_error for problem in self)
