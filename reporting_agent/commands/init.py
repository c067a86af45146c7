"""`steplabel-agent init`: a commented site.toml and one example of each input file, or a small
firm's empty workbook.
"""

from __future__ import annotations

from argparse import Namespace, _SubParsersAction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase, enumerated
from reporting_agent.commands import add_language

if TYPE_CHECKING:
    from benchmarks.errors import InputError

STARTER = Path(__file__).parent.parent / "starter"


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser(
        "init", help="write a commented site.toml and an example of each input file"
    )
    parser.add_argument(
        "directory",
        metavar="DIR",
        nargs="?",
        help="where they go; nothing that is there is overwritten",
    )
    parser.add_argument(
        "--workbook", metavar="FILE.xlsx", help="write a small firm's empty workbook instead"
    )
    add_language(parser)
    parser.set_defaults(wrong_usage=parser.error)


def run(args: Namespace) -> int:
    """Copy the starter files, or write the empty workbook."""
    if (args.directory is None) == (args.workbook is None):
        args.wrong_usage(Phrase("give DIR, or --workbook FILE.xlsx"))
    return _workbook(args) if args.workbook is not None else _starter(args)


def _workbook(args: Namespace) -> int:
    from reporting_agent.console import emit
    from reporting_agent.report import writing
    from reporting_agent.workbook.template import template

    target = Path(args.workbook)
    if target.exists():
        raise _already_there(target, target.name)
    writing.write_bytes(target, template(args.lang, args.workbook))
    text = Phrase(
        "Written to %(file)s. Fill in one row a run, then: steplabel-agent label %(file)s",
        file=target,
    )
    emit(args, {"workbook": str(target)}, text)
    return 0


def _already_there(path: Path, found: str) -> InputError:
    from benchmarks.errors import InputError, Place

    return InputError(
        "already-there",
        "A file of this name is there already; nothing was written.",
        "Name an empty folder, or another file.",
        place=Place(str(path)),
        found=found,
        wanted=Phrase("none of these files"),
    )


def _starter(args: Namespace) -> int:
    from reporting_agent.console import emit
    from reporting_agent.report import writing

    out = writing.folder(Path(args.directory))
    files = {
        path.name.removesuffix(".txt"): path
        for path in sorted(STARTER.iterdir())
        if path.suffix in {".toml", ".txt"}
    }
    if existing := [name for name in files if (out / name).exists()]:
        raise _already_there(out / existing[0], ", ".join(existing))
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
