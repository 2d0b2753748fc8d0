"""The probe of one process: builds what observes and records, starts it, and takes it down."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterable, Sequence
from time import monotonic, time_ns
from typing import TYPE_CHECKING

from ssot_probe import forks
from ssot_probe.interruption import remember_interruption, was_interrupted
from ssot_probe.losses import INTERNAL, UNNOTICED_FORK, Losses
from ssot_probe.model.policy import Policy, watched_paths
from ssot_probe.model.process_records import BlindRecord
from ssot_probe.observe import tallies
from ssot_probe.observe.instances import InstanceRef
from ssot_probe.observe.looks import LONGEST_LOOK
from ssot_probe.observe.population import Population
from ssot_probe.probe import ending
from ssot_probe.probe.descendants import Descendants
from ssot_probe.probe.observers import Observers
from ssot_probe.probe.recorded_process import RecordedProcess
from ssot_probe.probe.worker_ends import WorkerEnds
from ssot_probe.recorder.awakening import Awakening
from ssot_probe.recorder.boundaries import Boundaries
from ssot_probe.recorder.buffer import Buffer
from ssot_probe.recorder.pump import Pump
from ssot_probe.settings import Settings, read_user_key
from ssot_probe.termination import Termination
from ssot_probe.uwsgi_workers import UwsgiWorkers

if TYPE_CHECKING:
    from ssot_probe.model.records import Record
    from ssot_probe.recorder.recorder import Exporter, Recorder

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
        self._process = RecordedProcess(settings)
        self._exporters = tuple(exporters)
        self._user_key = read_user_key(settings.user_key_file) if settings.user_key_file else os.urandom(32)
        self._source_digests: dict[str, str] = {}  # by path; a forked child need not read them again
        self._inventory: list[Record] = []  # told again by every forked child
        self._pid = os.getpid()
        self._was_running = self._is_forking = False
        self.is_active = False
        self.losses = Losses()
        self.buffer = Buffer(self.losses, self._on_first_record)
        self.observers = Observers(
            *(settings, policy, working_directory()),
            *(self.buffer.add, self._tell, self.report_error),
        )
        self.instances = self.observers.instances
        self.population = Population(self.instances)
        self.boundaries = Boundaries(policy.boundary)
        self.descendants = Descendants(
            *(self._before_exec, self._wake, self._before_leaving),
            *(self.observers.is_own_code, self.observers.scope.relative, self.report_error),
        )
        self.pump = Pump(
            self._make_recorder,
            lambda: self.observers.modules.is_loading,
            self.observers.look_around,
            lambda: self._worker_ends.attend(),
            self.losses,
            self.report_error,
        )
        self._awakening = Awakening(self._wake)
        self._termination = Termination(_handles_sigterm(settings, policy), lambda: self.end(ending.SIGTERM))
        self._worker_ends = WorkerEnds(
            settings.directory if "file" in settings.exporters else "",
            lambda: self._has_pump,
            self.descendants.forgive,
            lambda: self.end(ending.SIGTERM),
            lambda: self._termination.is_deadly,
            self.report_error,
        )
        self._uwsgi_workers = UwsgiWorkers(self._on_uwsgi_worker)

    def start(self) -> Probe:
        """Begin to observe. What was loaded before is observed from now on, and reported as late."""
        self.is_active = True
        self._termination.start()
        if self._termination.refusal and self.settings.sigterm:
            self._keep(BlindRecord("the end by SIGTERM", self._termination.refusal, time_ns()))
        forks.tell(self)
        self._uwsgi_workers.listen()
        self._worker_ends.start(self.observers.modules)
        self.observers.start(self._keep, self._on_user, self._wake)
        if watched_paths(self.policy):
            self.descendants.hear_programs()
        atexit.register(self.end)
        return self

    def stop(self) -> None:
        """Take everything off, record and deliver what is left within two seconds. May be called twice.

        Where the process goes on after it, its silence proves nothing: what it does then is not seen.
        """
        self.end(ending.EXIT if ending.is_ending() else ending.STOP)

    def end(self, closing: str = ending.EXIT) -> None:
        """Stop, and say what made an end: the process, a signal, or the application in the middle of it."""
        if not self.is_active:
            return
        self._notice_fork()
        self.is_active = False
        self._worker_ends.be_asked()
        self._process.closing = ending.FAILED if closing == ending.EXIT and ending.has_failed() else closing
        self._termination.hold()
        deadline = monotonic() + ending.EXIT_SECONDS - ending.ENDING_SECONDS
        ended = time_ns()
        self._try_each(
            self._awakening.stop,
            self.observers.stop_imports,
            self.observers.look_for_the_last_time,
            self._explain_shared,
            lambda: self._count_outlived(ended, deadline),
            self.observers.remove_wrappers,
            lambda: self._record_all(
                self.descendants.blind_spots(self._process.listing, self._process.armed)
            ),
        )
        try:
            seconds = max(ending.SHORTEST_FINISH, deadline - monotonic())
            if not self.pump.finish(seconds) and closing == ending.STOP:
                atexit.register(self._wait)
            else:
                self._tell_if_nothing_was_recorded()
        except Exception as error:
            self.report_error(error)
        finally:
            if was_interrupted():
                remember_interruption()
        atexit.unregister(self.end)
        self._worker_ends.close()
        self._uwsgi_workers.stop()
        self._termination.release()

    def _wait(self) -> None:
        """Wait for the recorder: a thread that imports while the interpreter ends can crash it (3.10)."""
        if os.getpid() == self._pid:
            self.pump.wait(ending.EXIT_SECONDS)
            self._tell_if_nothing_was_recorded()

    def _tell_if_nothing_was_recorded(self) -> None:
        """Tell who looks at errors, where the process ended before anything was recorded."""
        if self.settings.debug and not self.pump.has_begun:
            ending.say_nothing_was_recorded()

    def flush(self, seconds: float = ending.EXIT_SECONDS) -> bool:
        """Look through the watched modules again and export all there is; False where it took too long."""
        self.observers.modules.look_again()
        return self.pump.flush(seconds)

    def look(self, seconds: float = LONGEST_LOOK) -> bool:
        """Look at once at what the users' instances share; False where that was not possible in time."""
        return self.observers.looks.look("call", seconds)

    def report_error(self, error: BaseException) -> None:
        """Count an error of the probe's own; show it where SSOT_PROBE_DEBUG asks for it."""
        self.losses.add(INTERNAL)
        if self.settings.debug:
            import traceback

            traceback.print_exception(type(error), error, error.__traceback__)

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _on_first_record(self) -> None:
        self._notice_fork()
        self._begin()
        self._worker_ends.be_asked()
        if "otlp" in self.settings.exporters:
            forks.tell_first()
        if "file" in self.settings.exporters and not self.pump.has_recorder:
            self._process.announce()
        if not self._uwsgi_workers.are_to_come:
            self.pump.start()

    def _begin(self) -> None:
        """Have something to record."""
        self._awakening.disarm()
        self._process.has_begun = True
        self.descendants.begin(self._process.identity)

    def _wake(self) -> None:
        """Start the recorder where it sleeps since a fork, and there is something that only it can see."""
        if self.is_active and not self._is_forking and not self._has_pump:
            try:
                self._on_first_record()
            except Exception as error:
                self.report_error(error)

    @property
    def _has_pump(self) -> bool:
        """Does the recorder's thread run, and in this process?"""
        return self.pump.is_running and os.getpid() == self._pid

    def _keep(self, record: Record) -> None:
        """Tell a record with the first one that there is: on its own it is not worth a thread."""
        self._inventory.append(record)
        self.buffer.items.append(record)

    def _tell(self, record: Record) -> None:
        self._uwsgi_workers.listen()
        self._inventory.append(record)
        self.buffer.add(record)

    def _on_user(self, known: InstanceRef | None) -> None:
        """Be ready for what users may share. The application's thread calls this: it must not raise."""
        if self._uwsgi_workers.are_to_come:
            return
        self.observers.looks.on_user(known)
        self.observers.loop_values.note()
        if self.boundaries.is_on and len(self.instances.users) > 1:
            self.boundaries.prepare()

    def _record_all(self, records: Iterable[Record]) -> None:
        for record in records:
            self.buffer.add(record)

    def _try_each(self, *steps: Callable[[], None]) -> None:
        """Take all steps: what one of them fails at is no reason to lose what was recorded."""
        for step in steps:
            try:
                step()
            except Exception as error:
                self.report_error(error)

    def _explain_shared(self) -> None:
        if self.observers.modules.classes:
            self._record_all(self.observers.explain_shared(self._process.identity))

    def _count_outlived(self, ended: int, deadline: float) -> None:
        """Look whether instances have outlived their users' work, if there are enough of them."""
        if not self.observers.modules.classes:
            return
        if not self.population.may_leak() or not self.pump.flush(max(0.0, deadline - monotonic()) / 2):
            return
        from ssot_probe.observe.outlived import outlived

        is_first_party = self.observers.modules.is_first_party
        for found in outlived(self.population, ended, self._process.identity, is_first_party):
            self.buffer.add(found)

    def _before_exec(self, record: BlindRecord) -> None:
        """Tell what nobody will tell any more: this process becomes another program."""
        if self.is_active:
            self.buffer.add(record)

    def _before_leaving(self, status: int, is_orderly: bool) -> None:
        """Record what has come up. Unless workers end so, it is no end: a crash may be handled like that."""
        if self.is_active and self._process.has_begun:
            if is_orderly:
                self.end(ending.FAILED if status else ending.EXIT)
            else:
                self.pump.flush(ending.SHORTEST_FINISH)

    def _make_recorder(self) -> Recorder:
        from ssot_probe.probe.recorder_assembly import assemble_recorder

        self._begin()
        if "file" in self.settings.exporters:
            self._process.announce()
        return assemble_recorder(
            settings=self.settings,
            policy=self.policy,
            process=self._process,
            observers=self.observers,
            population=self.population,
            buffer=self.buffer,
            boundaries=self.boundaries,
            losses=self.losses,
            further=self._exporters,
            user_key=self._user_key,
            children=self.descendants.expected,
            source_digests=self._source_digests,
            on_error=self.report_error,
        )

    # What a fork does

    @property
    def handles_sigterm(self) -> bool:
        """Does the probe give the recording its last word at SIGTERM?"""
        return self._termination.is_on

    def before_fork(self) -> None:
        """Stop our threads: a fork beside a running one is warned of since 3.12, and copies its locks."""
        if self.is_active:
            self._is_forking = True
            self.descendants.before_fork()
            # The pump first, as it starts the others where they do not run.
            self._was_running |= self.pump.pause(FORK_SECONDS)
            self.observers.before_fork(FORK_SECONDS)
            self.boundaries.pause(FORK_SECONDS)

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
        self._termination.after_fork_in_child()
        self._process.after_fork_in_child()
        self._worker_ends.after_fork_in_child()
        self.descendants.after_fork_in_child(self._process.identity)
        self.losses.clear()
        self.pump.forget()
        self.buffer.clear()
        self.observers.after_fork_in_child()
        self.boundaries.forget()
        self.population.forget()
        self.buffer.items.extend(self._inventory)
        if watched_paths(self.policy):
            self._awakening.arm()
        else:
            self._awakening.disarm()

    def _on_uwsgi_worker(self) -> None:
        """Be a process of its own, where uWSGI forked it, and start the thread that had to wait for that."""
        if not self.is_active:
            return
        try:
            if os.getpid() != self._pid:
                self.after_fork_in_child()
            elif self._process.has_begun:
                self._wake()
        except Exception as error:
            self.report_error(error)

    def _notice_fork(self) -> None:
        """Be a process of its own where only now shows that it is: what it did until now cannot be told."""
        if os.getpid() == self._pid:
            return
        had_begun = self._process.has_begun
        self.after_fork_in_child()
        if had_begun:
            self.losses.add(UNNOTICED_FORK)


def _handles_sigterm(settings: Settings, policy: Policy) -> bool:
    """Does the end by SIGTERM matter? Where silence is to be evidence it does, unless somebody said no."""
    return bool(watched_paths(policy)) if settings.sigterm is None else settings.sigterm


def working_directory() -> str:
    """Return the current directory, also where it is not there any more."""
    try:
        return os.getcwd()
    except OSError:
        return "/"
