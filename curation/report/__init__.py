"""Tables, figures and the report: text and drawings made of stored numbers. The only room that imports jinja2."""
