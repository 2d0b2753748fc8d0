"""Counts without the probe; `python count.py --config config` is Radicale, and writes counts.json at exit."""

import atexit
import collections
import json

from radicale import app, item
from radicale.__main__ import run
from radicale.app import base
from radicale.auth import htpasswd
from radicale.rights import owner_only
from radicale.storage import multifilesystem
from radicale.storage.multifilesystem import get

seen = collections.Counter()


def count(owner, name, key, of=lambda *_: True):
    inner = getattr(owner, name)

    def counted(self, *args, **kwargs):
        result = inner(self, *args, **kwargs)
        seen[key] += of(self, result)
        return result

    setattr(owner, name, counted)


count(app.Application, "__init__", "Application")
count(htpasswd.Auth, "__init__", "Auth")
count(owner_only.Rights, "__init__", "Rights")
count(multifilesystem.Storage, "__init__", "Storage")
count(multifilesystem.Collection, "__init__", "Collection")
count(base.Access, "__init__", "Access")
count(base.Access, "__init__", "Access for nobody", lambda self, _: not self.user)
count(item.Item, "__init__", "Item")
count(get.CollectionPartGet, "_get", "Item from _get", lambda _, found: isinstance(found, item.Item))


@atexit.register
def tell():
    with open("counts.json", "w") as file:
        json.dump(seen, file, indent=1)


if __name__ == "__main__":
    run()
