"""Counts without the probe: as a plugin of Datasette, writes counts.json at exit."""

import atexit
import collections
import json

from datasette import app
from datasette.utils import asgi
from datasette.views import base, special

seen = collections.Counter()


def count(owner, name):
    inner = getattr(owner, name)

    def counted(*args, **kwargs):
        seen[f"{owner.__name__}.{name}"] += 1
        return inner(*args, **kwargs)

    setattr(owner, name, counted)


count(app.Datasette, "get_database")
count(asgi.Request, "__init__")
count(asgi.Response, "__init__")
count(base.BaseView, "__init__")
count(base.BaseView, "render")
count(special.JsonDataView, "__init__")
count(special.JsonDataView, "get")


@atexit.register
def tell():
    with open("counts.json", "w") as file:
        json.dump(seen, file)
