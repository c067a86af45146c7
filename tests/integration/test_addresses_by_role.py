"""Every address of the portal, opened and posted to by every role: the table below says what each
must be told.

The addresses come from the URLconf itself, so a page that is added without a line here fails the
first test.

    ok        the page, the file, or the answer of the API entrance  sent to the beginning of
    signing in sign-in   sent to sign in, and back here afterwards role      signed in, but the page
    is another role's (403) nothing   not there, exactly as an address that never was (404) method
    nothing here takes a POST, or a GET (405) back      sent to the page this belongs to; nothing
    has happened done      it happened; sent on to a page that says so wrong     the form or the
    body is refused with its reason (400, or 415 where it is of no kind that is read)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from benchmarks import packs
from portal import keys, urls
from portal.accounts.models import (
    ApiKey,
    Device,
    EnrolmentToken,
    Jurisdiction,
    Membership,
    Organisation,
    Role,
    User,
)
from portal.assurance import findings, systems
from portal.assurance.assigning import assign
from portal.assurance.attestation_standing import code_of
from portal.assurance.confirming import hand_in, waiting_for
from portal.assurance.models import Finding
from portal.auditlog.models import Event
from portal.catalogue import deadlines, obliged_list
from portal.catalogue.models import ReportingPeriod
from portal.catalogue.obliged_rows import ObligedSite
from portal.governance import proposing as governance
from portal.governance.models import Proposal
from portal.intake import worker_seen
from portal.intake.models import Commitment, Submission, WorkerSeen
from portal.notifications.models import Notice
from portal.practices import reviewing
from portal.publication import drafting, publishing
from portal.publication.models import Publication
from portal.register import applying, inviting, siting
from portal.register.models import FirmApplication
from portal.web.presenters.regulator import TABS
from tests.integration.audited import make_attestation, make_sample
from tests.integration.by_role import (
    BODIES,
    CONCERNED,
    ENTERPRISES,
    INVITING,
    MEMBERED,
    MEMBERS,
    MINE,
    MINE_WRONG,
    NO,
    OFFICE,
    OWN,
    PROVIDERS,
    REGULATORS,
    ROLES,
    SUPPLIERS,
    Row,
    all_may,
    only,
    signed_in,
)
from tests.integration.of_extras import merged, of_each
from tests.integration.partners_cast import partners_of
from tests.integration.portal_cast import (
    NOW,
    PASSWORD,
    PERIOD,
    Cast,
    Plant,
    deliver,
    make_cast,
    open_waiting,
    person,
)
from tests.integration.test_practice_outcomes import PRACTICE, file_of
from tests.integration.test_practices import HOT, edit, publish

pytestmark = [
    pytest.mark.postgres,  # what a refused request leaves is read by one question in its dialect
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

OUTSIDERS = ("other-enterprise", "unassigned", "other-province", "stranger", "anonymous")
"""Who must read nothing of the first firm's, at whatever address; but for these, which stand for
the envelope, the link, the paper.
"""
RISKIEST, IN_TURN = OUTSIDERS[:1], OUTSIDERS[1:]
"""Of them, in the short form, who tries every address: a competitor. The others try what is
answered to all of them in turn.
"""
HELD = (
    "api:submission",
    "web:join",
    "web:verify",
    "web:verify-statement",
    "web:verify-certificate",
)
KEYED = tuple(
    f"api:{name}"
    for name in (
        *(
            "key",
            "sites",
            "reports",
            "periods",
            "participation",
            "standings",
            "places",
            "drafts",
            "assignments",
            "obligatory-audits",
        ),
        *(
            "samples",
            "notifications",
        ),
    )
)
VERSION_ON_PAGES = {
    "pack": "cement",
    "jurisdiction": "cn",
    "route": "dry-process",
    "period": PERIOD,
    "version": 1,
}
TABLE: dict[str, Row] = {
    # name: what stands in the address, GET, POST; what has no name stands by its pattern, with an
    # address it fits
    "web:sectors": ({}, all_may("ok"), NO),
    "web:benchmark-in-force": (
        {"pack": "cement", "jurisdiction": "cn", "route": "dry-process", "period": PERIOD},
        all_may("back"),
        NO,
    ),
    "web:benchmark": (VERSION_ON_PAGES, all_may("ok"), NO),
    "web:benchmark-csv": (VERSION_ON_PAGES, all_may("ok"), NO),
    "web:benchmark-json": (VERSION_ON_PAGES, all_may("ok"), NO),
    "web:benchmark-pdf": (VERSION_ON_PAGES, all_may("ok"), NO),
    "web:benchmark-bib": (VERSION_ON_PAGES, all_may("ok"), NO),
    "web:benchmark-ris": (VERSION_ON_PAGES, all_may("ok"), NO),
    "web:benchmark-ladder": (VERSION_ON_PAGES, all_may("ok"), NO),
    "web:benchmark-spread": (VERSION_ON_PAGES, all_may("ok"), NO),
    "web:benchmark-parquet": (VERSION_ON_PAGES, all_may("ok"), NO),
    "web:benchmark-jsonld": (VERSION_ON_PAGES, all_may("ok"), NO),
    **dict.fromkeys(
        ("web:about", "web:status"),
        ({}, all_may("ok"), NO),
    ),
    **dict.fromkeys(
        ("web:log-head", "web:log-checkpoint", "web:key-directory"),
        ({}, all_may("ok"), NO),
    ),
    "web:sector": (
        {"pack": "cement", "jurisdiction": "cn", "route": "dry-process"},
        all_may("ok"),
        NO,
    ),
    "web:step": (
        {
            "pack": "cement",
            "jurisdiction": "cn",
            "route": "dry-process",
            "step": "clinker-burning",
        },
        all_may("ok"),
        NO,
    ),
    "web:sector-csv": (
        {"pack": "cement", "jurisdiction": "cn", "route": "dry-process"},
        all_may("ok"),
        NO,
    ),
    "web:sector-parquet": (
        {"pack": "cement", "jurisdiction": "cn", "route": "dry-process"},
        all_may("ok"),
        NO,
    ),
    "web:sector-jsonld": (
        {"pack": "cement", "jurisdiction": "cn", "route": "dry-process"},
        all_may("ok"),
        NO,
    ),
    **dict.fromkeys(
        ("web:api", "web:every-version-csv", "web:every-version-xlsx"), ({}, all_may("ok"), NO)
    ),
    "web:agent": ({}, all_may("ok"), NO),
    "web:agent-file": ({"name": "steplabel-agent-linux-python3.11.pyz"}, all_may("nothing"), NO),
    "web:codebook-csv": ({}, all_may("ok"), NO),
    "web:method-version": ({"pack": "cement", "version": "5"}, all_may("ok"), NO),
    "account_login": ({}, all_may("ok"), all_may("wrong")),
    # nobody has just given a password: from the beginning
    "mfa_authenticate": (
        {},
        all_may("back") | {"anonymous": "entrance"},
        all_may("back") | {"anonymous": "entrance"},
    ),
    "mfa_index": ({}, MEMBERS, signed_in("back")),
    "account_change_password": ({}, MEMBERS, MEMBERS),
    "account_reauthenticate": ({}, MEMBERS, MEMBERS),
    "mfa_reauthenticate": (
        {},
        signed_in("back"),
        signed_in("back"),
    ),  # by the password: none of them has an app
    "mfa_activate_totp": ({}, MEMBERS, MEMBERS),
    "second_factor_qr": ({}, signed_in("nothing"), NO),
    "mfa_deactivate_totp": ({}, signed_in("nothing"), signed_in("nothing")),
    "mfa_view_recovery_codes": ({}, signed_in("nothing"), signed_in("method")),
    "mfa_generate_recovery_codes": ({}, MEMBERS, MEMBERS),
    "mfa_download_recovery_codes": ({}, signed_in("nothing"), NO),
    "account_reset_password": ({}, all_may("ok"), all_may("ok")),
    "account_reset_password_done": ({}, all_may("ok"), NO),
    "account_reset_password_from_key": (
        {"uidb36": "1", "key": "nothing"},
        all_may("ok"),
        all_may("ok"),
    ),
    "account_reset_password_from_key_done": ({}, all_may("ok"), NO),
    "web:sign-out": ({}, NO, all_may("back")),
    "web:language": ({}, all_may("back"), all_may("back")),
    "web:unsent": ({}, signed_in("back"), signed_in("back")),
    "web:notifications": ({}, MEMBERS, signed_in("back")),
    "web:save-filter": (
        {},
        only(MEMBERED, "nothing"),
        only(MEMBERED, "nothing"),
    ),  # of no list: `test_saved_filters.py` names some
    "web:rename-filter": ({"saved": 1}, only(MEMBERED, "nothing"), only(MEMBERED, "nothing")),
    "web:delete-filter": ({"saved": 1}, only(MEMBERED, "nothing"), only(MEMBERED, "back")),
    "web:notification": ({"notice": "NOTICE"}, signed_in("nothing") | {"enterprise": "back"}, NO),
    "web:notifications-read": ({}, signed_in("back"), signed_in("back")),
    "web:our-plants": ({}, only(ENTERPRISES, "ok"), NO),
    **dict.fromkeys(
        ("web:our-plant", "web:our-plant-csv", "web:our-plant-pdf"),
        ({"slug": "works-1"}, OWN, NO),
    ),
    "web:submissions": ({}, only(ENTERPRISES, "ok"), NO),
    "web:upload": ({}, only(ENTERPRISES, "ok"), only(ENTERPRISES, "wrong")),
    "web:challenge": ({"digest": "COMMITTED"}, OWN, NO),
    "web:submission": ({"digest": "DIGEST"}, OWN, NO),
    "web:submission-receipt": ({"digest": "DIGEST"}, OWN, NO),
    "web:sites": ({}, only(ENTERPRISES, "ok"), NO),
    "web:token": ({"slug": "works-1"}, only(ENTERPRISES, "back"), OWN),
    # whoever hears first that a machine was stolen: its enterprise, or a regulator of where it
    # stands
    "web:revoke": (
        {"device": "DEVICE"},
        only(ENTERPRISES + REGULATORS, "ok", other_enterprise="nothing", other_province="nothing"),
        only(
            ENTERPRISES + REGULATORS, "done", other_enterprise="nothing", other_province="nothing"
        ),
    ),
    "web:home": (
        {},
        dict.fromkeys(ROLES, "ok")
        | dict.fromkeys((*ENTERPRISES, "stranger"), "role")
        | {"anonymous": "sign-in"},
        NO,
    ),
    "web:search": ({}, all_may("ok"), NO),
    "web:site-record": (
        {"slug": "works-1"},
        only(ENTERPRISES + REGULATORS, "ok", other_enterprise="nothing", other_province="nothing"),
        only(
            ENTERPRISES + REGULATORS,
            "back",
            enterprise="nothing",
            other_enterprise="nothing",
            other_province="nothing",
        ),
    ),
    "web:ask-for-time": (
        {"slug": "works-1", "group": "GROUP", "period": "2015"},
        OWN,
        only(ENTERPRISES, "wrong", other_enterprise="nothing"),
    ),
    "web:site-events-csv": (
        {"slug": "works-1"},
        only(ENTERPRISES + REGULATORS, "ok", other_enterprise="nothing", other_province="nothing"),
        NO,
    ),
    "web:firm-record": (
        {"organisation": "FIRM"},
        only(ENTERPRISES + REGULATORS, "ok", other_enterprise="nothing", other_province="nothing"),
        only(
            ENTERPRISES + REGULATORS, "wrong", other_enterprise="nothing", other_province="nothing"
        ),  # a firm in China without a code
    ),
    "web:approve-sites": ({}, only(REGULATORS, "back"), only(REGULATORS, "back")),
    "web:assign-several": ({}, only(REGULATORS, "ok"), only(REGULATORS, "wrong")),
    **dict.fromkeys(("web:feed", "web:sitemap"), ({}, all_may("ok"), NO)),
    "web:periods": ({}, only(REGULATORS, "ok"), NO),
    "web:periods-csv": ({}, only(REGULATORS, "ok"), NO),
    "web:register": ({}, all_may("ok"), all_may("wrong")),
    "web:register-sent": ({}, all_may("ok"), NO),
    "web:register-confirm": ({"secret": "nothing"}, all_may("ok"), all_may("wrong")),
    "web:applications": ({}, only(REGULATORS, "ok"), NO),
    "web:firm-application": (
        {"application": "FIRM_WISH"},
        only(REGULATORS, "ok", other_province="nothing"),
        only(REGULATORS, "wrong", other_province="nothing"),
    ),
    "web:site-application": (
        {"application": "SITE_WISH"},
        only(REGULATORS, "ok", other_province="nothing"),
        only(REGULATORS, "wrong", other_province="nothing"),
    ),
    "web:new-site": ({}, only(ENTERPRISES, "ok"), only(ENTERPRISES, "wrong")),
    "web:edit-site": (
        {"slug": "works-1"},
        OWN,
        only(ENTERPRISES, "wrong", other_enterprise="nothing"),
    ),
    "web:retire-site": (
        {"slug": "works-1"},
        OWN,
        only(ENTERPRISES, "done", other_enterprise="nothing"),
    ),
    "web:people": ({}, only(INVITING, "ok"), only(INVITING, "wrong")),
    # the last who manages a firm stays (409)
    "web:member": (
        {"member": "MEMBER"},
        only(INVITING, "nothing", enterprise="ok"),
        only(INVITING, "nothing", enterprise="409"),
    ),
    "web:invitation": (
        {"invitation": "INVITATION"},
        only(INVITING, "back"),
        only(INVITING, "nothing", enterprise="done"),
    ),
    # whoever has the link; it is for one address, and nobody here has it
    "web:join": ({"secret": "SECRET"}, all_may("ok"), all_may("wrong")),
    # nothing changes: not named before, not named after
    "web:record": ({"firm": "FIRM"}, OWN, NO),
    "web:record-csv": ({"firm": "FIRM"}, OWN, NO),
    "web:leave": ({"firm": "FIRM"}, OWN, only(ENTERPRISES, "wrong", other_enterprise="nothing")),
    # whoever has the link; nobody has this one
    "web:left": ({"secret": "nothing"}, all_may("nothing"), NO),
    "web:left-pdf": ({"secret": "nothing"}, all_may("nothing"), NO),
    **{
        f"web:period+{tab}": (
            {"group": "GROUP", "period": PERIOD, "tab": tab},
            only(REGULATORS, "ok"),
            NO,
        )
        for tab in TABS
    },
    "web:participation-csv": ({"group": "GROUP", "period": PERIOD}, only(REGULATORS, "ok"), NO),
    **dict.fromkeys(
        ("web:results-pdf", "web:results-docx"),
        ({"group": "GROUP", "period": PERIOD}, only(REGULATORS, "ok"), NO),
    ),
    "web:open-period": ({"group": "GROUP"}, only(REGULATORS, "ok"), only(REGULATORS, "wrong")),
    "web:close-period": (
        {"group": "GROUP", "period": PERIOD},
        only(REGULATORS, "ok"),
        only(REGULATORS, "role", nation="done"),
    ),
    "web:audit-policy": (
        {"group": "GROUP"},
        only(REGULATORS, "ok"),
        only(REGULATORS, "wrong"),
    ),
    "web:obliged": ({"group": "GROUP"}, OFFICE, NO),
    "web:obliged-now-csv": ({"group": "GROUP"}, OFFICE, NO),
    "web:obliged-template-csv": ({"group": "GROUP"}, OFFICE, NO),
    "web:obliged-upload": (
        {"group": "GROUP"},
        only(REGULATORS, "nothing", nation="back"),
        only(REGULATORS, "nothing", nation="wrong"),
    ),
    "web:obliged-amend": (
        {"group": "GROUP"},
        only(REGULATORS, "nothing", nation="back"),
        only(REGULATORS, "nothing", nation="wrong"),
    ),
    "web:obliged-list": ({"group": "GROUP", "change": "LIST"}, OFFICE, NO),
    # nobody said what the list was read against: nothing is applied
    "web:obliged-apply": (
        {"group": "GROUP", "change": "LIST"},
        only(REGULATORS, "nothing", nation="back"),
        only(REGULATORS, "nothing", nation="back"),
    ),
    # not applied yet: its page says how it stands
    "web:obliged-undo": (
        {"group": "GROUP", "change": "LIST"},
        only(REGULATORS, "nothing", nation="back"),
        only(REGULATORS, "nothing", nation="back"),
    ),
    **dict.fromkeys(
        ("web:practices", "web:practices-csv", "api:practices"), ({}, all_may("ok"), NO)
    ),
    "web:practice": ({"practice": "rm-use-of-roller-mills"}, all_may("ok"), NO),
    "web:practice-outcome": (
        {"practice": "rm-use-of-roller-mills"},
        only(ENTERPRISES, "ok"),
        only(ENTERPRISES, "wrong"),
    ),
    "web:confirmations": ({}, only(BODIES, "ok"), NO),
    "web:confirm-outcome": ({"report": "REPORT"}, MINE, MINE_WRONG),
    "web:outcome-to-confirm": ({"report": "REPORT"}, MINE, NO),
    "web:withdraw-confirmation": ({"report": "REPORT"}, MINE, MINE_WRONG),
    "web:practice-entries": ({}, only((*ENTERPRISES, *REGULATORS), "ok"), NO),
    "web:offer-practice": ({}, only(ENTERPRISES, "ok"), only(ENTERPRISES, "wrong")),
    # the library holds for the nation
    "web:import-practices": (
        {},
        only(REGULATORS, "role", nation="ok"),
        only(REGULATORS, "role", nation="wrong"),
    ),
    "web:practices-template-csv": ({}, only(REGULATORS, "role", nation="ok"), NO),
    "web:publish-practices": (
        {},
        only(REGULATORS, "back"),
        only(REGULATORS, "back"),
    ),  # nothing was imported
    "web:practice-entry": (
        {"entry": "PRACTICE"},
        only((*ENTERPRISES, *REGULATORS), "nothing", enterprise="ok", nation="ok"),
        only((*ENTERPRISES, *REGULATORS), "nothing", enterprise="wrong", nation="wrong"),
    ),
    # it was not reviewed
    "web:publish-practice": (
        {"entry": "PRACTICE"},
        only(REGULATORS, "nothing", nation="back"),
        only(REGULATORS, "nothing", nation="409"),
    ),
    "web:end-practice": (
        {"entry": "PRACTICE"},
        only((*ENTERPRISES, *REGULATORS), "nothing", enterprise="ok", nation="ok"),
        only((*ENTERPRISES, *REGULATORS), "nothing", enterprise="wrong", nation="wrong"),
    ),
    "web:proposals": ({}, only(CONCERNED, "ok"), NO),
    "web:propose": ({}, only(REGULATORS, "ok"), only(REGULATORS, "wrong")),
    "web:proposal": ({"proposal": "PROPOSAL"}, only(CONCERNED, "ok"), NO),
    "web:proposal-file": ({"proposal": "PROPOSAL", "name": "pack.toml"}, only(CONCERNED, "ok"), NO),
    "web:proposal-comment": (
        {"proposal": "PROPOSAL"},
        only(CONCERNED, "back"),
        only(CONCERNED, "wrong"),
    ),
    # without a reason nothing is refused; a colleague has proposed it, and the colleague alone
    # withdraws it
    "web:proposal-refuse": (
        {"proposal": "PROPOSAL"},
        only(REGULATORS, "back", nation="ok"),
        only(REGULATORS, "back", nation="wrong"),
    ),
    "web:proposal-withdraw": (
        {"proposal": "PROPOSAL"},
        only(REGULATORS, "back"),
        only(REGULATORS, "back"),
    ),
    "web:proposal-approve": (
        {"proposal": "PROPOSAL"},
        only(REGULATORS, "back"),
        only(REGULATORS, "role", nation="done"),
    ),
    "web:take-up": (
        {"group": "GROUP", "version": "5"},
        only(REGULATORS, "ok"),
        only(REGULATORS, "role", nation="done"),
    ),
    "web:assignments": ({}, only(REGULATORS, "ok"), NO),
    "web:assignments-csv": ({}, only(REGULATORS, "ok"), NO),
    "web:assign": ({}, only(REGULATORS, "ok"), NO),
    "web:assign-site": (
        {"slug": "works-1"},
        only(REGULATORS, "ok", other_province="nothing"),
        only(REGULATORS, "wrong", other_province="nothing"),
    ),
    # without a reason nothing is taken back
    "web:take-assignment-back": (
        {"assignment": "ASSIGNMENT"},
        only(REGULATORS, "ok", other_province="nothing"),
        only(REGULATORS, "wrong", other_province="nothing"),
    ),
    "web:appealed-finding": (
        {"assignment": "ASSIGNMENT", "number": 1},
        only(REGULATORS, "ok", other_province="nothing"),
        only(REGULATORS, "wrong", other_province="nothing"),
    ),
    "web:obliged-audits": ({}, only(REGULATORS, "ok"), NO),
    "web:obliged-audits-csv": ({}, only(REGULATORS, "ok"), NO),
    "web:obliged-audit": (
        {"slug": "works-1"},
        only(
            REGULATORS + ENTERPRISES + BODIES,
            "ok",
            other_province="nothing",
            other_enterprise="nothing",
            unassigned="nothing",
        ),
        only(
            REGULATORS + ENTERPRISES + BODIES,
            "wrong",
            **dict.fromkeys(
                ("other_province", "other_enterprise", "assigned", "unassigned"), "nothing"
            ),
        ),
    ),
    "web:take-system-back": (
        {"slug": "works-1", "certificate": "CERTIFICATE"},
        only(REGULATORS + ENTERPRISES, "ok", other_province="nothing", other_enterprise="nothing"),
        only(
            REGULATORS + ENTERPRISES, "wrong", other_province="nothing", other_enterprise="nothing"
        ),
    ),
    "web:trail": ({}, only(REGULATORS, "ok"), NO),
    "web:trail-csv": ({}, only(REGULATORS, "ok"), NO),
    "web:standings-csv": ({"group": "GROUP", "period": PERIOD}, only(REGULATORS, "ok"), NO),
    "web:set-due": (
        {"group": "GROUP", "period": PERIOD},
        only(REGULATORS, "back"),
        only(REGULATORS, "wrong"),
    ),
    "web:extend": (
        {"group": "GROUP", "period": PERIOD},
        only(REGULATORS, "back"),
        only(REGULATORS, "wrong"),
    ),
    # all have reported: nobody is left to be reminded
    "web:remind": (
        {"group": "GROUP", "period": PERIOD},
        only(REGULATORS, "back"),
        only(REGULATORS, "409"),
    ),
    # a province reads who of its own took part in the nation's group; it decides nothing there
    # without a reason nothing is refused
    "web:decide-time": (
        {"group": "GROUP", "period": "2015", "pk": "ASKED"},
        only(REGULATORS, "back"),
        only(REGULATORS, "back"),
    ),
    "web:compose": (
        {"group": "GROUP", "period": PERIOD},
        only(REGULATORS, "back"),
        only(REGULATORS, "role", nation="wrong"),
    ),
    "web:publish": (
        {"publication": "DRAFT"},
        only(REGULATORS, "nothing", nation="back"),
        only(REGULATORS, "nothing", nation="wrong"),
    ),
    "web:comment": (
        {"publication": "DRAFT"},
        only(REGULATORS, "nothing", nation="back"),
        only(REGULATORS, "nothing", nation="wrong"),
    ),
    # nothing waits: the version's page says how it stands
    "web:cancel-release": (
        {"publication": "DRAFT"},
        only(REGULATORS, "nothing", nation="back"),
        only(REGULATORS, "nothing", nation="back"),
    ),
    "web:discard": (
        {"publication": "DRAFT"},
        only(REGULATORS, "nothing", nation="ok"),
        only(REGULATORS, "nothing", nation="wrong"),
    ),
    "web:composed-of": ({"publication": "PUBLISHED"}, OFFICE, NO),
    "web:correct": (
        {"publication": "PUBLISHED"},
        OFFICE,
        only(REGULATORS, "nothing", nation="wrong"),
    ),
    "web:withdraw": (
        {"publication": "PUBLISHED"},
        OFFICE,
        only(REGULATORS, "nothing", nation="wrong"),
    ),
    "web:assigned": ({}, only(BODIES, "ok"), NO),
    "web:assigned-submission": ({"digest": "DIGEST"}, MINE, NO),
    "web:assigned-submission-receipt": ({"digest": "DIGEST"}, MINE, NO),
    "web:keys": ({}, only(MEMBERED, "ok"), only(MEMBERED, "wrong")),
    "web:keys-csv": ({}, only(MEMBERED, "ok"), NO),
    "web:revoke-key": (
        {"key": "KEY"},
        only(MEMBERED, "nothing", enterprise="ok"),
        only(MEMBERED, "nothing", enterprise="done"),
    ),
    "web:engagement": ({"assignment": "ASSIGNMENT"}, MINE, NO),
    "web:engagement-interest": ({"assignment": "ASSIGNMENT"}, MINE, MINE_WRONG),
    "web:engagement-new-finding": ({"assignment": "ASSIGNMENT"}, MINE, MINE_WRONG),
    "web:engagement-finding": ({"assignment": "ASSIGNMENT", "number": 1}, MINE, MINE_WRONG),
    "web:engagement-sample": ({"assignment": "ASSIGNMENT"}, MINE, MINE_WRONG),
    # its sample is drawn: no promise waits
    "web:engagement-give-up": (
        {"assignment": "ASSIGNMENT"},
        only(BODIES, "back", unassigned="nothing"),
        only(BODIES, "back", unassigned="nothing"),
    ),
    "web:draw-file": (
        {"sample": "SAMPLE"},
        only(BODIES + ENTERPRISES, "ok", unassigned="nothing", other_enterprise="nothing"),
        NO,
    ),
    "web:sample-evidence": (
        {"sample": "SAMPLE"},
        only(BODIES + ENTERPRISES, "ok", unassigned="nothing", other_enterprise="nothing"),
        NO,
    ),
    "web:engagement-opinion": ({"assignment": "ASSIGNMENT"}, MINE, MINE_WRONG),
    "web:attestation": ({"digest": "ATTESTED"}, MINE, MINE_WRONG),
    "web:attestation-to-sign": (
        {"digest": "ATTESTED"},
        only(BODIES, "nothing"),
        NO,
    ),  # it is signed already
    "web:attestation-withdraw": ({"digest": "ATTESTED"}, MINE, MINE_WRONG),
    "web:auditor-keys": ({}, only(BODIES, "ok"), only(BODIES, "wrong")),
    "web:revoke-auditor-key": (
        {"key": "AUDITOR_KEY"},
        MINE,
        only(BODIES, "done", unassigned="nothing"),
    ),
    "web:audits": ({}, only(ENTERPRISES, "ok"), NO),
    "web:audit-finding": (
        {"assignment": "ASSIGNMENT", "number": 1},
        OWN,
        only(ENTERPRISES, "wrong", other_enterprise="nothing"),
    ),
    "web:verify-ask": ({}, all_may("ok"), NO),
    # for whoever holds the paper: its code
    "web:verify": ({"code": "CODE"}, all_may("ok"), NO),
    "web:verify-statement": ({"code": "CODE"}, all_may("ok"), NO),
    "web:verify-certificate": ({"code": "CODE"}, all_may("ok"), NO),
    "healthz": ("/healthz", all_may("ok"), NO),
    "livez": ("/livez", all_may("ok"), NO),
    "readyz": ("/readyz", all_may("ok"), NO),
    "metrics": ("/metrics", all_may("ok"), NO),
    r"^api/(?P<rest>(?s:.*))\Z": ("/api/v1/nothing/", all_may("nothing"), all_may("nothing")),
    # the API knows devices by their signatures, programs by their keys and nobody by a session:
    # test_api_by_role.py asks with keys
    **{name: ({}, all_may("401"), NO) for name in KEYED},
    "api:evidence": ({"sample": "SAMPLE"}, all_may("401"), NO),
    "api:notifications-read": ({}, NO, all_may("401")),
    "api:schema": ({}, all_may("ok"), NO),
    **dict.fromkeys(("api:enrolments", "api:log-cosignatures"), ({}, NO, all_may("wrong"))),
    "api:rotations": ({}, NO, all_may("wrong")),
    "api:lost-commitments": ({}, NO, all_may("wrong")),
    "api:commitments": ({}, all_may("wrong"), all_may("wrong")),
    "api:directory": ({}, all_may("ok"), NO),
    "api:submissions": ({}, all_may("wrong"), all_may("wrong")),
    # for whoever holds the envelope: its digest is 256 bits that nobody can guess, and no page of
    # another firm names it
    "api:submission": ({"digest": "DIGEST"}, all_may("ok"), NO),
    **dict.fromkeys(
        ("api:log-head", "api:log-checkpoint", "api:log-restarts"), ({}, all_may("ok"), NO)
    ),
    # without the numbers that they must be asked with
    **dict.fromkeys(
        ("api:log-entries", "api:log-entry", "api:log-inclusion", "api:log-consistency"),
        ({}, all_may("wrong"), NO),
    ),
    "api:packs": ({}, all_may("ok"), NO),
    "api:pack": ({"pack": "cement", "version": "5"}, all_may("ok"), NO),
    "api:benchmarks": ({}, all_may("ok"), NO),
    "api:benchmark": (
        {"pack": "cement", "place": "cn", "route": "dry-process", "period": PERIOD},
        all_may("ok"),
        NO,
    ),
    **{
        f"api:benchmark-{what}": (
            {
                "pack": "cement",
                "place": "cn",
                "route": "dry-process",
                "period": PERIOD,
                "version": 1,
            },
            all_may("ok"),
            NO,
        )
        for what in ("version", "leaves", "references")
    },
}
TABLE |= merged("TABLE")
TABLE |= {
    f"{name.removesuffix('csv')}xlsx": row
    for name, row in TABLE.items()
    if name.startswith("web:") and name.endswith("-csv")
}


def names_in(patterns: Iterable[object], space: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = pattern.namespace or (
                pattern.urlconf_module[1] if isinstance(pattern.urlconf_module, tuple) else ""
            )
            yield from names_in(pattern.url_patterns, f"{space}{inner}:" if inner else space)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}" if pattern.name else str(pattern.pattern)


def test_every_address_of_the_portal_stands_in_the_table() -> None:
    assert sorted(set(names_in(urls.urlpatterns))) == sorted(
        {name.partition("+")[0] for name in TABLE}
    )


@dataclass
class House:
    cast: Cast
    values: dict[str, Any]
    clients: dict[str, Client] = field(default_factory=dict)

    def address(self, name: str) -> str:
        parts, _get, _post = TABLE[name]
        if isinstance(parts, str):
            return parts
        return reverse(
            name.partition("+")[0],
            kwargs={key: self.values.get(str(value), value) for key, value in parts.items()},
        )


@pytest.fixture
def house(portal_keys: object) -> House:
    """Works 1 (of the first enterprise, in a province) has reported and is assigned; version 1 is
    published, version 2 a draft.
    """
    cast = make_cast(9)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    worker_seen.write([keys.processing_key().key_id], timedelta(0), timezone.now())
    attested = make_attestation(
        assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW), cast.auditor, NOW
    )
    first = publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    second = drafting.draft(cast.period, cast.drafter, NOW, "Nothing but the wording.")
    plant, year = cast.plants[0], timedelta(days=365)
    before = ReportingPeriod.objects.create(
        peer_group=cast.group,
        name="2015",
        start=cast.period.start - year,
        end=cast.period.start,
        due=NOW + year,
    )
    asked = deadlines.ask(before, plant.site, (NOW + 2 * year).date(), "Rebuilt.", plant.owner, NOW)
    findings.appeal(Finding.objects.get(), "No.", "", plant.owner, NOW)
    elsewhere = Jurisdiction.objects.create(
        path="cn/sd", name="Shandong", level="province", parent=cast.nation
    )
    office = Organisation.objects.create(
        name="Bureau elsewhere", kind=Role.REGULATOR, jurisdiction=elsewhere
    )
    another_body = Organisation.objects.create(
        name="Another certifier", kind=Role.CERTIFICATION_BODY
    )
    owner = cast.plants[0].owner
    sent = inviting.invite(
        owner,
        cast.plants[0].site.organisation_id,
        "new@example.org",
        may_manage=True,
        delegate=False,
        now=timezone.now(),
    )
    wish = applying.FirmWish(
        "New Cement", "", "New Holding", cast.province, "Li", "li@new.example", "en"
    )
    applying.confirm(applying.apply(wish, timezone.now()), timezone.now())
    firm_wish = FirmApplication.objects.get()
    site_wish = siting.apply(
        owner,
        cast.plants[0].site.organisation_id,
        siting.SiteWish("new-1", "New", "", cast.province, "cement", "small"),
        timezone.now(),
    )
    key = ApiKey.objects.create(
        prefix="0" * 12,
        secret_sha256="0" * 64,
        name="A program",
        organisation=cast.plants[0].site.organisation,
        role=Role.ENTERPRISE,
        scopes="read:sites",
        made_by=owner.email,
        made_at=NOW,
        expires_at=NOW + timedelta(days=30),
    )
    people = {
        "stranger": cast.stranger,
        "enterprise": cast.plants[0].owner,
        "other-enterprise": cast.plants[1].owner,
        "nation": cast.approver,
        "own-province": cast.provincial,
        "other-province": person("elsewhere@example.org", office, Role.REGULATOR),
        "assigned": cast.auditor,
        "unassigned": person("unassigned@example.org", another_body, Role.CERTIFICATION_BODY),
        **partners_of(cast),
    }
    firm = cast.plants[0].site.organisation_id
    publish(
        edit(reviewing.offer(cast.plants[0].owner, firm, HOT, named=False, now=NOW), cast.drafter),
        cast.approver,
    )
    for approver in (cast.drafter, cast.approver):
        governance.approve(proposed(cast.provincial, "5"), approver, keys.receipt_key(), NOW)
    paper = systems.CertificatePaper(
        "iso-50001", "EnMS 7", "Certifier", NOW.date(), NOW.date() + timedelta(days=900), "ab" * 32
    )
    scene = House(
        cast,
        {
            "DIGEST": Submission.objects.get(site=cast.plants[0].site).digest,
            "COMMITTED": Commitment.objects.get(site=cast.plants[0].site).digest,
            "DEVICE": cast.plants[0].device.pk,
            "GROUP": cast.group.pk,
            "DRAFT": second.pk,
            "PUBLISHED": first.pk,
            "MEMBER": Membership.objects.get(user=cast.plants[0].owner).pk,
            "INVITATION": sent.invitation.pk,
            "SECRET": sent.secret,
            "FIRM": cast.plants[0].site.organisation_id,
            "NOTICE": Notice.objects.filter(recipient=owner).latest("pk").pk,
            "LIST": obliged_list.propose(
                cast.group, [ObligedSite("works-1", True)], cast.approver, NOW
            ).pk,
            "FIRM_WISH": firm_wish.pk,
            "SITE_WISH": site_wish.pk,
            "KEY": key.pk,
            "ASKED": asked.pk,
            "ASSIGNMENT": attested.assignment_id,
            "ATTESTED": attested.digest,
            "CERTIFICATE": systems.put_on_record(
                cast.plants[0].site, paper, cast.plants[0].owner, NOW
            ).pk,
            "SAMPLE": make_sample(attested, NOW).pk,
            "AUDITOR_KEY": attested.key_id,
            "CODE": code_of(attested.digest),
            "PROPOSAL": proposed(cast.drafter, "6").pk,
            "REPORT": asked_of(cast.auditor, cast.plants[0]),
            "PRACTICE": reviewing.offer(cast.plants[0].owner, firm, HOT, named=False, now=NOW).pk,
        },
        {"anonymous": Client()},
    )
    for values in of_each("values"):
        scene.values |= values(cast)
    for role, who in people.items():
        scene.clients[role] = Client()
        assert scene.clients[role].login(username=who.email, password=PASSWORD)
    return scene


def proposed(by: User, version: str) -> Proposal:
    """A version of the cement pack that differs by its name alone; the one that there is, where it
    was proposed already.
    """
    proposed_before = Proposal.objects.filter(version=version).first()
    text = (
        (packs.HOME / "cement.toml")
        .read_text(encoding="utf-8")
        .replace('version = "1"', f'version = "{version}"', 1)
    )
    return proposed_before or governance.propose(
        by, text, "", "", "A name.", "None.", NOW.replace(year=2027)
    )


def asked_of(auditor: User, plant: Plant) -> int:
    """A report on a practice that waits for the auditor."""
    row = hand_in(file_of(plant), PRACTICE, plant.owner, keys.receipt_key(), NOW, ask=True)
    assert waiting_for(auditor).get() == row
    return row.pk


def outcome_of(response: HttpResponseBase, address: str, acted: bool) -> str:
    status = response.status_code
    if status == 302:
        to = response.headers["Location"]
        if to == "/sign-in/":
            return "entrance"
        if to.startswith("/sign-in/"):
            return (
                "sign-in"
                if to == f"/sign-in/?next={address}"
                else f"sign-in without the way back: {to}"
            )
        return "done" if acted else "back"
    words = {
        200: "ok",
        201: "ok",
        400: "wrong",
        415: "wrong",
        403: "role",
        404: "nothing",
        405: "method",
    }
    return words.get(status, str(status))


STATE = "SELECT " + ", ".join(  # noqa: S608 - our own tables
    f"(SELECT {what} FROM {model._meta.db_table})"  # noqa: S608
    for model, what in (
        (Event, "count(*)"),
        (EnrolmentToken, "count(*)"),
        (Device, "count(*) FILTER (WHERE revoked_at IS NULL)"),
        (Submission, "count(*)"),
        (Proposal, "string_agg(id || state, ',' ORDER BY id)"),
        (Publication, "string_agg(id || status, ',' ORDER BY id)"),
    )
)


def state_of_things() -> tuple[object, ...]:
    """What a refused request must leave as it was; in one question, as it is asked two thousand
    times.
    """
    with connection.cursor() as cursor:
        cursor.execute(STATE)
        return tuple(cursor.fetchone() or ())


def roles_in_short(expected: dict[str, str], turn: int) -> list[str]:
    """In the short form every address is tried by a competitor of whom it may tell, and by an
    outsider of each other kind in turn.

    What answers all alike is tried besides by the firm itself, and of roles of a kind that are told
    the same the first alone tries.
    """
    outsiders = (*RISKIEST, IN_TURN[turn % len(IN_TURN)])
    if len(set(expected.values())) == 1:
        return [role for role in ROLES if role in {"enterprise", *outsiders}]
    kinds = (ENTERPRISES, REGULATORS, BODIES, PROVIDERS, SUPPLIERS)
    alike = {
        role
        for kind in kinds
        for index, role in enumerate(kind)
        if expected[role] in {expected[before] for before in kind[:index]}
    }
    return [role for role in ROLES if role in outsiders or role not in alike]


@pytest.mark.timeout(1200)  # two thousand requests, on a machine that may have other work
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_address_answers_every_role_as_the_table_says(
    house: House, method: str, long: bool
) -> None:
    """And no page names the first firm's plant, report or device to others."""
    before, surprises = state_of_things(), []
    names = (
        "Works 1<",
        'works-1"',
        "works-1<",
        "Enterprise 1<",
        house.values["DIGEST"],
        str(house.values["DEVICE"]),
    )
    for turn, (name, (_parts, on_get, on_post)) in enumerate(TABLE.items()):
        address, expected = house.address(name), on_get if method == "get" else on_post
        WorkerSeen.objects.update(
            seen_at=timezone.now()
        )  # or /readyz misses the worker where the whole table takes long
        outsiders = OUTSIDERS if method == "get" and name not in HELD else ()
        for role in ROLES if long else roles_in_short(expected, turn):
            with transaction.atomic():  # each request finds the house as it was
                client = house.clients[role]
                cookies = deepcopy(client.cookies)
                response = getattr(client, method)(address)
                acted = state_of_things() != before
                answer = outcome_of(response, address, acted)
                if answer != expected[role]:
                    surprises.append(f"{role} {method} {name}: {answer}, not {expected[role]}")
                if acted and (method == "get" or expected[role] not in ("done", "ok")):
                    surprises.append(f"{role} {method} {name}: something happened that must not")
                if role in outsiders:
                    if answer == "back":
                        response = client.get(address, follow=True)
                    page = response.content.decode(errors="replace")
                    if leaks := [
                        identifier
                        for identifier in names
                        if identifier in page and identifier not in address
                    ]:  # what was asked may stand in the answer
                        surprises.append(f"{role} reads {leaks} at {name}")
                client.cookies = cookies
                transaction.set_rollback(True)
    assert not surprises, "\n".join(surprises)


def test_who_is_asked_to_sign_in_arrives_at_the_page_that_was_asked_for(house: House) -> None:
    asked = house.address("web:submission")
    visitor = Client()
    to_sign_in = visitor.get(asked).headers["Location"]
    answer = visitor.post(
        to_sign_in, {"username": house.cast.plants[0].owner.email, "password": PASSWORD}
    )
    assert answer.headers["Location"] == asked
