"""The network between an agent and a server: it carries bytes both ways, and drops its connections
when a test says so.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

IN_TIME_S = 30


class Line:
    """Whoever connects to `port` of this machine speaks with what serves on `to`."""

    def __init__(self, to: int) -> None:
        self.to, self.port, self.dropped = to, 0, 0
        self._loop = asyncio.new_event_loop()
        self._ends: set[asyncio.StreamWriter] = set()

    def drop(self) -> None:
        """Every connection, with the bytes that are on their way, in both directions."""
        asyncio.run_coroutine_threadsafe(self._drop(), self._loop).result(IN_TIME_S)

    async def _drop(self) -> None:
        self.dropped += len(self._ends) // 2
        for end in self._ends:
            end.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            beyond, onward = await asyncio.open_connection("127.0.0.1", self.to)
        except OSError:  # the server is down
            writer.transport.abort()
            return
        self._ends |= {writer, onward}
        await asyncio.gather(_carried(reader, onward), _carried(beyond, writer))
        self._ends -= {writer, onward}

    async def _serve(self) -> asyncio.Server:
        return await asyncio.start_server(self._connected, "127.0.0.1", self.port)


async def _carried(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()
    except OSError:
        pass  # one side is gone, and the other learns it
    finally:
        writer.close()


@contextmanager
def laid(to: int) -> Iterator[Line]:
    """A line to that port, as long as the test lasts."""
    line = Line(to)
    thread = threading.Thread(target=line._loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(line._serve(), line._loop).result(IN_TIME_S)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        line.drop()
        line._loop.call_soon_threadsafe(server.close)
        line._loop.call_soon_threadsafe(line._loop.stop)
        thread.join()
        line._loop.close()
