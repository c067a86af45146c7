"""The portal: receives sealed reports, opens them in the worker, composes, gates, publishes and
shows industry labels.

Each app has the same rooms: urls ▶ views or api or tasks ▶ what writes ▶ selectors ▶ models. What
writes is named by what it does, selectors read and hold the object permissions, entrances
translate. What writes never imports tasks.
"""
