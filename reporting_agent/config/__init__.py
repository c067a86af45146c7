"""The site's own settings: site.toml with its meters, inputs and mapping profiles."""

from reporting_agent.config.meters import Meter
from reporting_agent.config.profile import Mapping, Profile
from reporting_agent.config.runs import Runs
from reporting_agent.config.site import Equipment, InputFiles, SiteSettings, load_site

__all__ = [
    "Equipment",
    "InputFiles",
    "Mapping",
    "Meter",
    "Profile",
    "Runs",
    "SiteSettings",
    "load_site",
]
