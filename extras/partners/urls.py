"""Pages of partners, and of who lets them in."""

from django.urls import path

from extras.partners import letting_in, pages

urlpatterns = [
    path("sites/<slug:slug>/access/", letting_in.access, name="access"),
    path("sites/<slug:slug>/access/<int:grant>/end/", letting_in.end, name="end-access"),
    path("provider/", pages.provider, name="provider"),
    path("provider/conformance.csv", pages.provider_csv, name="provider-csv"),
    path("provider/reports/<digest:digest>/", pages.values, name="granted"),
    path("provider/reports/<digest:digest>/receipt/", pages.receipt, name="granted-receipt"),
    path("supplier/", pages.supplier, name="supplier"),
    path("supplier/deliveries.csv", pages.supplier_csv, name="supplier-csv"),
    path(
        "supplier/deliveries/<int:delivery>/take-back/",
        pages.take_back,
        name="take-back-delivery",
    ),
    path("downloads/", pages.downloads, name="downloads"),
    path("downloads/steplabel.zip", pages.archive_zip, name="archive"),
    path("conformance/", letting_in.results, name="conformance"),
    path("conformance/conformance.csv", letting_in.results_csv, name="conformance-csv"),
    path("conformance/<int:result>/confirm/", letting_in.confirm, name="confirm-result"),
    path("assigned/deliveries/", letting_in.assigned_deliveries, name="assigned-deliveries"),
    path(
        "assigned/deliveries/deliveries.csv",
        letting_in.assigned_deliveries_csv,
        name="assigned-deliveries-csv",
    ),
]
