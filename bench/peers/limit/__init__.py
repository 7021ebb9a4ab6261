"""The limit: a handler for each question, with its statements written out, the drivers as they are, and orjson."""
