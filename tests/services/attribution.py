"""Runs a program with a framework in it, and tells for whom each of its functions constructed something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.children import Run, run

from ssot_probe.context.identity import UserHasher
from ssot_probe.model.records import AccessRecord, BlindRecord, MakeRecord

KEY = bytes(range(32))
NAMES = ("anna", "bert", "carla", "1", "2", "3", "7")

POLICY = """
    [[concept]]
    name = "manager"
    classes = ["Manager"]
"""

CLIENT = '''
    import socket, threading, urllib.request

    class Manager:
        """What is constructed for each user."""

    def free_port():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def get(port, path, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode()
'''
"""What every program begins with."""

UVICORN = """
    import contextlib, time, uvicorn

    @contextlib.contextmanager
    def serving(app, **options):
        port = free_port()
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", **options))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield port
        finally:
            server.should_exit = True
            thread.join()
"""


def needs(*modules: str) -> pytest.MarkDecorator:
    """Skip where a framework is not there: the lowest dependencies of the matrix exclude most of them."""
    missing = [name for name in modules if not _is_there(name)]
    return pytest.mark.skipif(bool(missing), reason=f"not installed beside these versions: {missing}")


def _is_there(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def ran(
    directory: Path,
    *parts: str,
    policy: str = POLICY,
    files: Mapping[str, str] | None = None,
    probe: bool = True,
    first: str = "",
) -> Run:
    """Run a program that consists of these parts, after a `first` line; it must end well."""
    from textwrap import dedent

    key = directory / "user.key"
    key.write_bytes(KEY)
    key.chmod(0o600)
    text = "\n".join(dedent(part) for part in (first, CLIENT, *parts))
    done = run(
        directory,
        program=text,
        policy=policy,
        files=files,
        probe=probe,
        environment={"SSOT_PROBE_USER_KEY_FILE": str(key), "SSOT_PROBE_DEBUG": "1"} if probe else {},
    )
    assert done.code == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done


def users_by_function(done: Run) -> dict[str, list[str]]:
    """Return for whom each function of the program constructed a manager; "" is nobody."""
    hasher = UserHasher(KEY)
    names = {hasher(name): name for name in NAMES}
    found: dict[str, set[str]] = defaultdict(set)
    for record in done.of(AccessRecord):
        found[record.site.function].add(names[record.user])
    for made in done.of(MakeRecord):
        if made.unattributed:
            found[made.site.function].add("")
    return {function: sorted(users) for function, users in sorted(found.items())}


def blind(done: Run) -> dict[str, str]:
    """Return what could not be seen of users, and why."""
    return {record.subject: record.reason for record in done.of(BlindRecord) if "user" in record.subject}
