from django.urls import path

from portal.accounts.api import DirectoryView, EnrolmentView

urlpatterns = [
    path("enrolments/", EnrolmentView.as_view(), name="enrolments"),
    path("directory/", DirectoryView.as_view(), name="directory"),
]
