"""Areas of the portal's pages, a module each: what a page computes, its views, its files."""
