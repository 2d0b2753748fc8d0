"""Watches the modules of the project: those that are there already, those that come, and `__main__`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from time import monotonic, time_ns
from types import ModuleType
from typing import TYPE_CHECKING, Any, Optional

from ssot_probe.context import work
from ssot_probe.model.names import is_within
from ssot_probe.model.policy import Policy, named_modules, watched_paths
from ssot_probe.model.process_records import BlindRecord
from ssot_probe.observe import tripwire
from ssot_probe.observe.awaited import Awaited, Listener
from ssot_probe.observe.direct_loads import DirectLoads
from ssot_probe.observe.entry_points import EntryPoints
from ssot_probe.observe.finder import ProbeFinder
from ssot_probe.observe.instances import InstanceTable
from ssot_probe.observe.instrumentation import Instrumentation
from ssot_probe.observe.load_reports import LoadReports
from ssot_probe.observe.loading import Loading
from ssot_probe.observe.main_module import MainModuleWatch, defines_something
from ssot_probe.observe.modules import has_been_loaded, namespace_of, present_modules, spec_of
from ssot_probe.observe.monitoring import Monitoring
from ssot_probe.observe.placed_modules import placed_modules
from ssot_probe.observe.pools.pool_watch import PoolWatch
from ssot_probe.observe.scope import Scope, module_of

if TYPE_CHECKING:
    from ssot_probe.model.records import Record
    from ssot_probe.observe.makers import ObservedClass
    from ssot_probe.observe.paths.watched import WatchedPaths

SEARCH_SECONDS = 0.5
"""Between two searches for modules that another finder has found."""


class ModuleWatch:
    """Instruments each first-party module once it has run, and arms those whose imports matter.

    Args:
        scope: which modules are first-party.
        policy: what is observed.
        script: absolute path of the script that runs as `__main__`, "" for none.
        instances: where instances get their serials.
        append: takes the events of the hot path, and of imports.
        tell: takes records that a forked child has to tell again.
        on_error: told of an error of the probe's own; must not raise.
        pools: told of the modules that pools are in.
    """

    def __init__(
        self,
        scope: Scope,
        policy: Policy,
        script: str,
        instances: InstanceTable,
        append: Callable[[Any], None],
        tell: Callable[[Record], None],
        on_error: Callable[[BaseException], None],
        pools: PoolWatch,
    ) -> None:
        self._scope = scope
        self._pools = pools
        self._policy = policy
        self._script = script
        self._append = append
        self._tell = tell
        self._on_error = on_error
        self._named = named_modules(policy)
        self._finder = ProbeFinder(scope, self._on_executed, self._on_failed, self._on_displaced)
        self._awaited = self._finder.awaited = Awaited()
        self._monitoring = Monitoring()
        self._instrumentation = Instrumentation(
            *(policy, scope, instances, append, tell, self._monitoring, self._awaited),
            *(self.is_first_party, self.not_heard),
        )
        entry_points = EntryPoints(self._instrumentation.ask_frameworks, self.not_heard)
        self._awaited.listeners += [entry_points, pools]
        self._direct_loads = DirectLoads(self._finder.observe_spec)
        self._main = MainModuleWatch(self._look_at_main)
        self._reports = LoadReports(scope, script, append, tell)
        self._placed: dict[str, int] = {}  # what stands under a name of the policy -> its `id`
        self._next_search = 0.0
        self._watched: dict[str, ModuleType] = {}
        self._armed_parents: set[str] = set()
        self._has_tripwire = False
        self.paths: Optional[WatchedPaths] = None

    def listen(self, listener: Listener) -> None:
        """Let somebody wait for modules that are not the project's own."""
        self._awaited.listeners.append(listener)

    @property
    def is_loading(self) -> bool:
        """Is a module being loaded?"""
        return self._finder.is_loading

    def after_fork_in_child(self) -> None:
        """Know that only this thread goes on."""
        self._monitoring.after_fork_in_child()
        self._finder.after_fork_in_child()
        self._instrumentation.after_fork_in_child()
        if self.paths is not None:
            self.paths.after_fork_in_child()

    @property
    def classes(self) -> dict[type, ObservedClass]:
        """Class object -> what is known of it."""
        return self._instrumentation.classes

    @property
    def has_makers(self) -> bool:
        """Has anything been looked through for makers?"""
        return self._instrumentation.has_begun

    def start(self) -> None:
        """Take in what was loaded before, which is told as late, and see what comes."""
        self._listen_to_paths()
        for name, module in present_modules():
            self._take_in_loaded(name, module)
        if self.paths is not None:
            self.paths.take_in_late()
        sys.meta_path.insert(0, self._finder)
        self._awaited.look()
        self._direct_loads.start()
        if self._may_define_in_main():
            self._finder.main = self._main
            self._main.start()
        if self.paths is not None:
            self.paths.enable()

    def stop(self) -> None:
        """See no more imports. The makers are still observed."""
        self._main.stop()
        self._direct_loads.stop()
        if self._finder in sys.meta_path:
            # Another thread may go through the finders right now: taken out of that very list, it skips one.
            sys.meta_path = [finder for finder in sys.meta_path if finder is not self._finder]
        for module in (*list(sys.modules.values()), *self._watched.values()):
            tripwire.disarm(spec_of(module))

    def remove_wrappers(self) -> None:
        """Observe no maker and no request any more."""
        self._instrumentation.tell_sources()
        self._awaited.remove()
        work.watchers.clear()
        if self.paths is not None:
            self.paths.disable()
        self._instrumentation.remove()
        if self.paths is not None:
            self.paths.remove()
        self._monitoring.stop()

    def look_again(self) -> None:
        """Find what watched modules bind since they ran, and modules that were loaded unseen."""
        main = sys.modules.get("__main__")
        if main is not None and self._is_main_first_party(main):
            self._look_at_main(main)
            self._tell_main()
        for module in list(self._watched.values()):
            self._instrument(module)
        self._search()
        self._take_in_placed(
            [name for name in list(sys.modules) if isinstance(name, str) and self._is_named(name)]
        )

    def look_at_names(self) -> None:
        """Find names bound to another class since they were told, and pools; tell of users' sources."""
        self._pools.look()
        if self.paths is not None:
            self.paths.look()
        self._instrumentation.look_at_names()

    def try_control(self, is_last: bool = False) -> None:
        """Do what is to be heard, to see whether it is; `is_last`: before nothing is listened to any more."""
        if self.paths is not None:
            self.paths.try_control(self._finder, self._has_tripwire, is_last)

    def _listen_to_paths(self) -> None:
        paths = watched_paths(self._policy)
        if paths:
            from ssot_probe.observe.paths.running_files import RunFiles
            from ssot_probe.observe.paths.watched import WatchedPaths

            self.paths = self._finder.paths = WatchedPaths(
                *(paths, self._monitoring, self._append, self.is_first_party),
                *(self._instrumentation.knows_user, self._instrumentation.reports, self.not_heard),
                self._policy.dead.entry_points,
            )
            self._awaited.listeners.append(RunFiles(self.paths.runs))
            self._has_tripwire = tripwire.works()

    def _may_define_in_main(self) -> bool:
        if not self._script:
            return module_of(sys.orig_argv).partition(".")[0] in self._scope.started
        return self._scope.is_project_file(self._script) and defines_something(self._script)

    def _is_main_first_party(self, main: ModuleType) -> bool:
        # The interpreter takes `__file__` away from a script that has ended.
        file = main.__dict__.get("__file__") or self._script
        return bool(file) and self._scope.is_first_party("__main__", file)

    def _on_executed(self, module: ModuleType, loading: Loading) -> None:
        try:
            name = loading.module
            self._reports.told.add(name)
            self._tell_main()
            answers = "__getattr__" in vars(module)  # for names that it does not bind
            if self.paths is not None:
                self.paths.look_before_wrappers(name, module)
            is_watched = self._instrument(module) or self._is_named(name) or answers
            is_armed = is_watched and tripwire.is_armed(spec_of(module))
            self._reports.tell_module(name, module, loading, is_watched=is_armed)
            if is_watched:
                self._watch(name, module)
            self._reports.loaded(loading, is_watched)
            if not is_watched and name not in self._armed_parents:
                tripwire.disarm(spec_of(module))
            if self.paths is not None:
                self.paths.take_in(name, module)
            self._take_in_placed(self._named)
            self._awaited.look()
        except Exception as error:
            self._on_error(error)

    def not_heard(self, subject: str, error: BaseException) -> None:
        """Tell what cannot be observed."""
        self._tell(BlindRecord(subject, f"observing it raised {type(error).__name__}", time_ns()))

    def _on_displaced(self) -> None:
        now = monotonic()
        if now >= self._next_search:
            self._next_search = now + SEARCH_SECONDS
            try:
                self._search()
            except Exception as error:
                self._on_error(error)

    def _search(self) -> None:
        """Take in the modules that a finder in front of ours found, or a loader that tells nothing loaded."""
        self._awaited.look()
        for name, module in present_modules():
            if name not in self._reports.told and has_been_loaded(name, module):
                self._take_in_loaded(name, module)

    def _take_in_placed(self, names: Iterable[str]) -> None:
        """Watch what was put into `sys.modules` by hand, and say of what imports are not seen."""
        for placed in placed_modules(names):
            if self._placed.get(placed.name) != id(sys.modules.get(placed.name)):
                self._placed[placed.name] = id(sys.modules.get(placed.name))
                try:
                    self._take_in_one_placed(*placed)
                except Exception as error:
                    self._on_error(error)

    def _take_in_one_placed(self, name: str, module: ModuleType | None, blind: str) -> None:
        if blind:
            self._tell(BlindRecord(f"imports of {name}", blind, time_ns()))
        if module is None:
            return
        own_name, file = str(namespace_of(module).get("__name__")), namespace_of(module).get("__file__")
        if not self._scope.watches(own_name, file):
            tripwire.arm(spec_of(module))
            return
        if own_name == name and name not in self._reports.told:
            self._reports.tell_module(name, module)
        self._instrument(module)
        self._watch(name, module)

    def _on_failed(self, loading: Loading) -> None:
        try:
            self._reports.failed(loading, self._is_named(loading.module))
        except Exception as error:
            self._on_error(error)

    def _look_at_main(self, module: ModuleType) -> None:
        try:
            self._pools.loaded("__main__", module)
            if self.paths is not None:
                self.paths.take_in_main()
            if self._instrument(module):
                self._watched["__main__"] = module
                self._tell_main()
        except Exception as error:
            self._on_error(error)

    def _tell_main(self) -> None:
        """Tell of the module that runs as the program, which no finder is asked for."""
        main = sys.modules.get("__main__")
        told = self._reports.told
        if main is not None and "__main__" not in told and self._is_main_first_party(main):
            self._reports.tell_module("__main__", main)

    def _take_in_loaded(self, name: str, module: Any) -> None:
        """Observe a module that was there before the probe, and say that it was."""
        if not issubclass(type(module), ModuleType) or is_within(name, "ssot_probe"):
            return
        file = namespace_of(module).get("__file__")
        try:
            if not self._scope.could_hold(name.partition(".")[0]) or not self._scope.watches(name, file):
                return
            is_watched = self._instrument(module)
            if name == "__main__" and not is_watched:
                return  # it is still running, and nothing was missed
            is_watched = is_watched or self._is_named(name)
            self._reports.tell_module(name, module, is_preloaded=True)
            if is_watched:
                self._watch(name, module)
            if self.paths is not None:
                self.paths.expect(name, module)
        except Exception as error:
            self._on_error(error)

    def _instrument(self, module: ModuleType) -> bool:
        self._pools.look_through(str(namespace_of(module).get("__name__")), module)
        return self._instrumentation.instrument(module)

    def is_first_party(self, name: str, file: object) -> bool:
        """Does a module of this name, from this file or none, belong to the application?"""
        # The interpreter takes `__file__` away from a script that has ended.
        known = file if isinstance(file, str) else self._script if name == "__main__" else ""
        return self._scope.watches(name, known or None)

    def _watch(self, name: str, module: ModuleType) -> None:
        self._watched[name] = module
        tripwire.arm(spec_of(module))
        parent = name.rpartition(".")[0]
        while parent:  # `from package import module` reads the package's flag only
            self._armed_parents.add(parent)
            tripwire.arm(spec_of(sys.modules.get(parent)))
            parent = parent.rpartition(".")[0]

    def _is_named(self, name: str) -> bool:
        return any(is_within(name, named) or is_within(named, name) for named in self._named)
