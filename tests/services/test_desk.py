"""A service without any of the faults that the probe looks for: it must be looked at, and left in peace.

It is written as careful engineers write one, with what they share on purpose: an engine and its pool, a pool
of Redis connections, a template environment, clients, settings, caches and limits by user, a bus that tells
everybody. It lies among the programs of the tests, and not among the examples, for what it needs to run.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Any, NamedTuple

import pytest
from process.project import line_of
from services.redis_server import COMMAND, running_redis
from support.children import Recorded, copy_program, environment_of_child, read_recordings

from ssot_probe.analysis.judge import Judgement, judge
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Policy
from ssot_probe.model.records import AccessRecord, MakeRecord, PoolRecord
from ssot_probe.policy_file import read_policy

USERS = 300
NEEDED = (
    "aiosqlite",
    "cachetools",
    "fakeredis",
    "fastapi",
    "httpx",
    "jinja2",
    "redis",
    "sqlalchemy",
    "structlog",
)
MISSING = [name for name in NEEDED if find_spec(name) is None]

pytestmark = [
    pytest.mark.timeout(900),  # where eight others use the machine
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]


class Played(NamedTuple):
    """What the users did, and what was recorded of it."""

    code: int
    said: dict[str, Any]
    errors: str
    processes: list[Recorded]
    policy: Policy

    def judged(self, policy: Policy) -> Judgement:
        """Judge the recording."""
        return judge(
            Recording((process.instance, record) for process in self.processes for record in process.records),
            policy,
        )

    def of(self, kind: type[Any]) -> list[Any]:
        """Return the records of one kind."""
        return [record for process in self.processes for record in process.of(kind)]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Let all users use the service at once, under the probe."""
    place = tmp_path_factory.mktemp("desk")
    directory = copy_program("desk", place)
    settings = {"DESK_DATABASE_URL": f"sqlite+aiosqlite:///{place / 'desk.db'}"}
    with ExitStack() as stack:
        if COMMAND is not None:  # else the service uses a stand-in
            settings["DESK_REDIS_URL"] = f"redis://127.0.0.1:{stack.enter_context(running_redis(place))}/0"
        server = subprocess.Popen(
            [sys.executable, "-m", "desk"],
            cwd=directory,
            env=environment_of_child(place / "recordings", True, settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            port = line_of(server.stdout, "listening on").rpartition(":")[2]
            clients = subprocess.run(
                [sys.executable, "clients.py", port, str(USERS)],
                cwd=directory,
                env=environment_of_child(place, False, {}),
                capture_output=True,
                text=True,
                check=False,
            )
            server.send_signal(signal.SIGTERM)
            _, errors = server.communicate(timeout=60)
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)
    assert clients.stdout, clients.stderr
    return Played(
        server.returncode,
        json.loads(clients.stdout.splitlines()[-1]),
        errors,
        read_recordings(place / "recordings"),
        read_policy(str(directory / "ssot-probe.toml")),
    )


def accusations(judgement: Judgement) -> list[str]:
    return [
        "\n  ".join([f"{finding.code} {finding.subject}: {finding.message}", *map(str, finding.evidence)])
        for finding in judgement.at_least(Severity.WARNING)
    ]


def test_the_service_does_its_work_under_the_probe(played: Played) -> None:
    assert played.said["problems"] == []
    assert played.said["done"]["users"] == USERS
    assert (played.code, played.errors) == (0, "")


def test_nothing_is_held_against_it(played: Played) -> None:
    assert accusations(played.judged(played.policy)) == []


def test_nothing_is_held_against_it_where_concepts_are_inferred(played: Played) -> None:
    inferred = Policy(packages=played.policy.packages, user=played.policy.user)
    assert accusations(played.judged(inferred)) == []


def test_it_was_looked_at(played: Played) -> None:
    judgement = played.judged(played.policy)
    assert judgement.evidence.is_complete
    constructed = {concept.concept: concept.constructed for concept in judgement.concepts}
    assert constructed == {
        "notification-manager": USERS,
        "workspace": USERS,
        "ticket-repository": constructed["ticket-repository"],
        "announcement-bus": 1,
        "rate-limiter": 1,
        "printer-pool": 4,  # the pool itself is what hands them out
    }
    assert constructed["ticket-repository"] >= 6 * USERS
    users = {record.user for record in played.of(AccessRecord)}
    assert len(users) >= 200


def test_its_users_are_known_wherever_something_is_made_for_them(played: Played) -> None:
    own = ("Workspace", "TicketRepository", "NotificationManager")
    made = [record for record in played.of(MakeRecord) if record.cls.endswith(own)]
    assert sum(record.count for record in made) >= 8 * USERS
    assert sum(record.unattributed for record in made) == 0


@pytest.mark.skipif(
    COMMAND is None, reason="redis-server is not installed: the stand-in has no pool of its own"
)
def test_its_connections_went_from_user_to_user(played: Played) -> None:
    told = [record for record in played.of(PoolRecord) if record.pool == "redis.asyncio"]
    assert sum(record.count for record in told) >= 3 * USERS
    assert sum(record.handovers for record in told) >= USERS
    assert sum(record.unclean for record in told) == 0
