"""Pages on which a firm shows its labels, and of groups of sites."""

from django.urls import path

from extras.sharing import group_pages as groups
from extras.sharing import pages

urlpatterns = [
    path("submissions/<digest:digest>/show/", pages.show, name="show"),
    path("submissions/<digest:digest>/show/<int:share>/", pages.take_back, name="take-back"),
    path("submissions/<digest:digest>/certificate/", pages.certificate, name="certificate"),
    path(
        "submissions/<digest:digest>/certificate.pdf",
        pages.certificate_pdf,
        name="certificate-pdf",
    ),
    path("shared/<str:secret>/", pages.shared, name="shared"),
    path("groups/", groups.page, name="site-groups"),
    path("groups/new/", groups.new, name="new-site-group"),
    path("groups/<int:group>/", groups.group, name="site-group"),
    path("groups/<int:group>/labels.csv", groups.labels_csv, name="site-group-csv"),
    path("groups/<int:group>/count/", groups.count, name="count-site-group"),
    path("groups/<int:group>/end/", groups.end_group, name="end-site-group"),
    path("groups/<int:group>/remove/<slug:slug>/", groups.remove_member, name="remove-from-group"),
    path("groups/<int:group>/join/<slug:slug>/", groups.join_group, name="join-group"),
    path("groups/<int:group>/leave/<slug:slug>/", groups.leave_group, name="leave-group"),
]
