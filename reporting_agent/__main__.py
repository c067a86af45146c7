"""`python -m reporting_agent` is `steplabel-agent`."""

import sys

from reporting_agent.cli import main

sys.exit(main())
