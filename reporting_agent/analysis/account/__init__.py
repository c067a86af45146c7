"""All energy of a route and of the site in a year: what came in, which step took it, and what goes
with the product.
"""
