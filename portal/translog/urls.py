from django.urls import path

from portal.translog.api import CheckpointView, ConsistencyView, CosignaturesView, EntriesView, EntryView, HeadView, InclusionView

urlpatterns = [
    path("log/head/", HeadView.as_view(), name="log-head"),
    path("log/checkpoint/", CheckpointView.as_view(), name="log-checkpoint"),
    path("log/cosignatures/", CosignaturesView.as_view(), name="log-cosignatures"),
    path("log/entries/", EntriesView.as_view(), name="log-entries"),
    path("log/entry/", EntryView.as_view(), name="log-entry"),
    path("log/inclusion/", InclusionView.as_view(), name="log-inclusion"),
    path("log/consistency/", ConsistencyView.as_view(), name="log-consistency"),
]
