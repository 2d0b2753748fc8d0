"""Hears each use of watched code: until it has been heard often enough for a while, and no longer.

Listening costs the call something. A function that was called from three places, or some thirty times, is
alive: it is not listened to any more until the recorder asks for it again, an hour later. What only the code
of the path itself, tests or health checks call stays listened to, but for short rests.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable
from sys import _getframe
from time import time_ns
from types import AsyncGeneratorType, CodeType, CoroutineType, GeneratorType
from typing import Any, NamedTuple, Optional
from weakref import ref

from ssot_probe.context.asking import reading
from ssot_probe.context.current import thread_name
from ssot_probe.model.path_records import APPLICATION, PROBE
from ssot_probe.observe.importers import asked_name
from ssot_probe.observe.monitoring import Monitoring
from ssot_probe.observe.paths.origins import caller_of, module_of, origin_of

MOST_HITS = 32
"""Uses by the application that are counted until the next time that all is listened to again."""

MOST_CALLERS = 3
"""Places of the application that are told apart until then."""

MOST_OTHERS = 1_000
"""Uses by the path itself, by tests and the like, after which there is a short rest."""

MOST_PLACES = 256
"""Places that are told apart for one piece of code; further ones count for the last of them."""

MOST_MADE = 256
"""Coroutines and generators of one function, not started yet, that are remembered."""

_STARTED = "PY_START"


class Target(NamedTuple):
    """What a use is told as, for one watched path."""

    path: str
    rung: str
    subject: str
    file: str  # where the subject is defined, as the interpreter knows it
    line: int
    name: str  # of the definition, qualified in its module
    module: str
    through: str = ""  # the subclass that it is used by


class Use(NamedTuple):
    """Uses of one piece of code at one place, for one purpose."""

    targets: tuple[Target, ...]
    code: Optional[CodeType]  # of the caller, None where it is no Python code
    offset: int
    importer: str  # name of the caller's module
    origin: str
    by_user: bool
    thread: str
    first: int
    counter: list[int]  # how often; how much of it was told, and when; when it happened last
    place: Optional[tuple[str, int, str, str]] = (
        None  # file, line, function and module, where no code says it
    )


class Ear:
    """What is known of one piece of code that is listened to.

    Attributes:
        targets: what a use of it is told as.
        code: of what is listened to; None where a wrapper hears it.
        asked: names that a module's `__getattr__` is listened to for; None where it is any other code.
        uses: what was heard, by place and purpose.
        is_resting: it is not listened to at the moment.
        has_rested: something may have been missed.
    """

    __slots__ = (
        *("_callers", "_hits", "_others", "_origins", "asked", "code", "has_rested"),
        *("is_resting", "is_worn", "made", "targets", "uses"),
    )

    def __init__(self, targets: tuple[Target, ...], code: CodeType | None) -> None:
        self.targets = targets
        self.code = code
        self.asked: dict[str, tuple[Target, ...]] | None = None
        self.made: dict[int, Any] = {}  # id of a frame -> its generator, noted already, that has not started
        self.forget()

    def forget(self) -> None:
        """Count from zero."""
        self.uses: dict[tuple[Any, ...], Use] = {}
        self._origins: dict[tuple[int, int], str] = {}
        self.has_rested = False
        self.begin()

    def begin(self) -> None:
        """Listen as long again."""
        self._callers: set[tuple[int, int]] = set()
        self._hits = self._others = 0
        self.is_resting = self.is_worn = False


class Ears:
    """Everything that is listened to.

    Args:
        monitoring: tells of events.
        append: takes each use that is new, in the thread that made it.
        is_first_party: (name of a module, its file) -> is it the application's own?
        knows_user: is there a user at the moment, for whom the thread works?
        on_failure: told of an error of ours.
    """

    def __init__(
        self,
        monitoring: Monitoring,
        append: Callable[[Any], None],
        is_first_party: Callable[[str, object], bool],
        knows_user: Callable[[], bool],
        on_failure: Callable[[str, BaseException], None],
    ) -> None:
        self._monitoring = monitoring
        self._append = append
        self._is_first_party = is_first_party
        self._knows_user = knows_user
        self._on_failure = on_failure
        self._is_on = False
        self.by_code: dict[int, Ear] = {}
        self.others: list[Ear] = []  # those of wrappers
        self._heard: dict[int, Ear] = {}  # those of which something was
        self.failed: list[tuple[Ear, BaseException]] = []  # uses that could not be noted, to be told later
        self.further: list[Use] = []  # which nothing was heard of: somebody looked
        self.control: CodeType | None = None
        self.is_control_heard = False

    def listen(self, code: CodeType, *targets: Target) -> Ear | None:
        """Listen to a piece of code; None where this interpreter does not tell of its calls."""
        known = self.by_code.get(id(code))
        if known is not None:
            known.targets = tuple(dict.fromkeys((*known.targets, *targets)))
            return known
        if not self._start():
            return None
        ear = self.by_code[id(code)] = Ear(targets, code)
        if not self._monitoring.listen(code, _STARTED):
            del self.by_code[id(code)]
            return None
        return ear

    def add(self, *targets: Target) -> Ear:
        """Return what a wrapper notes its calls with."""
        ear = Ear(targets, None)
        self.others.append(ear)
        return ear

    def add_use(self, use: Use) -> None:
        """Take a use that was found, rather than heard."""
        self.further.append(use)
        self._append(use)

    def uses(self) -> list[tuple[Use, bool]]:
        """Return what was heard, each with whether it may have happened more often."""
        heard = [
            (use, ear.has_rested) for ear in list(self._heard.values()) for use in list(ear.uses.values())
        ]
        return heard + [(use, use.place is None) for use in list(self.further)]

    def all(self) -> list[Ear]:
        """Return all there are."""
        return [*list(self.by_code.values()), *self.others]

    def listen_to_control(self, code: CodeType) -> bool:
        """Listen to a function of the probe's own, in the same way as to all others."""
        self.control, self.is_control_heard = code, False
        if not self._start():
            return False
        if self._monitoring.hears(code):
            self._monitoring.listen_again(code)
            return True
        return self._monitoring.listen(code, _STARTED)

    def unheard(self) -> list[Ear]:
        """Return those whose events somebody has turned off."""
        return [
            ear
            for ear in list(self.by_code.values())
            if ear.code is not None and not self._monitoring.hears(ear.code)
        ]

    def begin_again(self, only_short: bool = False) -> list[Ear]:
        """Listen again to what has rested; `only_short`: to what rests of others than the application.

        Returns:
            Those that wrappers hear: they have to be put on again.
        """
        waiting = []
        for ear in self.all():
            if ear.is_resting and not (only_short and ear.is_worn):
                ear.begin()
                if ear.code is None:
                    waiting.append(ear)
                else:
                    self._monitoring.listen_again(ear.code)
            elif not only_short:
                ear.begin()
        return waiting

    def after_fork_in_child(self) -> list[Ear]:
        """Count from zero, and listen to all; return those whose wrappers have to be put on again."""
        waiting = self.begin_again()
        for ear in self.all():
            ear.forget()
        self._heard.clear()
        self.further.clear()
        return waiting

    def stop(self) -> None:
        """Listen to nothing any more; what was heard stays."""
        self._is_on = False
        for ear in list(self.by_code.values()):
            if ear.code is not None:
                self._monitoring.ignore(ear.code, _STARTED)
        if self.control is not None:
            self._monitoring.ignore(self.control, _STARTED)

    def note(self, ear: Ear, frame: Any, targets: tuple[Target, ...] | None = None) -> bool:
        """Note a use, given the frame of what is used, or of its wrapper. False: enough for a while."""
        if get_ident() in reading:
            return True  # the probe asks who the user is
        if targets is None:
            targets = ear.targets if ear.asked is None else self._asked(ear, frame)
            if not targets:
                return True
        caller = caller_of(frame)
        code, offset = (None, -1) if caller is None else (caller.f_code, caller.f_lasti)
        place = id(code), offset
        origin = ear._origins.get(place) or origin_of(frame, caller, self._is_first_party)
        if origin == APPLICATION:
            ear._origins[place] = origin
        is_early = ear._hits < MOST_HITS
        key = (*place, origin, is_early and self._knows_user(), targets)
        use = ear.uses.get(key)
        if use is None:
            use = self._new_use(ear, key, targets, caller, origin)
        counter = use.counter
        counter[0] += 1
        counter[3] = time_ns()
        if origin == APPLICATION and not self._is_own(ear, caller):
            ear._hits += 1
            ear._callers.add(place)
            if ear._hits < MOST_HITS and len(ear._callers) < MOST_CALLERS:
                return True
            ear.is_worn = True
        else:
            ear._others += 1
            if ear._others < MOST_OTHERS:
                return True
        return False

    def expect_start(self, ear: Ear, made: Any) -> None:
        """Remember a coroutine or generator whose making was noted: its first step is no further use."""
        frame = frame_of(made)
        if frame is not None:
            if len(ear.made) >= MOST_MADE:
                ear.made.clear()
            ear.made[id(frame)] = ref(made)

    def tell_failed(self) -> None:
        """Tell of uses that could not be noted: the application's threads only keep them."""
        while self.failed:
            ear, error = self.failed.pop()
            self._on_failure(ear.targets[0].subject if ear.targets else "", error)
            if not isinstance(error, RecursionError):
                ear.is_resting = ear.has_rested = True

    def _is_noted(self, ear: Ear, frame: Any) -> bool:
        known = ear.made.pop(id(frame), None)
        return known is not None and frame_of(known()) is frame

    def _new_use(
        self, ear: Ear, key: tuple[Any, ...], targets: tuple[Target, ...], caller: Any, origin: str
    ) -> Use:
        if len(ear.uses) >= MOST_PLACES:
            ear.has_rested = True
            alike = [use for use in ear.uses.values() if use.origin == origin and use.targets == targets]
            if alike:
                return alike[-1]
        importer = "" if caller is None else module_of(caller)
        now = time_ns()
        use = Use(targets, None, key[1], importer, origin, key[3], thread_name(), now, [0, 0, 0, now])
        if caller is not None:
            use = use._replace(code=caller.f_code)
        ear.uses[key] = use
        self._heard[id(ear)] = ear
        if origin != PROBE:
            self._append(use)
        return use

    def _is_own(self, ear: Ear, caller: Any) -> bool:
        """Is it the path's own code that uses it?"""
        if caller is None:
            return False
        paths = {target.path for target in ear.targets}
        other = self.by_code.get(id(caller.f_code))
        if other is not None:
            return paths <= {target.path for target in other.targets}
        file = caller.f_code.co_filename
        return all(":" not in target.path and target.file == file for target in ear.targets)

    def _asked(self, ear: Ear, frame: Any) -> tuple[Target, ...]:
        """Return what a module's `__getattr__` is asked for, as far as it is watched."""
        name = asked_name(frame)
        if not isinstance(name, str) or (name.startswith("__") and name.endswith("__")):
            return ()  # the interpreter and others ask every module for those
        return (*ear.targets, *(ear.asked or {}).get(name, ()))

    def _start(self) -> bool:
        if not self._is_on:
            self._is_on = self._monitoring.on(_STARTED, self._listener())
        return self._is_on and self._monitoring.is_ours

    def _listener(self) -> Callable[[CodeType, int], Any]:
        monitoring: Any = getattr(sys, "monitoring", None)
        if monitoring is None:
            return lambda code, offset: None
        find, note, disable = self.by_code.get, self.note, monitoring.DISABLE
        failed = self.failed

        def ssot_probe_started(code: CodeType, offset: int) -> Any:
            ear = find(id(code))
            if ear is None:
                if code is self.control:
                    self.is_control_heard = True
                return disable
            try:
                frame = _getframe(1)
                if ear.made and self._is_noted(ear, frame):
                    if not ear.is_resting:
                        return None
                elif note(ear, frame):
                    return None
            except Exception as error:  # and nothing is called here: there may be no room on the stack
                failed.append((ear, error))
                return None
            ear.is_resting = ear.has_rested = True
            return disable

        return ssot_probe_started


def frame_of(made: Any) -> Any:
    """Return the frame of a coroutine or generator, None for anything else."""
    kind = type(made)
    if kind is CoroutineType:
        return made.cr_frame
    if kind is GeneratorType:
        return made.gi_frame
    return made.ag_frame if kind is AsyncGeneratorType else None
