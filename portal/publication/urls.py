from django.urls import path, re_path

from portal.publication.api import BenchmarkInForceView, BenchmarksView, BenchmarkVersionView
from portal.publication.api_drafts import DraftsView
from portal.publication.api_leaves import BenchmarkLeavesView
from portal.publication.api_references import BenchmarkReferencesView
from portal.publication.api_reports import ReportsView

# the jurisdiction's path has dots between its parts; a period may be two dates with a slash
# between (2016-01-01/2016-07-01), so it is spelt out
SERIES = (
    r"^benchmarks/(?P<pack>[a-z0-9-]+)/(?P<place>[^/.]+(?:\.[^/.]+)*)/(?P<route>[a-z0-9-]+)/"
    r"(?P<period>\d{4}(?:-Q[1-4]|-\d{2})?|\d{4}-\d{2}-\d{2}(?:/|%2F)\d{4}-\d{2}-\d{2})/"
)
VERSION = SERIES + r"v(?P<version>[1-9]\d{0,5})/"

urlpatterns = [
    path("reports/", ReportsView.as_view(), name="reports"),
    path("drafts/", DraftsView.as_view(), name="drafts"),
    path("benchmarks/", BenchmarksView.as_view(), name="benchmarks"),
    re_path(f"{SERIES}$", BenchmarkInForceView.as_view(), name="benchmark"),
    re_path(f"{VERSION}$", BenchmarkVersionView.as_view(), name="benchmark-version"),
    re_path(f"{VERSION}leaves/$", BenchmarkLeavesView.as_view(), name="benchmark-leaves"),
    re_path(
        f"{VERSION}references/$", BenchmarkReferencesView.as_view(), name="benchmark-references"
    ),
]
