"""`steplabel-agent practices`: `fetch` takes the signed library of practices from the portal; `outcome` writes what one of them did here.

Neither tells anything of the plant: the file of an outcome holds a class, and a person hands it in, or does not.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase
from reporting_agent.commands import add_connection, add_language, add_site, portal_at

if TYPE_CHECKING:
    from benchmarks.guidance.practices import Practice
    from reporting_agent.config import Site
    from reporting_agent.savings import Action


def add_parser(sub: Any) -> None:
    parser = sub.add_parser("practices", help="take the portal's signed practices, and write what one of them saved here")
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    fetch = acts.add_parser("fetch", help="take the newest edition, verify signature and log entry, keep it; tells nothing")
    add_connection(fetch)
    outcome = acts.add_parser(
        "outcome", help="verify an action that follows a practice, and write its class as a signed file; sends nothing"
    )
    outcome.add_argument("action", metavar="ACTION", help="the id of an action in actions.toml that names its practice")
    add_site(outcome)
    outcome.add_argument("--today", type=date.fromisoformat, metavar="DAY", help="take data before this day (default: today)")
    outcome.add_argument("--out", type=Path, metavar="FILE", help="where the file goes (default: practice-outcome-ACTION.json)")
    for act in (fetch, outcome):
        act.add_argument("--state", type=Path, metavar="DIR", help="state directory (else $STEPLABEL_STATE, else ~/.steplabel)")
        add_language(act, "the answer")
        act.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="machine-readable answer on stdout")


def run(args: argparse.Namespace) -> int:
    return _fetch(args) if args.act == "fetch" else _outcome(args)


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
            head = log_heads.look(connection, identity, portal, Outbox(connection).all(), datetime.now(UTC)).head
            found = fetch(state.path, portal, identity.directory.receipt_keys(), head)
    if found is None:
        emit(args, {"portal": identity.portal, "edition": None}, in_language(Phrase("The portal has published no practice."), args.lang))
        return 0
    line = Phrase(
        "Edition %(edition)s of %(day)s with %(practices)s practices: verified and saved. The next local report names those that fit.",
        edition=found.edition,
        day=found.published_on,
        practices=found.practices,
    )
    payload = {"portal": identity.portal, "edition": found.number, "practices": int(found.practices), "published_on": found.published_on}
    emit(args, {**payload, "file": str(state.path / FILE)}, in_language(line, args.lang))
    return 0


def _outcome(args: argparse.Namespace) -> int:
    import json
    import os
    from datetime import UTC, datetime

    from benchmarks.catalogue import in_language
    from benchmarks.errors import InputError
    from benchmarks.guidance.outcomes import Outcome
    from benchmarks.wire import outcomes
    from reporting_agent.commands import asking
    from reporting_agent.console import emit
    from reporting_agent.report import writing
    from reporting_agent.savings import Actions, load_actions, verified
    from reporting_agent.sending import enrolment
    from reporting_agent.state import StateDirectory

    site = asking.recognised_site(args)
    action, practice = _named(site, args.action, load_actions(site).actions)
    state = StateDirectory.locate(args.state, os.environ, Path.home())
    with state.exclusive(), state.connect() as connection:
        identity = enrolment.identity(state, connection, site.id)
    (told,), _data = verified(site, Actions(actions=(action,)), args.today or datetime.now(UTC).astimezone(site.zone).date())
    if told.share is None:
        raise InputError(
            "outcome-not-told",
            Phrase("What this action saved is not known, so there is nothing to report. %(why)s", why=told.why or ""),
            "See `steplabel-agent savings`. docs/savings.md explains when no saving is stated, and what to do.",
            found=action.id,
        )
    found = outcomes.SiteOutcome(
        portal=identity.fingerprint,
        site=site.id,
        practice=practice.id,
        version=str(practice.version),
        outcome=Outcome.of(*told.share).value,
        year=str(told.day[-1].year),
    )
    document = outcomes.sign(found, identity.device_key)
    file = args.out or Path(f"practice-outcome-{action.id}.json")
    writing.write_json(file, document)
    page = f"{identity.portal}/practices/{practice.id}/outcome/"
    lines = (
        json.dumps(document, ensure_ascii=False, indent=2),
        Phrase("“%(practice)s”: %(outcome)s.", practice=practice.words, outcome=Outcome(found.outcome).words),
        Phrase(
            "That is all that %(file)s contains. The saving, its interval, energy, output and days stay here.",
            file=file,
        ),
        Phrase("Nothing was sent. The firm's manager decides whether to submit the file, on %(page)s", page=page),
    )
    emit(args, {"outcome": document, "file": str(file), "hand_in_at": page}, "\n".join(in_language(line, args.lang) for line in lines))
    return 0


def _named(site: Site, wanted: str, actions: tuple[Action, ...]) -> tuple[Action, Practice]:
    """The action, and the practice of this sector that it follows."""
    from benchmarks.errors import InputError
    from benchmarks.guidance.practices import Library

    action = next((one for one in actions if one.id == wanted), None)
    if action is None:
        raise InputError(
            "action-unknown",
            Phrase("There is no action %(action)s in actions.toml.", action=wanted),
            "Give the id of one of its actions.",
            found=wanted,
            wanted=", ".join(one.id for one in actions),
        )
    if action.practice is None:
        raise InputError(
            "action-without-practice",
            Phrase("The action %(action)s does not name the practice that it follows.", action=wanted),
            'Write practice = "ID" into its table in actions.toml. The ID is in the address of the practice’s page and in the list.',
            found=wanted,
        )
    of_sector = [one for one in Library.held().practices if one.sector == site.site.pack]
    practice = next((one for one in of_sector if one.id == action.practice), None)
    if practice is None:
        raise InputError(
            "practice-unknown",
            Phrase("No practice of this sector is called %(practice)s here.", practice=action.practice),
            "Correct the id in actions.toml, or fetch the newest library first (`steplabel-agent practices fetch`).",
            found=action.practice,
        )
    return action, practice
