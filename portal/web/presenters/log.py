"""The transparency log in the reader's words: an entry with what proves it, and the witnesses who
cosign its heads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from benchmarks.wire.canonical import decode
from benchmarks.wire.logged import EntryKind
from portal.translog.selectors import EntryView, HeadView
from portal.translog.witnesses import WitnessView
from portal.web.viewmodels.shared import HeadlineFigure, Item
from portal.web.words.terms import moment_in_words


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """One entry with what proves it under the head of the page."""

    title: str
    items: tuple[Item, ...]
    proof: tuple[str, ...]  # hashes, the nearest first
    proof_url: str


@dataclass(frozen=True, slots=True)
class WitnessRow:
    """Who cosigns heads of the log, and what they cosigned last."""

    name: str
    at: str
    size: str


@dataclass(frozen=True, slots=True)
class LogPage:
    figures: tuple[HeadlineFigure, ...]
    head: tuple[Item, ...]
    witnesses: tuple[WitnessRow, ...]
    required: str
    entry: LoggedEntry | None


KINDS: Mapping[EntryKind, Promise] = {
    EntryKind.COMMITMENT: gettext_lazy("Commitment of a site to its data"),
    EntryKind.ENVELOPE: gettext_lazy("Sealed report"),
    EntryKind.VALUES: gettext_lazy("Protected values of an accepted report"),
    EntryKind.DEVICE_KEY: gettext_lazy("Key of a site’s agent"),
    EntryKind.KEY_DIRECTORY: gettext_lazy("Key directory of the portal"),
    EntryKind.KEY_DESTROYED: gettext_lazy("Key that was destroyed"),
    EntryKind.LOG_RESTART: gettext_lazy("Restart of this log after a restore"),
    EntryKind.ATTESTATION: gettext_lazy("Attestation of an auditor"),
    EntryKind.ATTESTATION_WITHDRAWN: gettext_lazy("Withdrawal of an attestation"),
    EntryKind.AUDIT_BEACON: gettext_lazy(
        "Random bytes of this portal, from which a sample is drawn"
    ),
    EntryKind.AUDIT_PROMISE: gettext_lazy("Promise of an auditor before a sample is drawn"),
    EntryKind.PUBLICATION: gettext_lazy("Publication of a version"),
    EntryKind.PUBLICATION_WITHDRAWN: gettext_lazy("Withdrawal of a version"),
    EntryKind.PACK: gettext_lazy("Approved version of a method pack"),
    EntryKind.BEST_GROUP: gettext_lazy("Composition of the best firms"),
    EntryKind.PRACTICES: gettext_lazy("Edition of the library of practices"),
}


def log_page(
    head: HeadView,
    witnesses: Sequence[WitnessView],
    required: int,
    days: int,
    entry: tuple[EntryView, list[bytes]] | None,
) -> LogPage:
    last = moment_in_words(datetime.fromtimestamp(head.at, UTC)) if head.size else _("nothing yet")
    return LogPage(
        figures=(
            HeadlineFigure(
                _("Entries"),
                f"{head.size:,}",
                "",
                _("counted from 0; none is ever changed or removed"),
                "best",
            ),
            HeadlineFigure(_("Last entry"), last, "", _("the head is signed as of this time")),
        ),
        head=(
            Item(_("Root"), head.root.hex()),
            Item(_("Signature"), _signature(head.signed)),
            Item(pgettext("not of a chart", "Key"), head.key_id),
        ),
        witnesses=tuple(
            WitnessRow(
                witness.name,
                moment_in_words(witness.at) if witness.at else _("not yet"),
                "—" if witness.size is None else f"{witness.size:,}",
            )
            for witness in witnesses
        ),
        required=_(
            "An agent asks for %(required)s of these cosignatures, none older than %(days)s days."
        )
        % {"required": required, "days": days},
        entry=_entry(head, *entry) if entry else None,
    )


def _entry(head: HeadView, view: EntryView, proof: list[bytes]) -> LoggedEntry:
    return LoggedEntry(
        title=_("Entry %(n)s") % {"n": f"{view.index:,}"},
        items=(
            Item(_("Kind"), str(KINDS[EntryKind(view.kind)])),
            Item(_("Logged on"), view.on.isoformat()),
            Item(_("Object"), view.logged.hex()),
            Item(_("Hash of the leaf"), view.leaf_hash.hex()),
        ),
        proof=tuple(node.hex() for node in proof),
        proof_url=f"{reverse('api:log-inclusion')}?index={view.index}&size={head.size}",
    )


def _signature(signed: bytes) -> str:
    content = decode(signed)
    signature = content["signature"] if isinstance(content, dict) else b""
    return signature.hex() if isinstance(signature, bytes) else ""
