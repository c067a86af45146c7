from django.urls import re_path

from portal.practices.api import PracticesView

urlpatterns = [re_path(r"^practices/$", PracticesView.as_view(), name="practices")]
