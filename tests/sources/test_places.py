"""Exports from elsewhere: a real server on 127.0.0.1, real databases, and what speaks S3."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy

from retention_cli.errors import DataUnreachable
from retention_cli.model.word import Word
from retention_cli.project.environment import Expanded
from retention_cli.sources.importing import import_all
from retention_cli.sources.places import http
from retention_cli.sources.places.fetch import told
from support.postgres import postgres_cluster, postgres_url  # noqa: F401 - fixtures
from support.shop import ORDERS, Shop, report, rows, types

if TYPE_CHECKING:
    from collections.abc import Iterator

CSV = b"order_id,customer_id,ordered_at,total\no1,a,2026-05-01,12.50\n"
WRITTEN = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)


class Pages(BaseHTTPRequestHandler):
    """Answers with what a test put at a path; keeps what was asked."""

    pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
    asked: list[tuple[str, dict[str, str]]] = []

    def do_GET(self) -> None:
        """Answer."""
        self.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
        status, headers, body = self.pages.get(urlsplit(self.path).path, (404, {}, b""))
        if headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
            status, body = 304, b""
        self.send_response(status)
        for key, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the parent names it
        """Say nothing."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Run a server and return its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    Pages.pages, Pages.asked = {}, []
    with serving(Pages) as address:
        yield address


def shop_at(tmp_path: Path, path: str) -> Shop:
    return Shop(tmp_path, {"orders": {**ORDERS, "path": path, "allow_private": "true"}})


def test_an_address_is_fetched_once_and_again_when_it_changed(tmp_path: Path, site: str) -> None:
    Pages.pages["/o.csv"] = (200, {"ETag": '"1"', "Last-Modified": format_datetime(WRITTEN, usegmt=True)}, CSV)
    shop = shop_at(tmp_path, f"{site}/o.csv?token=SECRET")
    imported = shop.settle()
    assert rows(imported, "orders", "order_id, total") == [("o1", Decimal("12.50"))]
    found = report(imported, "orders")
    assert (found.files, found.modified) == (("http://127.0.0.1/o.csv",), WRITTEN)
    assert shop.import_().snapshots == imported.snapshots
    assert Pages.asked[-1][1]["if-none-match"] == '"1"'
    Pages.pages["/o.csv"] = (200, {"ETag": '"2"'}, CSV + b"o2,b,2026-05-02,1\n")
    assert report(shop.import_(), "orders").rows == 2
    kept = [path for path in (tmp_path / ".retention").rglob("*") if path.is_file()]
    assert all("SECRET" not in path.read_bytes().decode("utf-8", "replace") for path in kept)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / ".retention" / "fetched").rglob("*") if path.is_file()} == {0o600}


def test_a_look_fetches_nothing(tmp_path: Path, site: str) -> None:
    Pages.pages["/o.csv"] = (200, {}, CSV)
    shop = shop_at(tmp_path, f"{site}/o.csv")
    with pytest.raises(DataUnreachable, match="the export of orders was never fetched"):
        import_all(shop.project, {}, shop.store, fetch=False)
    assert Pages.asked == []
    imported = shop.import_()
    asked = len(Pages.asked)
    assert import_all(shop.project, {}, shop.store, fetch=False).snapshots == imported.snapshots
    assert len(Pages.asked) == asked


def test_a_password_goes_as_a_header_and_is_never_told(tmp_path: Path, site: str) -> None:
    Pages.pages["/o.csv"] = (200, {}, CSV)
    shop = shop_at(tmp_path, f"{site}/o.csv".replace("http://", "http://shop:p%40ss@"))
    assert report(shop.import_(), "orders").files == ("http://127.0.0.1/o.csv",)
    assert Pages.asked[0][1]["authorization"] == "Basic c2hvcDpwQHNz"
    assert told(Expanded("https://x.example/SECRET", written="${EXPORT}")) == "${EXPORT}"


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ((404, {}, b""), "the server answers 404"),
        ((500, {}, b""), "the server answers 500"),
        ((302, {"Location": "http://127.0.0.2/o.csv"}, b""), "it leads away to http://127.0.0.2"),
        ((302, {"Location": "http://169.254.169.254/latest"}, b""), "it leads away"),
        ((302, {"Location": "file:///etc/passwd"}, b""), "it leads away|cannot be fetched"),
        ((200, {"Content-Length": "1000"}, CSV), "came cut off"),
    ],
)
def test_sec15_what_does_not_come_whole_from_the_host_itself_is_refused(
    tmp_path: Path, site: str, page: tuple[int, dict[str, str], bytes], said: str
) -> None:
    Pages.pages["/o.csv"] = page
    with pytest.raises(DataUnreachable, match=said):
        shop_at(tmp_path, f"{site}/o.csv").import_()
    assert not (tmp_path / ".retention/fetched/orders/export").exists()


