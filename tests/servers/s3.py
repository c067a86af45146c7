"""A server that speaks S3 (moto's), with a bucket called `plant`, and the environment by which it
is found.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow.fs

from tests.servers import free_port

IN_TIME_S = 60


@dataclass(frozen=True)
class ObjectStorage:
    """Its address, and a client that may do everything."""

    address: str
    client: pyarrow.fs.S3FileSystem

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
        }

    def put(self, name: str, content: bytes) -> None:
        with self.client.open_output_stream(name) as stream:
            stream.write(content)

    def get(self, name: str) -> bytes:
        with self.client.open_input_stream(name) as stream:
            return bytes(stream.read())


@contextmanager
def serving(folder: Path) -> Iterator[ObjectStorage]:
    """The server, whose log lies in the folder."""
    port = free_port()
    with (folder / "s3.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=log,
            stderr=log,
        )
    client = pyarrow.fs.S3FileSystem(
        endpoint_override=f"127.0.0.1:{port}",
        scheme="http",
        access_key="key",
        secret_key="secret",  # noqa: S106 - of a test
        region="us-east-1",
        allow_bucket_creation=True,
        retry_strategy=pyarrow.fs.AwsStandardS3RetryStrategy(20),
    )
    try:
        _wait_for(client)
        yield ObjectStorage(f"http://127.0.0.1:{port}", client)
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()


def _wait_for(client: pyarrow.fs.S3FileSystem) -> None:
    until = time.monotonic() + IN_TIME_S
    while True:
        try:
            client.create_dir("plant")
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return
