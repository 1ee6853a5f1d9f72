"""Wires what is fitted outside SQL to the compiler, which asks for it only where a metric needs it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from retention_cli.features.predictions import fitted, predictions

if TYPE_CHECKING:
    from retention_cli.compile.derived import Derived
    from retention_cli.compile.schema import Schema
    from retention_cli.model.fitted import Unfit
    from retention_cli.model.project import Settings
    from retention_cli.model.snapshot import SnapshotSet


def with_predictions(schema: Schema, snapshots: SnapshotSet, settings: Settings) -> Schema:
    """Return the schema with the predictions in reach; nothing is read or fitted before they are asked for."""

    @cache
    def derived() -> Derived | Unfit:
        return predictions(fitted(schema, snapshots, settings))

    return replace(schema, derived=derived)
