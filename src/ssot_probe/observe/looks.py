"""Looks at what is reachable from the instances of users, now and then, in a thread of its own.

The thread starts with the first user, so that it is ready when there is a second one to share with. It is
like the pump's: started through `_thread`, asleep on a plain lock, stopped for a fork.
"""

from __future__ import annotations

from _thread import allocate_lock, get_ident, get_native_id, start_new_thread
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from time import monotonic, sleep, thread_time_ns, time_ns
from typing import Any, NamedTuple, Optional, Protocol

from ssot_probe.context.current import runs_event_loop
from ssot_probe.model.policy import Concept
from ssot_probe.observe.instances import InstanceRef, InstanceTable
from ssot_probe.observe.look_schedule import Schedule
from ssot_probe.observe.makers import ObservedClass
from ssot_probe.observe.roots import Roots, find_roots
from ssot_probe.observe.sharing.found import Look
from ssot_probe.observe.threads import LOADING_SECONDS, Turn, are_about_to_be_replaced

SLICE_SECONDS = 0.001
REST_SECONDS = 0.004
"""A look works for so long, and then leaves the interpreter to the application for so long."""

LONGEST_LOOK = 20.0
"""Seconds, rests included, after which a look in the background ends, however far it came."""

WAITED_FOR = 0.01
"""How long the application waits for a look: when its second user comes, and after some of the calls then."""

WAITED_FOR_AT_ALL = 0.03
"""How long it waits for looks in its whole life. A program may be over before our thread gets its turn."""

WAITED_FOR_LOADING = 0.25
"""How long it waits, once, where the second user comes before everything is loaded that a look needs."""

WAITED_FOR_ON_LOOP = 0.05
"""The same on an event loop, where others wait too, and where a program is hardly over at once."""

USERS_WAITED_FOR = 3
CALLS_WAITED_FOR = frozenset({1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64})
"""Which calls of methods are waited after, counted from a user's coming: data comes after construction."""

MOST_FAILURES = 5
"""Looks that fail before there are no more in the background."""

LAST = "end"
"""What leads to the last look of a process."""

PAUSED = "the process forked or ended"
TIME = "it took too long"
"""Why looks end early."""


class Looked(NamedTuple):
    """A look, with what is known of the instances that it began at."""

    trigger: str
    look: Look
    classes: Mapping[int, ObservedClass]  # of instances that a path begins at, by serial
    concepts: tuple[Concept, ...]  # whose instances belong to one user each
    users: frozenset[str]  # the application's ids of those with an instance
    time: int


class Traversal(Protocol):
    """One walk through the references, a slice at a time."""

    def advance(self, seconds: float) -> bool:
        """Work for about so long; is it finished?"""

    def stop(self, why: str) -> None:
        """End early; what `advance` has to do after it is short."""

    @property
    def result(self) -> Look:
        """What was found."""


Begin = Callable[[Roots, Collection[str]], Traversal]
"""(where it begins, ids of everybody who ever had an instance) -> a walk that is ready to begin"""


