"""Write the schemas that are made from code."""

from reporting_agent.schemas import HOME, as_text, made

for name, schema in made().items():
    (HOME / name).write_text(as_text(schema), encoding="utf-8")
