from django.urls import path

from portal.sharing.api_groups import GroupsView, GroupView

urlpatterns = [
    path("groups/", GroupsView.as_view(), name="groups"),
    path("groups/<int:group>/", GroupView.as_view(), name="group"),
]
