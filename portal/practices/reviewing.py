"""Offer, import, edit, publish, refuse or withdraw a practice; each change of the library is signed
and logged as a new edition.

What the library says was read by two people of a nation's regulators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from benchmarks.guidance.practices import Library
from benchmarks.phrases import Phrase, enumerated
from benchmarks.wire import documents, logged
from benchmarks.wire.documents import LibraryEdition, sha256
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.signing import ReceiptKey
from portal.accounts.audience import people_of_firms, regulators_of_nations
from portal.accounts.models import Organisation, Role, User
from portal.accounts.selectors import organisations_as
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.governance.selectors import may_decide
from portal.notifications.kinds import NoticeKind
from portal.notifications.telling import tell
from portal.practices.entry_texts import lacking
from portal.practices.given_away import gives_away
from portal.practices.models import Edition, Entry, EntryState
from portal.practices.revisions import require_as_read, write, wrote_in
from portal.practices.selectors import firms_to_offer_for, of_this_portal, speaks_for
from portal.problems import RefusedError
from portal.translog import log
from portal.whole_text import whole_text

WAITING = (EntryState.OFFERED, EntryState.REVIEWED)
COLLECTED = "collected-"
"""Begins the name of each practice of a firm, and of no other."""


def offer(
    by: User, organisation: int, content: Mapping[str, str], *, named: bool, now: datetime
) -> Entry:
    """A firm's own practice, with its consent. The same again while it waits, as of a form sent
    twice, is the same one.

    Raises:
        RefusedError: `not-of-the-firm` (403), `practice-gives-away` (409).
    """
    firm = firms_to_offer_for(by).filter(pk=organisation).first()
    if firm is None:
        raise not_of_the_firm()
    _require_safe(content)
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=firm.pk)  # one offer of a firm at a time
        sent = Entry.objects.filter(
            organisation=firm, named=named, state__in=WAITING, revisions__content=dict(content)
        ).first()
        if sent is not None:
            return sent
        row = Entry.objects.create(
            content=dict(content),
            organisation=firm,
            named=named,
            consented_by=by,
            consented_at=now,
            written_at=now,
            state=EntryState.OFFERED,
        )
        row.practice = f"{COLLECTED}{row.pk}"
        row.save(update_fields=["practice"])
        write(row, by, now)
        record(now, by.email, Action.PRACTICE_OFFERED, subject_of(row))
        _tell(NoticeKind.PRACTICE_WAITS, row, regulators_of_nations(), by, now)
    return row


def import_list(by: User, contents: Mapping[str, Mapping[str, str]], now: datetime) -> list[Entry]:
    """Practices of a published list by their ids, all or none; a second person publishes them.

    Raises:
        RefusedError: `not-regulator` (403); `practice-collected`, `practice-waits` (409).
    """
    _require_regulator(by)
    if reserved_id := next(
        (practice for practice in contents if practice.startswith(COLLECTED)), None
    ):
        raise RefusedError(
            409,
            "practice-collected",
            Phrase(
                "The id %(practice)s is kept for a practice of a firm; a list cannot use it.",
                practice=reserved_id,
            ),
            "Give the list's own practice another id.",
        )
    with transaction.atomic():
        rows = [
            _create(Entry(practice=practice, content=dict(content), written_at=now), by, now)
            for practice, content in contents.items()
        ]
        for row in rows:
            write(row, by, now)
            record(now, by.email, Action.PRACTICE_IMPORTED, subject_of(row))
        if rows:
            _tell(NoticeKind.PRACTICE_WAITS, rows[0], regulators_of_nations(), by, now)
    return rows


def edit(
    entry: Entry, read_against: str, by: User, content: Mapping[str, str], now: datetime
) -> Entry:
    """A firm corrects what nobody has reviewed; a regulator edits what waits, or writes the next
    version of what is published. `read_against` is `revisions.as_read` of what was open.

    Raises:
        RefusedError: `not-of-the-firm`, `not-regulator` (403); `practice-changed`,
            `practice-decided`, `practice-gives-away`, `practice-waits` (409).
    """
    with transaction.atomic():
        row = Entry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
        if not may_decide(by) and not speaks_for(by, row):
            raise not_of_the_firm()
        if (sent := _sent_before(row, by, content)) is not None:
            return sent
        require_as_read(read_against, row)
        if row.organisation_id is not None:
            _require_safe(content)
        if row.state == EntryState.OFFERED and not may_decide(by):
            row.content, row.written_at = dict(content), now
            row.save(update_fields=["content", "written_at"])
        else:
            _require_regulator(by)
            if row.state == EntryState.PUBLISHED:
                row = _create(_next(row, content, now), by, now)
            elif row.state in WAITING:
                row.content, row.state = dict(content), EntryState.REVIEWED
                row.reviewed_by, row.reviewed_at, row.reviewer = by, now, _agency(by)
                row.save(
                    update_fields=["content", "state", "reviewed_by", "reviewed_at", "reviewer"]
                )
            else:
                raise _decided()
            _tell(NoticeKind.PRACTICE_WAITS, row, regulators_of_nations(), by, now)
            _tell(NoticeKind.PRACTICE_DECIDED, row, _firm(row), by, now, event="edited")
        write(row, by, now)
        record(now, by.email, Action.PRACTICE_EDITED, subject_of(row))
    return row


def publish(
    entries: Sequence[Entry], read_against: str, by: User, key: ReceiptKey, now: datetime
) -> list[Entry]:
    """A second person publishes what a first reviewed, as it was read: a new edition of the library
    is signed and logged. `read_against` is `revisions.as_read` of them all.

    Raises:
        RefusedError: `not-regulator` (403); `own-review`, `practice-changed`, `practice-decided`,
            `practice-incomplete` (409).
    """
    _require_regulator(by)
    with transaction.atomic():
        wanted = [entry.pk for entry in entries]
        rows = list(
            Entry.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk")
        )
        require_as_read(read_against, *rows)
        for row in rows:
            _require_ready(row, by)
            Entry.objects.filter(practice=row.practice, state=EntryState.PUBLISHED).update(
                state=EntryState.REPLACED
            )
            row.state, row.published_by, row.published_at = EntryState.PUBLISHED, by, now
            row.save(update_fields=["state", "published_by", "published_at"])
            record(now, by.email, Action.PRACTICE_PUBLISHED, subject_of(row))
            _tell(NoticeKind.PRACTICE_DECIDED, row, _firm(row), by, now, event=EntryState.PUBLISHED)
        new_edition(key, now)
    return rows


def end(
    entry: Entry, read_against: str, by: User, reason: str, key: ReceiptKey, now: datetime
) -> Entry:
    """Refuse what waits as it was read, or withdraw what is published, with a reason; the firm
    withdraws its own at any time, whatever it says, and with what is published the next version
    that waits: both stand on one consent.

    Raises:
        RefusedError: `not-regulator` (403); `practice-changed`, `practice-decided` (409).
    """
    with transaction.atomic():
        # the newest first, as `publish` locks what waits before what it replaces
        rows = list(
            Entry.objects.select_for_update(of=("self",))
            .filter(practice=entry.practice)
            .order_by("-pk")
        )
        row = next(version for version in rows if version.pk == entry.pk)
        own = speaks_for(by, row)
        if not own:
            _require_regulator(by)
        if row.state not in (*WAITING, EntryState.PUBLISHED):
            raise _decided()
        if not own:
            require_as_read(read_against, row)
        published = row.state == EntryState.PUBLISHED
        _end(row, EntryState.WITHDRAWN if own or published else EntryState.REFUSED, by, reason, now)
        if own and published:
            for waits in (version for version in rows if version.state in WAITING):
                _end(waits, EntryState.WITHDRAWN, by, reason, now)
        if published:
            new_edition(key, now)
    return row


def subject_of(row: Entry) -> str:
    """How the audit record names it."""
    return f"practice {row.practice}/{row.version}"


def new_edition(key: ReceiptKey, now: datetime) -> None:
    """The library as it stands now, signed and logged. In the transaction of what changed it."""
    head = log.lock()  # whoever makes an edition is alone in it
    library, last = of_this_portal(), Edition.objects.first()
    number, text = (last.number if last else 0) + 1, library.model_dump_json()
    edition = LibraryEdition(
        str(number), str(len(library.practices)), sha256(text), log.day_of(now).isoformat()
    )
    index = log.append(head, EntryKind.PRACTICES, logged.practices(edition).hex(), now)
    Edition.objects.create(
        number=number,
        library=text,
        document=documents.sign_library(edition, key),
        log_index=index,
        at=now,
    )


def _end(row: Entry, state: EntryState, by: User, reason: str, now: datetime) -> None:
    row.state, row.ended_by, row.ended_at, row.ended_reason = state, by, now, whole_text(reason)
    row.save(update_fields=["state", "ended_by", "ended_at", "ended_reason"])
    action = Action.PRACTICE_WITHDRAWN if state == EntryState.WITHDRAWN else Action.PRACTICE_REFUSED
    record(now, by.email, action, subject_of(row), row.ended_reason)
    _tell(
        NoticeKind.PRACTICE_DECIDED,
        row,
        (*_firm(row), *regulators_of_nations()),
        by,
        now,
        event=state,
    )


def _create(row: Entry, by: User, now: datetime) -> Entry:
    """As reviewed by this person, in the version after the newest. Raises RefusedError
    `practice-waits`.
    """
    newest = (
        Entry.objects.filter(practice=row.practice)
        .order_by("-version")
        .values_list("version", flat=True)
        .first()
    )
    coming = any(practice.id == row.practice for practice in Library.held().practices)
    row.version = (newest or int(coming)) + 1
    row.state, row.reviewed_by, row.reviewed_at, row.reviewer = (
        EntryState.REVIEWED,
        by,
        now,
        _agency(by),
    )
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as waits:
        raise RefusedError(
            409,
            "practice-waits",
            Phrase(
                "A version of the practice %(practice)s is already waiting.", practice=row.practice
            ),
            "Publish or refuse that one first.",
        ) from waits
    return row


def _sent_before(row: Entry, by: User, content: Mapping[str, str]) -> Entry | None:
    """What waits and says this since the same person saved it: the form sent twice."""
    waits = Entry.objects.filter(practice=row.practice, state__in=WAITING).first()
    last = waits.revisions.last() if waits is not None else None
    return (
        waits
        if last is not None and last.written_by_id == by.pk and last.content == dict(content)
        else None
    )


def _next(row: Entry, content: Mapping[str, str], now: datetime) -> Entry:
    return Entry(
        practice=row.practice,
        content=dict(content),
        organisation=row.organisation,
        named=row.named,
        consented_by=row.consented_by,
        consented_at=row.consented_at,
        written_at=now,
    )


def _require_ready(row: Entry, by: User) -> None:
    if row.state != EntryState.REVIEWED:
        raise _decided()
    if wrote_in(row, by):
        raise RefusedError(
            409,
            "own-review",
            "You have written, edited or imported this or a part of it.",
            "A second person publishes it.",
        )
    if missing := list(lacking(row.content, imported=row.organisation_id is None)):
        raise RefusedError(
            409,
            "practice-incomplete",
            Phrase(
                "Before it can be published, the entry must contain: %(fields)s.",
                fields=enumerated(missing),
            ),
            "Edit it; then a second person publishes it.",
        )


def _require_safe(content: Mapping[str, str]) -> None:
    if gives_away(content):
        raise RefusedError(
            409,
            "practice-gives-away",
            "This could reveal the firm's energy per unit: it contains an amount or a share of "
            "energy, or a saving as one figure.",
            (
                "Do not write an amount or a share of energy or power. Give the saving as a range "
                "whose high end is at least 1.2 times "
                "its low end."
            ),
        )


def _require_regulator(by: User) -> None:
    if not may_decide(by):
        raise not_regulator()


def not_regulator() -> RefusedError:
    return RefusedError(
        403,
        "not-regulator",
        "You are not a national regulator.",
        "The library applies to the whole nation: ask one of its regulators.",
    )


def not_of_the_firm() -> RefusedError:
    return RefusedError(
        403,
        "not-of-the-firm",
        "You do not act for this firm.",
        "Ask the firm's manager in the portal.",
    )


def _decided() -> RefusedError:
    return RefusedError(
        409, "practice-decided", "This version has already been decided.", "Write the next version."
    )


def _agency(by: User) -> str:
    return str(organisations_as(by, Role.REGULATOR).values_list("name", flat=True).first() or "")


def _firm(row: Entry) -> tuple[int, ...]:
    return people_of_firms((row.organisation_id,)) if row.organisation_id is not None else ()


def _tell(
    kind: NoticeKind, row: Entry, people: Sequence[int], by: User, now: datetime, *, event: str = ""
) -> None:
    """Whoever did it is not told. `event`: which of those that the kind covers happened."""
    en, zh = (str(row.content.get(f"title_{language}", "")) for language in ("en", "zh"))
    facts = {"practice": en or zh, "practice_zh": zh, "event": str(event)}
    tell(kind, set(people) - {by.pk}, "web:practice-entry", {"entry": row.pk}, facts, now)
