"""The channels that ship, by the word of `to:`; a channel's module is imported when it is asked for and not before."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.deliver.channels.channel import Channel
    from retention_cli.model.target import Channel as ChannelSettings

CHANNELS = {
    "folder": "retention_cli.deliver.channels.folder:Folder",
    "smtp": "retention_cli.deliver.channels.smtp:Smtp",
    "fake": "retention_cli.deliver.channels.fake:Fake",
}


def channel_for(settings: ChannelSettings, root: Path) -> Channel:
    """Return the channel that a target's settings name; `root` is the project's folder. Raises `UsageError` for a bad URL."""
    module, _, name = CHANNELS[settings.to].partition(":")
    kind = getattr(import_module(module), name)
    return cast("Channel", kind.of(settings, root))
