"""Ids, addresses and tokens planted everywhere where an attribute can come from: none leaves the process."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from support.children import Run, run
from support.collector import running_collector

from ssot_probe.cli import commands
from ssot_probe.model.records import AccessRecord, MakeRecord

USERS = ("anna.planted@example.com", "bert.planted@example.com")
TOKEN = "eyJhbGciOiJIUzI1NiJ9.planted.c2VjcmV0"
NUMBER = 7_190_417_253

POLICY = """
user = [
  { call = "shop.users:failing_source" },
  { argument = "user_id" },
]
[[concept]]
name = "manager"
classes = ["*Manager"]
legacy = ["shop.old"]
"""

FILES = {
    "shop/__init__.py": "",
    "shop/old.py": "raise ImportError('no shop for anna.planted@example.com')",
    "shop/users.py": """
        def failing_source():
            raise LookupError("bert.planted@example.com is not known")
    """,
    "shop/managers.py": """
        import threading
        from contextlib import suppress

        class OrderManager:
            def __init__(self, user_id, token=""):
                self.user_id = user_id
                self.token = token
                self.notes = shared_notes

            def __repr__(self):
                return f"<OrderManager of {self.user_id}>"

            def fail(self):
                raise RuntimeError(f"nothing for {self.user_id} with {self.token}")

        class BrokenManager:
            def __init__(self, user_id):
                raise ValueError(f"{user_id} has no manager")

        class Registry:
            pass

        shared_notes = {}
        sessions = {}
        registry = Registry()
        local = threading.local()
        current = OrderManager("nobody")

        def get_manager(user_id, token=""):
            return current

        def new_manager(user_id, token=""):
            return OrderManager(user_id, token)
    """,
}

PROGRAM = """
import asyncio, sys, threading, time
from contextlib import suppress
from shop import managers
with suppress(ImportError):
    import shop.old

users, token, number = sys.argv[2:4], sys.argv[4], int(sys.argv[5])
kept = []

def serve(user):
    manager = managers.new_manager(user, token)
    managers.get_manager(user, token=token)
    kept.append(manager)
    managers.sessions[user] = manager
    managers.shared_notes[user] = {"owner": user, "token": token}
    setattr(managers.registry, user, manager)
    setattr(managers.local, user, manager)
    vars(managers)[user] = manager
    managers.OrderManager.last = manager
    with suppress(RuntimeError):
        manager.fail()
    with suppress(ValueError):
        managers.BrokenManager(user)
    code = compile("made = new_manager(user)", f"<page of {user}>", "exec")
    exec(code, {"new_manager": managers.new_manager, "user": user, "__name__": "shop.page"})

async def task(user):
    managers.get_manager(user)
    serve(user)

async def tasks():
    for user in users:
        await asyncio.create_task(task(user), name=f"task of {user}")

for user in users:
    thread = threading.Thread(target=serve, args=(user,), name=f"work for {user}")
    thread.start()
    thread.join()
for user in (number, str(number), number + 1):
    managers.get_manager(user)
asyncio.run(tasks())
time.sleep(float(sys.argv[1]))
raise SystemExit(f"the end of {users[0]}")
"""


class Left(NamedTuple):
    """What has left a process."""

    run: Run
    sent: bytes


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    directory = tmp_path_factory.mktemp("work") / f"home of {USERS[0]}"
    directory.mkdir()
    with running_collector() as collector:
        done = run(
            directory,
            *("main.py", "0.7", *USERS, TOKEN, str(NUMBER)),
            program=PROGRAM,
            policy=POLICY,
            files=FILES,
            environment={
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
                "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{TOKEN}",
                "OTEL_RESOURCE_ATTRIBUTES": f"user.email={USERS[0]},user.hash={USERS[0]},customer={USERS[1]}",
                "SESSION": TOKEN,
            },
            recordings=directory.parent / "recordings",
        )
        messages = [message.SerializeToString() for message in collector.traces]
        messages += [message.SerializeToString() for message in collector.metrics]
    assert done.code == 1
    assert done.records
    return Left(done, b"".join(messages))


def places(content: str) -> list[str]:
    """Return where something planted stands, with some characters around it."""
    found = re.finditer(f"planted|{NUMBER}|{NUMBER + 1}", content)
    return [content[max(0, match.start() - 80) : match.end() + 20] for match in found]


def test_nothing_planted_is_in_a_file(left: Left) -> None:
    files = sorted(left.run.directory.iterdir())
    assert len(files) == 3
    for path in files:
        assert places(path.read_text(encoding="utf-8")) == []


def test_nothing_planted_arrives_at_a_collector(left: Left) -> None:
    assert b"OrderManager" in left.sent
    assert places(left.sent.decode("utf-8", "replace")) == []


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_planted_is_in_a_report(left: Left, form: str) -> None:
    told = CliRunner().invoke(commands, ["report", "--format", form, str(left.run.directory)])
    assert "OrderManager" in told.output
    assert places(told.output) == []


def test_a_number_and_its_text_have_one_hash_and_another_number_has_another(left: Left) -> None:
    hashes = [record.user for record in left.run.of(AccessRecord)]
    assert len(set(hashes)) == len(USERS) + 2
    report = json.loads(
        CliRunner().invoke(commands, ["report", "--format", "json", str(left.run.directory)]).output
    )
    (shared,) = (finding for finding in report["findings"] if finding["code"] == "SSOT301")
    assert shared["users"] == len(USERS) + 2


NOT_A_FILE = """
from shop import managers
for name in ("<string>", "<frozen shop>", "<template of anna.planted>", "anna.planted/page"):
    exec(compile("\\nnew_manager('anna')", name, "exec"), {"new_manager": managers.new_manager})
"""


def test_code_that_is_compiled_under_a_name_of_somebody_s_is_told_without_it(tmp_path: Path) -> None:
    done = run(tmp_path, program=NOT_A_FILE, policy=POLICY, files=FILES).checked()
    sites = [record.site.file for record in done.of(MakeRecord) if record.maker.endswith("new_manager")]
    assert sorted(sites) == ["<frozen shop>", "<generated>", "<string>", "page"]
