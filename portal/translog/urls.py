from django.urls import path

from portal.translog.api import ConsistencyView, EntriesView, EntryView, HeadView, InclusionView

urlpatterns = [
    path("log/head/", HeadView.as_view(), name="log-head"),
    path("log/entries/", EntriesView.as_view(), name="log-entries"),
    path("log/entry/", EntryView.as_view(), name="log-entry"),
    path("log/inclusion/", InclusionView.as_view(), name="log-inclusion"),
    path("log/consistency/", ConsistencyView.as_view(), name="log-consistency"),
]