def test_sec15_a_redirect_on_the_same_host_is_followed(tmp_path: Path, site: str) -> None:
    Pages.pages |= {"/o.csv": (302, {"Location": "/today.csv"}, b""), "/today.csv": (200, {}, CSV)}
    assert report(shop_at(tmp_path, f"{site}/o.csv").import_(), "orders").rows == 1


def test_other_schemes_are_none(tmp_path: Path) -> None:
    for path, said in (
        ("ftp://shop.example/o.csv", "is no address that is read"),
        ("file:///etc/passwd", "is no address that is read"),
    ):
        with pytest.raises(DataUnreachable, match=said):
            shop_at(tmp_path, path).import_()


def test_sec15_size_and_time_are_bounded(tmp_path: Path, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Pages.pages["/o.csv"] = (200, {}, CSV)
    monkeypatch.setattr(http, "MOST_BYTES", 10)
    with pytest.raises(DataUnreachable, match="too big or too slow"):
        shop_at(tmp_path, f"{site}/o.csv").import_()
    monkeypatch.setattr(http, "MOST_BYTES", 1000)
    monkeypatch.setattr(http, "MOST_SECONDS", -1)
    with pytest.raises(DataUnreachable, match="too big or too slow"):
        shop_at(tmp_path, f"{site}/o.csv").import_()


@pytest.mark.usefixtures("site")
def test_no_server_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataUnreachable, match="cannot be fetched"):
        shop_at(tmp_path, "http://127.0.0.1:1/o.csv").import_()


QUERY = "SELECT id AS order_id, customer_id, ordered_at, total, gift, note FROM orders ORDER BY id"


