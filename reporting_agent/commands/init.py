"""`steplabel-agent init`: a commented site.toml and one example of each input file."""

from __future__ import annotations

from argparse import Namespace, _SubParsersAction
from pathlib import Path
from typing import Any

from benchmarks.phrases import Phrase, enumerated

STARTER = Path(__file__).parent.parent / "starter"


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser(
        "init", help="write a commented site.toml and an example of each input file"
    )
    parser.add_argument(
        "directory", metavar="DIR", help="where they go; nothing that is there is overwritten"
    )


def run(args: Namespace) -> int:
    """Copy the starter files."""
    from benchmarks.errors import InputError, Place
    from reporting_agent.console import emit
    from reporting_agent.report import writing

    out = writing.folder(Path(args.directory))
    files = {
        path.name.removesuffix(".txt"): path
        for path in sorted(STARTER.iterdir())
        if path.suffix in {".toml", ".txt"}
    }
    if existing := [name for name in files if (out / name).exists()]:
        raise InputError(
            "already-there",
            "A file of this name is there already; nothing was written.",
            "Name an empty folder, or another file.",
            place=Place(str(out / existing[0])),
            found=", ".join(existing),
            wanted=Phrase("none of these files"),
        )
    for name, path in files.items():
        writing.write_text(out / name, path.read_text(encoding="utf-8"))
    names = list(files)
    written = Phrase("Written to %(folder)s: %(files)s.", folder=out, files=enumerated(names))
    text = Phrase(
        "%(written)s\nNext: steplabel-agent check --site %(site)s",
        written=written,
        site=out / "site.toml",
    )
    emit(args, {"directory": str(out), "files": names}, text)
    return 0
