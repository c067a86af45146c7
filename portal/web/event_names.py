"""What the record of acts says, in words: a person reads “report accepted”; who searches by its code finds that in the file."""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.auditlog.models import Action

ACTS: dict[str, Promise] = {
    Action.REGISTER_CHANGED: _("register changed by the operator"),
    Action.SIGNED_IN: _("signed in"),
    Action.PASSWORD_CHANGED: _("password changed"),
    Action.SECOND_FACTOR_ADDED: _("second factor set up"),
    Action.SECOND_FACTOR_REMOVED: _("second factor removed"),
    Action.SESSIONS_ENDED: _("signed out elsewhere"),
    Action.FIRM_APPLIED: _("firm asked to take part"),
    Action.FIRM_APPROVED: _("firm approved"),
    Action.FIRM_REFUSED: _("firm refused"),
    Action.NAMING_CHOSEN: _("naming of the firm chosen"),
    Action.FIRM_LEAVING: _("firm asked to leave"),
    Action.FIRM_STAYING: _("firm stays after all"),
    Action.FIRM_LEFT: _("firm left"),
    Action.SITE_APPLIED: _("site asked for"),
    Action.SITE_APPROVED: _("site approved"),
    Action.SITE_REFUSED: _("site refused"),
    Action.SITE_RENAMED: _("site renamed"),
    Action.CREDIT_CODE: _("unified social credit code entered or corrected"),
    Action.SITE_RETIRED: _("site taken out of use"),
    Action.SITE_NOTED: _("note of a regulator"),
    Action.PERSON_INVITED: _("person invited"),
    Action.INVITATION_REVOKED: _("invitation taken back"),
    Action.PERSON_JOINED: _("person joined"),
    Action.CAPACITY_CHANGED: _("what a person may do changed"),
    Action.PERSON_REMOVED: _("person acts no longer"),
    Action.TOKEN_ISSUED: _("enrolment token made"),
    Action.DEVICE_ENROLLED: _("agent enrolled"),
    Action.DEVICE_ROTATED: _("agent’s key renewed"),
    Action.DEVICE_REVOKED: _("agent revoked"),
    Action.KEY_MADE: _("API key made"),
    Action.KEY_REVOKED: _("API key revoked"),
    Action.ACCESS_GRANTED: _("access granted"),
    Action.ACCESS_TAKEN_BACK: _("access taken back"),
    Action.CONFORMANCE_DECLARED: _("conformance declared"),
    Action.CONFORMANCE_CONFIRMED: _("conformance confirmed"),
    Action.DELIVERY_DECLARED: _("delivery declared"),
    Action.DELIVERY_TAKEN_BACK: _("delivery taken back"),
    Action.TERMS_ACCEPTED: _("terms accepted"),
    Action.DIRECTORY_TAKEN: _("new directory of keys in use"),
    Action.LOG_RESTARTED: _("log restarted after a restore"),
    Action.KEY_DESTROYED: _("key for opening reports destroyed"),
    Action.PERIOD_OPENED: _("period opened"),
    Action.PERIOD_CLOSED: _("period closed"),
    Action.OBLIGED_CHANGED: _("list of the obliged changed"),
    Action.OBLIGED_UNDONE: _("list of the obliged undone"),
    Action.ASSURANCE_POLICY_CHANGED: _("what audits change decided"),
    Action.DUE_CHANGED: _("due date changed"),
    Action.EXTENSION_GRANTED: _("more time granted"),
    Action.REMINDERS_SENT: _("reminders sent"),
    Action.SUBMISSION_RECEIVED: _("report received"),
    Action.SUBMISSION_ACCEPTED: _("report accepted"),
    Action.SUBMISSION_REFUSED: _("report refused"),
    Action.STANDINGS_COMPUTED: _("places computed"),
    Action.PUBLICATION_DRAFTED: _("version drafted"),
    Action.PUBLICATION_COMMENTED: _("draft commented on"),
    Action.PUBLICATION_SCHEDULED: _("release approved for a set time"),
    Action.RELEASE_CANCELLED: _("release cancelled"),
    Action.RELEASE_STOPPED: _("release stopped by a check"),
    Action.PUBLICATION_DISCARDED: _("draft discarded"),
    Action.PUBLICATION_PUBLISHED: _("version published"),
    Action.PUBLICATION_WITHDRAWN: _("version withdrawn"),
    Action.PACK_PROPOSED: _("pack proposed"),
    Action.PACK_COMMENTED: _("proposal of a pack commented on"),
    Action.PACK_SECONDED: _("proposal of a pack approved by one person"),
    Action.PACK_APPROVED: _("pack approved, signed and logged"),
    Action.PACK_REFUSED: _("proposal of a pack refused"),
    Action.PACK_WITHDRAWN: _("proposal of a pack withdrawn"),
    Action.PACK_TAKEN_UP: _("version of a pack taken up for a peer group"),
    Action.INCENTIVE_RECORDED: _("incentive put on record"),
    Action.SYSTEM_RECORDED: _("certified system put on record"),
    Action.SYSTEM_TAKEN_BACK: _("certified system taken back"),
    Action.CERTIFICATE_ISSUED: _("certificate issued"),
    Action.CERTIFICATE_REVOKED: _("certificate revoked"),
    Action.LABEL_SHARED: _("link for a buyer made"),
    Action.SHARE_OPENED: _("link opened by a buyer"),
    Action.SHARE_REVOKED: _("link for a buyer taken back"),
    Action.ASSIGNMENT_MADE: _("certification body assigned"),
    Action.ASSIGNMENT_TAKEN_BACK: _("assignment taken back"),
    Action.INTEREST_DECLARED: _("interest declared"),
    Action.FINDING_RAISED: _("finding raised"),
    Action.FINDING_ANSWERED: _("finding answered"),
    Action.FINDING_RETURNED: _("answer to a finding sent back"),
    Action.FINDING_CLOSED: _("finding closed"),
    Action.AUDITOR_KEY_REGISTERED: _("auditor’s key registered"),
    Action.AUDITOR_KEY_REVOKED: _("auditor’s key revoked"),
    Action.SAMPLE_PROMISED: _("number for a sample promised"),
    Action.SAMPLE_DRAWN: _("sample drawn"),
    Action.SAMPLE_VERIFIED: _("sample verified"),
    Action.ATTESTATION_DRAWN_UP: _("attestation drawn up"),
    Action.ATTESTATION_DISCARDED: _("attestation discarded"),
    Action.ATTESTATION_ISSUED: _("attestation issued"),
    Action.ATTESTATION_WITHDRAWN: _("attestation withdrawn"),
}

