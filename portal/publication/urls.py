from django.urls import path, re_path

from portal.publication.api import BenchmarksView, BenchmarkVersionView, BenchmarkView

# a period may be two dates with a slash between (2016-01-01/2016-07-01), so it is spelt out
PERIOD = r"(?P<period>\d{4}(?:-Q[1-4]|-\d{2})?|\d{4}-\d{2}-\d{2}(?:/|%2F)\d{4}-\d{2}-\d{2})"

urlpatterns = [
    path("benchmarks/", BenchmarksView.as_view(), name="benchmarks"),
    re_path(rf"^benchmarks/(?P<pack>[a-z0-9-]+)/{PERIOD}/$", BenchmarkView.as_view(), name="benchmark"),
    re_path(
        rf"^benchmarks/(?P<pack>[a-z0-9-]+)/{PERIOD}/v(?P<version>[1-9]\d{{0,5}})/$",
        BenchmarkVersionView.as_view(),
        name="benchmark-version",
    ),
]
