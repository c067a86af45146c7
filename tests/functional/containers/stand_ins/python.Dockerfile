# In place of python:3.11-slim-bookworm: Debian's Python at the same place, with a pip that can be uninstalled.
FROM steplabel-stand-in-debian
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv --copies /usr/local
