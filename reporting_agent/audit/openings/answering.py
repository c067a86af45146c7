"""From a draw to the report it is about, its tree planted again, and the journal of what was opened
to whom.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from sqlite3 import Connection
from typing import Any

from benchmarks.audit.committed_tree import DataTree
from benchmarks.audit.signed_draws import Draw
from benchmarks.errors import InputError
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase, listed
from benchmarks.privacy.randomness import ReportKey
from benchmarks.wire.schema import Report, decode_report
from reporting_agent.audit.openings.assembling import AssembledOpening
from reporting_agent.config import SiteSettings
from reporting_agent.sending.kept_reports import Outbox, Parcel
from reporting_agent.sending.planning import Subject
from reporting_agent.sending.report_material import gather_again
from reporting_agent.state import StateDirectory

JOURNAL = "opened.jsonl"


def parcel_of(connection: Connection, draw: Draw) -> Parcel:
    """The report that the draw asks about.

    Raises:
        InputError: `draw-of-another`: this site never made it, or committed to another root.
    """
    commitment = draw.commitment
    try:
        parcel = Outbox(connection).get(commitment.site, commitment.period, commitment.revision)
    except KeyError:
        parcel = None
    if (
        parcel is None
        or parcel.data_root != commitment.data_root
        or parcel.challenge is None
        or parcel.plaintext is None
    ):
        raise InputError(
            "draw-of-another",
            Phrase(
                (
                    "The draw asks for %(site)s %(period)s revision %(revision)s, root %(root)s…, "
                    "but this state directory has no such "
                    "report."
                ),
                site=commitment.site,
                period=commitment.period,
                revision=commitment.revision,
                root=commitment.data_root.hex()[:16],
            ),
            (
                "Give the --state of the site that is audited. If it is already the right one, "
                "tell the auditor that you never logged "
                "this root."
            ),
        )
    return parcel


def tree_of(site: SiteSettings, parcel: Parcel, key: ReportKey) -> tuple[DataTree, Report]:
    """The tree that was committed to, planted again from the plant's files.

    Raises:
        InputError: `opening-data-changed`: the files are not what they were.
    """
    assert parcel.plaintext is not None  # noqa: S101  # `parcel_of` was asked
    report = decode_report(parcel.plaintext)
    material = gather_again(site, Period.parse(parcel.period, site.zone), parcel.windows)
    planned = material.plan(Subject(parcel.site, parcel.period, parcel.revision, parcel.correction))
    tree = planned.tree(key, report.software)
    if tree.root != parcel.data_root:
        from benchmarks.audit.committed_tree import differing, parts_of

        differences = differing(dict(parcel.parts), parts_of(tree))
        raise InputError(
            "opening-data-changed",
            "The plant's files or settings are not those that were committed to, so nothing about "
            "them can be proven.",
            "Restore the files and site.toml as they were when the report was made, or use the "
            "version of the agent that made it.",
            found=listed(differences) if differences else tree.root.hex(),
            wanted=report.software,
        )
    return tree, report


def note(
    state: StateDirectory, draw: Draw, assembled: AssembledOpening, *, sealed: bool, now: datetime
) -> None:
    """One line more in the journal of what was opened to whom; lines are only ever added."""
    line: Mapping[str, Any] = {
        "at": now.isoformat(),
        "site": draw.commitment.site,
        "period": draw.commitment.period,
        "revision": draw.commitment.revision,
        "auditor": draw.auditor.key_id,
        "draw": draw.digest,
        "opening": assembled.opening.digest,
        "leaves": len(assembled.opening.leaves),
        "sealed": sealed,
    }
    journal = state.path / JOURNAL
    with journal.open("a", encoding="utf-8") as file:
        journal.chmod(0o600)
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
