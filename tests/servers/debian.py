"""A program of a Debian package: this machine's, else the package unpacked into a cache and not
installed.

Root's cache lies where others may read it, for what runs as nobody has to enter it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path


def program(package: str, name: str) -> tuple[str, str]:
    """The path of the program and how it was found."""
    if path := shutil.which(name, path=os.defpath + ":/usr/sbin:/usr/local/sbin"):
        return path, f"found {path}"
    folder = _unpacked([package])
    launcher = folder / f"launch-{name}"
    if not launcher.exists():
        file = next(file for file in sorted(folder.rglob(f"*bin/{name}")))
        launcher.write_text(
            f'#!/bin/sh\nLD_LIBRARY_PATH="{_libraries(folder)}" exec "{file}" "$@"\n', "utf-8"
        )
        launcher.chmod(0o755)
    return str(launcher), f"Debian's package, in {folder}"


def library(packages: Sequence[str], name: str) -> tuple[Path, str]:
    """A library that programs load by its path, and what LD_LIBRARY_PATH must name for it."""
    folder = _unpacked(packages)
    return next(file for file in sorted(folder.rglob(name))), _libraries(folder)


def _cache() -> Path:
    base = (
        Path("/var/cache")
        if os.geteuid() == 0
        else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    )
    return base / "steplabel"


def _libraries(folder: Path) -> str:
    return ":".join(
        str(path)
        for path in sorted(folder.glob("*/lib/*-linux-gnu"))
        + sorted(folder.glob("lib/*-linux-gnu"))
    )


def _unpacked(packages: Sequence[str]) -> Path:
    folder = _cache() / packages[0]
    if not (folder / "unpacked").exists():
        _unpack(packages, folder)
        (folder / "unpacked").touch()
    return folder


def _unpack(packages: Sequence[str], folder: Path) -> None:
    """The packages and the libraries that the machine lacks: nothing is installed, and no service
    begins.
    """
    archives = folder / "archives"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    apt = [
        "apt-get",
        "-q",
        "-y",
        "-o",
        f"Dir::Cache::archives={archives}",
        "-o",
        "Debug::NoLocking=1",
    ]
    fetch = [*apt, "--no-install-recommends", "--download-only", "install", *packages]
    if subprocess.run(
        fetch, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ).returncode:
        subprocess.run([*apt, "update"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(fetch, check=True, stdout=subprocess.DEVNULL)
    for archive in sorted(archives.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
