"""Certificates made on the spot by the `openssl` program: good, expired, for another name, signed by nobody."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


@dataclass(frozen=True)
class Authority:
    """A certificate authority in a folder."""

    folder: Path

    @property
    def trust(self) -> Path:
        """The file that makes a client believe this authority."""
        return self.folder / "ca.pem"

    def server(self, name: str, *, subject: str = "IP:127.0.0.1", days: int = 2) -> ssl.SSLContext:
        """Return a server's side with a certificate for `subject`, valid for so many days (negative: expired)."""
        key, request, certificate = (self.folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
        names = self.folder / f"{name}.ext"
        names.write_text(f"subjectAltName={subject}\n")
        _openssl("req", *_NEW_KEY, "-keyout", str(key), "-out", str(request), "-subj", "/CN=sink")
        ca = ["-CA", str(self.trust), "-CAkey", str(self.folder / "ca.key"), "-CAcreateserial"]
        _openssl("x509", "-req", "-in", str(request), *ca, "-days", str(days), "-extfile", str(names), "-out", str(certificate))
        return _context(certificate, key)


def make_authority(folder: Path) -> Authority:
    """Make an authority of its own for a test."""
    authority = Authority(folder)
    _openssl("req", "-x509", *_NEW_KEY, "-keyout", str(folder / "ca.key"), "-out", str(authority.trust), "-days", "2", "-subj", "/CN=test authority")
    return authority


def self_signed(folder: Path) -> ssl.SSLContext:
    """Return a server's side whose certificate nobody vouches for."""
    key, certificate = folder / "self.key", folder / "self.pem"
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    _openssl("req", "-x509", *_NEW_KEY, "-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=sink", *names)
    return _context(certificate, key)


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
