"""The thread that drives an MQTT client: read all that has come, acknowledge all that is kept,
write, and wait.

paho's own loop asks the system about the connection once a message, and is woken once an
acknowledgement, since another thread hands that in; at some thousands of messages a second this is
a third of its time. paho documents `loop_read`, `loop_write` and `loop_misc` for a loop of one's
own.

An acknowledgement names a message by a number that is good for one connection; one that comes too
late, in the next connection, is left out, or it might acknowledge another message. The broker then
sends again.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from extras.live.sources.asking_again import Pauses
from extras.live.sources.lifeline import Lifeline

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessage, SocketLike

AGAIN_FIRST_S, AGAIN_LONGEST_S = 1.0, 30.0
WAITING_S = 1.0  # after which it looks whether the broker is to be asked if it is there
READ_AT_ONCE = 200  # messages, before acknowledgements have their turn
LEAVING_S = 10.0


class MqttNetwork:
    """One client's connections, one after the other, from `start` to `stop`."""

    def __init__(
        self,
        client: Client,
        name: str,
        not_reached: Callable[[OSError], None],
        leaving: Callable[[], None],
    ) -> None:
        """`not_reached` is called after each try that found no broker, `leaving` once, before the
        last connection is closed.
        """
        self._client, self._not_reached, self._leaving = client, not_reached, leaving
        self.lifeline = Lifeline()
        self._connection = 0
        self._received = 0  # messages
        self._kept: deque[tuple[int, int]] = (
            deque()
        )  # connections and numbers of messages to acknowledge
        self._bell, self._rung = socket.socketpair()
        self._asleep = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        for end in (self._bell, self._rung):
            end.setblocking(False)
        client.on_socket_register_write = lambda *_: (
            self._wake()
        )  # with it, paho leaves all writing to this thread

    def start(self) -> None:
        """Connect, and connect again, until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Leave the broker."""
        self._ended.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join(LEAVING_S)

    def received(self, message: MQTTMessage) -> Callable[[], None]:
        """In the thread of the client: one more message, and what to call, in any thread, once it
        is kept.
        """
        self._received += 1
        connection, number = self._connection, message.mid

        def acknowledge() -> None:
            self._kept.append((connection, number))
            self._wake()

        return acknowledge if message.qos else _nothing

    def _run(self) -> None:
        with self.lifeline.guard():
            try:
                self._connecting()
            finally:
                self._leaving()
                self._client.disconnect()
                self._client.loop_write()

    def _connecting(self) -> None:
        pauses = Pauses(AGAIN_FIRST_S, AGAIN_LONGEST_S)
        while not self._ended.is_set():
            try:
                self._client.reconnect()
            except OSError as error:
                self._not_reached(error)
            else:
                self._connection += 1
                pauses.tried = 0 if self._talk() else pauses.tried
            pauses.try_at(time.monotonic())
            self._ended.wait(pauses.next_s - time.monotonic())

    def _talk(self) -> bool:
        """As long as the connection lasts; whether the broker took it."""
        client, was_connected = self._client, False
        while not self._ended.is_set() and (connection := client.socket()) is not None:
            if self._readable(connection):
                self._read()
            self._acknowledge()
            if client.want_write():
                client.loop_write()
            client.loop_misc()
            was_connected = was_connected or client.is_connected()
        return was_connected

    def _readable(self, connection: SocketLike) -> bool:
        """Wait for whatever is to be done next; whether something has come."""
        self._asleep = (
            True  # before looking at what waits, so that whoever hands something in now wakes it
        )
        decrypted = (
            isinstance(connection, ssl.SSLSocket) and connection.pending() > 0
        )  # and no more to be seen by `select`
        waiting_s = 0.0 if decrypted or self._kept else WAITING_S
        writing = [connection] if self._client.want_write() else []
        readable, _, _ = select.select([connection, self._rung], writing, [], waiting_s)
        self._asleep = False
        if self._rung in readable:
            self._rung.recv(64)
        return decrypted or connection in readable

    def _read(self) -> None:
        for _ in range(READ_AT_ONCE):
            before = self._received
            self._client.loop_read()  # one packet, where it is there
            if self._received == before:
                return

    def _acknowledge(self) -> None:
        while self._kept:
            connection, number = self._kept.popleft()
            if connection == self._connection:
                self._client.ack(number, 1)

    def _wake(self) -> None:
        if self._asleep:
            self._asleep = False
            with suppress(BlockingIOError):  # it has been rung often enough
                self._bell.send(b"!")


def _nothing() -> None:
    """What a message of QoS 0 is acknowledged by."""
