"""Writes a service that loads a thousand modules: its own package, and installed ones that it uses.

What is written depends on nothing but the numbers asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from benchmarks.written_package import write_files

INSTALLED_PACKAGE_SIZE = 34
SECTIONS = (1, 1, 2, 2, 2, 3, 4, 6, 9, 15)
"""How many times a module of an installed package repeats its body. That makes some 200 lines in the median
and 300 on average; the packages that this project depends on have 150 and 350."""

FIRST_PARTY_PARTS = ("domain", "storage", "core", "jobs", "api")
MANAGER_EVERY = 12
"""One in so many first-party modules has a manager and its factory."""

LEAVE_WHEN_READY = "--leave-when-ready"


class Service(NamedTuple):
    """A service as it lies on disk."""

    directory: Path  # of `main.py` and the service's own package
    installed: Path  # a directory like site-packages


_MAIN = f'''"""Starts the service, and ends it at once."""
# What nearly every service loads by way of its framework.
import asyncio, argparse, base64, concurrent.futures, contextlib, dataclasses, datetime, decimal, enum
import email.message, functools, hashlib, hmac, http.client, inspect, json, logging, os, pathlib, random
import re, socket, ssl, sys, tempfile, threading, typing, urllib.request, uuid

import service.app


def main():
    service.app.start()
    if "{LEAVE_WHEN_READY}" in sys.argv:
        os._exit(0)


main()
'''

_INSTALLED = '''"""Part {number} of an installed package."""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from typing import Any, Optional

{imports}
logger = logging.getLogger(__name__)

NAME = re.compile(r"[a-z_]+-{number}")
DEFAULTS = {{"timeout": {number}, "retries": 3, "headers": {{"accept": "*/*"}}, "encoding": "utf-8"}}


class Error(Exception):
    """Something went wrong."""
'''

_INSTALLED_SECTION = '''

class Options{section}:
    """What can be set."""

    __slots__ = ("encoding", "retries", "timeout")

    def __init__(self, timeout: int = {section}, retries: int = 3, encoding: str = "utf-8") -> None:
        self.timeout = timeout
        self.retries = retries
        self.encoding = encoding

    def merged(self, other: Optional[Options{section}]) -> Options{section}:
        if other is None:
            return self
        return Options{section}(other.timeout or self.timeout, other.retries or self.retries, other.encoding)


class Reader{section}:
    """Reads."""

    chunk = 4096

    def __init__(self, source: Any, options: Optional[Options{section}] = None) -> None:
        self._source = source
        self._options = options or Options{section}()
        self._lines: OrderedDict[int, str] = OrderedDict()

    @property
    def options(self) -> Options{section}:
        return self._options

    def read(self, size: int = -1) -> str:
        text = self._source.read(size if size >= 0 else self.chunk)
        if not text:
            raise Error("nothing to read")
        return text if isinstance(text, str) else text.decode(self._options.encoding)

    def lines(self) -> list[str]:
        for number, line in enumerate(self.read().splitlines()):
            self._lines[number] = line
        return list(self._lines.values())

    def __iter__(self) -> Any:
        return iter(self.lines())


def parse{section}(text: str, strict: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = dict(DEFAULTS)
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if strict and not NAME.fullmatch(key):
            raise Error(f"{{key}} is no name")
        found[key.strip()] = value.strip()
    return found


def render{section}(values: dict[str, Any], separator: str = "\\n") -> str:
    return separator.join(f"{{key}}={{value}}" for key, value in sorted(values.items()))


def first{section}(values: list[Any], default: Any = None) -> Any:
    return values[0] if values else default


def grouped{section}(values: list[Any], size: int = 10) -> list[list[Any]]:
    return [values[start : start + size] for start in range(0, len(values), size)]
'''

_FIRST_PARTY = '''"""Part {number} of the service."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Optional

{imports}
log = logging.getLogger(__name__)

LIMIT_{number} = {number}


@dataclass
class Order{number}:
    """What the part is about."""

    name: str
    amount: int = LIMIT_{number}

    def total(self) -> int:
        return self.amount * 2


