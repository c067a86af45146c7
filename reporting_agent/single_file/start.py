"""The first thing that runs inside steplabel.pyz: unpack the parts for this machine once, then run
the agent.

Python cannot import compiled parts (numpy and two others) out of a zip, so they are unpacked beside
the user's other caches, in a folder named by the file's digest: a new version never meets an old
one's parts. Nothing is fetched. This module uses the standard library only, and says in both
languages what it cannot do.
"""

import hashlib
import io
import os
import shutil
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

PURE = "parts/any/"
SYSTEMS = {"linux-x86_64": "linux", "win-amd64": "windows", "macosx-arm64": "macos"}


def main() -> int:
    """Unpack if need be, and run `steplabel-agent` with the arguments given; files dropped onto it
    are labelled beside themselves.
    """
    archive = Path(sys.argv[0]).resolve()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console of another code page shows what it can
    try:
        sys.path[:0] = [str(folder) for folder in unpacked(archive)]
    except NotForThisMachine as reason:
        print(f"steplabel.pyz: {reason}", file=sys.stderr)
        return 1
    files = sys.argv[1:]
    dropped = bool(files) and all(Path(file).is_file() for file in files)
    if dropped:
        sys.argv[1:] = ["label", *files, "--out", str(Path(files[0]).parent / "label")]
    from reporting_agent.cli import main as agent

    code = agent()  # as the command itself, which reads foreign files in a confined process
    if dropped and sys.platform == "win32" and sys.stdin.isatty():
        input("Enter ...")  # the window of a dropped file closes with the program
    return code


class NotForThisMachine(Exception):  # noqa: N818 - reads as what it says
    """The file holds no parts for this Python or this system."""


def machine() -> str:
    """This Python and system as the file's folders name them: `cp311-linux`."""
    platform = sysconfig.get_platform()
    system = next(
        (
            name
            for known_platform, name in SYSTEMS.items()
            if platform == known_platform or _macos(platform, known_platform)
        ),
        platform,
    )
    return f"cp{sys.version_info.major}{sys.version_info.minor}-{system}"


def _macos(platform: str, known_platform: str) -> bool:
    return (
        known_platform.startswith("macosx")
        and platform.startswith("macosx")
        and platform.endswith(("arm64", "universal2"))
    )


def unpacked(archive: Path) -> list[Path]:
    """Folders of the pure and the compiled parts, unpacked on the first run."""
    with zipfile.ZipFile(archive) as file:
        own = f"parts/{machine()}/"
        names = file.namelist()
        if not any(name.startswith(own) for name in names):
            machines = sorted(
                {
                    name.split("/")[1]
                    for name in names
                    if name.startswith("parts/") and not name.startswith(PURE)
                }
            )
            raise NotForThisMachine(
                f"this file holds the parts for {', '.join(machines)}; this is {machine()}."
                " Use a Python of that list, or install the agent with pip. / 本文件不含适用于 "
                f"{machine()} 的组件。"
            )
        digest = hashlib.sha256(
            "\n".join(f"{entry.filename} {entry.CRC:08x}" for entry in file.infolist()).encode()
        ).hexdigest()[:16]
        home = _cache() / f"{digest}-{machine()}"
        if not home.is_dir():
            home.parent.mkdir(parents=True, exist_ok=True)
            beside = Path(tempfile.mkdtemp(dir=home.parent))
            file.extractall(beside, [name for name in names if name.startswith((PURE, own))])
            try:
                os.replace(beside / "parts", home)  # complete or not there, also with two at once
            except OSError:
                if not home.is_dir():
                    raise
            shutil.rmtree(beside, ignore_errors=True)
        return [home / "any", home / own.split("/")[1]]


def _cache() -> Path:
    if folder := os.environ.get("STEPLABEL_PARTS"):
        return Path(folder)
    if sys.platform == "win32":
        return (
            Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
            / "steplabel"
            / "parts"
        )
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "steplabel" / "parts"
