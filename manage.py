#!/usr/bin/env python
"""The portal's commands. Run here they act as the operator: both databases, no processing key."""

import os
import sys

if __name__ == "__main__":
    from portal.beside_installed import refuse_beside_installed

    refuse_beside_installed(sys.argv, os.environ)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.embedded")
    os.environ.setdefault("STEPLABEL_ROLE", "operator")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
