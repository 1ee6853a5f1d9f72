"""Text messages, push and chat by Apprise (github.com/caronc/apprise): one of its many services, as its URL says.

The URL has `{to}` where the customer's number or token goes; it is put there quoted, so that an address can change nothing else. Apprise
says that a message went or that it did not, but not why, and has no id of it: what did not go is therefore unknown, for the service
may have taken it. Nothing is kept on the disk.
"""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from retention_cli import crash
from retention_cli.deliver.outcome import Accepted, Fault, Outcome, Refused, Unknown, Withheld
from retention_cli.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from retention_cli.deliver.mail import Mail
    from retention_cli.model.target import AppriseChannel

PLACE = "{to}"
_SOMEBODY = "420123456789"


class Apprise:
    """One service."""

    name = "apprise"

    def __init__(self, settings: AppriseChannel) -> None:
        try:
            import apprise  # noqa: PLC0415 - an extra
        except ImportError:
            raise MissingExtra("notify", "the channel apprise") from None
        self._apprise: Any = apprise
        self._url = str(settings.url).strip()
        self._seconds = settings.timeout.elapsed.total_seconds()
        self._asset = apprise.AppriseAsset(app_id="retention", storage_mode=apprise.PersistentStoreMode.MEMORY, async_mode=False)
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it tells addresses and answers
        if PLACE not in self._url:
            raise _wrong("has no {to} where the customer's number or token goes")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # its first use loads every service, some over modules that Python gives up
            known = self.service(_SOMEBODY) is not None
        if not known:
            raise _wrong("is none that Apprise knows")

    @classmethod
    def of(cls, settings: AppriseChannel, root: Path) -> Self:  # noqa: ARG003 - every channel is made in the same way
        """Return the channel of a target."""
        return cls(settings)

    def service(self, address: str) -> Any:
        """Return the service as it writes to one address; None where it takes no such address."""
        service = self._apprise.Apprise(asset=self._asset)
        return service if service.add(self._url.replace(PLACE, quote(address, safe=""))) else None

    def open(self) -> AppriseConnection:
        """Open; the service is connected to with each message."""
        return AppriseConnection(self, self._seconds)


def _wrong(why: str) -> UsageError:
    return UsageError(f"the channel apprise cannot be used: its url {why}", "look at url: in retention.yml and at the environment")


class AppriseConnection:
    """Sends one message after another."""

    def __init__(self, channel: Apprise, seconds: float) -> None:
        self._channel = channel
        self._seconds = seconds

    def send(self, mail: Mail, commit: Callable[[Callable[[], None]], bool]) -> Outcome:
        """Try once."""
        service = self._channel.service(mail.rcpt)
        if service is None:
            return Refused(0, "the service takes no such address", Fault.OTHER)
        crash.point("before-body")
        if not commit(lambda: None):
            return Withheld()
        title = mail.title
        body = mail.raw.decode().removeprefix(f"{title}\n\n") if title else mail.raw.decode()
        result = service.notify(body=body, title=title, body_format="text", timeout=self._seconds)
        return Accepted() if result else Unknown(f"apprise says {getattr(result, 'status', result)!s} and not why")

    def close(self) -> None:
        """Do nothing: no connection outlives its message."""

    def abort(self) -> None:
        """Do nothing: the timeout ends a message that waits."""