NOUNS: dict[str, Promise] = {
    "site": pgettext_lazy("of an act", "site"),
    "submission": pgettext_lazy("of an act", "report"),
    "person": pgettext_lazy("of an act", "person"),
    "firm": pgettext_lazy("of an act", "firm"),
    "organisation": pgettext_lazy("of an act", "organisation"),
    "provider": pgettext_lazy("of an act", "technology provider"),
    "period": pgettext_lazy("of an act", "period"),
    "benchmark": pgettext_lazy("of an act", "benchmark"),
    "device": pgettext_lazy("of an act", "agent"),
    "key": pgettext_lazy("of an act", "key"),
    "pack": pgettext_lazy("of an act", "pack"),
    "peer group": pgettext_lazy("of an act", "peer group"),
    "auditor key": pgettext_lazy("of an act", "auditor’s key"),
    "processing key": pgettext_lazy("of an act", "processing key"),
    "attestation": pgettext_lazy("of an act", "attestation"),
}
"""What the record puts before a name."""

ALONE: dict[str, Promise] = {"worker": pgettext_lazy("of an act", "the portal"), "operator": pgettext_lazy("of an act", "the operator")}
"""Who acts without an account."""

DETAILS: dict[str, Promise] = {
    "observation": pgettext_lazy("of an act", "observation"),
    "minor": pgettext_lazy("of an act", "minor"),
    "major": pgettext_lazy("of an act", "major"),
    "received": pgettext_lazy("of an act", "received"),
    "opening": pgettext_lazy("of an act", "opening"),
    "accepted": pgettext_lazy("of an act", "accepted"),
    "refused": pgettext_lazy("of an act", "refused"),
    "superseded": pgettext_lazy("of an act", "superseded"),
    "deleted": pgettext_lazy("of an act", "deleted"),
    "unqualified": pgettext_lazy("of an act", "unqualified"),
    "qualified": pgettext_lazy("of an act", "qualified"),
    "adverse": pgettext_lazy("of an act", "adverse"),
    "none": pgettext_lazy("of an act", "none"),
    "states": pgettext_lazy("of an act", "states"),
    "receipts": pgettext_lazy("of an act", "receipts"),
    "values": pgettext_lazy("of an act", "values"),
    "manages": pgettext_lazy("of an act", "manages"),
    "reads": pgettext_lazy("of an act", "reads"),
    "lost": pgettext_lazy("of an act", "lost"),
    "small": pgettext_lazy("of an act", "small"),
    "medium": pgettext_lazy("of an act", "medium"),
    "large": pgettext_lazy("of an act", "large"),
    "very-large": pgettext_lazy("of an act", "very-large"),
    "as a delegate": pgettext_lazy("of an act", "as a delegate"),
    "once more": pgettext_lazy("of an act", "once more"),
    "declares deliveries": pgettext_lazy("of an act", "declares deliveries"),
    "limited assurance": pgettext_lazy("of an act", "limited assurance"),
    "reasonable assurance": pgettext_lazy("of an act", "reasonable assurance"),
    "due open": pgettext_lazy("of an act", "due open"),
    "with protected values": pgettext_lazy("of an act", "with protected values"),
    "without protected values": pgettext_lazy("of an act", "without protected values"),
    r"log index (?P<n>\d+)": pgettext_lazy("of an act", "log index %(n)s"),
    r"log entry (?P<n>\d+)": pgettext_lazy("of an act", "log entry %(n)s"),
    r"finding (?P<n>\d+)": pgettext_lazy("of an act", "finding %(n)s"),
    r"(?P<report>\S+ \S+) revision (?P<n>\d+)": pgettext_lazy("of an act", "%(report)s revision %(n)s"),
    r"list (?P<n>\d+)": pgettext_lazy("of an act", "list %(n)s"),
    r"(?P<n>\d+) submissions": pgettext_lazy("of an act", "reports: %(n)s"),
    r"(?P<n>\d+) reports": pgettext_lazy("of an act", "reports: %(n)s"),
    r"(?P<n>\d+) sites": pgettext_lazy("of an act", "sites: %(n)s"),
    r"(?P<n>\d+) cells shown": pgettext_lazy("of an act", "cells shown: %(n)s"),
    r"(?P<n>\d+) values": pgettext_lazy("of an act", "values: %(n)s"),
    r"(?P<n>\d+) people deleted": pgettext_lazy("of an act", "people deleted: %(n)s"),
    r"(?P<n>\d+) ended": pgettext_lazy("of an act", "sessions ended: %(n)s"),
    r"(?P<n>\d+) held": pgettext_lazy("of an act", "checks held: %(n)s"),
    r"(?P<n>\d+) failing": pgettext_lazy("of an act", "checks failing: %(n)s"),
    r"(?P<n>\d+) not made": pgettext_lazy("of an act", "checks not made: %(n)s"),
    r"(?P<period>\S+), (?P<n>\d+) labels, for (?P<name>.+)": pgettext_lazy("of an act", "%(period)s, labels: %(n)s, for %(name)s"),
    r"digest (?P<digest>\w+)": pgettext_lazy("of an act", "digest %(digest)s"),
    r"evidence (?P<digest>\w+)": pgettext_lazy("of an act", "evidence %(digest)s"),
    r"due (?P<day>\d{4}-\d\d-\d\d)": pgettext_lazy("of an act", "due %(day)s"),
    r"until (?P<day>\d{4}-\d\d-\d\d)": pgettext_lazy("of an act", "until %(day)s"),
    r"valid until (?P<day>\d{4}-\d\d-\d\d)": pgettext_lazy("of an act", "valid until %(day)s"),
    r"on (?P<day>\d{4}-\d\d-\d\d)": pgettext_lazy("of an act", "on %(day)s"),
    r"as approved on (?P<day>\d{4}-\d\d-\d\d)": pgettext_lazy("of an act", "as approved on %(day)s"),
    r"(?P<first>\d{4}-\d\d-\d\d) to (?P<last>\d{4}-\d\d-\d\d)": pgettext_lazy("of an act", "%(first)s to %(last)s"),
    r"was (?P<old>.+), is (?P<new>.+)": pgettext_lazy("of an act", "was %(old)s, is %(new)s"),
}
"""What the record writes of an act, part by part; names, ids and what a person wrote fit none of them, and stay."""

