"""The way out of a plant: a proxy that answers CONNECT, and behind it a portal by TLS that has its
name from no name server.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

from tests.servers import authority

NAME = "portal.example"


class WayOut:
    """Where the proxy listens, whom to trust, and every address that it was asked for."""

    def __init__(self, proxy: str, folder: Path) -> None:
        self.proxy, self.ca_file, self.other_ca_file = (
            proxy,
            folder / "ca.pem",
            folder / "other.pem",
        )
        self.asked: list[str] = []


@contextmanager
def opened(folder: Path, http_port: int) -> Iterator[WayOut]:
    """`https://portal.example` is what answers HTTP on that port of this machine, for who asks the
    proxy.
    """
    authority.write(folder, NAME)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")

    class Tls(BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError), context.wrap_socket(self.request, server_side=True) as client:
                _joined(client, socket.create_connection(("127.0.0.1", http_port)))

    class Proxy(BaseRequestHandler):
        def handle(self) -> None:
            head = b""
            while b"\r\n\r\n" not in head:
                if not (part := self.request.recv(4096)):
                    return
                head += part
            method, target, _ = head.split(b"\r\n")[0].decode("ascii").split(" ")
            way.asked.append(f"{method} {target}")
            if (method, target) != ("CONNECT", f"{NAME}:443"):
                self.request.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                return
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with suppress(OSError):
                _joined(
                    self.request, socket.create_connection(("127.0.0.1", tls.server_address[1]))
                )

    with _serving(Tls) as tls, _serving(Proxy) as proxy:
        way = WayOut(f"http://127.0.0.1:{proxy.server_address[1]}", folder)
        yield way


@contextmanager
def _serving(handler: type[BaseRequestHandler]) -> Iterator[ThreadingTCPServer]:
    with ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _joined(client: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    with other:
        while True:
            waiting = (
                isinstance(client, ssl.SSLSocket) and client.pending()
            )  # decrypted already: no selector sees it
            for ready in [client] if waiting else select.select([client, other], [], [])[0]:
                if not (part := ready.recv(65_536)):
                    return
                (other if ready is client else client).sendall(part)
