"""`steplabel-agent practices`: `fetch` takes the signed library of practices from the portal;
`outcome` writes what one of them did here, and `confirm` is an auditor's who finds the same.

None tells anything of the plant: the file of an outcome holds a class, and a person hands it in, or
does not.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks.phrases import Phrase, in_number
from reporting_agent.command_parser import day
from reporting_agent.commands import add_connection, add_language, add_site, portal_at
from reporting_agent.commands.audit import add_keys, load_keys


def add_parser(sub: Any) -> None:
    parser = sub.add_parser(
        "practices",
        help="take the portal's signed practices, and write what one of them saved here",
    )
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    fetch = acts.add_parser(
        "fetch",
        help="take the newest edition, verify signature and log entry, keep it; tells the portal "
        "nothing",
    )
    add_connection(fetch)
    outcome = acts.add_parser(
        "outcome",
        help="verify an action that follows a practice, and write its class as a signed file; "
        "sends nothing",
    )
    outcome.add_argument(
        "action",
        metavar="ACTION",
        help="the id of an action in actions.toml that names its practice",
    )
    add_site(outcome)
    outcome.add_argument(
        "--today", type=day, metavar="DAY", help="take data before this day (default: today)"
    )
    outcome.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where the file goes (default: practice-outcome-ACTION.json)",
    )
    confirm = acts.add_parser(
        "confirm",
        help="for an auditor: verify the action again in the plant's records, and sign the "
        "outcome file where the class is the same",
    )
    confirm.add_argument(
        "told", type=Path, metavar="FILE", help="the outcome file that the plant's agent wrote"
    )
    confirm.add_argument("action", metavar="ACTION", help="the id of the action in actions.toml")
    add_site(confirm)
    add_keys(confirm)
    confirm.add_argument(
        "--today", type=day, metavar="DAY", help="take data before this day (default: today)"
    )
    confirm.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where the confirmed file goes (default: FILE itself)",
    )
    for act in (fetch, outcome, confirm):
        act.add_argument(
            "--state",
            type=Path,
            metavar="DIR",
            help="state directory (else $STEPLABEL_STATE, else ~/.steplabel)",
        )
        add_language(act)
        act.add_argument(
            "--json",
            action="store_true",
            default=argparse.SUPPRESS,
            help="machine-readable answer on stdout",
        )


def run(args: argparse.Namespace) -> int:
    return {"fetch": _fetch, "outcome": _outcome, "confirm": _confirm}[args.act](args)


def _fetch(args: argparse.Namespace) -> int:
    import os
    from datetime import UTC, datetime

    from benchmarks.catalogue import in_language
    from reporting_agent.console import emit
    from reporting_agent.sending import enrolment, log_heads
    from reporting_agent.sending.kept_reports import Outbox
    from reporting_agent.signed_library import FILE, fetch
    from reporting_agent.state import StateDirectory

    state = StateDirectory.locate(args.state, os.environ, Path.home())
    with state.exclusive(), state.connect() as connection:
        enrolled = enrolment.current(connection)
        identity = enrolment.identity(state, connection, (enrolled and enrolled.site) or "")
        with portal_at(args, identity.portal) as portal:
            identity = enrolment.renew_directory(connection, identity, portal.directory())
            head = log_heads.look(
                connection, identity, portal, Outbox(connection).all(), datetime.now(UTC)
            ).head
            edition = fetch(state.path, portal, identity.directory.receipt_keys(), head)
    if edition is None:
        emit(
            args,
            {"portal": identity.portal, "edition": None},
            in_language(Phrase("The portal has published no practice."), args.lang),
        )
        return 0
    line = in_number(
        int(edition.practices),
        "Edition %(edition)s of %(day)s with %(practices)s practice: verified and saved. The next "
        "local report names it where it fits.",
        "Edition %(edition)s of %(day)s with %(practices)s practices: verified and saved. The "
        "next local report names those that fit.",
        edition=edition.edition,
        day=edition.published_on,
        practices=edition.practices,
    )
    payload = {
        "portal": identity.portal,
        "edition": edition.number,
        "practices": int(edition.practices),
        "published_on": edition.published_on,
    }
    emit(args, {**payload, "file": str(state.path / FILE)}, in_language(line, args.lang))
    return 0


def _outcome(args: argparse.Namespace) -> int:
    import json
    import os

    from benchmarks.catalogue import in_language
    from benchmarks.wire import outcomes
    from reporting_agent.config import load_site
    from reporting_agent.console import emit
    from reporting_agent.report import writing
    from reporting_agent.savings.practice_outcome import outcome_of
    from reporting_agent.sending import enrolment
    from reporting_agent.state import StateDirectory

    site = load_site(args.site)
    verified = outcome_of(site, args.action, args.today)
    state = StateDirectory.locate(args.state, os.environ, Path.home())
    with state.exclusive(), state.connect() as connection:
        identity = enrolment.identity(state, connection, site.id)
    site_outcome = outcomes.SiteOutcome(
        portal=identity.fingerprint,
        site=site.id,
        practice=verified.practice.id,
        version=str(verified.practice.version),
        outcome=verified.outcome.value,
        year=verified.year,
    )
    document = outcomes.sign(site_outcome, identity.device_key)
    file = args.out or Path(f"practice-outcome-{args.action}.json")
    writing.write_json(file, document)
    page = f"{identity.portal}/practices/{verified.practice.id}/outcome/"
    lines = (
        json.dumps(document, ensure_ascii=False, indent=2),
        Phrase(
            "“%(practice)s”: %(outcome)s.",
            practice=verified.practice.words,
            outcome=verified.outcome.words,
        ),
        Phrase(
            "That is all that %(file)s contains. The saving, its interval, energy, output and "
            "days stay here.",
            file=file,
        ),
        Phrase(
            "Nothing was sent. The firm's manager decides whether to submit the file, on %(page)s",
            page=page,
        ),
    )
    emit(
        args,
        {"outcome": document, "file": str(file), "hand_in_at": page},
        "\n".join(in_language(line, args.lang) for line in lines),
    )
    return 0


def _confirm(args: argparse.Namespace) -> int:
    """Nothing of what the plant's agent found is taken over: the class is found again, from the
    records that the auditor has.
    """
    import json
    from datetime import UTC, datetime

    from benchmarks.catalogue import in_language
    from benchmarks.errors import InputError
    from benchmarks.wire import outcomes
    from reporting_agent.audit.openings.files import read_one
    from reporting_agent.config import load_site
    from reporting_agent.console import emit
    from reporting_agent.report import writing
    from reporting_agent.savings.practice_outcome import outcome_of

    site, raw = load_site(args.site), read_one(args.told)
    site_outcome, verified = outcomes.read(raw), outcome_of(site, args.action, args.today)
    if not verified.is_told_by(site_outcome, site.id):
        raise InputError(
            "outcome-differs",
            "The records of the plant give another outcome than the file, so nothing was signed.",
            "Take the same action and the same --today as the plant. If it still differs, the "
            "plant writes the file anew.",
            found=", ".join(
                (site_outcome.site, site_outcome.practice, site_outcome.outcome, site_outcome.year)
            ),
            wanted=", ".join(verified.told_of(site.id)),
        )
    document = outcomes.confirm(
        json.loads(raw), load_keys(args).signing, datetime.now(UTC).astimezone(site.zone).date()
    )
    file = args.out or args.told
    writing.write_json(file, document)
    saving, low, high = (f"{100 * part:.2f}" for part in verified.share)
    line = Phrase(
        "“%(practice)s”: %(outcome)s. Saving %(saving)s %% of the expected energy, 95 %% interval "
        "%(low)s to %(high)s %%; baseline "
        "%(baseline)s, reporting period %(reporting)s. The same class as in the file: signed in "
        "%(file)s, with no figure of these.",
        practice=verified.practice.words,
        outcome=verified.outcome.words,
        saving=saving,
        low=low,
        high=high,
        baseline=verified.result.baseline.name,
        reporting=verified.result.reporting.name,
        file=file,
    )
    emit(
        args,
        {"file": str(file), "outcome": verified.outcome.value, "share": verified.share},
        in_language(line, args.lang),
    )
    return 0
