"""The composition root of the live half: the only place that builds it, starts it and takes it down."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from time import time_ns
from types import ModuleType
from typing import TYPE_CHECKING, Any, Optional, Union

from ssot_probe import forks
from ssot_probe.context.current import thread_name
from ssot_probe.losses import INTERNAL, Losses
from ssot_probe.model.names import is_within
from ssot_probe.model.policy import Policy, named_modules
from ssot_probe.model.records import BlindRecord, ModuleRecord, Record
from ssot_probe.observe import tripwire
from ssot_probe.observe.finder import LoadEvent, Loading, ProbeFinder
from ssot_probe.observe.instances import InstanceTable
from ssot_probe.observe.main_module import MainModuleWatch, defines_something
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.scope import (
    Scope,
    module_of,
    project_directories,
    script_of,
    started_packages,
    told_by_parent,
)
from ssot_probe.recorder.buffer import Buffer
from ssot_probe.recorder.pump import Pump
from ssot_probe.settings import Settings, from_environment, read_user_key

if TYPE_CHECKING:
    from ssot_probe.observe.instrument import Instrumenter
    from ssot_probe.recorder.recorder import Exporter, Recorder

EXIT_SECONDS = 2.0
"""How much longer than without the probe a process may take to end."""

FORK_SECONDS = 0.1


class Probe:
    """The probe of one process. Use `start()` to get one.

    Args:
        settings: what the environment says.
        policy: what is observed and how it is judged; the empty one infers.
        exporters: further ones beside those that the settings name.
    """

    def __init__(self, settings: Settings, policy: Policy, exporters: Sequence[Exporter] = ()) -> None:
        self.settings = settings
        self.policy = policy
        self.armed = time_ns()
        arguments = getattr(sys, "orig_argv", [])
        script = script_of(arguments)
        self.script = os.path.abspath(script) if script else ""
        directories = project_directories(policy.source, self.script, os.environ, _working_directory())
        is_spawned = "--multiprocessing-fork" in arguments
        self.scope = Scope(
            policy.packages, directories, started_packages(arguments), told_by_parent if is_spawned else None
        )
        self._exporters = tuple(exporters)
        self.losses = Losses()
        self.pump = Pump(self._make_recorder, lambda: self.finder.is_loading, self.losses, self.report_error)
        self.buffer = Buffer(self.losses, self._on_first_record)
        self.instances = InstanceTable()
        self.finder = ProbeFinder(self.scope, self._on_executed, self._on_failed)
        self._named = named_modules(policy)
        self._main = MainModuleWatch(self._look_at_main)
        self._instrumenter: Optional[Instrumenter] = None
        self._user_key = read_user_key(settings.user_key_file) if settings.user_key_file else os.urandom(32)
        self.process_id = _new_process_id()  # random, and another one in each forked child
        self._inventory: list[Record] = []  # told again by every forked child
        self._watched: dict[str, ModuleType] = {}
        self._armed_parents: set[str] = set()
        self._observers = ["finder"]
        self._pid = os.getpid()
        self._was_running = False
        self.is_active = False

    def start(self) -> Probe:
        """Begin to observe. What was loaded before is observed from now on, and reported as late."""
        self.is_active = True
        tripwire.forget()
        if tripwire.works():
            self._observers.append("tripwire")
            if sys.version_info < (3, 11):
                subject = "imports of loaded modules by importlib.import_module"
                self._keep(BlindRecord(subject, "Python tells of them since 3.11", time_ns()))
        else:
            self._keep(BlindRecord("imports of loaded modules", "this interpreter does not tell", time_ns()))
        for name, module in list(sys.modules.items()):
            self._take_in_loaded(name, module)
        sys.meta_path.insert(0, self.finder)
        if self._may_define_in_main():
            self.finder.main = self._main
            self._main.start()
        forks.tell(self)
        atexit.register(self.stop)
        return self

    def stop(self) -> None:
        """Take everything off, record and deliver what is left within two seconds. May be called twice."""
        if not self.is_active or os.getpid() != self._pid:
            return
        self.is_active = False
        try:
            self._look_again()
            self._main.stop()
            if self.finder in sys.meta_path:
                sys.meta_path.remove(self.finder)
            for module in (*list(sys.modules.values()), *self._watched.values()):
                tripwire.disarm(_spec_of(module))
            # Loading modules now could make the interpreter forget that it was interrupted, and with it the
            # exit code: named tuples are made by eval(), which resets that.
            is_interrupted = getattr(sys, "last_type", None) is KeyboardInterrupt
            if self._instrumenter is not None:
                if not is_interrupted:
                    self._explain_sharing()
                self._instrumenter.remove()
            if self.pump.has_recorder or not is_interrupted:
                self.pump.finish(EXIT_SECONDS)
        except Exception as error:
            self.report_error(error)
        atexit.unregister(self.stop)

    def flush(self, seconds: float = EXIT_SECONDS) -> bool:
        """Look through the watched modules again and export all there is; False where it took too long."""
        self._look_again()
        return self.pump.flush(seconds)

    def report_error(self, error: BaseException) -> None:
        """Count an error of the probe's own; show it where SSOT_PROBE_DEBUG asks for it."""
        self.losses.add(INTERNAL)
        show_error(error, self.settings.debug)

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _on_first_record(self) -> None:
        if "otlp" in self.settings.exporters:
            forks.tell_first()
        self.pump.start()

    # What the ears tell

    def _on_executed(self, module: ModuleType, loading: Loading) -> None:
        try:
            name = loading.module
            self._tell(self._module_record(name, module, loading, preloaded=False))
            is_watched = self._instrument(module) or self._is_named(name)
            if is_watched:
                self._watch(name, module)
                self.buffer.add(self._load_event(loading, "loaded"))
            elif name not in self._armed_parents and "__getattr__" not in vars(module):
                tripwire.disarm(_spec_of(module))
        except Exception as error:
            self.report_error(error)

    def _on_failed(self, loading: Loading) -> None:
        try:
            if self._is_named(loading.module):
                self.buffer.add(self._load_event(loading, "failed"))
        except Exception as error:
            self.report_error(error)

    def _look_at_main(self, module: ModuleType) -> None:
        try:
            if self._instrument(module) and "__main__" not in self._watched:
                self._watched["__main__"] = module
                self._tell(self._module_record("__main__", module, None, preloaded=False))
        except Exception as error:
            self.report_error(error)

    def _take_in_loaded(self, name: str, module: Any) -> None:
        """Observe a module that was there before the probe, and say that it was."""
        if not issubclass(type(module), ModuleType) or is_within(name, "ssot_probe"):
            return
        file = namespace_of(module).get("__file__")
        try:
            if not self.scope.could_hold(name.partition(".")[0]) or not self.scope.is_first_party(name, file):
                return
            is_watched = self._instrument(module) or self._is_named(name)
            if name == "__main__" and not is_watched:
                return  # it is still running, and nothing was missed
            self._tell(self._module_record(name, module, None, preloaded=True))
            if is_watched:
                self._watch(name, module)
        except Exception as error:
            self.report_error(error)

    def _instrument(self, module: ModuleType) -> bool:
        if self._instrumenter is None:
            from ssot_probe.observe.instrument import Instrumenter

            self._instrumenter = Instrumenter(
                self.policy, self.scope, self.instances, self.buffer.add, self._tell
            )
            self._observers.append("makers:wrapt")
        return self._instrumenter.instrument(module)

    def _watch(self, name: str, module: ModuleType) -> None:
        self._watched[name] = module
        tripwire.arm(_spec_of(module))
        parent = name.rpartition(".")[0]
        while parent:  # `from package import module` reads the package's flag only
            self._armed_parents.add(parent)
            tripwire.arm(_spec_of(sys.modules.get(parent)))
            parent = parent.rpartition(".")[0]

    def _is_named(self, name: str) -> bool:
        return any(is_within(name, named) or is_within(named, name) for named in self._named)

    def _load_event(self, loading: Loading, outcome: str) -> Any:
        return LoadEvent(loading, outcome, thread_name(), time_ns())

    def _module_record(
        self, name: str, module: ModuleType, loading: Loading | None, preloaded: bool
    ) -> ModuleRecord:
        file = module.__dict__.get("__file__") or (self.script if name == "__main__" else "")
        importer = ""
        if loading is not None and loading.code is not None:
            importer = f"{self.scope.relative(loading.code.co_filename)}:{loading.line}"
        return ModuleRecord(name, self.scope.relative(file) if file else "", importer, preloaded, time_ns())

    def _keep(self, record: Record) -> None:
        """Tell a record with the first one that there is: on its own it is not worth a thread."""
        self._inventory.append(record)
        self.buffer.items.append(record)

    def _tell(self, record: Record) -> None:
        self._inventory.append(record)
        self.buffer.add(record)

    def _look_again(self) -> None:
        """Find what watched modules bind since they ran."""
        main = sys.modules.get("__main__")
        if main is not None and self._is_main_first_party(main):
            self._look_at_main(main)
        for module in list(self._watched.values()):
            self._instrument(module)

    def _may_define_in_main(self) -> bool:
        if not self.script:
            return module_of(sys.orig_argv).partition(".")[0] in self.scope.started
        return self.scope.is_project_file(self.script) and defines_something(self.script)

    def _is_main_first_party(self, main: ModuleType) -> bool:
        # The interpreter takes `__file__` away from a script that has ended.
        file = main.__dict__.get("__file__") or self.script
        return bool(file) and self.scope.is_first_party("__main__", file)

    def _explain_sharing(self) -> None:
        from ssot_probe.observe.holders import explain_shared

        if self._instrumenter is None or self._pid != os.getpid():
            return
        for record in explain_shared(self.instances, self._instrumenter.classes, self.process_id):
            self.buffer.add(record)

    # What the recorder needs

    def _make_recorder(self) -> Recorder:
        from ssot_probe.context.identity import UserHasher
        from ssot_probe.export.resource import resource_attributes
        from ssot_probe.policy_file import policy_to_json
        from ssot_probe.recorder.places import Places
        from ssot_probe.recorder.recorder import Identity, Recorder
        from ssot_probe.version import __version__

        resource = resource_attributes(self.settings, self.process_id)
        exporters = list(self._exporters)
        common = (resource, __version__, self.armed, self.losses)
        if "file" in self.settings.exporters:
            from ssot_probe.export.file import FileExporter

            exporters.append(FileExporter(self.settings.directory, self._file_name(), *common))
        if "otlp" in self.settings.exporters and os.environ.get("OTEL_SDK_DISABLED", "").lower() != "true":
            from ssot_probe.export.otlp import OtlpExporter

            exporters.append(OtlpExporter(*common, self.report_error))
        hash_user = UserHasher(self._user_key)
        identity = Identity(
            instance=self.process_id,
            armed=self.armed,
            python=".".join(str(part) for part in sys.version_info[:3]),
            policy=self.policy,
            policy_json=policy_to_json(self.policy._replace(source=self._policy_name())),
            observers=tuple(self._observers),
            user_key=hash_user.key_id,
        )
        return Recorder(
            identity=identity,
            buffer=self.buffer,
            losses=self.losses,
            places=Places(self.scope, self.script),
            instances=self.instances,
            hash_user=hash_user,
            exporters=exporters,
        )

    def _file_name(self) -> str:
        from time import gmtime, strftime

        started = strftime("%Y%m%dT%H%M%S", gmtime(self.armed / 1e9))
        return f"{started}-{os.getpid()}-{self.process_id[:8]}"

    def _policy_name(self) -> str:
        return os.path.basename(self.policy.source) if self.policy.source else ""

    # What a fork does

    def before_fork(self) -> None:
        """Stop the pump: a fork beside a running thread is warned of since 3.12, and copies its locks."""
        if self.is_active:
            self._was_running |= self.pump.pause(FORK_SECONDS)

    def after_fork_in_parent(self) -> None:
        """Go on as before."""
        if self.is_active and self._was_running:
            self.pump.start()
        self._was_running = False

    def after_fork_in_child(self) -> None:
        """Be a process of its own: nothing counted, nothing waiting, another identity."""
        if not self.is_active:
            return
        self._pid = os.getpid()
        self._was_running = False
        self.armed = time_ns()
        self.process_id = _new_process_id()
        self.losses.clear()
        self.pump.forget()
        self.buffer.clear()
        tripwire.forget()
        self.instances.forget_users()
        self.buffer.items.extend(self._inventory)


