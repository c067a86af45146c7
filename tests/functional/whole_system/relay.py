"""A relay between the agent and the portal that keeps a copy of every byte the agent sends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Relay:
    """`address` is what the agent is told; `sent` every byte it sent there, one entry a
    connection.
    """

    address: str
    sent: list[bytearray] = field(default_factory=list)

    @property
    def everything(self) -> bytes:
        return b"".join(bytes(connection) for connection in self.sent)

    def bodies(self, path: str) -> list[bytes]:
        """The bodies posted to a path, as they stood on the wire."""
        payloads = []
        for connection in self.sent:
            rest = bytes(connection)
            while b"\r\n\r\n" in rest:
                head, _, rest = rest.partition(b"\r\n\r\n")
                lengths = [
                    line.split(b":")[1]
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                ]
                length = int(lengths[0]) if lengths else 0
                if head.startswith(b"POST ") and path.encode() in head.split(b"\r\n")[0]:
                    payloads.append(rest[:length])
                rest = rest[length:]
        return payloads


@contextmanager
def relay_to(host: str, port: int) -> Iterator[Relay]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        relay = Relay(f"http://127.0.0.1:{server.getsockname()[1]}")
        threading.Thread(target=_accept, args=(server, host, port, relay), daemon=True).start()
        yield relay


def _accept(server: socket.socket, host: str, port: int, relay: Relay) -> None:
    with suppress(OSError):  # the server socket was closed: the test is over
        while True:
            agent, _ = server.accept()
            portal = socket.create_connection((host, port))
            traffic = bytearray()
            relay.sent.append(traffic)
            threading.Thread(target=_pump, args=(agent, portal, traffic), daemon=True).start()
            threading.Thread(target=_pump, args=(portal, agent, bytearray()), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket, traffic: bytearray) -> None:
    with suppress(OSError), source, target:
        while block := source.recv(65536):
            traffic += block
            target.sendall(block)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
