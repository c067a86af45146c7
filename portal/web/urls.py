"""Addresses of the pages. Those of published versions are permanent."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from portal import extras
from portal.web.lists.workbooks import as_workbook
from portal.web.pages import period, periods, sector, step
from portal.web.presenters.regulator import TABS
from portal.web.views import (
    about,
    account,
    agent,
    applications,
    assigning,
    attesting,
    audit_trail,
    audits,
    certification,
    confirmations,
    deadlines,
    drafts,
    engagements,
    enterprise,
    feeds,
    handing_in,
    home,
    keys,
    leaving,
    methods,
    notifications,
    obliged,
    obliged_audits,
    our_plant,
    people,
    practice_entries,
    practice_lists,
    practices,
    proposals,
    public,
    record,
    registering,
    samples,
    saved,
    search,
    site_record,
    sites,
    verify,
)


class PeriodConverter:
    """A period as `--period` spells it; two dates stand with `_` between them, for `/` would part
    the address.
    """

    regex = r"\d{4}(?:-Q[1-4]|-\d{2})?|\d{4}-\d{2}-\d{2}_\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> str:
        return value.replace("_", "/")

    def to_url(self, value: str) -> str:
        return value.replace("/", "_")


class TabConverter(StringConverter):
    """A part of a period's page."""

    regex = "|".join(TABS)


class JurisdictionConverter:
    """The path of a jurisdiction, its parts with dots between them."""

    regex = r"[^/.]+(?:\.[^/.]+)*"

    def to_python(self, value: str) -> str:
        return value.replace(".", "/")

    def to_url(self, value: str) -> str:
        return value.replace("/", ".")


class DigestConverter(StringConverter):
    regex = "[0-9a-f]{64}"


register_converter(PeriodConverter, "period")
register_converter(TabConverter, "tab")
register_converter(JurisdictionConverter, "jurisdiction")
register_converter(DigestConverter, "digest")

FILES = {
    "csv": public.benchmark_csv,
    "json": public.benchmark_json,
    "pdf": public.benchmark_pdf,
    "bib": public.benchmark_bib,
    "ris": public.benchmark_ris,
    "parquet": public.benchmark_parquet,
    "jsonld": public.benchmark_json_ld,
}
"""What a published version can be had as, by the ending of its address."""

PICTURES = {"ladder": public.benchmark_ladder, "spread": public.benchmark_spread}

SECTOR = "sectors/<slug:pack>/<jurisdiction:jurisdiction>/<slug:route>"
BENCHMARK = "benchmarks/<slug:pack>/<jurisdiction:jurisdiction>/<slug:route>/<period:period>"

