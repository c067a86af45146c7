"""SoftHSM, a PKCS#11 token in software, with a store of its own: this machine's, else Debian's
package, unpacked and not installed.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.servers import debian

LABEL, KEY, PIN = "steplabel-test", "processing-wrap", "4711-4711"


def token(folder: Path) -> str:
    """A new token; returns its PKCS#11 URI. `SOFTHSM2_CONF` must name `folder/softhsm2.conf` for
    whoever loads the library.
    """
    util, _ = debian.program("softhsm2", "softhsm2-util")
    module = next(
        file
        for root in ("/usr/lib/softhsm", Path(util).parent)
        for file in Path(root).rglob("libsofthsm2.so")
    )
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\n", "utf-8")
    (folder / "token.pin").write_text(PIN + "\n", "ascii")
    environment = {**os.environ, "SOFTHSM2_CONF": str(folder / "softhsm2.conf")}
    command: list[str | Path] = [
        util,
        "--module",
        module,
        "--init-token",
        "--free",
        "--label",
        LABEL,
        "--pin",
        PIN,
        "--so-pin",
        PIN,
    ]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return f"pkcs11:token={LABEL};object={KEY}?module-path={module}&pin-source=file:{folder / 'token.pin'}"
