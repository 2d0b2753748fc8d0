"""The composition root of the live half: the only place that builds it, starts it and takes it down."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Sequence
from time import monotonic, time_ns
from typing import TYPE_CHECKING, Optional, Union

from ssot_probe import forks
from ssot_probe.context import work
from ssot_probe.export.announcement import announce
from ssot_probe.export.listing import NOT_LISTED, enlist, listed, listed_since
from ssot_probe.interruption import remember_interruption, was_interrupted
from ssot_probe.losses import INTERNAL, Losses
from ssot_probe.model.policy import Policy, named_modules, watched_paths
from ssot_probe.model.records import BlindRecord, Record
from ssot_probe.observe import tallies, tripwire
from ssot_probe.observe.hot_imports import HotImports
from ssot_probe.observe.instances import InstanceRef, InstanceTable
from ssot_probe.observe.look_signal import LookSignal
from ssot_probe.observe.looks import LAST, LONGEST_LOOK, Begin, Looks
from ssot_probe.observe.pools.pool_watch import PoolWatch
from ssot_probe.observe.population import Population
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
from ssot_probe.recorder.awakening import Awakening
from ssot_probe.recorder.boundaries import Boundaries
from ssot_probe.recorder.buffer import Buffer
from ssot_probe.recorder.children import Children
from ssot_probe.recorder.pump import Pump
from ssot_probe.settings import Settings, from_environment, read_user_key
from ssot_probe.termination import Termination

if TYPE_CHECKING:
    from ssot_probe.observe.started_programs import StartedPrograms
    from ssot_probe.recorder.paths import PathLedger
    from ssot_probe.recorder.places import Places
    from ssot_probe.recorder.recorder import Exporter, Recorder
    from ssot_probe.recorder.sources import Sources

EXIT_SECONDS = 2.0
"""How much longer than without the probe a process may take to end."""

ENDING_SECONDS = 0.2
"""Of these, what the interpreter itself needs more to end, with what the probe has loaded."""

LAST_LOOK_SECONDS = 0.6
"""Of these, what the last look at shared references may take."""

SHORTEST_FINISH = 0.5
"""What is left of them for the last records at least, however long the look at what is shared took."""

EXIT, SIGTERM, STOP, FAILED = "exit", "sigterm", "stop", "failed"
"""How a recording ends that has its last word; with the last of them its process went on."""

FORK_SECONDS = 0.1
"""How long a fork waits for the recorder to come to the end of a batch."""


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
        self.armed = self._started = time_ns()
        arguments = getattr(sys, "orig_argv", [])
        script = script_of(arguments)
        self.script = os.path.abspath(script) if script else ""
        directories = project_directories(policy.source, self.script, os.environ, _working_directory())
        self.scope = Scope(
            policy.packages,
            directories,
            started_packages(arguments),
            declared=named_modules(policy),
            learn_later=told_by_parent if is_started_by_multiprocessing(arguments) else None,
        )
        self._exporters = tuple(exporters)
        self.losses = Losses()
        self.pump = Pump(
            self._make_recorder,
            lambda: self.modules.is_loading,
            self._look_after,
            self.losses,
            self.report_error,
        )
        self.buffer = Buffer(self.losses, self._on_first_record)
        self.instances = InstanceTable()
        self.looks = Looks(
            self.instances,
            lambda: self.modules.classes,
            self.buffer.add,
            self._load_traversals,
            self.report_error,
        )
        self.boundaries = Boundaries(policy.boundary)
        self._look_signal = LookSignal(settings.look_signal, lambda: self.looks.request("signal"))
        self._awakening = Awakening(self._wake)
        self._children = Children()
        self._termination = Termination(settings.sigterm, lambda: self.end(SIGTERM))
        self.population = Population(self.instances)
        self.hot_imports = HotImports()
        self.pools = PoolWatch(
            policy, self._is_own_code, self._owner_of, self.buffer.add, self._tell, self.report_error
        )
        self.modules = ModuleWatch(
            *(
                self.scope,
                policy,
                self.script,
                self.instances,
                self.buffer.add,
                self._tell,
                self.report_error,
            ),
            self.pools,
        )
        self.loop_values = LoopValues(self.modules.is_first_party, self.report_error)
        self._user_key = read_user_key(settings.user_key_file) if settings.user_key_file else os.urandom(32)
        self.process_id = _new_process_id()  # random, and another one in each forked child
        self._source_digests: dict[str, str] = {}  # by path; a forked child need not read them again
        self._listing = NOT_LISTED  # in the list of processes, as soon as there is something to record
        self._is_announced = self._has_begun = False
        self._programs: Optional[StartedPrograms] = None  # only where silence is to prove something
        self._parent = ""  # the process that forked this one, where that is recorded
        self._closing = ""  # how this one ends
        self._inventory: list[Record] = []  # told again by every forked child
        self._observers = ["finder"]
        self._pid = os.getpid()
        self._was_running = self._is_forking = False
        self.is_active = False

    def start(self) -> Probe:
        """Begin to observe. What was loaded before is observed from now on, and reported as late."""
        self.is_active = True
        tripwire.forget()
        tallies.forget()
        if tripwire.works():
            self._observers.append("tripwire")
            if sys.version_info < (3, 11):
                subject = "imports of loaded modules by importlib.import_module"
                self._keep(BlindRecord(subject, "Python tells of them since 3.11", time_ns()))
        else:
            self._keep(BlindRecord("imports of loaded modules", "this interpreter does not tell", time_ns()))
        if self.settings.sharing:
            self._observers.append("references")
            self.looks.start()
            self._look_signal.start()
            if self._look_signal.is_refused:
                reason = "only the main thread can handle a signal, and another one started the probe"
                self._keep(BlindRecord("signal for looks at shared references", reason, time_ns()))
        else:
            self._keep(BlindRecord("shared references", "switched off by SSOT_PROBE_SHARING", time_ns()))
        self._termination.start()
        if self._termination.refusal:
            self._keep(BlindRecord("the end by SIGTERM", self._termination.refusal, time_ns()))
        self.instances.on_user = self._on_user
        forks.tell(self)
        work.is_noted[0] = True
        tripwire.on_new[0] = self._wake
        self.modules.start()
        if watched_paths(self.policy):
            self._hear_programs()
        atexit.register(self.end)
        return self

    def stop(self) -> None:
        """Take everything off, record and deliver what is left within two seconds. May be called twice.

        Where the process goes on after it, its silence proves nothing: what it does then is not seen.
        """
        self.end(EXIT if _is_ending() else STOP)

    def end(self, closing: str = EXIT) -> None:
        """Stop, and say what made an end: the process, a signal, or the application in the middle of it."""
        if not self.is_active or os.getpid() != self._pid:
            return
        self.is_active = False
        self._closing = FAILED if closing == EXIT and _has_failed() else closing
        self._termination.hold()
        deadline = monotonic() + EXIT_SECONDS - ENDING_SECONDS
        ended = time_ns()
        try:
            self._awakening.stop()
            tripwire.on_new[0] = None
            self.modules.look_again()
            if self.modules.paths is not None:
                self.modules.paths.look_at_once()
                self.modules.try_control(is_last=True)
            self.hot_imports.stop()
            self.modules.stop()
            self._look_signal.stop()
            self._look_for_the_last_time()
            if self.modules.classes:
                self._explain_sharing()
                self._count_outlived(ended, deadline)
            self.modules.remove_wrappers()
            self._tell_programs()
            work.is_noted[0] = False
            work.forget()
            self.pump.finish(max(SHORTEST_FINISH, deadline - monotonic()))
        except Exception as error:
            self.report_error(error)
        finally:
            if was_interrupted():
                remember_interruption()
        atexit.unregister(self.end)
        self._termination.release()

    def flush(self, seconds: float = EXIT_SECONDS) -> bool:
        """Look through the watched modules again and export all there is; False where it took too long."""
        self.modules.look_again()
        return self.pump.flush(seconds)

    def look(self, seconds: float = LONGEST_LOOK) -> bool:
        """Look at once at what the users' instances share; False where that was not possible in time."""
        return self.looks.look("call", seconds)

    def report_error(self, error: BaseException) -> None:
        """Count an error of the probe's own; show it where SSOT_PROBE_DEBUG asks for it."""
        self.losses.add(INTERNAL)
        show_error(error, self.settings.debug)

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _on_first_record(self) -> None:
        self._begin()
        if "otlp" in self.settings.exporters:
            forks.tell_first()
        if "file" in self.settings.exporters and not self.pump.has_recorder:
            self._announce()
        self.pump.start()

    def _begin(self) -> None:
        """Have something to record."""
        self._awakening.disarm()
        if not self._has_begun:
            self._has_begun = True
            self._children.begin(self.process_id)

    def _wake(self) -> None:
        """Start the recorder where it sleeps since a fork, and there is something that only it can see."""
        if self.is_active and not self._is_forking and not self.pump.is_running:
            try:
                self._on_first_record()
            except Exception as error:
                self.report_error(error)

    def _announce(self) -> None:
        """Leave a trace of this process before there is a recording of it."""
        if not self._is_announced:
            self._is_announced = True
            self._listing = enlist(self.settings.directory, self.process_id, time_ns())
            announce(self.settings.directory, self._file_name())

    def _keep(self, record: Record) -> None:
        """Tell a record with the first one that there is: on its own it is not worth a thread."""
        self._inventory.append(record)
        self.buffer.items.append(record)

    def _tell(self, record: Record) -> None:
        self._inventory.append(record)
        self.buffer.add(record)

    def _on_user(self, known: InstanceRef | None) -> None:
        """Be ready for what users may share. The application's thread calls this: it must not raise."""
        self.looks.on_user(known)
        self.loop_values.note()
        if self.boundaries.is_on and len(self.instances.users) > 1:
            self.boundaries.prepare()

    def _look_after(self) -> None:
        """Look at what nothing tells of: the recorder does so before each of its cycles."""
        self.modules.look_at_names()
        self.looks.resume()

    def _look_for_the_last_time(self) -> None:
        """Look while everything is still there: what a module holds is, though its users may be gone."""
        self.looks.pause(LAST_LOOK_SECONDS)
        if len(self.instances.users) > 2:
            self.looks.look(LAST, LAST_LOOK_SECONDS)
        self.looks.stop()

    def _load_traversals(self) -> Begin:
        from ssot_probe.observe.traversals import Traversals

        return Traversals(self.scope, self.script, self.policy.concepts, self.loop_values.are_left)

    def _explain_sharing(self) -> None:
        from ssot_probe.observe.holders import explain_shared

        for record in explain_shared(self.instances, self.modules.classes, self.process_id):
            self.buffer.add(record)

    def _count_outlived(self, ended: int, deadline: float) -> None:
        """Look whether instances have outlived their users' work, if there are enough of them."""
        if not self.population.may_leak() or not self.pump.flush(max(0.0, deadline - monotonic()) / 2):
            return
        try:
            from ssot_probe.observe.outlived import outlived

            for found in outlived(self.population, ended, self.process_id, self.modules.is_first_party):
                self.buffer.add(found)
        except Exception as error:  # what was recorded until now is still to be told
            self.report_error(error)

    def _hear_programs(self) -> None:
        try:
            from ssot_probe.observe.started_programs import StartedPrograms

            self._programs = StartedPrograms(
                self._before_exec, self._is_own_code, self.scope.relative, self.report_error
            )
            self._programs.start()
        except Exception as error:
            self.report_error(error)

    def _tell_programs(self) -> None:
        """Tell at the end which programs did not record: until then they may have begun to."""
        if self._programs is None:
            return
        self._programs.stop()
        for record in self._programs.blind_spots(lambda: listed_since(self._listing, self.armed)):
            self.buffer.add(record)
        if self._children.some_became_unrecorded():
            reason = "a forked one became a Python program without the probe"
            self.buffer.add(BlindRecord("child processes", reason, time_ns()))

    def _before_exec(self, record: BlindRecord) -> None:
        """Let somebody know that this process becomes a program that nobody will see."""
        if self._children.has_parent:
            self._children.become_unrecorded()
        elif self.is_active:
            self.buffer.add(record)
            self.pump.flush(FORK_SECONDS)

    def _is_own_code(self, module: str, file: str) -> bool:
        """Is it the application's own code? A script is, whichever packages the policy names."""
        return self.scope.is_first_party(module, file) or self.scope.is_project_file(file)

    def _owner_of(self, value: object) -> str | None:
        """Return the only user of an observed instance that belongs to one user, None for anything else."""
        known = self.instances.find(value)
        observed = None if known is None else self.modules.classes.get(type(value))
        if known is None or known.others or observed is None or observed.is_shareable:
            return None
        return known.user

    # What the recorder needs

    def _make_recorder(self) -> Recorder:
        from ssot_probe.context.identity import UserHasher
        from ssot_probe.export.resource import resource_attributes
        from ssot_probe.policy_json import policy_to_json
        from ssot_probe.recorder.places import Places
        from ssot_probe.recorder.process_states import Identity
        from ssot_probe.recorder.recorder import Recorder
        from ssot_probe.version import __version__

        self._begin()
        resource = resource_attributes(self.settings, self.process_id)
        exporters = list(self._exporters)
        common = (resource, __version__, self.armed, self.losses)
        if "file" in self.settings.exporters:
            from ssot_probe.export.file import FileExporter

            self._announce()
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
            observers=(*self._observers, *(["makers:wrapt"] if self.modules.has_makers else [])),
            user_key=hash_user.key_id,
            parent=self._parent,
            directory=self._listing.directory,
            number=self._listing.number,
        )
        places = Places(self.scope, self.script)
        return Recorder(
            identity=identity,
            buffer=self.buffer,
            losses=self.losses,
            places=places,
            instances=self.instances,
            population=self.population,
            hot_imports=self.hot_imports,
            hash_user=hash_user,
            exporters=exporters,
            boundaries=self.boundaries,
            listed=lambda: listed(self._listing),
            closing=lambda: self._closing,
            paths=self._path_ledger(places),
            children=self._children.begun,
            sources=self._sources(),
        )

    def _path_ledger(self, places: Places) -> PathLedger | None:
        if self.modules.paths is None:
            return None
        from ssot_probe.recorder.paths import PathLedger

        return PathLedger(self.modules.paths, places, self.modules.try_control, self._started)

    def _sources(self) -> Sources | None:
        if not watched_paths(self.policy):
            return None
        from ssot_probe.recorder.sources import Sources

        return Sources(self.scope, self._started, self._source_digests)

    def _file_name(self) -> str:
        from time import gmtime, strftime

        started = strftime("%Y%m%dT%H%M%S", gmtime(self.armed / 1e9))
        return f"{started}-{os.getpid()}-{self.process_id[:8]}"

    def _policy_name(self) -> str:
        return os.path.basename(self.policy.source) if self.policy.source else ""

    # What a fork does

    def before_fork(self) -> None:
        """Stop our threads: a fork beside a running one is warned of since 3.12, and copies its locks."""
        if self.is_active:
            self._is_forking = True
            self._children.before_fork()
            if self._programs is not None:
                self._programs.before_fork()
            # The pump first, as it starts the others where they do not run.
            self._was_running |= self.pump.pause(FORK_SECONDS)
            self.looks.pause(FORK_SECONDS)
            self.boundaries.pause(FORK_SECONDS)
            self.hot_imports.resume_all()

    def after_fork_in_parent(self) -> None:
        """Go on with the next record: Python 3.13 warns of threads that are there after these hooks."""
        if self.is_active and self._was_running:
            self.buffer.wake_with_next()
            tallies.interrupt()
            self._awakening.arm()
        self._was_running = self._is_forking = False

    def after_fork_in_child(self) -> None:
        """Be a process of its own: nothing counted, nothing waiting, another identity."""
        if not self.is_active:
            return
        self._pid = os.getpid()
        self._was_running = self._is_forking = False
        self.armed = time_ns()
        self._parent = self.process_id if self._has_begun else ""
        self.process_id = _new_process_id()
        self._listing, self._is_announced, self._has_begun = NOT_LISTED, False, False
        self._children.after_fork_in_child()
        if self._programs is not None:
            self._programs.after_fork_in_child()
        self.losses.clear()
        self.pump.forget()
        self.buffer.clear()
        tripwire.forget()
        self.modules.after_fork_in_child()
        self.pools.after_fork_in_child()
        self.instances.forget_users()
        self.looks.forget()
        self.boundaries.forget()
        self.population.forget()
        work.forget()
        self.buffer.items.extend(self._inventory)
        if watched_paths(self.policy):
            self._awakening.arm()
        else:
            self._awakening.disarm()


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


def _new_process_id() -> str:
    return os.urandom(16).hex()


def _is_ending() -> bool:
    """Does the interpreter run what `atexit` knows? It has waited for the threads before."""
    threading = sys.modules.get("threading")
    return threading is not None and not threading.main_thread().is_alive()


def _has_failed() -> bool:
    """Did an exception end the program that nobody caught, and that was no wish to end it?"""
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    traceback = error.__traceback__ if isinstance(error, Exception) else None
    return traceback is not None and traceback.tb_frame.f_code.co_name in ("<module>", "_run_module_as_main")


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "/"
