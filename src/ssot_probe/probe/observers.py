"""Everything that listens in a process: built here, started, and taken off in the order that it takes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from time import time_ns
from typing import TYPE_CHECKING, Any

from ssot_probe.context import work
from ssot_probe.model.policy import Policy, named_modules
from ssot_probe.model.process_records import BlindRecord
from ssot_probe.observe import tallies, tripwire
from ssot_probe.observe.hot_imports import HotImports
from ssot_probe.observe.instances import InstanceRef, InstanceTable
from ssot_probe.observe.look_signal import LookSignal
from ssot_probe.observe.looks import LAST, Begin, Looks
from ssot_probe.observe.pools.pool_watch import PoolWatch
from ssot_probe.observe.scope import (
    Scope,
    is_started_by_multiprocessing,
    project_directories,
    script_of,
    started_packages,
    told_by_parent,
)
from ssot_probe.observe.thread_locals import LoopValues
from ssot_probe.observe.watching import ModuleWatch
from ssot_probe.settings import Settings

if TYPE_CHECKING:
    from ssot_probe.model.instance_records import HolderRecord
    from ssot_probe.model.records import Record

LAST_LOOK_SECONDS = 0.6
"""Of the time for ending, what the last look at shared references may take."""


class Observers:
    """What listens.

    Args:
        settings: whether references are looked at, and which signal asks for that.
        policy: what is observed.
        directory: the current one.
        append: takes the events of the hot path.
        tell: takes records that a forked child has to tell again.
        on_error: told of an error of the probe's own; must not raise.

    Attributes:
        script: absolute path of the script that runs as `__main__`, "" for none.
        scope: which modules are first-party.
        instances: where instances get their serials.
        modules: sees what is imported, and observes the makers in it.
        pools: sees what pools hand out.
        looks: sees what users share.
        loop_values: knows which thread-locals belong to everybody.
        hot_imports: lets go of what is imported all the time.
    """

    def __init__(
        self,
        settings: Settings,
        policy: Policy,
        directory: str,
        append: Callable[[Any], None],
        tell: Callable[[Record], None],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._settings = settings
        self._policy = policy
        arguments = getattr(sys, "orig_argv", [])
        script = script_of(arguments)
        self.script = os.path.abspath(script) if script else ""
        self.scope = Scope(
            policy.packages,
            project_directories(policy.source, self.script, os.environ, directory),
            started_packages(arguments),
            declared=named_modules(policy),
            learn_later=told_by_parent if is_started_by_multiprocessing(arguments) else None,
        )
        self.instances = InstanceTable()
        self.hot_imports = HotImports()
        self.pools = PoolWatch(policy, self.is_own_code, self._owner_of, append, tell, on_error)
        self.modules = ModuleWatch(
            *(self.scope, policy, self.script, self.instances, append, tell, on_error),
            self.pools,
        )
        self.looks = Looks(
            self.instances,
            lambda: self.modules.classes,
            append,
            self._load_traversals,
            on_error,
        )
        self._look_signal = LookSignal(settings.look_signal, lambda: self.looks.request("signal"))
        self.loop_values = LoopValues(self.modules.is_first_party, on_error)
        self._names = ["finder"]

    @property
    def names(self) -> tuple[str, ...]:
        """What listens by now."""
        return (*self._names, *(["makers:wrapt"] if self.modules.has_makers else []))

    def start(
        self,
        keep: Callable[[BlindRecord], None],
        on_user: Callable[[InstanceRef | None], None],
        on_new_import: Callable[[], None],
    ) -> None:
        """Observe what was loaded before, which is told as late, and all that comes.

        Args:
            keep: takes what will not be seen.
            on_user: told in the application's thread when there is another user; must not raise.
            on_new_import: told when a place imports for the first time; must not raise.
        """
        self._start_tripwire(keep)
        self._start_looks(keep)
        self.instances.on_user = on_user
        work.is_noted[0] = True
        tripwire.on_new[0] = on_new_import
        self.modules.start()

    def stop_imports(self) -> None:
        """Find what has come unseen, and see no more imports. The makers are still observed."""
        tripwire.on_new[0] = None
        self.modules.look_again()
        if self.modules.paths is not None:
            self.modules.paths.look_at_once()
            self.modules.try_control(is_last=True)
        self.hot_imports.stop()
        self.modules.stop()

    def look_for_the_last_time(self) -> None:
        """Look while everything is still there: what a module holds is, though its users may be gone."""
        self._look_signal.stop()
        self.looks.pause(LAST_LOOK_SECONDS)
        if len(self.instances.users) > 2:
            self.looks.look(LAST, LAST_LOOK_SECONDS)
        self.looks.stop()

    def explain_shared(self, process: str) -> Iterator[HolderRecord]:
        """Yield what keeps shared instances alive; their ids begin with that of the process."""
        from ssot_probe.observe.holders import explain_shared

        return explain_shared(self.instances, self.modules.classes, process)

    def remove_wrappers(self) -> None:
        """Observe nothing any more."""
        self.modules.remove_wrappers()
        work.is_noted[0] = False
        work.forget()

    def look_around(self) -> None:
        """Look at what nothing tells of: the recorder does so before each of its cycles."""
        self.modules.look_at_names()
        self.looks.resume()

    def before_fork(self, seconds: float) -> None:
        """Stop what runs in threads, within so many seconds."""
        self.looks.pause(seconds)
        self.hot_imports.resume_all()

    def after_fork_in_child(self) -> None:
        """Have seen nothing yet."""
        tripwire.forget()
        self.modules.after_fork_in_child()
        self.pools.after_fork_in_child()
        self.instances.forget_users()
        self.looks.forget()
        work.forget()

    def is_own_code(self, module: str, file: str) -> bool:
        """Is it the application's own code? A script is, whichever packages the policy names."""
        return self.scope.is_first_party(module, file) or self.scope.is_project_file(file)

    def _start_tripwire(self, keep: Callable[[BlindRecord], None]) -> None:
        tripwire.forget()
        tallies.forget()
        if not tripwire.works():
            keep(BlindRecord("imports of loaded modules", "this interpreter does not tell", time_ns()))
            return
        self._names.append("tripwire")
        if sys.version_info < (3, 11):
            subject = "imports of loaded modules by importlib.import_module"
            keep(BlindRecord(subject, "Python tells of them since 3.11", time_ns()))

    def _start_looks(self, keep: Callable[[BlindRecord], None]) -> None:
        if not self._settings.sharing:
            keep(BlindRecord("shared references", "switched off by SSOT_PROBE_SHARING", time_ns()))
            return
        self._names.append("references")
        self.looks.start()
        self._look_signal.start()
        if self._look_signal.is_refused:
            reason = "only the main thread can handle a signal, and another one started the probe"
            keep(BlindRecord("signal for looks at shared references", reason, time_ns()))

    def _load_traversals(self) -> Begin:
        from ssot_probe.observe.traversals import Traversals

        return Traversals(self.scope, self.script, self._policy.concepts, self.loop_values.are_left)

    def _owner_of(self, value: object) -> str | None:
        """Return the only user of an observed instance that belongs to one user, None for anything else."""
        known = self.instances.find(value)
        observed = None if known is None else self.modules.classes.get(type(value))
        if known is None or known.others or observed is None or observed.is_shareable:
            return None
        return known.user
