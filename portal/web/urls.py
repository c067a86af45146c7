"""Addresses of the pages. Those of published versions are permanent."""

from __future__ import annotations

from django.urls import path, register_converter
from django.views.i18n import set_language

from portal.web.views import account, certification, enterprise, public, regulator


class PeriodConverter:
    """A period as `--period` spells it; two dates stand with `_` between them, for `/` would part the address."""

    regex = r"\d{4}(?:-Q[1-4]|-\d{2})?|\d{4}-\d{2}-\d{2}_\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> str:
        return value.replace("_", "/")

    def to_url(self, value: str) -> str:
        return value.replace("/", "_")


class DigestConverter:
    regex = "[0-9a-f]{64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(PeriodConverter, "period")
register_converter(DigestConverter, "digest")

app_name = "web"
urlpatterns = [
    path("", public.benchmark_list, name="benchmarks"),
    path("b/<slug:pack>/<period:period>/", public.in_force, name="benchmark-in-force"),
    path("b/<slug:pack>/<period:period>/v<int:version>/", public.benchmark, name="benchmark"),
    path("b/<slug:pack>/<period:period>/v<int:version>/benchmark.csv", public.benchmark_csv, name="benchmark-csv"),
    path("b/<slug:pack>/<period:period>/v<int:version>/benchmark.json", public.benchmark_json, name="benchmark-json"),
    path("b/<slug:pack>/<slug:route>/<period:period>/", public.in_force, name="benchmark-route-in-force"),
    path("b/<slug:pack>/<slug:route>/<period:period>/v<int:version>/", public.benchmark, name="benchmark-route"),
    path("b/<slug:pack>/<slug:route>/<period:period>/v<int:version>/benchmark.csv", public.benchmark_csv, name="benchmark-route-csv"),
    path("b/<slug:pack>/<slug:route>/<period:period>/v<int:version>/benchmark.json", public.benchmark_json, name="benchmark-route-json"),
    path("sign-in/", account.SignIn.as_view(), name="sign-in"),
    path("sign-out/", account.sign_out, name="sign-out"),
    path("language/", set_language, name="language"),
    path("where-we-stand/", enterprise.stand, name="stand"),
    path("submissions/", enterprise.submission_list, name="submissions"),
    path("submissions/hand-in/", enterprise.upload, name="upload"),
    path("submissions/<digest:digest>/", enterprise.submission_detail, name="submission"),
    path("submissions/<digest:digest>/receipt/", enterprise.submission_receipt, name="submission-receipt"),
    path("sites/", enterprise.site_list, name="sites"),
    path("sites/<slug:slug>/token/", enterprise.token, name="token"),
    path("agents/<uuid:device>/revoke/", enterprise.revoke, name="revoke"),
    path("publications/", regulator.publications, name="publications"),
    path("publications/<int:group>/<period:period>/", regulator.participation_of, name="participation"),
    path("publications/<int:group>/<period:period>/compose/", regulator.compose, name="compose"),
    path("publications/versions/<int:publication>/", regulator.draft, name="draft"),
    path("publications/versions/<int:publication>/publish/", regulator.publish, name="publish"),
    path("publications/versions/<int:publication>/withdraw/", regulator.withdraw, name="withdraw"),
    path("assigned/", certification.assigned, name="assigned"),
    path("assigned/<digest:digest>/", certification.submission_detail, name="assigned-submission"),
    path("assigned/<digest:digest>/receipt/", certification.submission_receipt, name="assigned-submission-receipt"),
]
