"""Writes the service whose start is measured: a package of its own, which uses installed ones.

What is written depends on nothing but the numbers asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

from benchmarks.written_package import write_files

FIRST_PARTY_PARTS = ("domain", "storage", "core", "jobs", "api")
MANAGER_EVERY = 12
"""One in so many first-party modules has a manager and its factory."""

LEAVE_WHEN_READY = "--leave-when-ready"


PACKAGES = (
    *("alembic.command", "celery.app.amqp", "django.contrib.admin", "django.db.models", "django.forms"),
    *(
        "django.views.generic",
        "fastapi",
        "httpx",
        "jinja2",
        "openai",
        "openai.types.beta",
        "openai.types.evals",
    ),
    *("openai.types.fine_tuning", "openai.types.graders", "openai.types.realtime", "openai.types.responses"),
    *("openai.types.vector_stores", "pandas", "pydantic_settings", "redis"),
    *("sqlalchemy.dialects.postgresql", "sqlalchemy.orm", "sympy", "uvicorn", "websockets"),
)
"""Modules of what `requirements.txt` names; loading them loads some 3,400."""

_USES = (
    "from fastapi import APIRouter, Depends, HTTPException",
    "from pydantic import BaseModel, Field",
    "from sqlalchemy import select",
    "from sqlalchemy.orm import Session, relationship",
    "import httpx",
    "from redis import Redis",
)

_MAIN = f'''"""Starts the service, and ends it at once."""
import os
import sys

import service.app


def main():
    service.app.start()
    if "--count" in sys.argv:
        print(len(sys.modules))
    if "{LEAVE_WHEN_READY}" in sys.argv:
        os._exit(0)


main()
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


def write_service(directory: Path, first_party: int) -> None:
    """Write a service with so many modules of its own into the directory: `main.py` and a package."""
    random = Random(first_party)
    write_files(directory, {"main.py": _MAIN, **dict(_first_party_modules(random, first_party))})


def _first_party_modules(random: Random, count: int) -> Iterator[tuple[str, str]]:
    """Yield the service's package, whose `app` loads all of it and every installed package."""
    packages = [f"service.{part}" for part in FIRST_PARTY_PARTS]
    modules: list[str] = []
    managers: list[str] = []
    for number in range(count - len(packages) - 2):  # besides the packages: `service` and `service.app`
        name = f"{packages[number * len(packages) // count]}.part{number}"
        text = _FIRST_PARTY.format(number=number, imports=_imports(random, modules))
        if number % MANAGER_EVERY == 0:
            text += _MANAGER.format(number=number)
            managers.append(f"from {name} import get_session_manager_{number}\n")
        modules.append(name)
        yield name.replace(".", "/") + ".py", text
    for package in ("service", *packages):
        yield package.replace(".", "/") + "/__init__.py", ""
    uses = [f"import {name}\n" for name in (*PACKAGES, *modules)] + managers
    calls = [f"    {line.split()[-1]}('somebody')\n" for line in managers]
    yield "service/app.py", "".join([*uses, "\n\ndef start():\n", *calls])


def _imports(random: Random, modules: list[str]) -> str:
    lines = [f"{use}\n" for use in random.sample(_USES, 2)]
    for name in random.sample(modules, min(len(modules), 3)):
        number = name.rpartition("part")[2]
        lines.append(f"from {name} import Handler{number}, validate_{number}\n")
    return "".join(lines)
