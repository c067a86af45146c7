"""Pages of programmes."""

from django.urls import path

from extras.programmes import dossier_pages, incentive_pages, offer_pages

urlpatterns = [
    path("sites/<slug:slug>/dossier/", dossier_pages.page, name="dossier"),
    path("sites/<slug:slug>/dossier/read/", dossier_pages.read, name="dossier-read"),
    path("sites/<slug:slug>/dossier/dossier.pdf", dossier_pages.as_pdf, name="dossier-pdf"),
    path("sites/<slug:slug>/dossier/dossier.json", dossier_pages.as_json, name="dossier-json"),
    path("incentives/", incentive_pages.page, name="incentives"),
    path(
        "incentives/<int:incentive>/correct/", incentive_pages.correct_one, name="correct-incentive"
    ),
    path("incentives/incentives.csv", incentive_pages.as_csv, name="incentives-csv"),
    path("incentives/offers/", offer_pages.page, name="offers"),
    path("incentives/offers/offers.csv", offer_pages.as_csv, name="offers-csv"),
    path("incentives/offers/new/", offer_pages.new, name="new-offer"),
    path("incentives/offers/<int:offer>/", offer_pages.offer, name="offer"),
    path("incentives/offers/<int:offer>/end/", offer_pages.end_offer, name="end-offer"),
]
