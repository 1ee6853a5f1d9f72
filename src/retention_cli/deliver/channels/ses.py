"""Amazon SES, API v2: SendEmail with the message as it is (docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html).

Every header arrives as it was made. SES keeps no keys, so what breaks behind the request is unknown. The SDK would try again by
itself, which is turned off: each attempt is the dispatch's own. The mark is made durable when the request is signed and before
the SDK opens a connection for it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from retention_cli import crash
from retention_cli.deliver.channels.provider import api_url
from retention_cli.deliver.mail import fault_in
from retention_cli.deliver.outcome import Accepted, Deferred, Fault, Outcome, Reach, Refused, Unknown, Withheld
from retention_cli.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from retention_cli.deliver.mail import Mail
    from retention_cli.model.target import SesChannel

_TOO_FAST = frozenset({"TooManyRequestsException", "Throttling", "ThrottlingException", "LimitExceededException"})
_CONTENT = frozenset({"MessageRejected", "BadRequestException"})
_SENDER = frozenset({"MailFromDomainNotVerifiedException"})
_WRONG = 500


class Ses:
    """One region of an account."""

    name = "ses"

    def __init__(self, settings: SesChannel) -> None:
        try:
            import boto3  # noqa: PLC0415 - an extra
        except ImportError:
            raise MissingExtra("ses", "the channel ses") from None
        self._settings = settings
        self._url = None if settings.url is None else api_url(settings, "")
        self._session = boto3.session.Session(region_name=settings.region)
        self._guard = threading.Lock()  # a session is not safe for threads while it makes a client

    @classmethod
    def of(cls, settings: SesChannel, root: Path) -> Ses:  # noqa: ARG003 - every channel is made in the same way
        """Return the channel of a target."""
        return cls(settings)

    def open(self) -> SesConnection:
        """Open; the SDK connects with the first message, and keeps the connection for those after it."""
        from botocore.config import Config  # noqa: PLC0415 - an extra

        seconds = self._settings.timeout.elapsed.total_seconds()
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=seconds, read_timeout=seconds, max_pool_connections=1, proxies={})
        with self._guard:
            client = self._session.client("sesv2", config=config, endpoint_url=self._url)
        return SesConnection(client, self._settings.configuration_set)


class _HeldBack(Exception):
    """A gate said no before anything was sent."""


class SesConnection:
    """Sends one message after another; used by one thread."""

    def __init__(self, client: Any, configuration_set: str | None) -> None:
        self._client = client
        self._more = {"ConfigurationSetName": configuration_set} if configuration_set else {}
        self._commit: Callable[[Callable[[], None]], bool] | None = None
        client.meta.events.register("before-send.sesv2.SendEmail", self._ask)

    def _ask(self, **_: Any) -> None:
        """Ask whether the signed request may go; None has the SDK send it."""
        if self._commit is not None and not self._commit(lambda: None):
            raise _HeldBack

    def send(self, mail: Mail, commit: Callable[[Callable[[], None]], bool]) -> Outcome:
        """Try once."""
        if (fault := fault_in(mail)) is not None:
            return fault
        crash.point("before-body")
        self._commit = commit
        return self._sent(mail)

    def _sent(self, mail: Mail) -> Outcome:
        from botocore import exceptions as wrong  # noqa: PLC0415 - an extra

        tags = [{"Name": "key", "Value": mail.key}]
        content = {"Raw": {"Data": mail.raw}}
        try:
            answer = self._client.send_email(Destination={"ToAddresses": [mail.rcpt]}, Content=content, EmailTags=tags, **self._more)
        except _HeldBack:
            return Withheld()
        except wrong.ClientError as error:
            return _judged(error.response)
        except (wrong.EndpointConnectionError, wrong.ConnectTimeoutError, wrong.SSLError, wrong.ProxyConnectionError) as error:
            return Deferred(0, f"ses cannot be reached: {type(error).__name__}", None, Reach.CHANNEL)
        except (wrong.NoCredentialsError, wrong.PartialCredentialsError, wrong.TokenRetrievalError) as error:
            return Deferred(0, f"ses is not told who we are: {type(error).__name__}", None, Reach.ACCOUNT)
        except wrong.BotoCoreError as error:
            return Unknown(f"no answer of ses: {type(error).__name__}")
        found = str(answer.get("MessageId") or "")
        return Accepted(found) if found else Unknown("ses answered, and told no id")

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    def abort(self) -> None:
        """Do nothing: the SDK gives nobody its socket, and waits no longer than the timeout."""


def _judged(response: Any) -> Outcome:
    """Return what an error of the API means, by its code and else by its status."""
    error, status = response.get("Error", {}), int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code, text = str(error.get("Code", "")), f"{error.get('Code', '')} {error.get('Message', '')}".strip()
    if code in _TOO_FAST or status == 429:  # noqa: PLR2004 - Too Many Requests
        return Deferred(429, text, None, Reach.CHANNEL)
    if status >= _WRONG:
        return Deferred(status, text)
    if code in _SENDER:
        return Refused(status, text, Fault.SENDER)
    if code in _CONTENT:
        return Refused(status, text, Fault.SENDER if "not verified" in text else Fault.OTHER)
    return Deferred(status, text, None, Reach.ACCOUNT)
