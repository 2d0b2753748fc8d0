"""The fault by which a pool of redis-py gave users each other's data, with that very library and a server.

redis-py up to 4.5.1 (CVE-2023-28858), and outside of pipelines up to 4.5.3 (CVE-2023-28859), gave a
connection back to its pool with a reply still to come when the task that had asked was cancelled.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from process.installation import library_tree
from services.redis_server import needs_redis, running_redis
from support.children import Run, copy_program, line_of, run_both

from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.finding import Finding, Severity
from ssot_probe.model.policy import Policy
from ssot_probe.model.records import PoolRecord, SharingRecord

FAULTY, MENDED = ("4.5.1", "4.5.3"), ("4.5.5", "5.0.8")

pytestmark = needs_redis


def run_with(version: str, place: Path) -> Run:
    """Run the program with this version of redis-py; it does the same with the probe and without."""
    library = library_tree(f"redis=={version}", "async-timeout")
    directory = copy_program("shared_redis", place)
    with running_redis(place) as port:
        observed, _ = run_both(directory, "main.py", str(port), str(library))
    return observed.checked()


def findings(observed: Run) -> list[Finding]:
    recording = Recording(
        (process.instance, record) for process in observed.processes for record in process.records
    )
    return [finding for finding in judge(recording, Policy()).findings if finding.code == "SSOT301"]


@pytest.mark.parametrize("version", FAULTY)
def test_a_reply_to_another_user_is_found(version: str, tmp_path: Path) -> None:
    observed = run_with(version, tmp_path)
    assert observed.said["version"] == version
    assert "a letter to alice-history-1187" in observed.said["bob_got"]

    (finding,) = findings(observed)
    main = tmp_path / "shared_redis" / "main.py"
    assert (finding.subject, finding.severity) == ("redis.asyncio.connection:Connection", Severity.ERROR)
    assert [(line.file, line.line) for line in finding.evidence] == [
        ("main.py", line_of(main, "asks")),
        ("main.py", line_of(main, "gets another's")),
    ]
    assert len(observed.of(SharingRecord)) == 1


@pytest.mark.parametrize("version", MENDED)
def test_a_library_that_closes_such_a_connection_is_not_accused(version: str, tmp_path: Path) -> None:
    observed = run_with(version, tmp_path)
    assert observed.said["version"] == version
    assert observed.said["bob_got"] == "chats of bob-history-2293"

    assert not findings(observed)
    assert sum(record.count for record in observed.of(PoolRecord)) >= 6


def test_no_user_id_leaves_the_process(tmp_path: Path) -> None:
    observed = run_with(FAULTY[0], tmp_path)
    written = b"".join(path.read_bytes() for path in observed.directory.iterdir())
    assert b"history-1187" not in written
    assert b"history-2293" not in written
