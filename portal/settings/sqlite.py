"""The two SQLite files of an installation without a database server."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def database(file: Path) -> dict[str, Any]:
    """One file in WAL mode. IMMEDIATE, or two writers that both began by reading fail instead of
    waiting their turn.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA "
            "foreign_keys=ON;",
        },
        "TEST": {"NAME": file.with_name(f"test-{file.name}")},
    }
