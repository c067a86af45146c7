"""The site's own settings: site.toml with its meters, inputs and mapping profiles."""

from reporting_agent.config.meters import Meter
from reporting_agent.config.profile import Mapping, Profile
from reporting_agent.config.runs import Runs
from reporting_agent.config.site import Equipment, Inputs, Site, load_site

__all__ = ["Equipment", "Inputs", "Mapping", "Meter", "Profile", "Runs", "Site", "load_site"]
