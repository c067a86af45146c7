"""`steplabel-agent`: reads the command line, runs one subcommand, turns a refusal into its exit
code.

Exit codes (contract): 0 done, 1 input, 2 usage, 3 unreachable, 4 refused by policy. Messages and
progress go to stderr, the answer to stdout. Only the subcommand asked for is imported, so that
`--help` answers at once.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from benchmarks import shelf
from benchmarks.catalogue import own_language
from benchmarks.errors import SteplabelError
from reporting_agent import extras
from reporting_agent.command_parser import SHELLS, CommandParser, PrintCompletion
from reporting_agent.console import LANGUAGE, answer
from reporting_agent.software import SOFTWARE

OBJECTS_BETWEEN_COLLECTIONS = 200_000
"""A command makes records by the ten thousand and hardly a cycle; Python's 700 would walk over all
of them again and again.
"""

MEMORY_KEPT_MS = 10_000
"""How long Arrow keeps memory that it freed: with the library's second, every block of readings is
paid for in page faults again.
"""

COMMANDS = (
    *("check", "label", "savings", "worth", "compare"),
    *("preview", "enrol", "submit", "status", "updates"),
    "practices",  # what helps against waste
    "prices",  # of energy, by time
    "pack",  # for authors of packs
    *("audit", "open", "verify", "witness"),  # of an audit, and of the log
)
"""The agent's own; extras add theirs (`reporting_agent.extras`)."""


FOREIGN_FILES = {"label": "files", "verify": "files", "audit": "files"}
"""By which argument a command is given what others wrote, to be parsed in a process of limited
memory and time.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; argparse leaves with 2 by itself on wrong usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    own = own_language(os.environ)
    LANGUAGE.set(own)
    args = command_parser(arguments).parse_args(arguments)  # with --help it ends here
    from dataclasses import replace

    from benchmarks import foreign_files
    from reporting_agent.approved_packs import ApprovedShelf
    from reporting_agent.state import StateDirectory

    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    os.environ.setdefault(
        "OPENBLAS_NUM_THREADS", "1"
    )  # before NumPy: tall narrow matrices go slower by several threads, not quicker
    if sys.platform == "linux":
        os.environ.setdefault(
            "ARROW_DEFAULT_MEMORY_POOL", "jemalloc"
        )  # before pyarrow: as quick, and 50 MB less at its peak
        os.environ.setdefault("JE_ARROW_MALLOC_CONF", f"dirty_decay_ms:{MEMORY_KEPT_MS}")
    module: ModuleType = args.module
    approved = ApprovedShelf.of(
        StateDirectory.locate(getattr(args, "state", None), os.environ, Path.home())
    )
    language = getattr(args, "lang", own)
    LANGUAGE.set(language)
    try:
        if argv is None and getattr(args, FOREIGN_FILES.get(args.command, ""), None):
            limits = foreign_files.COMMAND
            if sys.stdin.isatty():  # a person may be asked
                limits = replace(limits, wall_s=None)
            return foreign_files.parsed_by(main, limits, arguments)
        with shelf.used(approved):
            return int(module.run(args))
    except SteplabelError as refusal:
        print(f"steplabel-agent {args.command}: {refusal.in_words(language)}", file=sys.stderr)
        if args.json:
            answer(json.dumps({"error": refusal.to_json()}, ensure_ascii=False, indent=2))
        return int(refusal.exit_code)


def command_parser(arguments: list[str]) -> argparse.ArgumentParser:
    """The whole command line, with the options of the one command that these arguments ask for."""
    parser = CommandParser(
        prog="steplabel-agent",
        description="Makes the energy label of each production step from the plant's own files, "
        "and reports it protected.",
        epilog="Exit codes: 0 done, 1 input wrong, 2 usage, 3 portal not reached (work is kept), "
        "4 refused by policy.",
    )
    parser.add_argument("--version", action="version", version=SOFTWARE.replace("/", " "))
    parser.add_argument(
        "--completion",
        choices=SHELLS,
        action=PrintCompletion,
        help="print a completion script: source <(steplabel-agent --completion bash)",
    )
    sub = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    named = next((word for word in arguments if not word.startswith("-")), None)
    for name, module in _modules(named):
        if module is None:
            extras.add_missing(sub, name)
            continue
        module.add_parser(sub)
        sub.choices[name].set_defaults(module=module)
        if "--json" not in sub.choices[name].format_usage():
            sub.choices[name].add_argument(
                "--json", action="store_true", help="machine-readable answer on stdout"
            )
    return parser


def _modules(named: str | None) -> Iterator[tuple[str, ModuleType | None]]:
    """The module of the one command that is named; of every command where it is none of them. None
    of an extra's that is not installed.
    """
    own = "reporting_agent.commands."
    if named in COMMANDS:
        yield named, importlib.import_module(own + named)
        return
    added = extras.installed(extras.COMMANDS)
    others = [*extras.EXTRA_OF, *sorted(added.keys() - extras.EXTRA_OF.keys())]
    if named in others:
        yield named, added[named].load() if named in added else None
        return
    yield from ((name, importlib.import_module(own + name)) for name in COMMANDS)
    yield from ((name, added[name].load() if name in added else None) for name in others)


if __name__ == "__main__":
    sys.exit(main())
