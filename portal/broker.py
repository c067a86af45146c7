"""The embedded portal's broker: kombu's file system transport, with files that appear whole.

Kombu makes a message's file and then writes into it. A worker that looks in between takes an empty
file for a message and ends ("Unrecoverable error: JSONDecodeError"). Here a file is written beside
and moved into place.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **_kwargs: Any) -> None:  # type: ignore[override] # as kombu itself renames it
        # as kombu names them: sorted, oldest first
        name = f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        beside = folder / f"{name}.new"
        beside.write_bytes(str_to_bytes(dumps(payload)))
        beside.replace(folder / name)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        table: Path = self._exchange_file(exchange)
        if not table.exists():
            self.control_folder.mkdir(exist_ok=True)
            beside = table.with_name(f"{table.name}.{uuid4()}.new")
            beside.write_bytes(b"[]")
            try:
                os.link(beside, table)
            except FileExistsError:
                pass  # another process was first; its table is whole
            finally:
                beside.unlink()
        super()._queue_bind(exchange, routing_key, pattern, queue)  # type: ignore[no-untyped-call] # kombu has no types for it


class Transport(filesystem.Transport):
    Channel = Channel
