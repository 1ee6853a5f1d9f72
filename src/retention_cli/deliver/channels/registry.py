"""The channels that ship, by the word of `to:`; a channel's module is imported when it is asked for and not before.

Another package adds its own by an entry point in the group `retention.channels`: a class whose `of(settings, root)` returns a
`Channel`, or anything else that does. It is used by `to: plugin`, and is held to the same contract.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, cast

from retention_cli.errors import UsageError
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.deliver.channels.channel import Channel
    from retention_cli.model.target import Channel as ChannelSettings

GROUP = "retention.channels"
CHANNELS = {
    "folder": "retention_cli.deliver.channels.folder:Folder",
    "smtp": "retention_cli.deliver.channels.smtp:Smtp",
    "fake": "retention_cli.deliver.channels.fake:Fake",
    "apprise": "retention_cli.deliver.channels.apprise:Apprise",
    "ses": "retention_cli.deliver.channels.ses:Ses",
    "postmark": "retention_cli.deliver.channels.postmark:Postmark",
    "sendgrid": "retention_cli.deliver.channels.sendgrid:Sendgrid",
    "resend": "retention_cli.deliver.channels.resend:Resend",
    "mailgun": "retention_cli.deliver.channels.mailgun:Mailgun",
    "brevo": "retention_cli.deliver.channels.brevo:Brevo",
    "mailjet": "retention_cli.deliver.channels.mailjet:Mailjet",
}


def channel_for(settings: ChannelSettings, root: Path) -> Channel:
    """Return the channel that a target's settings name; `root` is the project's folder. Raises `UsageError` for a bad URL."""
    kind = _plugin(str(settings.plugin)) if settings.to == "plugin" else _shipped(settings.to)
    return cast("Channel", kind.of(settings, root))


def _shipped(word: str) -> Any:
    module, _, name = CHANNELS[word].partition(":")
    return getattr(import_module(module), name)


def _plugin(name: str) -> Any:
    found = entry_points(group=GROUP)
    if name in found.names:
        return found[name].load()
    raise UsageError(
        f"no installed package brings a channel {name!r}", did_you_mean(name, found.names) or f"it must be an entry point of the group {GROUP}"
    )
