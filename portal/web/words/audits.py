"""Words of audits: opinions, grades of findings, how an attestation or a finding stands, what needs
the auditor.
"""

from __future__ import annotations

from django.template.defaultfilters import date as date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from portal.assurance.reminding import AuditNeed, NeedCount
from portal.register import changing_hands, leaving
from portal.sentences import in_words
from portal.web.viewmodels.shared import Mood

OPINIONS: dict[str, Promise] = {
    "unqualified": pgettext_lazy("opinion", "Unqualified"),
    "qualified": pgettext_lazy("opinion", "Qualified"),
    "adverse": pgettext_lazy("opinion", "Adverse"),
}

OPINION_SENTENCES: dict[tuple[str, str], Promise] = {
    ("unqualified", "reasonable"): gettext_lazy(
        "%(body)s checked this and found it correct, without reservation."
    ),
    ("unqualified", "limited"): gettext_lazy(
        "%(body)s checked this and found nothing that shows it to be incorrect."
    ),
    ("qualified", "reasonable"): gettext_lazy(
        "%(body)s checked this and found it correct, with the reservations below."
    ),
    ("qualified", "limited"): gettext_lazy(
        "%(body)s checked this and found nothing that shows it to be incorrect, apart from the "
        "reservations below."
    ),
    **dict.fromkeys(
        (("adverse", "reasonable"), ("adverse", "limited")),
        gettext_lazy("%(body)s checked this and found it incorrect."),
    ),
}
"""By opinion and assurance: a limited one is worded as what was not found (ISO 14064-3:2019, 9)."""

LABEL_SENTENCES: dict[tuple[str, str], Promise] = {
    ("unqualified", "reasonable"): gettext_lazy(
        "%(body)s checked %(steps)s and found the labels correct, without reservation."
    ),
    ("unqualified", "limited"): gettext_lazy(
        "%(body)s checked %(steps)s and found nothing that shows the labels to be incorrect."
    ),
    ("qualified", "reasonable"): gettext_lazy(
        "%(body)s checked %(steps)s and found the labels correct, with reservations; they stand "
        "in the attestation."
    ),
    ("qualified", "limited"): gettext_lazy(
        "%(body)s checked %(steps)s and found nothing that shows the labels to be incorrect, "
        "apart from reservations; they stand in the "
        "attestation."
    ),
    **dict.fromkeys(
        (("adverse", "reasonable"), ("adverse", "limited")),
        gettext_lazy("%(body)s checked %(steps)s and found the labels incorrect."),
    ),
}
"""The same to whoever was shown labels of a report, of which an audit may cover some steps only."""

ASSURANCES: dict[str, Promise] = {
    "reasonable": gettext_lazy("reasonable assurance"),
    "limited": gettext_lazy("limited assurance"),
}

GRADES: dict[str, tuple[Promise, Mood]] = {
    "major": (pgettext_lazy("finding", "Major"), "no"),
    "minor": (pgettext_lazy("finding", "Minor"), "wait"),
    "observation": (pgettext_lazy("finding", "Observation"), "hidden"),
}

FINDING_STATES: dict[str, tuple[Promise, Mood]] = {
    "open": (pgettext_lazy("finding", "Waits for the plant"), "wait"),
    "overdue": (pgettext_lazy("finding", "The plant’s answer is late"), "no"),
    "answered": (pgettext_lazy("finding", "Answered, waits for the auditor"), "wait"),
    "closed": (pgettext_lazy("finding", "Closed"), "ok"),
    "appealed": (pgettext_lazy("finding", "Appealed, waits for the regulator"), "wait"),
    "annulled": (pgettext_lazy("finding", "Dismissed on appeal"), "ok"),
}

COURSES: dict[str, tuple[Promise, Mood]] = {
    "under-way": (pgettext_lazy("assignment", "Under way"), "wait"),
    "late": (pgettext_lazy("assignment", "The conclusion is late"), "no"),
    "concluded": (pgettext_lazy("assignment", "Concluded"), "ok"),
    "taken-back": (pgettext_lazy("assignment", "Withdrawn"), "hidden"),
}