def start(
    policy: Union[str, Policy, None] = None,
    settings: Optional[Settings] = None,
    exporters: Sequence[Exporter] = (),
) -> Probe:
    """Start the probe in this process, whatever SSOT_PROBE says.

    Args:
        policy: a policy, the path of a policy file, or None for the nearest policy file, else inferred.
        settings: None to read the environment.
        exporters: further ones beside those that the settings name.

    Raises:
        PolicyError: the policy cannot be read.
        SettingsError: a variable has a value without a meaning.
    """
    settings = settings or from_environment(os.environ)
    if not isinstance(policy, Policy):
        policy = find_policy(policy or settings.config)
    return Probe(settings, policy, exporters).start()


def find_policy(path: str) -> Policy:
    """Read the policy at the path, or the nearest one where the path is empty; the empty one if none.

    Raises:
        PolicyError: it cannot be read.
    """
    from ssot_probe.policy_file import find_policy_file, read_policy

    found = path or find_policy_file(_working_directory())
    return read_policy(found) if found else Policy()


def show_error(error: BaseException, is_debugging: bool) -> None:
    """Write an error of the probe's own to standard error, with its traceback, where debugging is on."""
    if is_debugging:
        import traceback

        traceback.print_exception(type(error), error, error.__traceback__)


def _spec_of(module: object) -> Optional[ModuleSpec]:
    spec = namespace_of(module).get("__spec__")
    return spec if isinstance(spec, ModuleSpec) else None


def _new_process_id() -> str:
    return os.urandom(16).hex()


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "/"
