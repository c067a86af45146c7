"""The web process: ciphertext only, no vault, no processing key."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.embedded")
os.environ.setdefault("STEPLABEL_ROLE", "web")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
