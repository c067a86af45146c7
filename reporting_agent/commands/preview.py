"""`steplabel-agent preview`: every field that would leave the site; after `submit`, the plaintext
that was sealed.

It reads the state directory and writes nothing to it: nothing is drawn, debited or sent.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporting_agent.commands import add_language, add_period, add_pool, add_site

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from benchmarks.measurements import Period
    from benchmarks.released import ReleasedReport
    from benchmarks.routes import Pack
    from reporting_agent.config import SiteSettings
    from reporting_agent.sending.consent import Language
    from reporting_agent.sending.kept_reports import Parcel
    from reporting_agent.sending.preview import Prospectus
    from reporting_agent.sending.submission import ReportMaterial
    from reporting_agent.state import StateDirectory


def add_parser(sub: Any) -> None:
    parser = sub.add_parser(
        "preview", help="show every field that would leave the site; spends nothing"
    )
    add_site(parser)
    add_period(parser)
    add_pool(parser)
    parser.add_argument(
        "--correct",
        action="store_true",
        help="show what the next revision would hold, not what is sealed",
    )
    add_language(parser)
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="state directory (else $STEPLABEL_STATE, else ~/.steplabel)",
    )
    parser.add_argument("--json", action="store_true", help="machine-readable answer on stdout")


def run(args: argparse.Namespace) -> int:
    """Show it; where it is refused, list all that it lacks before the refusal."""
    from benchmarks.errors import PolicyRefusal
    from benchmarks.measurements import Period
    from reporting_agent.approved_packs import require_in_effect
    from reporting_agent.commands.lacking import as_text, lacking
    from reporting_agent.config import load_site
    from reporting_agent.console import say
    from reporting_agent.sending.eligibility import require_reportable

    site = load_site(args.site)
    pack = require_reportable(site)
    period = Period.parse(args.period, site.zone)
    require_in_effect(pack, period)
    try:
        return _show(args, site, pack, period)
    except PolicyRefusal:
        for line in as_text(lacking(site, period), args.lang):
            say(line)
        raise


def _show(args: argparse.Namespace, site: SiteSettings, pack: Pack, period: Period) -> int:
    import os

    from benchmarks.catalogue import in_language
    from benchmarks.errors import ExitCode
    from reporting_agent.console import emit, say
    from reporting_agent.pipeline.proposals import undeclared
    from reporting_agent.sending.consent import text
    from reporting_agent.sending.planning import wire_period
    from reporting_agent.state import StateDirectory

    name = wire_period(period, pack.policy)
    state = StateDirectory.locate(args.state, os.environ, Path.home())
    revisions, material = _material(args, site, pack, period, name, state)
    for line in material.differences:
        say(in_language(line, args.lang))
    if material.proposals:
        say(in_language(undeclared(material.proposals), args.lang))
    sealed = [parcel for parcel in revisions if parcel.is_sealed]
    if sealed and not args.correct:
        shown = _sealed(sealed[-1], material, state)
        if not sealed[-1].same_data(*material.digests()):
            say(text(args.lang, "notice.data-changed"))
    else:
        shown = _draft(args.lang, material, state, site.id, name, revisions)
    emit(args, shown.to_json(), shown.to_text(args.lang))
    return ExitCode.DONE


def _material(
    args: argparse.Namespace,
    site: SiteSettings,
    pack: Pack,
    period: Period,
    name: str,
    state: StateDirectory,
) -> tuple[tuple[Parcel, ...], ReportMaterial]:
    """The report's revisions so far, and its material; where earlier years might help, those are
    looked at as well.
    """
    from reporting_agent.sending.kept_reports import Outbox
    from reporting_agent.sending.privacy_ledger import Ledger
    from reporting_agent.sending.report_material import gather

    if not state.exists():
        return (), gather(
            site, pack, period, (), None, pool=args.pool, correct=args.correct, look=True
        )
    with state.connect() as connection:
        revisions = Outbox(connection).revisions(site.id, name)
        return revisions, gather(
            site,
            pack,
            period,
            revisions,
            Ledger(connection),
            pool=args.pool,
            correct=args.correct,
            look=True,
        )


def _sealed(parcel: Parcel, material: ReportMaterial, state: StateDirectory) -> Prospectus:
    from benchmarks.wire import envelope
    from benchmarks.wire.schema import decode_report
    from reporting_agent.sending.planning import missing_carriers
    from reporting_agent.sending.preview import Prospectus
    from reporting_agent.sending.privacy_ledger import Ledger

    assert parcel.plaintext is not None  # noqa: S101  # the database refuses a sealed parcel without both
    assert parcel.envelope is not None  # noqa: S101
    report = decode_report(parcel.plaintext)
    with state.connect() as connection:
        spent = _of_report(Ledger(connection).most_spent(), report.released)
    return Prospectus(
        report,
        envelope.parse(parcel.envelope).header,
        drawn=True,
        state=parcel.state.value,
        pack=material.pack,
        spent_after=spent,
        missing=missing_carriers(material.site_label, material.pack),
    )


def _draft(
    language: Language,
    material: ReportMaterial,
    state: StateDirectory,
    site: str,
    period: str,
    revisions: tuple[Parcel, ...],
) -> Prospectus:
    """The next report as it would be made; refuses what `submit` would refuse, without spending."""
    from benchmarks.errors import PolicyRefusal
    from benchmarks.wire.schema import DIGEST_BYTES, Header
    from reporting_agent.console import say
    from reporting_agent.sending import enrolment
    from reporting_agent.sending.consent import offer_lines
    from reporting_agent.sending.kept_reports import Outbox
    from reporting_agent.sending.planning import FIRST_REVISION, Subject, missing_carriers
    from reporting_agent.sending.preview import Prospectus
    from reporting_agent.sending.privacy_ledger import Ledger, most_by_year
    from reporting_agent.sending.revisions import refuse_another_cut
    from reporting_agent.software import SOFTWARE

    bound = [parcel for parcel in revisions if parcel.is_bound]
    try:
        planned = material.plan(Subject(site, period, FIRST_REVISION, False))
    except PolicyRefusal:
        for line in offer_lines(language, material.gains, material.pack):
            say(line)
        raise
    begun = next((parcel for parcel in revisions if not parcel.is_bound), None)
    if (
        bound
        and not bound[-1].is_sealed
        and bound[-1].same_data(planned.data_digest, planned.method_digest)
    ):
        begun = bound[-1]
        planned = planned.under(begun.revision, correction=begun.correction)
    elif bound:
        planned = planned.under(bound[-1].revision + 1, correction=True)
    revision = planned.subject.revision
    header, debits = None, planned.debits()
    spent = most_by_year(debits)
    if state.exists():
        with state.connect() as connection:
            refuse_another_cut(planned, Outbox(connection).all())
            ledger = Ledger(connection)
            debits = ledger.settle(debits, material.batches)
            ledger.check(debits, parcel=planned.subject.parcel, rules=planned.pack.policy)
            spent = ledger.most_spent(debits)
            enrolled = enrolment.current(connection)
        if enrolled is not None and enrolled.device_id is not None:
            header = Header(site, period, revision, "", enrolled.device_id, 0)
    report = planned.report(
        planned.drafts(),
        software=SOFTWARE,
        **dict.fromkeys(("data_root", "challenge", "salt"), bytes(DIGEST_BYTES)),
    )
    return Prospectus(
        report,
        header,
        drawn=False,
        state="planned" if begun is None else begun.state.value,
        pack=material.pack,
        spent_after=_of_report(spent, report.released),
        missing=missing_carriers(material.site_label, material.pack),
        counted=planned.counted(),
        offered=material.gains,
    )


def _of_report(
    spent: Mapping[tuple[str, int], Fraction], released: ReleasedReport
) -> dict[tuple[str, int], Fraction]:
    """What the report's own steps stand at, in the years that its labels cover."""
    from reporting_agent.sending.consent import years_of

    covered = {
        (label.step, year)
        for label in released.labels
        for year in years_of(released.period, label.years)
    }
    return {key: most for key, most in spent.items() if key in covered}
