"""Hears which programs the process starts or becomes, and keeps those of Python that will not record.

What starts them is wrapped where Python itself calls it, only where a policy watches paths, and taken off
at the end. An audit hook would hear as much, could not be taken off, and slows down every audited event.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident
from collections.abc import Callable, Sequence
from time import time_ns
from types import ModuleType
from typing import Any, NamedTuple, Optional, Protocol

from ssot_probe.model.process_records import CHILD_PROCESSES, BlindRecord

MOST_PLACES = 100
"""Places that start programs which are told one by one."""

MOST_PROGRAMS = 1_000
"""Programs of one place that are remembered until the end, to see whether they recorded after all."""

ORDERLY = ("billiard", "celery", "daemon", "gunicorn", "multiprocessing", "rq", "socketserver")
"""Packages that leave by `os._exit` in good order: workers whose work is done, and who starts a daemon."""

_HIDES_ITSELF = sys.version_info >= (3, 11)
_STANDARD = os.path.dirname(os.path.realpath(os.__file__)) + os.sep
_INSTALLED = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)


class Starter:
    """Stands in for a builtin function that starts programs, and passes for it."""

    def __init__(
        self, original: Any, place: str, before: Callable[..., None], after: Callable[..., None]
    ) -> None:
        self._original, self._place, self._before, self._after = original, place, before, after

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Call it, and say so before it and after it, if anything comes after."""
        self._before(*arguments, **options)
        try:
            result = self._original(*arguments, **options)
        except BaseException as error:
            if error.__traceback__ is not None and _HIDES_ITSELF:
                error.__traceback__ = error.__traceback__.tb_next
            self._after(None, *arguments, **options)
            raise
        self._after(result, *arguments, **options)
        return result

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """What it stands for says what it is."""
        return type(self._original)

    def __getattr__(self, name: str) -> Any:
        if name == "_original":
            raise AttributeError(name)
        return getattr(self._original, name)

    def __reduce__(self) -> Any:
        from pkgutil import resolve_name

        return resolve_name, (self._place,)  # what is there in the process that reads it

    def __eq__(self, other: object) -> bool:
        return self is other or self._original == other

    def __hash__(self) -> int:
        return hash(self._original)

    def __repr__(self) -> str:
        return repr(self._original)


class _Patch(NamedTuple):
    module: ModuleType
    name: str
    original: Any
    starter: Starter


class Listener(Protocol):
    """What is told."""

    def on_unrecorded(self) -> None:
        """A program was started that will not record: from now on this process must not go unnoticed."""

    def before_exec(self, unrecorded: Optional[BlindRecord]) -> None:
        """The process is about to become another program; why, where that one will not record."""

    def before_exit(self, status: int, is_orderly: bool) -> None:
        """The process is about to leave past the interpreter's end; who has it leave, ends workers so."""


