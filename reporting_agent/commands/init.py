"""`steplabel-agent init`: a commented site.toml and one example of each input file, ready for `check`."""

from __future__ import annotations

from argparse import Namespace, _SubParsersAction
from pathlib import Path
from typing import Any

STARTER = Path(__file__).parent.parent / "starter"


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser("init", help="write a commented site.toml and an example of each input file")
    parser.add_argument("directory", metavar="DIR", help="where they go; nothing that is there is overwritten")


def run(args: Namespace) -> int:
    """Copy the starter files."""
    from benchmarks.errors import InputError, Place
    from reporting_agent.console import emit
    from reporting_agent.report import writing

    out = writing.folder(Path(args.directory))
    files = {path.name.removesuffix(".txt"): path for path in sorted(STARTER.iterdir()) if path.suffix in {".toml", ".txt"}}
    if there := [name for name in files if (out / name).exists()]:
        raise InputError(
            "already-there",
            "A file of this name is there already; nothing was written.",
            "Name an empty folder.",
            place=Place(str(out / there[0])),
            found=", ".join(there),
            wanted="none of these files",
        )
    for name, path in files.items():
        writing.write_text(out / name, path.read_text(encoding="utf-8"))
    names = list(files)
    text = f"Written to {out}: {', '.join(names)}.\nNext: steplabel-agent check --site {out / 'site.toml'}"
    emit(args, {"directory": str(out), "files": names}, text)
    return 0
