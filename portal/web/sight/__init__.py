"""Whether the installation works: for load balancers, for Prometheus, in words for everybody."""
