from django.urls import path, re_path

from portal.publication.api import (
    BenchmarkInForceView,
    BenchmarkOfJurisdictionView,
    BenchmarksView,
    BenchmarkVersionOfJurisdictionView,
    BenchmarkVersionView,
)
from portal.publication.api_best_group import (
    BenchmarkBestGroupOfJurisdictionView,
    BenchmarkBestGroupView,
)
from portal.publication.api_drafts import DraftsView
from portal.publication.api_leaves import BenchmarkLeavesOfJurisdictionView, BenchmarkLeavesView
from portal.publication.api_references import (
    BenchmarkReferencesOfJurisdictionView,
    BenchmarkReferencesView,
)
from portal.publication.api_reports import ReportsView

# a period may be two dates with a slash between (2016-01-01/2016-07-01), so it is spelt out
PERIOD = r"(?P<period>\d{4}(?:-Q[1-4]|-\d{2})?|\d{4}-\d{2}-\d{2}(?:/|%2F)\d{4}-\d{2}-\d{2})"

# the jurisdiction's path with dots between its parts, then the route
SERIES = r"(?P<place>[^/.]+(?:\.[^/.]+)*)/(?P<route>[a-z0-9-]+)"

urlpatterns = [
    path("reports/", ReportsView.as_view(), name="reports"),
    path("drafts/", DraftsView.as_view(), name="drafts"),
    path("benchmarks/", BenchmarksView.as_view(), name="benchmarks"),
    re_path(
        rf"^benchmarks/(?P<pack>[a-z0-9-]+)/{SERIES}/{PERIOD}/$",
        BenchmarkOfJurisdictionView.as_view(),
        name="benchmark-of-place",
    ),
    re_path(
        rf"^benchmarks/(?P<pack>[a-z0-9-]+)/{SERIES}/{PERIOD}/v(?P<version>[1-9]\d{{0,5}})/$",
        BenchmarkVersionOfJurisdictionView.as_view(),
        name="benchmark-version-of-place",
    ),
    re_path(
        rf"^benchmarks/(?P<pack>[a-z0-9-]+)/{PERIOD}/$",
        BenchmarkInForceView.as_view(),
        name="benchmark",
    ),
    re_path(
        rf"^benchmarks/(?P<pack>[a-z0-9-]+)/{PERIOD}/v(?P<version>[1-9]\d{{0,5}})/$",
        BenchmarkVersionView.as_view(),
        name="benchmark-version",
    ),
    re_path(
        rf"^benchmarks/(?P<pack>[a-z0-9-]+)/{PERIOD}/v(?P<version>[1-9]\d{{0,5}})/leaves/$",
        BenchmarkLeavesView.as_view(),
        name="benchmark-leaves",
    ),
    re_path(
        rf"^benchmarks/(?P<pack>[a-z0-9-]+)/{SERIES}/{PERIOD}/v(?P<version>[1-9]\d{{0,5}})/leaves/$",
        BenchmarkLeavesOfJurisdictionView.as_view(),
        name="benchmark-leaves-of-place",
    ),
    re_path(
        rf"^benchmarks/(?P<pack>[a-z0-9-]+)/{PERIOD}/v(?P<version>[1-9]\d{{0,5}})/references/$",
        BenchmarkReferencesView.as_view(),
        name="benchmark-references",
    ),
    re_path(
        rf"^benchmarks/(?P<pack>[a-z0-9-]+)/{SERIES}/{PERIOD}/v(?P<version>[1-9]\d{{0,5}})/references/$",
        BenchmarkReferencesOfJurisdictionView.as_view(),
        name="benchmark-references-of-place",
    ),
    re_path(
        rf"^benchmarks/(?P<pack>[a-z0-9-]+)/{PERIOD}/v(?P<version>[1-9]\d{{0,5}})/best-group/$",
        BenchmarkBestGroupView.as_view(),
        name="benchmark-best-group",
    ),
    re_path(
        rf"^benchmarks/(?P<pack>[a-z0-9-]+)/{SERIES}/{PERIOD}/v(?P<version>[1-9]\d{{0,5}})/best-group/$",
        BenchmarkBestGroupOfJurisdictionView.as_view(),
        name="benchmark-best-group-of-place",
    ),
]
