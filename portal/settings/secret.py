"""A secret that is drawn once and kept in a file that only its owner reads."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path


def secret_kept_in(file: Path) -> str:
    """The secret in the file; drawn and written if the file is not there. Of two processes that
    start at once, the first wins.
    """
    if not file.exists():
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)  # 0600
        with os.fdopen(descriptor, "w", encoding="ascii") as handle:
            handle.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            os.link(
                name, file
            )  # unlike a rename, a link never replaces what another process has just put there
        os.unlink(name)
    return file.read_text(encoding="ascii")
