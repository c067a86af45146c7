"""The web process: no vault, no processing key; what is loaded once and stays is taken out of the
garbage collector's sight.

What is loaded once and stays, some 200,000 objects, is taken out of the collector's sight: looking
through it again made a request now and then several times as long as its neighbours. Full
collections took a tenth as long afterwards.
"""

from __future__ import annotations

import gc
import logging
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.embedded")
os.environ.setdefault("STEPLABEL_ROLE", "web")

from django.core.checks import run_checks
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

application = get_wsgi_application()
for finding in run_checks(
    tags=["stores", "proxies", "environment"], include_deployment_checks=True
):  # a web server by itself runs none
    logging.getLogger("portal").warning("%s", finding)
get_resolver().check()  # loads every view, and what they import, before the first request
gc.collect()
gc.freeze()
