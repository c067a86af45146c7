"""Pages: what people see of the portal, in English and Chinese.

A view asks a selector, a presenter turns the answer into a view model (frozen dataclasses with
named fields, numbers already in the unit of the page), and a template prints it. No template sees a
model, so none can print what was not meant for it.
"""
