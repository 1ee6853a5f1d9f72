"""Ways other than mail, by the real command: text messages and pushes over a local service, and rehearsals that stay in the house."""

from __future__ import annotations

import json
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from dkim import verify

from cli.test_steps import rows, shop
from support.hook import Hook, hook
from support.providers import CONTRACTS
from support.shell import retention
from support.smtp_sink import SmtpSink
from support.tiny_shop import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ANN = "a,ann@example.com,Ann,Europe/Prague,+420 777 123 456,,1990-05-20\n"
BOB = "b,bob@example.com,Bob,Europe/Prague,,,1990-02-28\n"
EVE = "e,eve@example.com,Eve,Europe/Prague,777/../../?x=1,,1990-02-28\n"
TEXT = """\
---
subject: Your cart
---
Hello {{ customer.first_name }}, your <cart> waits & waits.
"""
SMS = "  - {send: cart-sms, channel: [sms, email]}\n"


def settings(**target: str) -> dict[str, str]:
    """Return files of a shop whose target has these keys."""
    keys = ", ".join(f"{key}: {value}" for key, value in target.items())
    return {"retention.yml": SETTINGS.partition("targets:")[0] + f"targets:\n  default: {{{keys}}}\n", "templates/cart-sms.txt": TEXT}


def service(got: Hook, monkeypatch: pytest.MonkeyPatch) -> str:
    """Say where the service listens, as the environment tells it."""
    monkeypatch.setenv("SMS_URL", got.url.replace("http:", "json:").partition("/hook")[0] + "/api/{to}")
    return '{to: apprise, url: "${SMS_URL}"}'


def ran(made: Path, *words: str) -> dict[str, int]:
    """Run a tick; return its messages by outcome."""
    told = retention(made, "run", "--as-of", "2026-05-01T10:01", "--format", "json", *words)
    assert told.code in (0, 5), told.said
    found: dict[str, int] = told.json["messages"]
    return found


def test_a_text_message_goes_to_who_has_a_number_and_mail_to_who_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hook((200, {}, b"{}")) as got:
        files = settings(ledger="sqlite", deliver=f"{{email: {{to: folder, path: outbox}}, sms: {service(got, monkeypatch)}}}")
        made = shop(tmp_path / "shop", SMS, ANN, BOB, files=files)
        assert ran(made)["sent"] == 2
        [(path, _, body)] = got.got
        assert ran(made)["sent"] == 0
        assert len(got.got) == 1
    assert json.loads(body)["message"] == "Hello Ann, your <cart> waits & waits."
    assert json.loads(body)["title"] == ""
    assert path.startswith("/api/")
    assert path.endswith("420777123456")
    [mail] = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in (made / "outbox").glob("*.eml")]
    assert mail["to"] == "bob@example.com"
    assert rows(made, "SELECT channel, state FROM messages ORDER BY customer") == [("sms", "sent"), ("email", "sent")]


