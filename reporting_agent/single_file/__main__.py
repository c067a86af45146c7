"""Build the agent as one file a system: `python -m reporting_agent.single_file --whole DIR
[--python 3.13] [--system linux windows …]`.

What goes in is what requirements/agent.txt locks, checked by its hashes, each with all it needs for
one Python. `SHA256SUMS` stands beside the files, which a portal offers.
Needs a checkout (the lock stands there) and a registry.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "agent.txt"
PACKAGES = ("benchmarks", "reporting_agent")
SYSTEMS = {
    "linux": "x86_64-manylinux_2_28",
    "windows": "x86_64-pc-windows-msvc",
    "macos": "aarch64-apple-darwin",
}
PYTHON = "3.13"
SUMS = "SHA256SUMS"
_LEFT_OUT = re.compile(
    r"(^|/)(tests?|__pycache__|bin)/|\.(pyi|pxd|h|a|lib|c)$|\.dist-info/(RECORD|INSTALLER)$"
)
_EPOCH = (1980, 1, 1, 0, 0, 0)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m reporting_agent.single_file", description="Build the agent as one file."
    )
    parser.add_argument(
        "--whole", metavar="DIR", required=True, help="a file a system goes here, with SHA256SUMS"
    )
    parser.add_argument("--python", default=PYTHON, metavar="VERSION", help=f"default: {PYTHON}")
    parser.add_argument(
        "--system", nargs="+", choices=SYSTEMS, default=tuple(SYSTEMS), help="default: all"
    )
    asked = parser.parse_args()
    build_whole(Path(asked.whole), asked.python, tuple(asked.system))
    print((Path(asked.whole) / SUMS).read_text(encoding="utf-8"), end="")
    return 0


def build_whole(folder: Path, python: str, systems: tuple[str, ...]) -> None:
    """`steplabel-agent-SYSTEM-pythonVERSION.pyz` of all that the lock names, and the digests of
    what was built.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sums = []
    for system in systems:
        with tempfile.TemporaryDirectory() as scratch:
            parts = Path(scratch) / "parts"
            _install(every_name(), parts / f"cp{python.replace('.', '')}-{system}", python, system)
            _copy_own(parts)
            _copy_extras(parts)
            file = folder / f"steplabel-agent-{system}-python{python}.pyz"
            _zip(parts, file)
        with file.open("rb") as content:
            sums.append(f"{hashlib.file_digest(content, 'sha256').hexdigest()}  {file.name}\n")
    (folder / SUMS).write_text("".join(sums), encoding="utf-8")


def every_name() -> tuple[str, ...]:
    """What the lock names, each once."""
    named = re.findall(r"^([a-z0-9-]+)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    return tuple(dict.fromkeys(named))


def locked(names: tuple[str, ...]) -> str:
    """The lines of the lock for these packages, hashes and all."""
    blocks = re.split(r"\n(?=\S)", LOCK.read_text(encoding="utf-8"))
    by_name: dict[
        str, list[str]
    ] = {}  # a package may be locked in two versions, one for newer Pythons
    for block in blocks:
        by_name.setdefault(block.split("==")[0].strip(), []).append(block.rstrip())
    if missing := sorted(set(names) - set(by_name)):
        raise SystemExit(f"{LOCK.name} locks no {', '.join(missing)}")
    return "\n".join(block for name in names for block in by_name[name]) + "\n"


def _copy_own(parts: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package,
            parts / "any" / package,
            ignore=shutil.ignore_patterns("__pycache__", "*.pyc"),
        )


def _copy_extras(parts: Path) -> None:
    """The agent's extras that are here, with the names of their entry points, by which they are
    found. What a part of them needs besides is not in the file; that part says so.
    """
    for folder in sorted(file.parent for file in ROOT.glob("extras/*/command.py")):
        shutil.copytree(
            folder,
            parts / "any" / "extras" / folder.name,
            ignore=shutil.ignore_patterns("__pycache__", "*.pyc", "tests"),
        )
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        name, version = project["name"].replace("-", "_"), project["version"]
        info = parts / "any" / f"{name}-{version}.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {version}\n"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        lines = [
            line
            for group, points in project["entry-points"].items()
            for line in (f"[{group}]", *(f"{key} = {value}" for key, value in points.items()))
        ]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _install(names: tuple[str, ...], target: Path, python: str, system: str) -> None:
    wanted = target.parent.parent / "wanted.txt"
    target.parent.mkdir(parents=True, exist_ok=True)
    wanted.write_text(locked(names), encoding="utf-8")
    uv = Path(sys.executable).parent / ("uv.exe" if sys.platform == "win32" else "uv")
    subprocess.run(  # noqa: S603 - our own arguments
        [
            str(uv),
            "pip",
            "install",
            "--quiet",
            "--target",
            str(target),
            "--python-version",
            python,
            "--python-platform",
            SYSTEMS[system],
            "--only-binary",
            ":all:",
            "--no-deps",
            "--require-hashes",
            "-r",
            str(wanted),
        ],
        check=True,
    )


def _zip(parts: Path, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(f".{out.name}.new")
    with beside.open("wb") as raw:
        raw.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
            start = (Path(__file__).parent / "start.py").read_text(encoding="utf-8")
            _add(file, "__main__.py", (start + "\n\nsys.exit(main())\n").encode())
            for path in _files_to_pack(parts):
                _add(file, f"parts/{path.relative_to(parts).as_posix()}", path.read_bytes())
    beside.chmod(0o755)
    beside.replace(out)


def _files_to_pack(parts: Path) -> Iterator[Path]:
    for path in sorted(parts.rglob("*")):
        if path.is_file() and not _LEFT_OUT.search(
            path.relative_to(parts).as_posix().partition("/")[2]
        ):
            yield path


def _add(file: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    file.writestr(entry, content)


if __name__ == "__main__":
    sys.exit(main())
