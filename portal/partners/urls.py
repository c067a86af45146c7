from django.urls import path

from portal.partners.api import (
    ArchiveView,
    ConformanceListView,
    DeliveriesView,
    GrantedSitesView,
    GrantedValuesView,
)

urlpatterns = [
    path("granted/", GrantedSitesView.as_view(), name="granted"),
    path("granted/values/", GrantedValuesView.as_view(), name="granted-values"),
    path("deliveries/", DeliveriesView.as_view(), name="deliveries"),
    path("conformance/", ConformanceListView.as_view(), name="conformance"),
    path("archive/", ArchiveView.as_view(), name="archive"),
]
