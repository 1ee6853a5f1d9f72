"""SEC15: an address of an export leads to the public internet, or nowhere, unless its source allows more.

Real servers on 127.0.0.1 stand in for the internet where a test says what a name server answers and where a dialled address
leads; nothing here leaves the machine.
"""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from retention_cli.errors import DataUnreachable
from retention_cli.model.word import Word
from retention_cli.sources.places import hosts, http
from retention_cli.sources.places.fetch import told
from retention_cli.sources.places.hosts import Wire, is_public
from retention_cli.sources.places.http import fetch_file
from support.certificates import Authority, make_authority
from support.shop import ORDERS, Shop, report

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

CSV = b"order_id,customer_id,ordered_at,total\no1,a,2026-05-01,12.50\n"
PUBLIC = "93.184.216.34"


class Export(BaseHTTPRequestHandler):
    """Gives the export, or leads on: /to?ADDRESS."""

    asked: list[tuple[str, str]] = []

    def do_GET(self) -> None:
        """Answer."""
        self.asked.append((self.headers["Host"].partition(":")[0], self.path))
        path, _, target = self.path.partition("?")
        self.send_response(302 if path == "/to" else 200)
        self.send_header("Location" if path == "/to" else "Content-Length", target if path == "/to" else str(len(CSV)))
        self.end_headers()
        self.wfile.write(b"" if path == "/to" else CSV)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the parent names it
        """Say nothing."""


@contextmanager
def serving(authority: Authority | None = None, subject: str = "DNS:shop.example") -> Iterator[int]:
    """Run a server, with TLS where there is an authority, and return its port."""
    Export.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Export)
    if authority is not None:
        server.socket = authority.server("shop", subject=subject).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.trust))
    return authority


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    """Where an export comes to."""
    folder = tmp_path / "fetched"
    folder.mkdir()
    return folder


class Internet:
    """What a name server answers, one answer after the other, and a way to the stand-in for every public address."""

    def __init__(self, *answers: Sequence[str], port: int = 0) -> None:
        self.answers, self.port = list(answers), port
        self.asked: list[str] = []
        self.dialled: list[str] = []

    @property
    def wire(self) -> Wire:
        """How it is reached."""
        return Wire(self._look_up, self._dial)

    def _look_up(self, host: str, _: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0)

    def _dial(self, address: tuple[str, int], timeout: float) -> socket.socket:
        self.dialled.append(address[0])
        return socket.create_connection(("127.0.0.1", self.port), timeout)


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("127.0.0.1", "leads to 127.0.0.1, this machine itself"),
        ("127.1", "leads to 127.0.0.1, this machine itself"),
        ("0.0.0.0", "leads to 0.0.0.0, this machine itself"),  # noqa: S104 - nothing is bound to it
        ("[::1]", "leads to ::1, this machine itself"),
        ("[::ffff:127.0.0.1]", "leads to ::ffff:127.0.0.1, this machine itself"),
        ("169.254.169.254", "leads to 169.254.169.254, where a cloud keeps a machine's keys"),
        ("2130706433", "leads to 127.0.0.1, this machine itself"),
        ("0x7f.1", "leads to 127.0.0.1, this machine itself"),
        ("localhost", "this machine itself"),
        ("localhost.", "this machine itself"),
        ("10.1.2.3", "leads to 10.1.2.3, no address of the public internet"),
    ],
)
def test_no_spelling_of_a_private_address_is_fetched(tmp_path: Path, host: str, said: str) -> None:
    """With the machine's own look-up, and a server that would answer."""
    with serving() as port:
        for way in ("https", "http"):
            shop = Shop(tmp_path, {"orders": {**ORDERS, "path": f"{way}://{host}:{port}/o.csv?token=SECRET"}})
            with pytest.raises(DataUnreachable) as caught:
                shop.import_()
            encrypted = "is not encrypted on its way" in str(caught.value)
            assert said in str(caught.value) or (way == "http" and encrypted)
            assert "allow_private: true" in caught.value.hint
            assert "SECRET" not in str(caught.value) + caught.value.hint
        assert Export.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "192.168.1.1",
        "172.16.0.1",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "fd00::1",
        "fe80::1%lo",
        "fec0::1",
        "ff02::1",
        "::",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001:0:7f00:1::1",
        "::ffff:10.0.0.1",
    ],
)
def test_an_address_that_is_wrapped_is_judged_by_what_it_holds(address: str) -> None:
    assert not is_public(address)
    assert all(is_public(public) for public in (PUBLIC, "2606:4700::1111", f"::ffff:{PUBLIC}", "64:ff9b::5db8:d822"))


