"""`steplabel-agent pack`: check one, list its numbers with their sources, compare two; fetch those
that an authority approved.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase, enumerated, in_number
from reporting_agent.commands import add_connection, portal_at
from reporting_agent.console import emit, in_terminals_language

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.packs.changed_numbers import NumberChange
    from benchmarks.packs.changes import FieldChange
    from benchmarks.packs.two_labellings import Effect, GradeEffect
    from benchmarks.routes import Pack


STATUSES = {
    "original-seen": Phrase("original-seen"),
    "transcribed": Phrase("transcribed"),
    "secondary": Phrase("secondary"),
    "assumption": Phrase("assumption"),
    "none": Phrase("none"),
}
"""How a number was read, as a terminal says it."""


def add_parser(sub: Any) -> None:
    parser = sub.add_parser(
        "pack", help="check a pack, list its numbers and sources, compare two; fetch approved ones"
    )
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    check = acts.add_parser(
        "check",
        help="read a pack, check every reference, name each number without a complete source, and "
        "tell what a good pack does otherwise",
    )
    numbers = acts.add_parser(
        "numbers",
        help="every number of a pack and of its conversion factors, with source and status",
    )
    for act in (check, numbers):
        act.add_argument(
            "pack",
            metavar="PACK",
            help="an id (steel), an id and version (steel@1), or the path of a .toml file",
        )
    diff = acts.add_parser(
        "diff",
        help="which numbers and fields differ between two packs, and which labels and grades of a "
        "site they move",
    )
    diff.add_argument("old", metavar="OLD", help="as PACK")
    diff.add_argument("new", metavar="NEW", help="as PACK")
    diff.add_argument(
        "--site", metavar="FILE", help="a site.toml whose labels are made by both; sends nothing"
    )
    diff.add_argument(
        "--period", help="2016, 2016-Q1, 2016-05 or 2016-01-01/2016-07-01; needed with --site"
    )
    fetch = acts.add_parser(
        "fetch",
        help="take packs that were approved at the portal, verify signature, digest and log "
        "entry, keep them",
    )
    fetch.add_argument(
        "pack",
        metavar="PACK",
        nargs="?",
        default="",
        help="an id, or an id and version; all that are approved if left out",
    )
    fetch.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="state directory (else $STEPLABEL_STATE, else ~/.steplabel)",
    )
    add_connection(fetch)
    for act in (check, numbers, diff, fetch):
        act.add_argument(
            "--json",
            action="store_true",
            default=argparse.SUPPRESS,
            help="machine-readable answer on stdout",
        )


def run(args: argparse.Namespace) -> int:
    return {"check": _check, "numbers": _numbers, "diff": _diff, "fetch": _fetch}[args.act](args)


def _fetch(args: argparse.Namespace) -> int:
    import os
    from datetime import UTC, datetime

    from benchmarks.errors import InputError
    from reporting_agent.approved_packs import ApprovedShelf, fetch
    from reporting_agent.sending import enrolment, log_heads
    from reporting_agent.sending.kept_reports import Outbox
    from reporting_agent.state import StateDirectory

    state = StateDirectory.locate(args.state, os.environ, Path.home())
    id_, _, version = args.pack.partition("@")
    with state.exclusive(), state.connect() as connection:
        enrolled = enrolment.current(connection)
        identity = enrolment.identity(state, connection, (enrolled and enrolled.site) or "")
        with portal_at(args, identity.portal) as portal:
            identity = enrolment.renew_directory(connection, identity, portal.directory())
            head = log_heads.look(
                connection, identity, portal, Outbox(connection).all(), datetime.now(UTC)
            ).head
            offered = portal.packs()
            wanted = [
                pack
                for pack in offered
                if (not id_ or pack[0] == id_) and (not version or pack[1] == version)
            ]
            if id_ and not wanted:
                raise InputError(
                    "pack-not-approved",
                    "The portal has approved no such pack.",
                    "Name a pack that the portal has approved. Packs that come with Steplabel "
                    "need not be fetched.",
                    found=args.pack,
                    wanted=", ".join("@".join(pack) for pack in offered)
                    or Phrase("none is approved there yet"),
                )
            fetched = [
                fetch(
                    ApprovedShelf.of(state), portal, identity.directory.receipt_keys(), head, *pack
                )
                for pack in wanted
            ]
    payload = [
        {
            "pack": approval.pack,
            "version": approval.version,
            "digest": approval.digest,
            "effective_from": approval.effective_from,
            "corrects": approval.corrects,
            "approved_on": approval.approved_on,
            "file": str(file),
        }
        for approval, file in fetched
    ]
    lines = [
        Phrase(
            "%(pack)s, in effect for periods from %(first)s on%(corrects)s: verified and saved, "
            "digest %(digest)s",
            pack=f"{approval.pack} {approval.version}",
            first=str(approval.effective_from),
            corrects=Phrase(", corrects %(version)s", version=approval.corrects)
            if approval.corrects
            else "",
            digest=approval.digest,
        )
        for approval, _ in fetched
    ]
    none = Phrase("The portal has approved no pack other than those installed.")
    emit(
        args, {"portal": identity.portal, "packs": payload}, in_terminals_language(lines or [none])
    )
    return 0


def named(name: str) -> Pack:
    """The pack of that id, id@version or path. Raises InputError as `packs.load`."""
    from benchmarks import packs

    if name.endswith(".toml"):
        return packs.load(str(Path(name).resolve()))
    id_, _, version = name.partition("@")
    return packs.load(id_, version or None)


def _check(args: argparse.Namespace) -> int:
    from dataclasses import asdict
    from datetime import UTC, datetime

    from benchmarks import pack_remarks, packs
    from benchmarks.packs import provenance
    from benchmarks.packs.checks import read_in_the_future, refuse
    from benchmarks.packs.published_names import impostures

    pack = named(args.pack)
    refuse(
        [*impostures(pack), *read_in_the_future(pack, datetime.now(UTC).astimezone().date())],
        Path(args.pack),
    )
    table = packs.factors(pack)
    every = [*provenance.numbers(pack), *provenance.factors(table)]
    lacking = [number.path for number in every if not number.is_complete]
    advised = list(pack_remarks.remarks(pack))
    by_status: dict[str, int] = {}
    for number in every:
        status = (
            "none"
            if number.source is None or number.source.status is None
            else number.source.status
        )
        by_status[status] = by_status.get(status, 0) + 1
    payload = {
        "pack": pack.id,
        "version": pack.version,
        "digest": packs.digest(pack).hex(),
        "sources_digest": provenance.digest_of_sources(pack),
        "conversion": table.version,
        "numbers": len(every),
        "by_status": by_status,
        "without_complete_source": lacking,
        "remarks": [asdict(remark) for remark in advised],
        "editions_not_held": [edition.standard for edition in pack.editions if not edition.held],
    }
    by = (
        Phrase("%(count)s %(status)s", count=count, status=STATUSES[status])
        for status, count in sorted(by_status.items())
    )
    lines = [
        Phrase(
            "%(pack)s is consistent. Digest %(digest)s",
            pack=f"{pack.id} {pack.version}",
            digest=packs.digest(pack).hex(),
        ),
        Phrase(
            "conversion factors %(version)s, digest %(digest)s",
            version=table.version,
            digest=table.digest.hex(),
        ),
        Phrase(
            "its numbers and how each was read, digest %(digest)s",
            digest=provenance.digest_of_sources(pack),
        ),
        Phrase("%(count)s numbers: %(by)s", count=len(every), by=enumerated(by)),
        *(Phrase("  no complete source: %(place)s", place=path) for path in lacking),
        *(
            Phrase(
                "  please check: %(place)s: found %(found)s; advised %(wanted)s",
                place=fault.place,
                found=fault.found,
                wanted=fault.wanted,
            )
            for fault in advised
        ),
        *(
            Phrase(
                "  in force and not in this pack: %(standard)s: %(looked)s",
                standard=edition.standard,
                looked=edition.looked,
            )
            for edition in pack.editions
            if not edition.held
        ),
    ]
    emit(args, payload, in_terminals_language(lines))
    return 0


def _numbers(args: argparse.Namespace) -> int:
    from benchmarks import packs
    from benchmarks.packs import provenance

    pack = named(args.pack)
    every = [*provenance.numbers(pack), *provenance.factors(packs.factors(pack))]
    rows = [
        {
            "place": number.path,
            "role": number.role.value,
            "value": number.value,
            "unit": number.unit,
            "clause": number.clause,
            "moves": provenance.MOVES[number.role],
            "source": None if number.source is None else number.source.model_dump(mode="json"),
        }
        for number in every
    ]
    lines = [
        "\t".join(
            (
                number.path,
                number.value,
                number.unit,
                in_terminals_language(
                    [STATUSES[(number.source.status if number.source else None) or "none"]]
                ),
                number.source.text if number.source else "",
                in_terminals_language([provenance.MOVES[number.role]]),
            )
        )
        for number in every
    ]
    emit(args, {"pack": pack.id, "version": pack.version, "numbers": rows}, "\n".join(lines))
    return 0


def _diff(args: argparse.Namespace) -> int:
    from benchmarks import packs
    from benchmarks.errors import UsageError
    from benchmarks.packs import consequences
    from benchmarks.packs.changed_numbers import changed_numbers
    from benchmarks.packs.changes import changes

    if bool(args.site) is not bool(args.period):
        raise UsageError(
            "site-without-period", "--site and --period go together.", "Give both, or neither."
        )
    old, new = named(args.old), named(args.new)
    numbers, fields = changed_numbers(old, new), changes(old, new)
    labels_move, grades_move = (
        consequences.labels_move(old, new),
        consequences.grades_move(old, new),
    )
    labels, grades = _moved(args, old, new) if args.site else (None, None)
    versions = [
        {
            "pack": pack.id,
            "version": pack.version,
            "effective_from": pack.effective_from.isoformat(),
            "digest": packs.digest(pack).hex(),
        }
        for pack in (old, new)
    ]
    payload = {
        "old": versions[0],
        "new": versions[1],
        "numbers": [change.to_json() for change in numbers],
        "fields": [change.to_json() for change in fields],
        "labels_move": [move.to_json() for move in labels_move],
        "grades_move": [move.to_json() for move in grades_move],
        "labels": None if labels is None else [effect.to_json() for effect in labels],
        "grades": None if grades is None else [effect.to_json() for effect in grades],
    }
    lines: list[str] = [
        Phrase("%(name)s differs: %(before)s -> %(after)s", name=name, before=before, after=after)
        for name, before in versions[0].items()
        if before != (after := versions[1][name])
    ]
    lines += _part(
        len(numbers),
        Phrase("numbers differ"),
        (_change(number.path, number.before, number.after) for number in numbers),
    )
    others = [field for field in fields if not any(_is_number(field, number) for number in numbers)]
    lines += _part(len(others), Phrase("other fields differ"), (_field(field) for field in others))
    if labels is None and labels_move:
        lines += [
            Phrase(
                "Labels change; the pack alone does not show by how much (--site shows it for a "
                "site):"
            )
        ]
        lines += [move.as_text() for move in labels_move]
    lines += _part(
        len(grades_move),
        Phrase("levels of limits differ"),
        (move.as_text() for move in grades_move),
    )
    if labels is not None and grades is not None:
        lines += _part(
            len(labels), Phrase("labels of the site change"), (label.as_text() for label in labels)
        )
        lines += _part(
            len(grades),
            Phrase("grades of the site's steps change"),
            (grade.as_text() for grade in grades),
        )
    emit(args, payload, in_terminals_language(lines))
    return 0


def _moved(
    args: argparse.Namespace, old: Pack, new: Pack
) -> tuple[list[Effect], list[GradeEffect]]:
    from datetime import UTC, datetime

    from benchmarks.packs.two_labellings import moved_grades, moved_labels
    from reporting_agent.changes.questioned_label import labelled
    from reporting_agent.config import load_site

    site = load_site(args.site)
    before, after = (
        labelled(
            site, args.period, datetime.now(UTC), pack=pack, for_others=True
        ).result.site_label.steps
        for pack in (old, new)
    )
    return moved_labels(before, after), moved_grades(before, after)


def _part(count: int, what: Phrase, lines: Iterable[str]) -> list[str]:
    head = (
        Phrase("%(count)s %(what)s:", count=count, what=what)
        if count
        else Phrase("0 %(what)s.", what=what)
    )
    return [head, *lines]


def _change(path: str, before: str | None, after: str | None) -> Phrase:
    return Phrase(
        "  %(of)s: %(before)s -> %(after)s",
        of=path,
        before=before or Phrase("none"),
        after=after or Phrase("none"),
    )


def _is_number(field: FieldChange, number: NumberChange) -> bool:
    """Whether a field is what a number says already: the same change, at a path that has all parts
    of the number's behind its role.
    """
    path = number.path.rpartition(": ")[2].split(".")
    return (field.before, field.after) == (number.before, number.after) and {*path} <= {
        *field.where
    }


def _field(field: FieldChange) -> str:
    change = _change(" > ".join(field.where), field.before, field.after)
    return (
        in_number(
            field.also,
            "%(change)s (and in %(count)s more place)",
            "%(change)s (and in %(count)s more places)",
            change=change,
            count=field.also,
        )
        if field.also
        else change
    )