def test_an_address_changes_nothing_but_the_addressee(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hook((200, {}, b"{}")) as got:
        files = settings(ledger="sqlite", deliver=f"{{sms: {service(got, monkeypatch)}}}")
        made = shop(tmp_path / "shop", "  - {send: cart-sms, channel: sms}\n", EVE, files=files)
        assert ran(made)["refused"] == 1
    assert got.got == []
    [(reason,)] = rows(made, "SELECT reason FROM messages")
    assert reason == "cannot be rendered: the customer's number is not one that a text message may go to"


def test_what_a_service_does_not_take_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P03: Apprise does not say why, so the service may have taken it."""
    with hook((500, {}, b"oh")) as got:
        files = settings(ledger="sqlite", deliver=f"{{sms: {service(got, monkeypatch)}}}")
        made = shop(tmp_path / "shop", "  - {send: cart-sms, channel: sms}\n", ANN, files=files)
        told = retention(made, "run", "--as-of", "2026-05-01T10:01", "--format", "json")
        assert told.json["messages"]["unknown"] == 1
        assert ran(made)["sent"] == 0
        assert len(got.got) == 1
    assert "777" not in told.said


def test_a_folder_keeps_texts_as_texts(tmp_path: Path) -> None:
    files = settings(deliver="{sms: {to: folder, path: outbox}, push: {to: folder, path: outbox}}")
    push = files["retention.yml"].replace("sources:", "contacts: {push: first_name}\nsources:")
    made = shop(tmp_path / "shop", SMS + "  - {send: cart-sms, channel: push, id: pushed}\n", ANN, files=files | {"retention.yml": push})
    assert ran(made)["sent"] == 2
    texts = sorted(each.read_text() for each in (made / "outbox").glob("*.txt"))
    assert texts == ["Hello Ann, your <cart> waits & waits.", "Your cart\n\nHello Ann, your <cart> waits & waits."]


def test_only_keeps_a_rehearsal_in_the_house(tmp_path: Path) -> None:
    files = settings(deliver="{email: {to: folder, path: outbox}}", only='["ANN@*", "*@shop.example"]')
    made = shop(tmp_path / "shop", "  - send: letter\n", ANN, BOB, files=files)
    told = ran(made)
    assert (told["sent"], told["suppressed"]) == (1, 1)
    assert rows(made, "SELECT customer, reason FROM messages WHERE state = 'suppressed'") == [("b", "the target sends to others only")]
    assert len(list((made / "outbox").glob("*.eml"))) == 1


def test_redirect_sends_every_mail_to_one_address_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hook((200, {}, b"{}")) as got:
        ways = f"{{email: {{to: folder, path: outbox}}, sms: {service(got, monkeypatch)}}}"
        files = settings(ledger="sqlite", deliver=ways, redirect="qa@shop.example")
        made = shop(tmp_path / "shop", SMS, ANN, BOB, files=files)
        told = ran(made)
    assert (told["sent"], told["suppressed"]) == (1, 1)
    assert got.got == []
    [mail] = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in (made / "outbox").glob("*.eml")]
    assert mail["to"] == "qa@shop.example"


def test_a_url_without_a_place_for_the_number_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMS_URL", "json://127.0.0.1/secret-path")
    files = settings(ledger="sqlite", deliver='{sms: {to: apprise, url: "${SMS_URL}"}}')
    made = shop_without_a_tick(tmp_path / "shop", files)
    told = retention(made, "run", "--as-of", "2026-05-01T10:01")
    assert told.code == 2
    assert "has no {to} where the customer's number or token goes" in told.said
    assert "secret-path" not in told.said


def test_what_is_wrong_with_one_way_is_told_before_anything_leaves_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMS_URL", "bogus://127.0.0.1/{to}")
    files = settings(ledger="sqlite", deliver='{email: {to: folder, path: outbox}, sms: {to: apprise, url: "${SMS_URL}"}}')
    made = shop_without_a_tick(tmp_path / "shop", files)
    told = retention(made, "run", "--as-of", "2026-05-01T10:01")
    assert told.code == 2
    assert "its url is none that Apprise knows" in told.said
    assert not (made / "outbox").exists() or not list((made / "outbox").iterdir())


def shop_without_a_tick(folder: Path, files: dict[str, str]) -> Path:
    """Make a shop whose target is wrong, so that it cannot be run yet."""
    made = shop(folder, "  - {send: cart-sms, channel: sms}\n", ANN, files=settings(deliver="{sms: {to: folder, path: outbox}}"))
    (made / "retention.yml").write_text(files["retention.yml"])
    return made


def provider(got: Hook, monkeypatch: pytest.MonkeyPatch) -> str:
    """Say where the provider's API is, and with which key."""
    monkeypatch.setenv("POSTMARK_TOKEN", "key-of-the-account")
    return f'{{email: {{to: postmark, key: "${{POSTMARK_TOKEN}}", url: "{got.url.partition("/hook")[0]}"}}}}'


def test_a_key_that_is_turned_down_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P08: exit 3, what was not tried stays planned and leaves once the key is right; the key is nowhere to be read."""
    contract = CONTRACTS["postmark"]
    with hook(contract.locked, contract.taken) as got:
        made = shop(
            tmp_path / "shop",
            "  - send: letter\n",
            ANN,
            BOB,
            files=settings(ledger="sqlite", max_age="3000 days", deliver=provider(got, monkeypatch)),
        )
        told = retention(made, "run", "--as-of", "2026-05-01T10:01")
        assert told.code == 3
        assert "the provider turns us away: 401 10 No Account or Server API tokens were supplied." in told.said
        assert rows(made, "SELECT state FROM messages ORDER BY id") == [("deferred",), ("planned",)]
        assert retention(made, "send").code in (0, 5)
        assert rows(made, "SELECT state, provider_id FROM messages ORDER BY id") == [("deferred", None), ("sent", contract.id)]
    kept = b"".join(file.read_bytes() for file in made.rglob("*") if file.is_file() and file.name != "retention.yml")
    assert b"key-of-the-account" not in kept
    assert "key-of-the-account" not in told.said + told.out


def test_too_many_requests_hold_back_all_senders_and_later_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P01: as long as Retry-After says, kept in the ledger across a restart."""
    with hook((429, {"Retry-After": "1800"}, b"{}"), CONTRACTS["postmark"].taken) as got:
        made = shop(
            tmp_path / "shop",
            "  - send: letter\n",
            ANN,
            BOB,
            files=settings(ledger="sqlite", max_age="3000 days", deliver=provider(got, monkeypatch)),
        )
        assert retention(made, "run", "--as-of", "2026-05-01T10:01").code == 5
        asked = len(got.got)
        again = retention(made, "send", "--format", "json")
        assert again.json["messages"]["sent"] == 0
        assert len(got.got) == asked
    waits = rows(made, "SELECT state, (next_attempt_at - changed_at) / 1000000 FROM messages")
    assert {state for state, _ in waits} == {"deferred"}
    assert all(1800 <= seconds <= 2160 for _, seconds in waits)


def test_a_warm_up_leaves_the_rest_planned(tmp_path: Path) -> None:
    """M45: exit 5 and a sentence; a later run of the day sends nothing more."""
    files = settings(deliver="{email: {to: fake, warm_up: 1}}", max_age="3000 days")
    made = shop(tmp_path / "shop", "  - send: letter\n", ANN, BOB, files=files)
    told = retention(made, "run", "--as-of", "2026-05-01T10:01")
    assert told.code == 5
    assert "the warm-up lets no more leave today; the rest is still planned" in told.said + told.out
    assert retention(made, "send", "--format", "json").json["messages"]["sent"] == 0
    assert sorted(rows(made, "SELECT state FROM messages")) == [("planned",), ("sent",)]


def test_mail_is_signed_as_it_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is a file that the environment names; what is wrong with it is told before anything leaves."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = tmp_path / "dkim.pem"
    monkeypatch.setenv("DKIM_KEY_FILE", str(file))
    with SmtpSink() as sink:
        dkim = '{domain: example.com, selector: r1, key: "${DKIM_KEY_FILE}"}'
        files = settings(ledger="sqlite", deliver=f'{{email: {{to: smtp, url: "{sink.url}", return_path: bounces@mail.example.com, dkim: {dkim}}}}}')
        made = shop(tmp_path / "shop", "  - send: letter\n", ANN, files=settings(deliver="{email: {to: folder, path: outbox}}"))
        (made / "retention.yml").write_text(files["retention.yml"])
        missing = retention(made, "run", "--as-of", "2026-05-01T10:01")
        assert missing.code == 2
        assert "the file with the DKIM key cannot be read: No such file or directory" in missing.said
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        assert ran(made)["sent"] == 1
        [got] = sink.received
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    record = b"v=DKIM1; k=rsa; p=" + "".join(public.splitlines()[1:-1]).encode()
    local, _, domain = got.mail_from.partition("@")
    assert (local.partition("+")[0], domain) == ("bounces", "mail.example.com")
    assert got.raw.count(b"Message-ID: <" + local.partition("+")[2].encode()) == 1
    assert verify(got.raw, dnsfunc=lambda *_, **__: record)