def test_a_name_with_one_private_address_among_public_ones_is_refused(fetched: Path) -> None:
    internet = Internet([PUBLIC, "10.0.0.5"])
    with pytest.raises(DataUnreachable, match=r"leads to 10\.0\.0\.5"):
        fetch_file("https://shop.example/o.csv", fetched, "the export", wire=internet.wire)
    assert internet.dialled == []


def test_a_name_is_looked_up_once_and_that_address_is_talked_to(fetched: Path, trusted: Authority) -> None:
    """A name server that answers otherwise the second time is not asked a second time, not even after a redirect."""
    with serving(trusted) as port:
        internet = Internet([PUBLIC], ["127.0.0.1"], port=port)
        fetch_file(f"https://shop.example:{port}/to?/o.csv", fetched, "the export", wire=internet.wire)
    assert (internet.asked, internet.dialled) == (["shop.example"], [PUBLIC, PUBLIC])
    assert Export.asked == [("shop.example", "/to?/o.csv"), ("shop.example", "/o.csv")]
    assert (fetched / "export").read_bytes() == CSV


@pytest.mark.parametrize(
    "target", ["https://127.0.0.1/o.csv", "https://localhost/o.csv", "https://[::1]/o.csv", "http://shop.example/o.csv", "//[oops"]
)
def test_a_redirect_into_the_machine_is_not_followed(fetched: Path, trusted: Authority, target: str) -> None:
    with serving(trusted) as port:
        internet = Internet([PUBLIC], port=port)
        with pytest.raises(DataUnreachable, match=r"it leads away|no well-formed address"):
            fetch_file(f"https://shop.example:{port}/to?{target}", fetched, "the export", wire=internet.wire)
        assert len(Export.asked) == 1
    assert not (fetched / "export").exists()


def test_a_certificate_of_another_name_is_refused(fetched: Path, trusted: Authority) -> None:
    with serving(trusted, "DNS:other.example") as port, pytest.raises(DataUnreachable, match="certificate"):
        fetch_file(f"https://shop.example:{port}/o.csv", fetched, "the export", wire=Internet([PUBLIC], port=port).wire)


def test_the_second_address_is_tried_where_nobody_is_at_the_first(fetched: Path, trusted: Authority) -> None:
    with serving(trusted, "DNS:localhost") as port:
        wire = Wire(lambda *_: ["127.0.0.3", "127.0.0.1"])
        fetch_file(f"https://localhost:{port}/o.csv", fetched, "the export", allow_private=True, wire=wire)
    assert (fetched / "export").read_bytes() == CSV


@pytest.mark.usefixtures("trusted")
def test_a_source_that_allows_it_is_fetched_from_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without TLS too; and a proxy of the environment is not asked."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with serving() as port:
        shop = Shop(tmp_path, {"orders": {**ORDERS, "path": f"http://127.0.0.1:{port}/o.csv", "allow_private": "true"}})
        assert report(shop.import_(), "orders").rows == 1
        del shop.sources["orders"]["allow_private"]
        with pytest.raises(DataUnreachable, match="this machine itself"):
            shop.import_()