def test_a_sqlite_database_is_asked_and_cannot_be_written(tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE orders (id INTEGER, customer_id TEXT, ordered_at TEXT, total NUMERIC, gift BOOLEAN, note TEXT)")
        connection.exec_driver_sql(
            "INSERT INTO orders VALUES (1, '007', '2026-05-01 10:00', 12.5, 1, 'a,\"b\"\nc'), (2, 'x', '2026-05-02', 7, 0, NULL)"
        )
    engine.dispose()
    source = {key: value for key, value in ORDERS.items() if key != "path"}
    shop = Shop(tmp_path, {"orders": {**source, "url": "sqlite:///shop.db", "query": QUERY}})
    imported = shop.settle()
    assert rows(imported, "orders", "order_id, customer_id, total, note") == [
        ("1", "007", Decimal("12.50"), 'a,"b"\nc'),
        ("2", "x", Decimal("7.00"), None),
    ]
    shop.sources["orders"]["query"] = "DELETE FROM orders RETURNING *"
    with pytest.raises(DataUnreachable, match="cannot be asked"):
        shop.import_()
    shop.sources["orders"] |= {"query": QUERY, "url": "sqlite:///none.db"}
    with pytest.raises(DataUnreachable, match="cannot be asked"):
        shop.import_()
    assert not (tmp_path / "none.db").exists()


def test_postgresql_is_asked_read_only_with_all_its_types(tmp_path: Path, postgres_url: str) -> None:  # noqa: F811 - the fixture
    engine = sqlalchemy.create_engine(postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect().execution_options(no_parameters=True) as connection, connection.begin():
        connection.exec_driver_sql(
            "CREATE TABLE orders AS SELECT 'o1' AS id, 'a' AS customer_id, TIMESTAMPTZ '2026-05-01 10:00+02' AS ordered_at, "
            "12345678901.25::numeric AS total, true AS gift, ARRAY['x', 'y|z'] AS tags, '{\"a\": 1}'::jsonb AS doc, "
            "DATE '2026-01-02' AS day, '100%' AS note"
        )
    engine.dispose()
    source = {key: value for key, value in ORDERS.items() if key != "path"}
    query = "SELECT id AS order_id, customer_id, ordered_at, total, gift, tags, doc, day, note FROM orders WHERE note LIKE '100%'"
    shop = Shop(tmp_path, {"orders": {**source, "url": postgres_url, "query": query, "types": {"tags": "list"}}})
    imported = shop.import_()
    assert types(imported, "orders") == {
        "order_id": "text", "customer_id": "text", "ordered_at": "time", "total": "decimal 2", "gift": "boolean", "tags": "list", "doc": "text",
        "day": "date", "note": "text",
    }  # fmt: skip
    assert rows(imported, "orders", "total, gift, tags, doc, CAST(ordered_at AS VARCHAR)") == [
        (Decimal("12345678901.25"), True, ["x", "y|z"], '{"a": 1}', "2026-05-01 08:00:00")
    ]
    shop.sources["orders"]["query"] = "DELETE FROM orders RETURNING id AS order_id, customer_id, ordered_at"
    with pytest.raises(DataUnreachable, match="cannot be asked"):
        shop.import_()
    shop.sources["orders"] |= {"url": postgres_url.replace("postgres@", "nobody:SECRET@"), "query": query}
    with pytest.raises(DataUnreachable) as caught:
        shop.import_()
    assert "SECRET" not in str(caught.value)


class Bucket(BaseHTTPRequestHandler):
    """As much of S3 as listing and fetching needs."""

    objects = {"exports/o-1.csv": CSV, "exports/o-2.csv": CSV.replace(b"o1", b"o2"), "exports/old/o-3.csv": CSV, "other.csv": b"x"}
    fetched: list[str] = []

    def _answer(self, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(200)
        for key, value in {"Content-Length": str(len(body)), "Content-Type": kind, **headers}.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_GET(self) -> None:
        """Answer."""
        parts = urlsplit(self.path)
        key = parts.path.removeprefix("/shop").lstrip("/")
        if not key:
            prefix = parse_qs(parts.query).get("prefix", [""])[0]
            contents = "".join(
                f"<Contents><Key>{name}</Key><LastModified>2026-05-01T02:00:00.000Z</LastModified><ETag>&quot;{len(body)}&quot;</ETag><Size>{len(body)}</Size></Contents>"
                for name, body in self.objects.items()
                if name.startswith(prefix)
            )
            xml = f'<?xml version="1.0"?><ListBucketResult><Name>shop</Name><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>'
            self._answer(xml.encode(), "application/xml")
            return
        if self.command == "GET":
            self.fetched.append(key)
        self._answer(
            self.objects[key], "binary/octet-stream", ETag=f'"{len(self.objects[key])}"', Last_Modified=format_datetime(WRITTEN, usegmt=True)
        )

    do_HEAD = do_GET  # noqa: N815 - as above

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the parent names it
        """Say nothing."""


@pytest.mark.usefixtures("site")
def test_objects_of_s3_by_a_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Bucket.fetched = []
    keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_DEFAULT_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true"}
    with serving(Bucket) as address:
        for name, value in {**keys, "AWS_ENDPOINT_URL": address}.items():
            monkeypatch.setenv(name, value)
        shop = shop_at(tmp_path, "s3://shop/exports/o-*.csv")
        imported = shop.settle()
        assert report(imported, "orders").files == ("s3://shop/exports/o-1.csv", "s3://shop/exports/o-2.csv")
        assert rows(imported, "orders", "order_id") == [("o1",), ("o2",)]
        assert report(imported, "orders").modified == WRITTEN
        shop.import_()
        assert sorted(Bucket.fetched) == ["exports/o-1.csv", "exports/o-2.csv"], "what has not changed is not fetched again"
        with pytest.raises(DataUnreachable, match="no object matches"):
            shop_at(tmp_path, "s3://shop/none-*.csv").import_()


def test_an_address_is_told_without_what_may_be_a_secret() -> None:
    assert told(Word("https://user:pw@shop.example:8443/a/o.csv?hash=1#x")) == "https://shop.example/a/o.csv"
