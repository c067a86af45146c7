"""`steplabel-agent preview`: every field that would leave the site; after `submit`, the plaintext that was sealed.

It reads the state directory and writes nothing to it: nothing is drawn, debited or sent.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporting_agent.commands import add_period, add_site

if TYPE_CHECKING:
    from reporting_agent.outbox import Parcel
    from reporting_agent.prospectus import Prospectus
    from reporting_agent.state import StateDirectory
    from reporting_agent.submission import Material


def add_parser(sub: Any) -> None:
    parser = sub.add_parser("preview", help="show every field that would leave the site; spends nothing")
    add_site(parser)
    add_period(parser)
    parser.add_argument("--correct", action="store_true", help="show what the next revision would hold, not what is sealed")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the words (default: en)")
    parser.add_argument("--state", type=Path, metavar="DIR", help="state directory (else $STEPLABEL_STATE, else ~/.steplabel)")
    parser.add_argument("--json", action="store_true", help="machine-readable answer on stdout")


def run(args: argparse.Namespace) -> int:
    import os

    from benchmarks.errors import ExitCode
    from benchmarks.measurements import Period
    from reporting_agent import pipeline
    from reporting_agent.config import load_site
    from reporting_agent.consent import text
    from reporting_agent.console import emit, say
    from reporting_agent.planning import digests, wire_period
    from reporting_agent.reportable import require_reportable
    from reporting_agent.state import StateDirectory
    from reporting_agent.submission import Material

    site = load_site(args.site)
    require_reportable(site)
    period = Period.parse(args.period, site.zone)
    name = wire_period(period)
    state = StateDirectory.locate(args.state, os.environ, Path.home())
    revisions = _revisions(state, site.id, name)
    sealed = [parcel for parcel in revisions if parcel.is_sealed]
    labelled = pipeline.label(site, period)
    material = Material(labelled.site_label, labelled.data.batches, labelled.data.pack)
    if sealed and not args.correct:
        shown = _sealed(sealed[-1], material, state)
        if not sealed[-1].same_data(*digests(material.site_label, material.batches, material.pack)):
            say(text(args.lang, "notice.data-changed"))
    else:
        shown = _draft(material, state, site.id, name, revisions)
    emit(args, shown.to_json(), shown.to_text(args.lang))
    return ExitCode.DONE


def _revisions(state: StateDirectory, site: str, period: str) -> tuple[Parcel, ...]:
    from reporting_agent.outbox import Outbox

    if not state.exists():
        return ()
    with state.connect() as connection:
        return Outbox(connection).revisions(site, period)


def _sealed(parcel: Parcel, material: Material, state: StateDirectory) -> Prospectus:
    from benchmarks.wire import envelope
    from benchmarks.wire.schema import decode_report
    from reporting_agent.ledger import Ledger
    from reporting_agent.planning import missing_carriers
    from reporting_agent.prospectus import Prospectus

    assert parcel.plaintext is not None  # noqa: S101  # the database refuses a sealed parcel without both
    assert parcel.envelope is not None  # noqa: S101
    report = decode_report(parcel.plaintext)
    steps = {label.step for label in report.released.labels}
    with state.connect() as connection:
        spent = {step: most for step, most in Ledger(connection).most_spent().items() if step in steps}
    return Prospectus(
        report,
        envelope.parse(parcel.envelope).header,
        drawn=True,
        state=parcel.state.value,
        pack=material.pack,
        spent_after=spent,
        missing=missing_carriers(material.site_label, material.pack),
    )


def _draft(material: Material, state: StateDirectory, site: str, period: str, revisions: tuple[Parcel, ...]) -> Prospectus:
    """The next report as it would be made; refuses what `submit` would refuse, without spending."""
    from benchmarks.privacy.accounting import add_up
    from benchmarks.wire.schema import DIGEST_BYTES, Header
    from reporting_agent import enrolment
    from reporting_agent.consent import SCHEME
    from reporting_agent.ledger import Ledger, most_by_step
    from reporting_agent.planning import FIRST_REVISION, Subject, missing_carriers, plan
    from reporting_agent.prospectus import Prospectus
    from reporting_agent.software import SOFTWARE

    sealed = [parcel for parcel in revisions if parcel.is_sealed]
    revision = sealed[-1].revision + 1 if sealed else FIRST_REVISION
    begun = next((parcel.state.value for parcel in revisions if parcel.revision == revision), "planned")
    planned = plan(material.site_label, material.batches, material.pack, Subject(site, period, revision, bool(sealed)))
    header, debits = None, planned.debits()
    spent = most_by_step(add_up(debits))
    if state.exists():
        with state.connect() as connection:
            ledger = Ledger(connection)
            debits = ledger.settle(debits, material.batches)
            ledger.check(debits, parcel=planned.subject.parcel, rules=planned.pack.policy)
            spent = {step: most for step, most in ledger.most_spent(debits).items() if step in spent}
            enrolled = enrolment.current(connection)
        if enrolled is not None and enrolled.device_id is not None:
            header = Header(site, period, revision, "", enrolled.device_id, 0)
    report = planned.report(planned.drafts(), bytes(DIGEST_BYTES), SOFTWARE, SCHEME)
    missing = missing_carriers(material.site_label, material.pack)
    return Prospectus(report, header, drawn=False, state=begun, pack=material.pack, spent_after=spent, missing=missing)
