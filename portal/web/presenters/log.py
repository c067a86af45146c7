"""The transparency log in the reader's words: an entry with what proves it, and the witnesses who cosign its heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from benchmarks.wire.canonical import decode
from benchmarks.wire.logged import Kind
from portal.translog.selectors import EntryView, HeadView
from portal.translog.witnesses import WitnessView
from portal.web.viewmodels.shared import Figure, Item
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
    figures: tuple[Figure, ...]
    head: tuple[Item, ...]
    witnesses: tuple[WitnessRow, ...]
    required: str
    entry: LoggedEntry | None


KINDS: Mapping[Kind, Promise] = {
    Kind.COMMITMENT: gettext_lazy("Commitment of a site to its data"),
    Kind.ENVELOPE: gettext_lazy("Sealed report"),
    Kind.VALUES: gettext_lazy("Protected values of an accepted report"),
    Kind.DEVICE_KEY: gettext_lazy("Key of a site’s agent"),
    Kind.KEY_DIRECTORY: gettext_lazy("Key directory of the portal"),
    Kind.KEY_DESTROYED: gettext_lazy("Key that was destroyed"),
    Kind.LOG_RESTART: gettext_lazy("Restart of this log after a restore"),
    Kind.ATTESTATION: gettext_lazy("Attestation of an auditor"),
    Kind.ATTESTATION_WITHDRAWN: gettext_lazy("Withdrawal of an attestation"),
    Kind.AUDIT_BEACON: gettext_lazy("Random bytes of this portal, from which a sample is drawn"),
    Kind.AUDIT_PROMISE: gettext_lazy("Promise of an auditor before a sample is drawn"),
    Kind.PUBLICATION: gettext_lazy("Publication of a version"),
    Kind.PUBLICATION_WITHDRAWN: gettext_lazy("Withdrawal of a version"),
    Kind.PACK: gettext_lazy("Approved version of a method pack"),
    Kind.BEST_GROUP: gettext_lazy("Composition of the best firms"),
    Kind.PRACTICES: gettext_lazy("Edition of the library of practices"),
}


def log_page(
    head: HeadView, witnesses: Sequence[WitnessView], required: int, days: int, entry: tuple[EntryView, list[bytes]] | None
) -> LogPage:
    last = moment_in_words(datetime.fromtimestamp(head.at, UTC)) if head.size else _("nothing yet")
    return LogPage(
        figures=(
            Figure(_("Entries"), f"{head.size:,}", "", _("counted from 0; none is ever changed or removed"), "best"),
            Figure(_("Last entry"), last, "", _("the head is signed as of this time")),
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
        required=_("An agent asks for %(required)s of these cosignatures, none older than %(days)s days.")
        % {"required": required, "days": days},
        entry=_entry(head, *entry) if entry else None,
    )


def _entry(head: HeadView, view: EntryView, proof: list[bytes]) -> LoggedEntry:
    return LoggedEntry(
        title=_("Entry %(n)s") % {"n": f"{view.index:,}"},
        items=(
            Item(_("Kind"), str(KINDS[Kind(view.kind)])),
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
