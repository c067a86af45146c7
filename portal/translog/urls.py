from django.urls import path

from portal.translog import api

urlpatterns = [
    path("log/head/", api.LogHeadView.as_view(), name="log-head"),
    path("log/checkpoint/", api.CheckpointView.as_view(), name="log-checkpoint"),
    path("log/cosignatures/", api.CosignaturesView.as_view(), name="log-cosignatures"),
    path("log/entries/", api.EntriesView.as_view(), name="log-entries"),
    path("log/entry/", api.LogEntryView.as_view(), name="log-entry"),
    path("log/restarts/", api.RestartsView.as_view(), name="log-restarts"),
    path("log/inclusion/", api.InclusionView.as_view(), name="log-inclusion"),
    path("log/consistency/", api.ConsistencyView.as_view(), name="log-consistency"),
]