DUTIES: dict[str, tuple[Promise, Mood]] = {
    "overdue": (pgettext_lazy("obligatory audit", "Overdue"), "no"),
    "soon": (pgettext_lazy("obligatory audit", "Due soon"), "wait"),
    "unknown": (pgettext_lazy("obligatory audit", "Unknown"), "hidden"),
    "later": (pgettext_lazy("obligatory audit", "Not due yet"), "ok"),
    "exempt": (pgettext_lazy("obligatory audit", "Certified system"), "ok"),
}

ACTS: dict[str, Promise] = {
    "answered": pgettext_lazy("finding", "The plant answered"),
    "returned": pgettext_lazy("finding", "Sent back by the auditor"),
    "closed": pgettext_lazy("finding", "Closed by the auditor"),
    "appealed": pgettext_lazy("finding", "The plant appealed to the regulator"),
    "confirmed": pgettext_lazy("finding", "The regulator decided: the finding is upheld"),
    "annulled": pgettext_lazy("finding", "The regulator decided: the finding is dismissed"),
}

STANDINGS: dict[str, tuple[Promise, Mood]] = {
    "drawn-up": (pgettext_lazy("attestation", "Waits for the signature"), "wait"),
    "valid": (pgettext_lazy("attestation", "Valid"), "ok"),
    "earlier": (pgettext_lazy("attestation", "Of an earlier revision"), "wait"),
    "expired": (pgettext_lazy("attestation", "Expired"), "wait"),
    "withdrawn": (pgettext_lazy("attestation", "Withdrawn"), "no"),
}


def need_in_words(asked: NeedCount) -> str:
    """One thing that an engagement asks of the auditor."""
    day = date_format(asked.day, _("j F Y")) if asked.day else ""
    n = asked.count
    sentences = {
        AuditNeed.TAKE_OVER: _(
            "Stopped: an interest was declared. Somebody from your body who has no interest must "
            "take over."
        ),
        AuditNeed.DECLARE: _("Nobody has declared yet whether there is an interest in this firm."),
        AuditNeed.OVERDUE: _("The conclusion was due on %(day)s.") % {"day": day},
        AuditNeed.DUE_SOON: _("The conclusion is due on %(day)s.") % {"day": day},
        AuditNeed.ANSWERED: ngettext(
            "%(n)s finding is answered and waits for you.",
            "%(n)s findings are answered and wait for you.",
            n,
        )
        % {"n": n},
        AuditNeed.LATE_ANSWERS: ngettext(
            "%(n)s finding has no answer, and its due day has passed.",
            "%(n)s findings have no answer, and their due days have passed.",
            n,
        )
        % {"n": n},
        AuditNeed.SIGN: _("A statement is ready and waits for your signature."),
        AuditNeed.SURVEILLANCE: _("The surveillance visit is due on %(day)s.") % {"day": day},
        AuditNeed.EXPIRES: _("The attestation is valid until %(day)s.") % {"day": day},
        AuditNeed.CONCLUDE: _("You can write your statement now."),
    }
    return sentences[asked.need]


NEED_MOODS: dict[AuditNeed, Mood] = {
    AuditNeed.TAKE_OVER: "no",
    AuditNeed.DECLARE: "wait",
    AuditNeed.OVERDUE: "no",
    AuditNeed.DUE_SOON: "wait",
    AuditNeed.ANSWERED: "wait",
    AuditNeed.LATE_ANSWERS: "no",
    AuditNeed.SIGN: "wait",
    AuditNeed.SURVEILLANCE: "wait",
    AuditNeed.EXPIRES: "wait",
    AuditNeed.CONCLUDE: "ok",
}


def ended_because(reason: str) -> str:
    """Why an assignment ended: in the words of the officer who took it back; in the portal's own
    where a firm left or the site changed hands."""
    if reason == changing_hands.BECAUSE:
        return in_words(changing_hands.BECAUSE)
    return in_words(leaving.BECAUSE) if reason == leaving.BECAUSE else reason