app_name = "web"
urlpatterns = [
    path("", sector.home, name="sectors"),
    path(f"{BENCHMARK}/", public.in_force, name="benchmark-in-force"),
    path(f"{BENCHMARK}/v<int:version>/", public.benchmark, name="benchmark"),
    *(
        path(f"{BENCHMARK}/v<int:version>/benchmark.{end}", view, name=f"benchmark-{end}")
        for end, view in FILES.items()
    ),
    *(
        path(f"{BENCHMARK}/v<int:version>/{name}.svg", view, name=f"benchmark-{name}")
        for name, view in PICTURES.items()
    ),
    path(f"{SECTOR}/", sector.sector, name="sector"),
    path(f"{SECTOR}/<slug:step>/", step.step, name="step"),
    path(f"{SECTOR}/sector.csv", sector.sector_csv, name="sector-csv"),
    path(f"{SECTOR}/sector.parquet", sector.sector_parquet, name="sector-parquet"),
    path(f"{SECTOR}/sector.jsonld", sector.sector_json_ld, name="sector-jsonld"),
    path("home/", home.home, name="home"),
    path("saved-filters/new/", saved.save, name="save-filter"),
    path("saved-filters/<int:saved>/rename/", saved.rename, name="rename-filter"),
    path("saved-filters/<int:saved>/delete/", saved.delete, name="delete-filter"),
    path("search/", search.page, name="search"),
    path("about/", about.about, name="about"),
    path("about/api/", about.api, name="api"),
    path("benchmarks/every-version.csv", public.every_version_csv, name="every-version-csv"),
    path("feed.atom", feeds.publications, name="feed"),
    path("sitemap.xml", feeds.sitemap, name="sitemap"),
    path("status/", about.status, name="status"),
    path("agent/", agent.page, name="agent"),
    path("agent/files/<str:name>", agent.file, name="agent-file"),
    path("log/checkpoint", verify.checkpoint, name="log-checkpoint"),
    path("log/head.cbor", verify.head_file, name="log-head"),
    path("log/directory.cbor", verify.directory_file, name="key-directory"),
    path("about/codebook.csv", public.codebook_csv, name="codebook-csv"),
    path("methods/<slug:pack>/<str:version>/", methods.version, name="method-version"),
    path("practices/", practices.every, name="practices"),
    path("practices/practices.csv", practices.every_csv, name="practices-csv"),
    path("practices/<slug:practice>/", practices.practice_page, name="practice"),
    path("confirmations/", confirmations.page, name="confirmations"),
    path("confirmations/<int:report>/", confirmations.confirm, name="confirm-outcome"),
    path(
        "confirmations/<int:report>/practice-outcome.json",
        confirmations.file,
        name="outcome-to-confirm",
    ),
    path(
        "confirmations/<int:report>/withdraw/", confirmations.withdraw, name="withdraw-confirmation"
    ),
    path("practices/<slug:practice>/outcome/", practices.outcome, name="practice-outcome"),
    path("practice-entries/", practice_entries.entries, name="practice-entries"),
    path("practice-entries/offer/", practice_entries.offer, name="offer-practice"),
    path("practice-entries/import/", practice_lists.import_list, name="import-practices"),
    path(
        "practice-entries/import/template.csv",
        practice_lists.template_csv,
        name="practices-template-csv",
    ),
    path("practice-entries/publish/", practice_lists.publish_lists, name="publish-practices"),
    path("practice-entries/<int:entry>/", practice_entries.entry, name="practice-entry"),
    path(
        "practice-entries/<int:entry>/publish/", practice_entries.publish, name="publish-practice"
    ),
    path("practice-entries/<int:entry>/end/", practice_entries.end, name="end-practice"),
    path("sign-out/", account.sign_out, name="sign-out"),
    path("not-sent/", account.not_sent, name="unsent"),
    path("language/", account.language, name="language"),
    path("notifications/", notifications.notices, name="notifications"),
    path("notifications/<int:notice>/", notifications.notice, name="notification"),
    path("notifications/read/", notifications.mark_read, name="notifications-read"),
    path("our-plant/", our_plant.plants, name="our-plants"),
    path("our-plant/<slug:slug>/", our_plant.plant, name="our-plant"),
    path("our-plant/<slug:slug>/our-plant.csv", our_plant.plant_csv, name="our-plant-csv"),
    path("our-plant/<slug:slug>/our-plant.pdf", our_plant.plant_pdf, name="our-plant-pdf"),
    path("submissions/", enterprise.submission_list, name="submissions"),
    path("submissions/hand-in/", handing_in.upload, name="upload"),
    path("submissions/challenges/<digest:digest>/", handing_in.challenge, name="challenge"),
    path("submissions/<digest:digest>/", enterprise.submission_detail, name="submission"),
    path(
        "submissions/<digest:digest>/receipt/",
        enterprise.submission_receipt,
        name="submission-receipt",
    ),
    path("sites/", enterprise.site_list, name="sites"),
    path("sites/new/", sites.new, name="new-site"),
    path("sites/<slug:slug>/", site_record.site, name="site-record"),
    path(
        "sites/<slug:slug>/more-time/<int:group>/<period:period>/",
        deadlines.ask,
        name="ask-for-time",
    ),
    path("sites/<slug:slug>/events.csv", site_record.events_csv, name="site-events-csv"),
    path("firms/<int:organisation>/", site_record.firm, name="firm-record"),
    path("sites/<slug:slug>/edit/", sites.edit, name="edit-site"),
    path("sites/<slug:slug>/retire/", sites.retire, name="retire-site"),
    path("sites/<slug:slug>/token/", enterprise.token, name="token"),
    path("agents/<uuid:device>/revoke/", enterprise.revoke, name="revoke"),
    path("register/", registering.register, name="register"),
    path("register/sent/", registering.sent, name="register-sent"),
    path("register/confirm/<str:secret>/", registering.confirm, name="register-confirm"),
    path("applications/", applications.applications, name="applications"),
    path("applications/sites/approve/", applications.approve_sites, name="approve-sites"),
    path("applications/firms/<int:application>/", applications.firm, name="firm-application"),
    path("applications/sites/<int:application>/", applications.site, name="site-application"),
    path("people/", people.people, name="people"),
    path("people/<int:member>/", people.member, name="member"),
    path("people/invitations/<int:invitation>/", people.invitation, name="invitation"),
    path("people/firms/<int:firm>/record/", record.record, name="record"),
    path("people/firms/<int:firm>/record/record.csv", record.record_csv, name="record-csv"),
    path("people/firms/<int:firm>/leave/", leaving.leave, name="leave"),
    path("left/<str:secret>/", leaving.left, name="left"),
    path("left/<str:secret>/certificate.pdf", leaving.left_pdf, name="left-pdf"),
    path("join/<str:secret>/", people.join, name="join"),
    path("account/keys/", keys.page, name="keys"),
    path("account/keys/keys.csv", keys.as_csv, name="keys-csv"),
    path("account/keys/<int:key>/revoke/", keys.revoke, name="revoke-key"),
    path("periods/", periods.page, name="periods"),
    path("periods/periods.csv", periods.as_csv, name="periods-csv"),
    path("packs/proposals/", proposals.proposals, name="proposals"),
    path("packs/proposals/new/", proposals.propose, name="propose"),
    path("packs/proposals/<int:proposal>/", proposals.proposal, name="proposal"),
    path("packs/proposals/<int:proposal>/comment/", proposals.comment, name="proposal-comment"),
    path("packs/proposals/<int:proposal>/approve/", proposals.approve, name="proposal-approve"),
    path("packs/proposals/<int:proposal>/refuse/", proposals.refuse, name="proposal-refuse"),
    path("packs/proposals/<int:proposal>/withdraw/", proposals.withdraw, name="proposal-withdraw"),
    path("packs/proposals/<int:proposal>/<str:name>", proposals.file, name="proposal-file"),
    path("periods/groups/<int:group>/take-up/<str:version>/", periods.take_up, name="take-up"),
    path("periods/groups/<int:group>/open/", periods.open_period, name="open-period"),
    path("periods/groups/<int:group>/audits/", periods.policy, name="audit-policy"),
    path("periods/groups/<int:group>/obliged/", obliged.page, name="obliged"),
    path("periods/groups/<int:group>/obliged/upload/", obliged.upload, name="obliged-upload"),
    path("periods/groups/<int:group>/obliged/now.csv", obliged.now_csv, name="obliged-now-csv"),
    path(
        "periods/groups/<int:group>/obliged/template.csv",
        obliged.template_csv,
        name="obliged-template-csv",
    ),
    path("periods/groups/<int:group>/obliged/amend/", obliged.amend, name="obliged-amend"),
    path("periods/groups/<int:group>/obliged/<int:change>/", obliged.one_list, name="obliged-list"),
    path(
        "periods/groups/<int:group>/obliged/<int:change>/apply/",
        obliged.apply,
        name="obliged-apply",
    ),
    path(
        "periods/groups/<int:group>/obliged/<int:change>/undo/", obliged.undo, name="obliged-undo"
    ),
    path(
        "periods/groups/<int:group>/<period:period>/close/",
        periods.close_period,
        name="close-period",
    ),
    path("assignments/", assigning.assignments, name="assignments"),
    path("assignments/assignments.csv", assigning.assignments_csv, name="assignments-csv"),
    path("assignments/new/", assigning.choose, name="assign"),
    path("assignments/several/", assigning.assign_several, name="assign-several"),
    path("assignments/new/<slug:slug>/", assigning.assign, name="assign-site"),
    path(
        "assignments/<int:assignment>/take-back/", assigning.take_back, name="take-assignment-back"
    ),
    path(
        "assignments/<int:assignment>/findings/<int:number>/",
        assigning.appealed,
        name="appealed-finding",
    ),
    path("obligatory-audits/", obliged_audits.page, name="obliged-audits"),
    path(
        "obligatory-audits/obligatory-audits.csv", obliged_audits.as_csv, name="obliged-audits-csv"
    ),
    path("obligatory-audits/<slug:slug>/", obliged_audits.site, name="obliged-audit"),
    path(
        "obligatory-audits/<slug:slug>/<int:certificate>/take-back/",
        obliged_audits.take_back,
        name="take-system-back",
    ),
    path("audit-trail/", audit_trail.trail, name="trail"),
    path("audit-trail/events.csv", audit_trail.trail_csv, name="trail-csv"),
    path("periods/<int:group>/<period:period>/<tab:tab>/", period.page, name="period"),
    path("periods/<int:group>/<period:period>/results.pdf", period.results_pdf, name="results-pdf"),
    path(
        "periods/<int:group>/<period:period>/results.docx", period.results_docx, name="results-docx"
    ),
    path(
        "periods/<int:group>/<period:period>/sites.csv",
        period.participation_csv,
        name="participation-csv",
    ),
    path(
        "periods/<int:group>/<period:period>/standings.csv",
        period.standings_csv,
        name="standings-csv",
    ),
    path("periods/<int:group>/<period:period>/deadlines/due/", deadlines.set_due, name="set-due"),
    path(
        "periods/<int:group>/<period:period>/deadlines/extend/",
        deadlines.extend,
        name="extend",
    ),
    path(
        "periods/<int:group>/<period:period>/deadlines/remind/",
        deadlines.remind,
        name="remind",
    ),
    path(
        "periods/<int:group>/<period:period>/deadlines/asked/<int:pk>/",
        deadlines.decide,
        name="decide-time",
    ),
    path("periods/<int:group>/<period:period>/compose/", drafts.compose, name="compose"),
    path(
        "periods/versions/<int:publication>/composed-of.json",
        drafts.composed_of_json,
        name="composed-of",
    ),
    path("periods/versions/<int:publication>/publish/", drafts.publish, name="publish"),
    path("periods/versions/<int:publication>/comment/", drafts.comment, name="comment"),
    path(
        "periods/versions/<int:publication>/cancel-release/",
        drafts.cancel_release,
        name="cancel-release",
    ),
    path("periods/versions/<int:publication>/discard/", drafts.discard, name="discard"),
    path("periods/versions/<int:publication>/correct/", drafts.correct, name="correct"),
    path("periods/versions/<int:publication>/withdraw/", drafts.withdraw, name="withdraw"),
    path("assigned/", certification.assigned, name="assigned"),
    path("assigned/<digest:digest>/", certification.submission_detail, name="assigned-submission"),
    path(
        "assigned/<digest:digest>/receipt/",
        certification.submission_receipt,
        name="assigned-submission-receipt",
    ),
    path("assigned/<int:assignment>/", engagements.page, name="engagement"),
    path("assigned/<int:assignment>/interest/", engagements.interest, name="engagement-interest"),
    path(
        "assigned/<int:assignment>/findings/new/",
        engagements.new_finding,
        name="engagement-new-finding",
    ),
    path(
        "assigned/<int:assignment>/findings/<int:number>/",
        engagements.finding,
        name="engagement-finding",
    ),
    path("assigned/<int:assignment>/sample/", samples.page, name="engagement-sample"),
    path("assigned/<int:assignment>/sample/give-up/", samples.give_up, name="engagement-give-up"),
    path("draws/<int:sample>.cbor", samples.draw_file, name="draw-file"),
    path("draws/<int:sample>/evidence.json", samples.evidence, name="sample-evidence"),
    path("assigned/<int:assignment>/opinion/", attesting.opinion, name="engagement-opinion"),
    path("attestations/<digest:digest>/", attesting.attestation, name="attestation"),
    path(
        "attestations/<digest:digest>/to-sign.cbor", attesting.to_sign, name="attestation-to-sign"
    ),
    path("attestations/<digest:digest>/withdraw/", attesting.withdraw, name="attestation-withdraw"),
    path("auditor-keys/", certification.keys, name="auditor-keys"),
    path("auditor-keys/<int:key>/revoke/", certification.revoke_key, name="revoke-auditor-key"),
    path("audits/", audits.audits, name="audits"),
    path("audits/<int:assignment>/findings/<int:number>/", audits.finding, name="audit-finding"),
    path("verify/", verify.ask, name="verify-ask"),
    path("verify/<str:code>/", verify.page, name="verify"),
    path("verify/<str:code>/statement.cbor", verify.statement, name="verify-statement"),
    path("verify/<str:code>/certificate.pdf", verify.certificate, name="verify-certificate"),
]

urlpatterns += extras.routes("urls")

CSV = "csv"
urlpatterns += [  # every table as a workbook as well
    path(
        f"{route.pattern}".removesuffix(CSV) + "xlsx",
        as_workbook(route.callback),
        name=f"{route.name.removesuffix(CSV)}xlsx",
    )
    for route in tuple(urlpatterns)
    if route.name and route.name.endswith(f"-{CSV}")
]