class StartedPrograms:
    """Programs of Python that this process started and that will not record.

    Args:
        listener: told of those that are the first of their kind, and before the process leaves.
        is_own_code: is a module, in a file, the application's own?
        short: returns the name of a file as it is told.
        on_error: told of an error of the probe's own; must not raise.
    """

    def __init__(
        self,
        listener: Listener,
        is_own_code: Callable[[str, str], bool],
        short: Callable[[str], str],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._listener = listener
        self._is_own_code = is_own_code
        self._short = short
        self._on_error = on_error
        self._patches: list[_Patch] = []
        self._pids: dict[str, list[int]] = {}
        self._is_enabled = False
        self._starting = 0  # the thread that starts a program by a fork, while it does

    @property
    def is_starting(self) -> bool:
        """Does this thread start a program just now? In a forked child: is that what the fork is for?"""
        return self._starting == get_ident()

    def start(self) -> None:
        """Listen to whatever starts programs."""
        if os.name != "posix":
            return
        import _posixsubprocess

        self._is_enabled = True
        self._wrap(_posixsubprocess, "fork_exec", self._forks, self._forked)
        subprocess = sys.modules.get("subprocess")
        if subprocess is not None:
            self._wrap(subprocess, "_fork_exec", self._forks, self._forked)
        for name in ("posix_spawn", "posix_spawnp"):
            self._wrap(os, name, after=self._spawned)
        self._wrap(os, "system", after=self._given_to_shell)
        for name in ("execv", "execve"):
            self._wrap(os, name, before=self._becomes)
        self._wrap(os, "_exit", before=self._leaves)

    def stop(self) -> None:
        """Take the wrappers off; those that somebody kept do nothing any more."""
        self._is_enabled = False
        subprocess = sys.modules.get("subprocess")
        while self._patches:
            patch = self._patches.pop()
            for module, name in ((patch.module, patch.name), (subprocess, "_fork_exec")):
                if module is not None and vars(module).get(name) is patch.starter:
                    vars(module)[name] = patch.original

    def before_fork(self) -> None:
        """Load what a child may need: another thread may hold the lock of a module while it forks."""
        from ssot_probe.observe import unrecorded_programs  # noqa: F401

    def after_fork_in_child(self) -> None:
        """Have started nothing yet."""
        self._starting = 0
        self._pids.clear()

    def blind_spots(self, recorded: Callable[[], set[int]]) -> list[BlindRecord]:
        """Return what is to be told at the end.

        Args:
            recorded: returns the ids of the processes that are known to have recorded.
        """
        if not self._pids:
            return []
        known = recorded()
        return [
            BlindRecord(CHILD_PROCESSES, reason, time_ns())
            for reason, pids in self._pids.items()
            if len(pids) >= MOST_PROGRAMS or not known.issuperset(pids)
        ]

    def _wrap(
        self,
        module: ModuleType,
        name: str,
        before: Callable[..., None] | None = None,
        after: Callable[..., None] | None = None,
    ) -> None:
        original = vars(module).get(name)
        if original is None or type(original) is Starter:
            return

        starter = Starter(
            original, f"{module.__name__}:{name}", self._heard_by(before), self._heard_by(after)
        )
        vars(module)[name] = starter
        self._patches.append(_Patch(module, name, original, starter))

    def _heard_by(self, listener: Callable[..., None] | None) -> Callable[..., None]:
        def hear(*arguments: Any, **options: Any) -> None:
            if listener is not None and self._is_enabled:
                try:
                    listener(*arguments, **options)
                except Exception as error:
                    self._on_error(error)

        return hear

    # Those after a call take what was returned, None where it failed; all take the arguments by their names.

    def _forks(self, *arguments: Any) -> None:
        self._starting = get_ident()

    def _forked(self, pid: Optional[int], argv: Any, programs: Any, *others: Any) -> None:
        self._starting = 0
        if pid is None:
            return
        cwd, environment = others[2], others[3]
        for program in programs:
            path = os.path.join(os.fsdecode(cwd or ""), os.fsdecode(program))
            if os.path.isfile(path):
                self._judge(path, argv, environment, pid)
                break

    def _spawned(self, pid: Optional[int], path: Any, argv: Any, env: Any, **_: Any) -> None:
        if pid is not None:
            self._judge(path, argv, env, pid)

    def _given_to_shell(self, result: Optional[int], command: Any) -> None:
        if result is not None:
            self._judge("/bin/sh", ["sh", "-c", command], None, 0)

    def _becomes(self, path: Any, argv: Any, env: Any = None) -> None:
        program = os.path.realpath(f"/dev/fd/{path}") if isinstance(path, int) else path
        reason = self._reason(program, argv, env)
        self._listener.before_exec(BlindRecord(CHILD_PROCESSES, reason, time_ns()) if reason else None)

    def _leaves(self, status: Any) -> None:
        if isinstance(status, int):
            caller = str(sys._getframe(3).f_globals.get("__name__", ""))
            self._listener.before_exit(status, caller.partition(".")[0] in ORDERLY)

    def _judge(self, program: Any, words: Sequence[Any], environment: Any, pid: int) -> None:
        reason = self._reason(program, words, environment)
        if reason and (reason in self._pids or len(self._pids) < MOST_PLACES):
            pids = self._pids.setdefault(reason, [])
            if not pids:
                self._listener.on_unrecorded()
            if len(pids) < MOST_PROGRAMS:
                pids.append(pid)

    def _reason(self, program: Any, words: Sequence[Any], environment: Any) -> str:
        from ssot_probe.observe.unrecorded_programs import environment_of, why_unrecorded  # it needs `re`

        arguments = [os.fsdecode(word) for word in words]
        why = why_unrecorded(os.fsdecode(program), arguments, environment_of(environment))
        return f"{self._place()} starts Python without the probe: {why}" if why else ""

    def _place(self) -> str:
        """Return where the application starts it; else where the library does that was called last."""
        frame: Any = sys._getframe(2)
        nearest = None
        while frame is not None:
            file, module = frame.f_code.co_filename, str(frame.f_globals.get("__name__", ""))
            if self._is_own_code(module, file):
                return f"{self._short(file)}:{frame.f_lineno}"
            is_library = any(part in file for part in _INSTALLED)
            if nearest is None and (is_library or not file.startswith((_STANDARD, "<"))):
                nearest = frame if not module.startswith("ssot_probe.") else None
            frame = frame.f_back
        return "it" if nearest is None else f"{self._short(nearest.f_code.co_filename)}:{nearest.f_lineno}"