class Handler{number}:
    """Answers requests."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: list[Order{number}] = []

    def handle(self, request: dict[str, Any]) -> Optional[Order{number}]:
        if not request.get("name"):
            return None
        order = Order{number}(request["name"], int(request.get("amount", 1)))
        self.seen.append(order)
        return order

    def summary(self) -> dict[str, int]:
        return {{order.name: order.total() for order in self.seen}}


def validate_{number}(request: dict[str, Any]) -> list[str]:
    return [key for key in ("name", "amount") if key not in request]


def load_{number}(path: str) -> list[str]:
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()
'''

_MANAGER = '''

class Session{number}Manager:
    """Keeps the sessions of one user."""

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.sessions: dict[str, Any] = {{}}

    def open(self, name: str) -> None:
        self.sessions[name] = Handler{number}(name)

    def close(self, name: str) -> None:
        self.sessions.pop(name, None)


_managers: dict[str, Session{number}Manager] = {{}}


def get_session_manager_{number}(user_id: str) -> Session{number}Manager:
    if user_id not in _managers:
        _managers[user_id] = Session{number}Manager(user_id)
    return _managers[user_id]
'''


def write_service(directory: Path, first_party: int, installed: int) -> Service:
    """Write a service whose start loads so many modules of its own and so many installed ones."""
    random = Random(first_party)
    service = Service(directory / "project", directory / "lib" / "site-packages")
    libraries = dict(_installed_modules(random, installed))
    write_files(service.installed, libraries)
    names = [name.removesuffix(".py").replace("/", ".") for name in libraries if "__init__" not in name]
    write_files(
        service.directory, {"main.py": _MAIN, **dict(_first_party_modules(random, first_party, names))}
    )
    return service


def _installed_modules(random: Random, count: int) -> Iterator[tuple[str, str]]:
    """Yield packages of modules that import what came before them, as file names and texts."""
    written = 0
    while written < count:
        package = f"library{written // INSTALLED_PACKAGE_SIZE}"
        size = min(INSTALLED_PACKAGE_SIZE, count - written)
        parts = [f"part{written + position}" for position in range(1, size)]
        for position, part in enumerate(parts):
            earlier = random.sample(parts[:position], min(position, 2))
            imports = "".join(f"from {package}.{name} import parse1 as parse_{name}\n" for name in earlier)
            text = _INSTALLED.format(number=part.removeprefix("part"), imports=imports)
            sections = range(1, random.choice(SECTIONS) + 1)
            text += "".join(_INSTALLED_SECTION.format(section=section) for section in sections)
            yield f"{package}/{part}.py", text
        yield f"{package}/__init__.py", "".join(f"from {package} import {part}\n" for part in parts)
        written += size


def _first_party_modules(random: Random, count: int, libraries: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the service's package, whose `app` loads all of it and every installed package."""
    packages = [f"service.{part}" for part in FIRST_PARTY_PARTS]
    modules: list[str] = []
    managers: list[str] = []
    for number in range(count - len(packages) - 2):  # besides the packages: `service` and `service.app`
        name = f"{packages[number * len(packages) // count]}.part{number}"
        text = _FIRST_PARTY.format(number=number, imports=_imports(random, modules, libraries))
        if number % MANAGER_EVERY == 0:
            text += _MANAGER.format(number=number)
            managers.append(f"from {name} import get_session_manager_{number}\n")
        modules.append(name)
        yield name.replace(".", "/") + ".py", text
    for package in ("service", *packages):
        yield package.replace(".", "/") + "/__init__.py", ""
    uses = [f"import {top}\n" for top in sorted({name.partition(".")[0] for name in libraries})]
    uses += [f"import {name}\n" for name in modules] + managers
    calls = [f"    {line.split()[-1]}('somebody')\n" for line in managers]
    yield "service/app.py", "".join([*uses, "\n\ndef start():\n", *calls])


def _imports(random: Random, modules: list[str], libraries: list[str]) -> str:
    lines = []
    for name in random.sample(modules, min(len(modules), 3)):
        number = name.rpartition("part")[2]
        lines.append(f"from {name} import Handler{number}, validate_{number}\n")
    for name in random.sample(libraries, min(len(libraries), 2)):
        number = name.rpartition("part")[2]
        lines.append(f"from {name} import Reader1 as Reader{number}, parse1 as parse_{number}\n")
    return "".join(lines)
