"""Runs a program in a process of its own, with or without the probe, and reads back what was recorded."""

from __future__ import annotations

import json
import os
import shutil
import signal
import site
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from textwrap import dedent
from time import monotonic
from typing import Any, NamedTuple, TypeVar

import ssot_probe
from ssot_probe.model.records import ProcessRecord, Record
from ssot_probe.wire.otlp_json import Resource, SpanData, read_line
from ssot_probe.wire.spans import from_span

R = TypeVar("R", bound=Record)

PROGRAMS = Path(__file__).parents[1] / "programs"
"""The victims: small packages that tests run."""

SOURCE = Path(ssot_probe.__file__).parents[1]
"""The directory that `ssot_probe` is imported from."""

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV")


class Recorded(NamedTuple):
    """What one process recorded."""

    instance: str
    resource: Resource
    records: list[Record]
    spans: list[SpanData]

    def of(self, kind: type[R]) -> list[R]:
        """Return the records of one kind, in the order in which they were written."""
        return [record for record in self.records if isinstance(record, kind)]


class Run(NamedTuple):
    """A process that has ended, and the recordings of it and of its children."""

    code: int
    stdout: str
    stderr: str
    seconds: float
    directory: Path  # of the recordings
    pid: int

    @property
    def processes(self) -> list[Recorded]:
        """Every recorded process, in the order in which they started."""
        return read_recordings(self.directory)

    @property
    def records(self) -> list[Record]:
        """All records of all processes."""
        return [record for process in self.processes for record in process.records]

    def of(self, kind: type[R]) -> list[R]:
        """Return the records of one kind, of all processes."""
        return [record for record in self.records if isinstance(record, kind)]

    @property
    def said(self) -> Any:
        """The last line that the program printed, read as JSON."""
        return json.loads(self.stdout.splitlines()[-1])

    @property
    def losses(self) -> dict[str, int]:
        """What the processes say they lost, by reason."""
        lost: dict[str, int] = {}
        for process in self.processes:
            last = process.of(ProcessRecord)[-1]
            for entry in last.dropped:
                reason, _, count = entry.partition("=")
                lost[reason] = lost.get(reason, 0) + int(count)
        return lost

    def checked(self) -> Run:
        """Return the run, if the program ended well and the probe had nothing to say."""
        assert self.code == 0, self.stderr
        assert self.stderr == ""
        return self


def write_files(directory: Path, files: Mapping[str, str]) -> None:
    """Write the files of a small project."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")


def run(
    directory: Path,
    *command: str,
    program: str = "",
    files: Mapping[str, str] | None = None,
    policy: str = "",
    probe: bool = True,
    environment: Mapping[str, str] | None = None,
    recordings: Path | None = None,
    options: Sequence[str] = (),
    interpreter: str = sys.executable,
    timeout: float = 60,
) -> Run:
    """Run a program in `directory` and wait for its end.

    Args:
        directory: where it starts; its files are first-party.
        command: arguments of the interpreter; `main.py` where there are none.
        program: text of `main.py`.
        files: further files, by their name in the directory.
        policy: text of `ssot-probe.toml`.
        probe: whether SSOT_PROBE is set.
        environment: further variables.
        recordings: where they go; into `recordings` in the directory by default.
        options: of the interpreter, before the command.
        interpreter: which Python runs it.
        timeout: seconds after which the test fails.
    """
    texts = dict(files or {})
    if program:
        texts["main.py"] = program
    if policy:
        texts["ssot-probe.toml"] = policy
    write_files(directory, texts)
    recorded = recordings or directory / "recordings"
    variables = environment_of_child(recorded, probe, environment or {})
    started = monotonic()
    process = subprocess.Popen(
        [interpreter, *options, *(command or ("main.py",))],
        cwd=directory,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its children hold the pipes open
        out, err = process.communicate()
        raise AssertionError(f"still running after {timeout} s\n{out}\n{err}") from None
    return Run(process.returncode, out, err, monotonic() - started, recorded, process.pid)


def environment_of_child(recordings: Path, probe: bool, more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child: of that of the tests only where things are."""
    variables = {name: os.environ[name] for name in _KEPT if name in os.environ}
    variables.update(PYTHONDONTWRITEBYTECODE="1", PYTHONIOENCODING="utf-8")
    path = _path_that_starts_the_probe()
    if path:
        variables["PYTHONPATH"] = os.pathsep.join(path)
    if probe:
        variables.update(SSOT_PROBE="1", SSOT_PROBE_DIR=str(recordings))
    variables.update(more)
    return variables


def read_recordings(directory: Path) -> list[Recorded]:
    """Read every process that was recorded into a directory; torn lines are left out."""
    found: dict[str, Recorded] = {}
    for path in sorted(directory.glob("*.traces.jsonl")):
        for resource, span in read_spans(path.read_bytes().splitlines()):
            instance = str(resource["service.instance.id"])
            recorded = found.setdefault(instance, Recorded(instance, resource, [], []))
            recorded.spans.append(span)
            recorded.records.extend(from_span(span))
    return sorted(found.values(), key=lambda recorded: recorded.of(ProcessRecord)[0].armed)


def read_spans(lines: Iterable[bytes]) -> list[tuple[Resource, SpanData]]:
    """Read the spans of lines; those that are torn are left out."""
    spans: list[tuple[Resource, SpanData]] = []
    for line in lines:
        if line.strip():
            try:
                spans.extend(read_line(line.decode()))
            except ValueError:
                continue
    return spans


def copy_program(name: str, directory: Path) -> Path:
    """Copy a victim to a directory of its own, and return that."""
    return Path(shutil.copytree(PROGRAMS / name, directory / name))


def line_of(file: Path, marker: str) -> int:
    """Return the line of a file that ends with the comment `# <marker>`."""
    (found,) = (
        number
        for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if text.endswith(f"# {marker}")
    )
    return found


def _path_that_starts_the_probe() -> list[str]:
    """Return what PYTHONPATH must hold: nothing where the start-up file is installed."""
    if any((Path(directory) / "ssot_probe.pth").exists() for directory in site.getsitepackages()):
        return []
    return [str(SOURCE / "ssot_probe" / "bootstrap"), str(SOURCE)]


def run_both(directory: Path, *command: str, **arguments: Any) -> tuple[Run, Run]:
    """Run a program with the probe and without it; both must say the same and end the same."""
    observed = run(directory, *command, **arguments)
    plain = run(directory, *command, **{**arguments, "probe": False})
    for name in ("stdout", "stderr", "code"):
        with_it, without_it = getattr(observed, name), getattr(plain, name)
        assert with_it == without_it, f"{name}\n{with_it}\n--- without the probe\n{without_it}"
    return observed, plain
