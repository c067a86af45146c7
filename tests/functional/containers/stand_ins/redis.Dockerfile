# In place of redis:7.2-bookworm.
FROM steplabel-stand-in-debian
RUN apt-get update && apt-get install --yes --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/*
