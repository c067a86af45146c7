"""Write the schemas that are made from code."""

from reporting_agent.schemas import HOME, as_text, from_code

for name, schema in from_code().items():
    (HOME / name).write_text(as_text(schema), encoding="utf-8")
