"""ODBC: unixODBC and the driver of PostgreSQL, this machine's or Debian's packages, unpacked and
not installed.
"""

from __future__ import annotations

import os
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path

from tests.servers import debian


@dataclass(frozen=True)
class Driver:
    """The driver's file, and the environment in which a process finds unixODBC."""

    file: Path
    environment: dict[str, str]


def postgresql() -> Driver:
    installed = sorted(Path("/usr/lib").glob("*/odbc/psqlodbcw.so"))
    if installed and find_library("odbc"):
        return Driver(installed[0], {})
    file, libraries = debian.library(["odbc-postgresql", "libodbc2"], "psqlodbcw.so")
    return Driver(
        file,
        {"LD_LIBRARY_PATH": ":".join(filter(None, (libraries, os.environ.get("LD_LIBRARY_PATH"))))},
    )
