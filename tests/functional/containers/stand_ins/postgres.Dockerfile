# In place of postgres:15-bookworm: Debian's server, begun as the image's own entrypoint begins it.
FROM steplabel-stand-in-debian
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql && rm -rf /var/lib/apt/lists/* \
    && install -d -o postgres -g postgres /docker-entrypoint-initdb.d /var/run/postgresql
COPY postgres-entrypoint /usr/local/bin/
ENV PGDATA=/var/lib/postgresql/data
VOLUME /var/lib/postgresql/data
ENTRYPOINT ["postgres-entrypoint"]