_PARTS = re.compile(r"(, | \(|\)|: )")
_DETAIL = [(re.compile(pattern), text) for pattern, text in DETAILS.items()]


def act_in_words(code: str) -> str:
    """What was done; its code where a newer portal wrote the line."""
    return str(ACTS.get(code, code))


def name_in_words(named: str) -> str:
    """`submission 3f…` as `report 3f…`; a name without a known noun as it stands.

    >>> name_in_words("submission 3f"), name_in_words("worker"), name_in_words("a@b.example")
    ('report 3f', 'the portal', 'a@b.example')
    """
    if named in ALONE:
        return str(ALONE[named])
    first, of, site = named.partition(" of site ")
    if of:
        return str(pgettext_lazy("of an act", "%(what)s of site %(site)s")) % {"what": name_in_words(first), "site": site}
    noun = next((noun for noun in NOUNS if named.startswith(f"{noun} ")), "")
    return f"{NOUNS[noun]}{named.removeprefix(noun)}" if noun else named


def detail_in_words(detail: str) -> str:
    """What the record adds to an act, in the reader's language as far as the portal wrote it.

    >>> detail_in_words("2016, finding 1: observation"), detail_in_words("2016, 9 labels, for Buyer")
    ('2016, finding 1: observation', '2016, labels: 9, for Buyer')
    """
    return _known(detail) or "".join(_known(part) or part for part in _PARTS.split(detail))


def _known(part: str) -> str:
    return next((str(text) % fits.groupdict() for pattern, text in _DETAIL if (fits := pattern.fullmatch(part))), "")
