"""Looks into shared HTTP clients of libraries: what they send along with every request may be one user's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ssot_probe.observe.sharing.anatomy import bases_of, dict_getter, qualified_name
from ssot_probe.observe.sharing.edges import snapshot

CLIENTS = {
    "requests.sessions:Session": ("headers", "cookies", "auth", "params"),
    "httpx:Client": ("_headers", "_cookies", "_auth"),
    "httpx:AsyncClient": ("_headers", "_cookies", "_auth"),
    "httpx._client:BaseClient": ("_headers", "_cookies", "_auth"),
    "aiohttp.client:ClientSession": ("_default_headers", "_cookie_jar", "_default_auth"),
    "aiohttp:ClientSession": ("_default_headers", "_cookie_jar", "_default_auth"),
    "urllib.request:OpenerDirector": ("addheaders", "handlers"),
}
"""What each client keeps between requests, by the attributes that it keeps it in."""

MOST_TEXTS = 500
DEPTH = 7


def is_client(thing: Any) -> bool:
    """Is it one of the HTTP clients, or derived from one?"""
    return any(qualified_name(base) in CLIENTS for base in bases_of(type(thing)))


def inside_client(thing: Any) -> Iterator[str]:
    """Yield what a client sends along: headers, cookies, credentials, and what a token in them says."""
    for base in bases_of(type(thing)):
        for attribute in CLIENTS.get(qualified_name(base), ()):
            for value in [dict.get(_dict_of(thing), attribute)]:
                for text in list(_texts_below(value))[:MOST_TEXTS]:
                    yield text
                    yield from _claims_of(text)


def _texts_below(value: Any) -> Iterator[str]:
    """Yield the texts below what a library stores, from its dictionaries and lists alone."""
    waiting = [(value, 0)]
    seen: set[int] = set()
    for each, depth in waiting:
        if type(each) is str:
            yield each
        elif type(each) is bytes:
            yield each.decode("latin-1")
        elif depth < DEPTH and len(seen) < MOST_TEXTS and id(each) not in seen:
            seen.add(id(each))
            waiting += [(below, depth + 1) for below in _held_by(each)]


def _held_by(thing: Any) -> list[Any]:
    bases = bases_of(type(thing))
    if dict in bases:
        return [part for entry in snapshot(lambda: list(dict.items(thing))) for part in entry]
    for base in (list, tuple):
        if base in bases:
            return list(base.__iter__(thing))
    return [value for name, value in _dict_of(thing).items() if name not in ("policy", "_policy", "_loop")]


def _dict_of(thing: Any) -> dict[str, Any]:
    getter = dict_getter(type(thing))
    found = None if getter is None or issubclass(type(thing), type) else getter(thing)
    return dict(found) if type(found) is dict else {}


def _claims_of(text: str) -> Iterator[str]:
    """Yield what a JSON Web Token says; its second part is readable."""
    parts = text.rpartition(" ")[2].split(".")
    if len(parts) == 3 and parts[0].startswith("eyJ"):
        import base64
        import binascii

        try:
            yield base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)).decode("utf-8")
        except (binascii.Error, ValueError):
            return
