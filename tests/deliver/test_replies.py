"""What a server's refusal means, as a table of replies as servers really word them."""

from __future__ import annotations

import pytest

from retention_cli.deliver.outcome import Deferred, Fault, Refused, shown
from retention_cli.deliver.replies import Phase, Reply, judge

REFUSALS = [
    # phase, code, text, whose fault
    (Phase.RCPT, 550, "5.1.1 The email account that you tried to reach does not exist", Fault.ADDRESS),
    (Phase.RCPT, 550, "5.1.2 bad destination system address", Fault.ADDRESS),
    (Phase.RCPT, 553, "5.1.3 bad destination mailbox address syntax", Fault.ADDRESS),
    (Phase.RCPT, 551, "5.1.6 mailbox has moved", Fault.ADDRESS),
    (Phase.RCPT, 556, "5.1.10 recipient address has null MX", Fault.ADDRESS),
    (Phase.DOT, 550, "5.1.1 no such user", Fault.ADDRESS),
    (Phase.RCPT, 550, "No such user here", Fault.ADDRESS),
    (Phase.RCPT, 550, "User unknown", Fault.ADDRESS),
    (Phase.RCPT, 550, "5.0.0 mailbox not found", Fault.ADDRESS),
    (Phase.RCPT, 550, "5.2.1 mailbox disabled", Fault.OTHER),
    (Phase.RCPT, 552, "5.2.2 mailbox full", Fault.OTHER),
    (Phase.RCPT, 550, "5.7.1 message rejected due to policy", Fault.SENDER),
    (Phase.RCPT, 550, "5.7.26 unauthenticated email is not accepted", Fault.SENDER),
    (Phase.DOT, 550, "5.7.515 access denied, sending domain does not pass authentication", Fault.SENDER),
    (Phase.RCPT, 554, "Relay access denied", Fault.SENDER),
    (Phase.RCPT, 550, "Service unavailable; client host blocked using a block list", Fault.SENDER),
    (Phase.MAIL, 550, "5.1.1 sender unknown", Fault.SENDER),
    (Phase.MAIL, 553, "5.1.8 sender domain does not exist", Fault.SENDER),
    (Phase.MAIL, 552, "5.3.4 message size exceeds fixed limit", Fault.SIZE),
    (Phase.DOT, 552, "5.2.3 message too long", Fault.SIZE),
    (Phase.DOT, 552, "Message size exceeds maximum", Fault.SIZE),
    (Phase.DOT, 554, "5.6.0 malformed message", Fault.CONTENT),
    (Phase.DOT, 554, "Transaction failed", Fault.OTHER),
    (Phase.DOT, 550, "user unknown", Fault.OTHER),  # after the dot words alone do not accuse an address
]


@pytest.mark.parametrize(("phase", "code", "text", "fault"), REFUSALS)
def test_a_refusal_names_whose_fault_it_is(phase: Phase, code: int, text: str, fault: Fault) -> None:
    """S03, S04, S05: only codes about the address itself make it a hard bounce."""
    assert judge(Reply(code, text), phase) == Refused(code, text, fault)


@pytest.mark.parametrize("text", ["4.7.1 greylisted", "4.2.2 over quota", "4.3.1 insufficient storage", "busy"])
@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.DOT])
def test_every_4xx_is_tried_again(phase: Phase, text: str) -> None:
    """S02, S06."""
    assert judge(Reply(451, text), phase) == Deferred(451, text)


def test_the_servers_name_for_a_message_is_read() -> None:
    assert Reply(250, "2.0.0 Ok: queued as 4ZkR2x0q1Yz").queue_id == "4ZkR2x0q1Yz"
    assert Reply(250, "2.0.0 fine").queue_id == ""


def test_what_is_kept_of_a_reply_has_no_address_and_no_control_characters() -> None:
    """SEC23, SEC30: a server repeats the address; the ledger's reason does not."""
    kept = shown("550 5.1.1 <jana@example.com>: \x1b[31mno\r\nsuch user")
    assert kept == "550 5.1.1 <<address>>: \\u001b[31mno such user"
    assert len(shown("x" * 5000)) == 300