def test_what_is_not_encrypted_stays_in_the_private_network(fetched: Path) -> None:
    with serving() as port:
        internet = Internet(["10.0.0.5"], [PUBLIC], port=port)
        fetch_file(f"http://erp.example:{port}/o.csv", fetched, "the export", allow_private=True, wire=internet.wire)
        with pytest.raises(DataUnreachable, match="is not encrypted on its way"):
            fetch_file(f"http://erp.example:{port}/o.csv", fetched, "the export", allow_private=True, wire=internet.wire)
        assert internet.dialled == ["10.0.0.5"]
    with pytest.raises(DataUnreachable, match="is not encrypted on its way"):
        fetch_file("http://shop.example/o.csv", fetched, "the export")


def test_a_server_that_says_nothing_is_not_waited_for(fetched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "SILENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DataUnreachable, match="timed out"):
        fetch_file(f"http://127.0.0.1:{silent.getsockname()[1]}/o.csv", fetched, "the export", allow_private=True)


@pytest.mark.parametrize("begin", [b"HTTP/1.0 200 OK\r\n", b"HTTP/1.0 200 OK\r\n\r\n"], ids=["its head", "its body"])
def test_a_server_that_never_ends_is_cut_off(fetched: Path, monkeypatch: pytest.MonkeyPatch, begin: bytes) -> None:
    """A byte now and then is no silence, and would go on for ever."""
    monkeypatch.setattr(http, "MOST_SECONDS", 0.2)

    def drip(server: socket.socket) -> None:
        line, _ = server.accept()
        with line:
            line.sendall(begin)
            ended = threading.Event()
            try:
                while not ended.wait(0.01):
                    line.sendall(b"x")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        with pytest.raises(DataUnreachable, match="too big or too slow"):
            fetch_file(f"http://127.0.0.1:{server.getsockname()[1]}/o.csv", fetched, "the export", allow_private=True)
        thread.join()
    assert not (fetched / "export").exists()


@pytest.mark.parametrize(
    "path",
    [
        "https://user:SECRET@127.0.0.1/o.csv?sig=SECRET#SECRET",
        "https://user:SE/CRET@127.0.0.1/o.csv",
        "https://user:12/SECRET@127.0.0.1/o.csv",
        "https://user:SE?CRET@127.0.0.1/o.csv",
        "https://user:SE#CRET@127.0.0.1/o.csv",
        "https://user:SECRET@127.0.0.1:port/o.csv",
        "https://user:SECRET@127.0.0.1:99999/o.csv",
        "https://user:SECRET@[::1/o.csv",
        "https://user:SECRET@sho\u2100p.example/o.csv",
        "https://user:SECRET@/o.csv",
        "https://127.0.0.1/o.csv?sig=SEC RET",
        "https://127.0.0.1/o.csv?sig=SECR\u00c9T",
        "https://" + "a" * 70 + ".example/o.csv?sig=SECRET",
        "s3://key:SECRET@shop/o.csv",
        "ftp://user:SECRET@shop.example/o.csv",
    ],
)
def test_no_message_holds_a_secret_of_an_address(tmp_path: Path, path: str) -> None:
    """Whatever is wrong with it; a password may hold what an address is divided by."""
    for allowed in ("false", "true"):
        with pytest.raises(DataUnreachable) as caught:
            Shop(tmp_path, {"orders": {**ORDERS, "path": path, "allow_private": allowed}}).import_()
        said = str(caught.value) + caught.value.hint + told(Word(path))
        assert not any(secret in said for secret in ("SEC", "CRET", "RET", "SECR"))


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("http://127.0.0.1:9000", "the endpoint of s3://shop/o.csv leads to 127.0.0.1, this machine itself"),
        ("https://169.254.169.254", "where a cloud keeps a machine's keys"),
        ("http://minio.example", "is not encrypted on its way"),
        ("https://key:SECRET@minio.example", "is no well-formed address"),
        ("nothing", "is no well-formed address"),
        ("ftp://minio.example", "is no well-formed address"),
    ],
)
def test_an_endpoint_of_s3_is_held_to_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str, said: str) -> None:
    for name, value in {"AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DataUnreachable, match=said) as caught:
        Shop(tmp_path, {"orders": {**ORDERS, "path": "s3://shop/o.csv"}}).import_()
    assert "SECRET" not in str(caught.value) + caught.value.hint
