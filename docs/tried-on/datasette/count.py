"""Counts without the probe, of all calls and of those for nobody; a plugin, writes counts.json at exit."""

import atexit
import collections
import json

import trial_actor
from datasette import app
from datasette.utils import asgi
from datasette.views import base, database, index, special, table

seen = collections.Counter()
nobody = collections.Counter()


def count(owner, name):
    inner = getattr(owner, name)

    def counted(*args, **kwargs):
        key = f"{owner.__name__}.{name}"
        seen[key] += 1
        nobody[key] += trial_actor.current.get() is None
        return inner(*args, **kwargs)

    setattr(owner, name, counted)


for owner, names in {
    app.Datasette: ("get_database",),
    asgi.Request: ("__init__",),
    asgi.Response: ("__init__", "html"),
    base.BaseView: ("__init__", "render"),
    base.DataView: ("get",),
    index.IndexView: ("get",),
    database.QueryView: ("data",),
    special.JsonDataView: ("__init__", "get"),
    special.LogoutView: ("get",),
    table.TableView: ("post",),
}.items():
    for name in names:
        count(owner, name)


@atexit.register
def tell():
    with open("counts.json", "w") as file:
        json.dump({"calls": seen, "for nobody": nobody}, file, indent=1)
