"""Somebody's program in a directory of its own, and the means to run it with the probe and without."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

from support.children import Recorded as RecordedProcess
from support.children import read_recordings

from ssot_probe.model.records import AccessRecord, MakeRecord, ModuleRecord, ProcessRecord, Record

R = TypeVar("R", bound=Record)

OFF = "ssot-probe is off: "

POLICY = """\
packages = ["shop"]

[[concept]]
name = "order-manager"
classes = ["OrderManager"]
factories = ["shop.manager:get_manager"]
"""

SHOP = {
    "shop/__init__.py": "",
    "shop/__main__.py": "from shop.manager import get_manager\n\nprint(type(get_manager('anna')).__name__)\n",
    "shop/manager.py": """\
class OrderManager:
    def __init__(self, user_id):
        self.user_id = user_id


def get_manager(user_id):
    return OrderManager(user_id)
""",
    "prog.py": """\
from shop.manager import get_manager

print(type(get_manager("anna")).__name__)
""",
    "ssot-probe.toml": POLICY,
}
"""A package with a factory, and a program that uses it: by file, by `-m`, and by `-c`."""

GET_MANAGER = "shop.manager:get_manager"


class Outcome(NamedTuple):
    """How a process ended and what it said."""

    code: int  # negative: killed by that signal
    out: str
    err: str
    pid: int


class Recorded:
    """What a recording says, in the words of these tests."""

    def __init__(self, directory: Path) -> None:
        self.processes = read_recordings(directory)
        self.pids = [_pid_of(process) for process in self.processes]
        self.instances = {process.instance for process in self.processes}
        self.services = sorted({str(process.resource["service.name"]) for process in self.processes})

    def of(self, kind: type[R], pid: int | None = None) -> list[R]:
        """Records of a kind, of a process or of all."""
        return [
            record
            for process in self.processes
            for record in process.of(kind)
            if pid is None or _pid_of(process) == pid
        ]

    def modules(self, pid: int | None = None) -> set[str]:
        """First-party modules that a process, or any, had loaded."""
        return {record.module for record in self.of(ModuleRecord, pid)}

    def calls(self, maker: str, pid: int | None = None) -> int:
        """How often a maker was seen at work."""
        return sum(record.count for record in self.of(MakeRecord, pid) if record.maker == maker)

    def users_of(self, maker: str) -> list[int]:
        """The processes in which a maker was seen at work."""
        return [pid for pid in self.pids if self.calls(maker, pid)]

    def states(self, pid: int | None = None) -> list[str]:
        """What a process, or any, told of itself, in order, without its heartbeats."""
        return [record.state for record in self.of(ProcessRecord, pid) if record.state != "alive"]

    def observers(self) -> set[str]:
        """What was listening in any process."""
        return {observer for record in self.of(ProcessRecord) for observer in record.observers}

    def losses(self) -> dict[str, int]:
        """What the processes say that they lost, by reason."""
        told = [
            entry.partition("=")
            for process in self.processes
            for entry in process.of(ProcessRecord)[-1].dropped
        ]
        return {reason: int(count) for reason, _, count in told}

    def users(self) -> set[str]:
        """Hashes of the users who got hold of an instance."""
        return {record.user for record in self.of(AccessRecord) if record.user}


def _pid_of(process: RecordedProcess) -> int:
    return int(str(process.resource["process.pid"]))


class Project:
    """A directory with a program in it.

    Args:
        root: the directory.
        python: the interpreter that `run` starts.
        command: the console command.
        place: where recordings and the home directory lie; beside the directory by default.
    """

    def __init__(self, root: Path, python: str, command: str, place: Path | None = None) -> None:
        self.root = root
        self.python = python
        self.command = command
        self.recordings = (place or root.parent) / "recording"
        self.home = (place or root.parent) / "home"
        self.home.mkdir(exist_ok=True)

    def write(self, files: Mapping[str, str]) -> None:
        """Write files, by their names relative to the directory."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def environment(self, more: Mapping[str, str] | None = None, probe: bool = True) -> dict[str, str]:
        """Return an environment that holds nothing of that of the tests but the way to the tools."""
        environment = {
            "PATH": os.pathsep.join([os.path.dirname(self.python), os.environ.get("PATH", os.defpath)]),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        for name in ("LD_LIBRARY_PATH", "TMPDIR"):
            if name in os.environ:
                environment[name] = os.environ[name]
        if probe:
            environment["SSOT_PROBE"] = "1"
            environment["SSOT_PROBE_DIR"] = str(self.recordings)
        return {**environment, **(more or {})}

    def start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        probe: bool = True,
        cwd: Path | None = None,
        **options: Any,
    ) -> subprocess.Popen[str]:
        """Start a process."""
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(
            list(command),
            cwd=cwd or self.root,
            env=self.environment(environment, probe),
            text=True,
            errors="backslashreplace",
            **options,
        )

    def execute(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        probe: bool = True,
        cwd: Path | None = None,
        seconds: float = 60,
        stdin: str | None = None,
        **options: Any,
    ) -> Outcome:
        """Run a process to its end."""
        if stdin is not None:
            options["stdin"] = subprocess.PIPE
        process = self.start(command, environment, probe, cwd, **options)
        with process:
            try:
                out, err = process.communicate(stdin, seconds)
            except BaseException:
                process.kill()
                raise
        return Outcome(process.returncode, out or "", err or "", process.pid)

    def run(self, *arguments: str, **options: Any) -> Outcome:
        """Run the interpreter with these arguments."""
        return self.execute([self.python, *arguments], **options)

    def ssot_probe(self, *arguments: str, **options: Any) -> Outcome:
        """Run the console command with these arguments, with the probe off."""
        options.setdefault("probe", False)
        return self.execute([self.command, *arguments], **options)

    def recorded(self) -> Recorded:
        """Read the recording."""
        return Recorded(self.recordings)

    def has_recorded(self) -> bool:
        """Was anything at all written?"""
        return any(self.recordings.rglob("*")) if self.recordings.is_dir() else self.recordings.exists()


def wait_until(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"within {seconds:g} s: {what}")


def line_of(stream: IO[str] | None, beginning: str) -> str:
    """Return the next line with this beginning that a process says; what it says before is skipped."""
    assert stream is not None
    said = []
    for line in iter(stream.readline, ""):
        if line.startswith(beginning):
            return line.strip()
        said.append(line)
    raise AssertionError(f"no line began with {beginning!r}; the process said: {''.join(said)}")


def end(process: subprocess.Popen[str], signum: int = signal.SIGTERM, seconds: float = 30) -> Outcome:
    """Send a signal to a process and wait for its end."""
    process.send_signal(signum)
    return finish(process, seconds)


def finish(process: subprocess.Popen[str], seconds: float = 30) -> Outcome:
    """Wait for the end of a process."""
    with process:
        try:
            out, err = process.communicate(timeout=seconds)
        except BaseException:
            process.kill()
            raise
    return Outcome(process.returncode, out or "", err or "", process.pid)


def without_off_lines(err: str) -> str:
    """Return what was said on standard error, without what the probe said of itself."""
    return "".join(line for line in err.splitlines(keepends=True) if not line.startswith(OFF))


def off_lines(err: str) -> list[str]:
    """Return what the probe said of itself."""
    return [line for line in err.splitlines() if line.startswith(OFF)]
