from django.urls import re_path

from portal.governance.api import PacksView, PackView

urlpatterns = [
    re_path(r"^packs/$", PacksView.as_view(), name="packs"),
    re_path(
        r"^packs/(?P<pack>[a-z0-9][a-z0-9-]{0,39})/(?P<version>[A-Za-z0-9][A-Za-z0-9.-]{0,19})/$",
        PackView.as_view(),
        name="pack",
    ),
]