class Looks:
    """Looks when there is somebody new, again after a while, and when it is told to.

    Args:
        instances: the instances of users.
        classes: class object -> what is known of it.
        append: takes what a look found.
        load: loads what looks; called in the thread. What it returns remembers what it saw, so as to know
            what has changed since.
        on_error: told of an error of the probe's own; must not raise.
    """

    def __init__(
        self,
        instances: InstanceTable,
        classes: Callable[[], Mapping[type, ObservedClass]],
        append: Callable[[Any], None],
        load: Callable[[], Begin],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._instances = instances
        self._classes = classes
        self._append = append
        self._load_begin = load
        self._on_error = on_error
        self._is_on = False
        self.forget()

    def forget(self) -> None:
        """Be as new: a forked child has no thread, and none of its parent's users."""
        self._begin: Optional[Begin] = None
        self._turn: Optional[Turn] = None
        self._looking = allocate_lock()
        self._schedule = Schedule()
        self._has_news = False
        self._requested = ""
        self._waiting = allocate_lock()
        self._done = allocate_lock()
        self._done.acquire()
        self._patience = WAITED_FOR_AT_ALL
        self._calls = self._failures = 0
        self._instances.give_way = None

    def start(self) -> None:
        """Look from now on, as soon as there are users."""
        self._is_on = True

    def request(self, trigger: str) -> None:
        """Look as soon as possible, in the thread. May be called from a signal handler."""
        self._requested = trigger
        self.resume()

    def resume(self) -> None:
        """Start the thread, if it is not running though there is something to look at."""
        turn = self._turn
        if turn is not None:
            if self._requested:
                turn.ring()
        elif self._is_on and (self._requested or len(self._instances.users) > 1):
            self._start_thread()

    def look(self, trigger: str, seconds: float = LONGEST_LOOK) -> bool:
        """Look now, in this very thread and without rests. False where no look was possible in that time."""
        end = monotonic() + seconds
        if not self._is_on or not self._looking.acquire(timeout=seconds):
            return False
        try:
            self._look(trigger, lambda: TIME if monotonic() > end else "")
            return True
        except Exception as error:
            self._on_error(error)
            return False
        finally:
            self._looking.release()

    @property
    def is_loaded(self) -> bool:
        """Is everything there that a look needs?"""
        return self._begin is not None

    def stop(self) -> None:
        """Look no more."""
        self._is_on = False
        self._instances.give_way = None
        self._stop_thread(0.0)

    def pause(self, seconds: float) -> None:
        """Stop the thread before a fork; it goes on with `resume`."""
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.end_before_fork(seconds if self.is_loaded else LOADING_SECONDS)

    # What the application's threads call

    def on_user(self, known: InstanceRef | None = None) -> None:
        """There is another user: be ready with the first one, look with all others. Raises nothing.

        Args:
            known: the instance that they got hold of, where it had been there before.
        """
        try:
            if not self._is_on:
                return
            users = len(self._instances.users) - 1
            turn = self._turn
            if turn is None:
                self._start_thread()
            if users < 2:
                return
            if not self._has_news:
                self._has_news = True
                if turn is not None:
                    turn.ring()
            if users <= 1 + USERS_WAITED_FOR and self._patience > 0:
                self._calls = 0
                self._instances.give_way = self._give_way
                if known is None or not self._is_about_to_be_used(known):
                    self._give_way()
        except Exception as error:
            self._on_error(error)

    def _is_about_to_be_used(self, known: InstanceRef) -> bool:
        """Will a call of the instance end, so that there is time to wait then?

        Who waited before would find that others have left whom they were to meet inside. On an event loop,
        nobody leaves while one waits.
        """
        observed = self._classes().get(type(known()))
        return observed is not None and observed.is_followed and not runs_event_loop()

    def _give_way(self) -> None:
        """Let our thread look, now and then.

        A program may end within the five milliseconds for which the interpreter leaves a thread alone.
        """
        try:
            self._calls += 1
            if self._calls not in CALLS_WAITED_FOR and self._calls < max(CALLS_WAITED_FOR):
                return
            turn = self._turn
            if self._calls > max(CALLS_WAITED_FOR) or self._patience <= 0 or turn is None:
                self._instances.give_way = None
                return
            if get_ident() == turn.thread or not self._waiting.acquire(blocking=False):
                return
            try:
                began = monotonic()
                self._done.acquire(blocking=False)
                self._requested = self._requested or "users"
                turn.ring()
                if not self.is_loaded:
                    longest = WAITED_FOR_ON_LOOP if runs_event_loop() else WAITED_FOR_LOADING
                    self._done.acquire(timeout=longest)
                    self._patience -= WAITED_FOR
                    return
                self._done.acquire(timeout=min(WAITED_FOR, self._patience))
                self._patience -= monotonic() - began
            finally:
                self._waiting.release()
        except Exception as error:
            self._on_error(error)

    # What our own thread does

    def _start_thread(self) -> None:
        self._turn = turn = Turn()
        try:
            start_new_thread(self._run, (turn,))
        except RuntimeError:  # none can be had; there is still the look at the end
            self._turn = None

    def _stop_thread(self, seconds: float) -> bool:
        """Tell the thread to end. False where it did not within so many seconds."""
        turn, self._turn = self._turn, None
        if turn is None:
            return True
        turn.stop()
        return turn.finished.acquire(timeout=seconds)

    def _run(self, turn: Turn) -> None:
        turn.thread = get_ident()
        turn.native_id = get_native_id()
        try:
            while are_about_to_be_replaced() and not turn.is_stopping:
                turn.bell.acquire(timeout=0.05)
            self._load()
            while not turn.is_stopping and self._failures < MOST_FAILURES:
                wait = self._wait()
                if wait > 0:
                    turn.bell.acquire(timeout=min(wait, 60.0))
                else:
                    self._look_in_thread(turn)
        except Exception as error:
            self._on_error(error)
        finally:
            turn.finished.release()

    def _wait(self) -> float:
        """Return for how long there is nothing to do."""
        if self._requested:
            return 0.0
        if len(self._instances.users) <= 2:  # nobody to share with
            return 60.0
        if self._has_news:
            self._schedule.user_came()
        return self._schedule.due - monotonic()

    def _look_in_thread(self, turn: Turn) -> None:
        trigger = self._requested or ("users" if self._has_news else "again")
        self._requested = ""
        self._has_news = False
        end = monotonic() + LONGEST_LOOK

        def rest() -> str:
            if not turn.is_stopping and not self._waiting.locked():
                sleep(REST_SECONDS)
            if turn.is_stopping:
                return PAUSED
            return TIME if monotonic() > end else ""

        if not self._looking.acquire(timeout=1.0):
            return
        began = monotonic()
        try:
            self._look(trigger, rest)
        except Exception as error:
            self._on_error(error)
            self._failures += 1
        finally:
            self._looking.release()
            self._schedule.looked(began, monotonic())
            with suppress(RuntimeError):  # nobody waits
                self._done.release()

    def _look(self, trigger: str, rest: Callable[[], str]) -> None:
        """Look; `rest` is called between two slices, and returns why to stop, "" to go on."""
        begin = self._load()
        users = tuple(user for user in tuple(self._instances.users) if user is not None)
        classes = self._classes()
        roots = find_roots(self._instances, classes)
        traversal = begin(roots, users)
        observed, owners = roots.classes, roots.users
        del roots  # the walk lets go of what it began at, and so must we
        longest = 0
        why = ""
        while True:
            began = thread_time_ns()  # what other threads did meanwhile is no pause for them
            is_finished = traversal.advance(SLICE_SECONDS)
            longest = max(longest, thread_time_ns() - began)
            if is_finished:
                break
            if not why:
                why = rest()
                if why:
                    traversal.stop(why)
        look = traversal.result._replace(longest_slice=longest)
        begun_at = {path.serial for shared in look.found for path in shared.paths}
        self._append(
            Looked(
                trigger,
                look,
                {serial: observed[serial] for serial in begun_at if serial in observed},
                tuple({seen.concept: None for seen in list(classes.values()) if not seen.is_shareable}),
                owners,
                time_ns(),
            )
        )

    def _load(self) -> Begin:
        if self._begin is None:
            self._begin = self._load_begin()
        return self._begin
