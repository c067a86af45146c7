"""The portal: receives sealed reports, opens them in the worker, composes, gates, publishes and shows industry labels.

Each app has the same rooms: urls ▶ views or api or tasks ▶ services ▶ selectors ▶ models. Services write, selectors
read and hold the object permissions, entrances translate. Services never import tasks.
"""
