from django.apps import AppConfig


class TranslogConfig(AppConfig):
    name = "portal.translog"
