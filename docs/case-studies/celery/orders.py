"""A Celery program that has grown old: a worker in a thread, and imports along old paths and new ones."""

from __future__ import annotations

import importlib

from celery import Celery, shared_task
from celery.contrib.testing.worker import start_worker

app = Celery("orders", broker="memory://", backend="cache+memory://")


@app.task
def price(count: int) -> int:
    from celery.app.task import Task  # once per call

    assert isinstance(price._get_current_object(), Task)
    return 3 * count


@shared_task(name="celery.ping")
def ping() -> str:
    return "pong"


def old_signature() -> object:
    from celery import subtask

    return subtask("orders.price", args=(2,), app=app)


def new_signature() -> object:
    from celery.canvas import signature

    return signature("orders.price", args=(2,), app=app)


def old_modules() -> list[str]:
    from celery.app.base import App
    from celery.registry import tasks
    from celery.utils import cached_property

    assert App is Celery and cached_property
    return sorted(name for name in tasks if not name.startswith("celery."))


def by_name() -> object:
    return importlib.import_module("celery.execute").send_task


def rarely() -> object:
    from celery.registry import tasks
    from celery.utils import cached_property

    return tasks, cached_property


if __name__ == "__main__":
    app.set_default()
    with start_worker(app, perform_ping_check=False):
        print([price.delay(count).get(timeout=10) for count in range(5)])
        print([old_signature().apply_async().get(timeout=10) for _ in range(3)])
        print([new_signature().apply_async().get(timeout=10) for _ in range(2)])
    print(old_modules(), callable(by_name()))
    print(
        hasattr(importlib.import_module("celery"), "nothing"),
        hasattr(importlib.import_module("celery"), "neither"),
    )
