"""Datasette as an application for other servers: `uvicorn asgi:app`."""

import json

from datasette.app import Datasette

with open("metadata.json") as file:
    app = Datasette(
        ["notes.db"], metadata=json.load(file), plugins_dir="plugins", secret="not-a-secret"
    ).app()
