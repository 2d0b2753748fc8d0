"""Celery with a real Redis as its broker: each kind of pool, each with a client that sends the tasks."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from fleet.support.cases import Case, Play, parameters
from fleet.support.examine import examine
from fleet.support.programs import finish, start
from fleet.support.servers import command_line
from fleet.support.service import Place
from services.redis_server import running_redis

TASKS = """\
import os, time
from celery import Celery
from shop.work import answer

app = Celery("shop", broker=os.environ["BROKER"], backend=os.environ["BROKER"])

@app.task
def serve(user, legacy):
    time.sleep(0.05)
    return answer(user, legacy)
"""

CLIENT = """\
import os
from shop.tasks import serve

USERS = ("anna", "bert", "carla", "dora")
DONE = os.path.join(os.environ["TRUTH"], "..", "answered")
for batch in range(12):
    sent = [serve.delay(USERS[number // 2 % 4], number % 4 == 0) for number in range(8)]
    assert [one.get(timeout=50) for one in sent] == [USERS[number // 2 % 4] for number in range(8)]
    if len(os.listdir(os.environ["TRUTH"])) >= int(os.environ["WORKERS"]):
        break
"""

NEEDS = ("celery", "redis", "redis-server")


def worker(*options: str, workers: int = 2, end: int = signal.SIGTERM, codes: tuple[int, ...] = (0,)) -> Play:
    """Return what runs a worker and a client, until so many processes have done something."""

    def play(place: Place) -> None:
        place.write({"shop/tasks.py": TASKS})
        with running_redis(place.root.parent) as port:
            more = {"BROKER": f"redis://127.0.0.1:{port}/0", "WORKERS": str(workers)}
            command = ("celery", "-A", "shop.tasks", "worker", "--loglevel", "CRITICAL", *options)
            process = start(place, command_line(command), **more)
            try:
                place.write({"client.py": CLIENT})
                finish(start(place, [sys.executable, "client.py"], **more), 0)
            finally:
                process.send_signal(end)
                finish(process, *codes)

    return play


CASES = [
    Case(
        "celery prefork",
        worker("--pool", "prefork", "--concurrency", "2"),
        needs=NEEDS,
        is_thin=True,
    ),
    Case(
        "celery prefork, 3 tasks a child",
        worker("--pool", "prefork", "--concurrency", "2", "--max-tasks-per-child", "3", workers=4),
        4,
        needs=NEEDS,
    ),
    Case("celery threads", worker("--pool", "threads", "--concurrency", "4", workers=1), 1, needs=NEEDS),
    Case("celery solo", worker("--pool", "solo", workers=1), 1, needs=NEEDS),
    Case(
        "celery gevent",
        worker("--pool", "gevent", "--concurrency", "4", workers=1),
        1,
        needs=(*NEEDS, "gevent"),
    ),
    Case(
        "celery prefork, SIGQUIT",
        worker("--pool", "prefork", "--concurrency", "2", end=signal.SIGQUIT, codes=(0, 1)),
        needs=NEEDS,
    ),
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_the_sum_over_processes_is_the_truth(case: Case, tmp_path: Path) -> None:
    assert examine(case, tmp_path).faults == ()
