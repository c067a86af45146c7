"""One module a subcommand: `add_parser(sub)` declares it, `run(args) -> int` does it and imports
late what it needs.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.catalogue import languages, own_language

if TYPE_CHECKING:
    from argparse import Namespace

    from reporting_agent.sending.transport import Portal


def add_site(parser: ArgumentParser, *, required: bool = True) -> None:
    """The option that names the plant's site.toml."""
    parser.add_argument(
        "--site", required=required, metavar="FILE", help="the site.toml of the plant"
    )


def add_period(parser: ArgumentParser, *, required: bool = True) -> None:
    """The option that names the reporting period."""
    parser.add_argument(
        "--period",
        required=required,
        metavar="PERIOD",
        help="2016, 2016-Q1, 2016-05 or 2016-01-01/2016-07-01 (the second day not included)",
    )


def add_pool(parser: ArgumentParser) -> None:
    """The option that lets labels cover earlier years as well."""
    parser.add_argument(
        "--pool",
        action="store_true",
        help="steps with too few batches in the year cover the one or two years before as well, "
        "where that helps and the pack allows it; "
        "spends on those years' batches, too",
    )


def add_connection(parser: ArgumentParser) -> None:
    """The options that say how the portal is reached. A service's file of settings names both once,
    by our own names and no other's.
    """
    parser.add_argument(
        "--proxy", metavar="URL", default=os.environ.get("STEPLABEL_PROXY") or None,
        help="go through this proxy (else $STEPLABEL_PROXY; HTTPS_PROXY and its like are not used)",
    )  # fmt: skip
    parser.add_argument(
        "--ca-file", type=Path, metavar="PEM", default=os.environ.get("STEPLABEL_CA_FILE") or None,
        help="trust these certificates instead of the public ones (else $STEPLABEL_CA_FILE)",
    )  # fmt: skip


def portal_at(args: Namespace, address: str, pauses: tuple[float, ...] | None = None) -> Portal:
    """The portal at that address, reached as the options say; `pauses` between tries, where not the
    usual ones.
    """
    import time

    from reporting_agent.network import Network
    from reporting_agent.sending.transport import PAUSES_S, Portal
    from reporting_agent.software import SOFTWARE

    network = Network(args.proxy, args.ca_file)
    return Portal(
        address,
        sleep=time.sleep,
        software=SOFTWARE,
        network=network,
        pauses=PAUSES_S if pauses is None else pauses,
    )


def add_language(parser: ArgumentParser) -> None:
    """The option that names the language of what it writes and of the lines on the screen; else
    that of the terminal.
    """
    parser.add_argument(
        "--lang", "--language", dest="lang", choices=languages(), default=own_language(os.environ),
        help="language of what it writes and says (default: the terminal's)",
    )  # fmt: skip


def add_report(parser: ArgumentParser) -> None:
    """The options of a report that people read: where it goes, and its language, which is that of
    the lines on the screen too.
    """
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="what it found, for people: a page (FILE.html) or Markdown (FILE.md)",
    )
    add_language(parser)
