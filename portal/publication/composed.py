"""What a published version was composed of, as a file for who may see protected values:
`benchmarks.audit.published` checks it anywhere.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from benchmarks.audit.published import SCHEMA, label_to_json
from benchmarks.composition import Roster
from benchmarks.label_keys import CellKey
from benchmarks.phrases import Phrase
from benchmarks.released import ReleasedLabel
from benchmarks.wire.signing import ReceiptKey
from portal.accounts.models import User
from portal.accounts.selectors import may_decide_for
from portal.intake.models import SubmissionState
from portal.problems import RefusedError
from portal.publication.entries import found_in
from portal.publication.models import LoggedAct, Publication
from portal.publication.refusals import refusal
from portal.publication.rows import public
from portal.translog import selectors as log

JSON = dict[str, Any]


def composed_of(user: User, publication: int, key: ReceiptKey) -> JSON | None:
    """The file for a regulator of the whole scope; None for anybody else, and where nothing was
    published.

    Raises:
        RefusedError: `erratum-alone` (409): of an erratum; `values-not-logged` (409): values in
            the database are not those of the log; `values-deleted` (409): a firm
            that it was composed of has left.
    """
    row = public().select_related("period__peer_group__scope").filter(pk=publication).first()
    if row is None or not may_decide_for(user, row.period.peer_group.scope):
        return None
    if row.corrects_id is not None:
        raise refusal("erratum-alone")
    act = LoggedAct.objects.get(publication=row, act=LoggedAct.Act.PUBLISHED)
    head = log.head(key)
    return {
        "schema": SCHEMA,
        "document": row.document,
        "head": base64.b64encode(head.signed).decode("ascii"),
        "publication": _leaf(log.inclusion(act.log_index, head.size)),
        "leaves": act.leaves,
        "values": act.values,
        "reports": _reports(row, head.size),
    }


def _reports(row: Publication, size: int) -> list[JSON]:
    reports = found_in(row)
    if any(entrant.report.state == SubmissionState.DELETED for entrant in reports):
        raise _refused(
            "values-deleted",
            Phrase(
                "A firm whose report entered this version has left since, and its values were "
                "deleted."
            ),
        )
    entries = [entrant.entry for entrant in reports if entrant.entry is not None]
    if len(entries) < len(reports):
        raise _refused(
            "values-not-logged",
            Phrase("The protected values of a report are not those that the log has."),
        )
    leaves = {
        index: _leaf(inclusion)
        for index, inclusion in log.inclusions(
            [*(entrant.report.log_index for entrant in reports), *entries], size
        ).items()
    }
    roster = Roster.from_json(row.roster)
    return [
        {
            "site": entrant.report.site.slug,
            "period": entrant.report.period,
            "revision": entrant.report.revision,
            "firm": str(entrant.report.site.organisation.controlling_firm_id),
            "envelope_digest": entrant.report.digest,
            "envelope": leaves[entrant.report.log_index],
            "values": leaves[entry],
            "salt": entrant.report.salt.hex(),
            "labels": [label_to_json(label) for label in entrant.labels],
            "left_out": _left_out(entrant.report.site.slug, entrant.labels, roster),
        }
        for entrant, entry in zip(reports, entries, strict=True)
    ]


def _left_out(site: str, labels: Iterable[ReleasedLabel], roster: Roster) -> list[int]:
    """The labels of cells that the site does not stand behind, as the version itself was made and
    whatever the policy on audits is today. A firm's further sites are among them: they never change
    a value."""
    behind = {
        cell.cell for cell in roster.cells if any(member.site == site for member in cell.members)
    }
    return [index for index, label in enumerate(labels) if str(CellKey.of(label)) not in behind]


def _leaf(entry: tuple[log.EntryView, list[bytes]]) -> JSON:
    view, proof = entry
    return {
        "index": view.index,
        "on": view.on.isoformat(),
        "proof": [digest.hex() for digest in proof],
    }


def _refused(code: str, sentence: Phrase) -> RefusedError:
    return RefusedError(
        409,
        code,
        sentence,
        "Check the versions published since; the figures of this one remain as signed.",
    )
