"""`preset:` as keys of a source, beneath what the project writes beside it.

A preset is data: `presets/PLATFORM.yml` holds, for each kind of export, keys as a project could write them, and three things
that no project writes: `names` (what the platform calls a column, from one age of its export to the next), `encoding` (what
such files usually are where they are not UTF-8), and `unpack` with `pattern` (cells that hold several rows). The source's
name says which kind it is: `orders`, or `orders_cz` beside it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from retention_cli.model.word import Word
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Series, Table, read

if TYPE_CHECKING:
    from retention_cli.model.problem import Place
    from retention_cli.project.notes import Notes
    from retention_cli.project.yaml_tree import Raw

_KNOWN = ("names", "encoding", "unpack", "pattern")
_WHOLE = ("where", "exclude")
_FOLDER = "retention_cli.project.presets"


@cache
def platforms() -> tuple[str, ...]:
    """Return the names of the presets."""
    return tuple(sorted(entry.name.removesuffix(".yml") for entry in files(_FOLDER).iterdir() if entry.name.endswith(".yml")))


@cache
def kinds(platform: str) -> tuple[str, ...]:
    """Return the kinds of export that a preset knows."""
    return tuple(_kinds(platform))


def _kinds(platform: str) -> Table:
    tree, problems = read((files(_FOLDER) / f"{platform}.yml").read_text(encoding="utf-8"), f"{platform}.yml")
    if problems or not isinstance(tree, Table):
        message = f"the preset {platform} cannot be read: {problems}"
        raise ValueError(message)
    return tree


def applied(name: str, table: Table, notes: Notes) -> Table:
    """Return a source's keys with its preset's beneath them, and the preset's own as `known`; unknown kinds are noted."""
    preset = table.get("preset")
    if not isinstance(preset, Word) or preset not in platforms():
        return table
    trees = _kinds(preset)
    kind = max((kind for kind in trees if name == kind or name.startswith(f"{kind}_")), key=len, default=None)
    if kind is None:
        message = f"the preset {str(preset)!r} knows no export {name!r}"
        notes.error(preset.place, Code.WRONG_VALUE, message, f"name the source for its export: {', '.join(trees)}")
        return table
    return _over(table, _placed(trees[kind], preset.place))


def _placed(raw: Raw, place: Place) -> Raw:
    """Return a tree whose words all stand where the project names the preset."""
    if isinstance(raw, Word):
        return Word(raw, place, quoted=raw.quoted)
    if isinstance(raw, Series):
        series = Series(place)
        series.extend(_placed(part, place) for part in raw)
        return series
    table = Table(place)
    for key in raw.words():
        table[Word(key, place)] = _placed(raw[key], place)
    return table


def _over(table: Table, preset: Raw) -> Table:
    """Return the project's keys, and beneath them the preset's; what a preset alone may say comes as `known`."""
    below = preset if isinstance(preset, Table) else Table()
    known, plain = Table(table.place), Table(table.place)
    for key in below.words():
        (known if key in _KNOWN else plain)[key] = below[key]
    mapped = table.get("columns")
    if isinstance(plain.get("combine"), Table) and isinstance(mapped, Table):
        plain["combine"] = _without(plain["combine"], mapped)
    merged = _joined(table, plain)
    merged[Word("known", table.place)] = known
    return merged


def _joined(table: Table, below: Table) -> Table:
    """Return a mapping over another; inner mappings are joined key by key, but a condition is taken whole."""
    merged = Table(table.place)
    merged.broken = table.broken
    merged.update(below)
    for key in table.words():
        own, other = table[key], below.get(key)
        joins = isinstance(own, Table) and isinstance(other, Table) and key not in _WHOLE
        merged[key] = _joined(own, other) if joins and isinstance(own, Table) and isinstance(other, Table) else own
    return merged


def _without(raw: Raw, taken: Table) -> Table:
    kept = Table(taken.place)
    for key in raw.words() if isinstance(raw, Table) else ():
        if key not in taken and isinstance(raw, Table):
            kept[key] = raw[key]
    return kept
