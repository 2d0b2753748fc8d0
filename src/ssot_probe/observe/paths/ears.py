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
from typing import Any
from weakref import ref

from ssot_probe.context.asking import reading
from ssot_probe.context.current import thread_name
from ssot_probe.model.path_records import APPLICATION, PROBE
from ssot_probe.observe.importers import asked_name
from ssot_probe.observe.monitoring import Monitoring
from ssot_probe.observe.paths.ear import Ear, Target, Use
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

MOST_FOUND = 256
"""Uses of one subject by one module that were found rather than heard; further ones count for the last."""

_STARTED = "PY_START"


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
        self._found: dict[tuple[str, ...], list[Use]] = {}  # by path, rung, subject, origin and importer
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

    def add_use(self, use: Use) -> Use:
        """Take a use that was found, rather than heard; return the one that it counts for."""
        target = use.targets[0]
        key = (target.path, target.rung, target.subject, use.origin, use.importer)
        alike = self._found.setdefault(key, [])
        if len(alike) >= MOST_FOUND:
            counter = alike[-1].counter
            counter[0] += use.counter[0]
            counter[3] = use.counter[3]
            return alike[-1]
        alike.append(use)
        self._append(use)
        return use

    def uses(self) -> list[tuple[Use, bool]]:
        """Return what was heard, each with whether it may have happened more often."""
        heard = [
            (use, ear.has_rested) for ear in list(self._heard.values()) for use in list(ear.uses.values())
        ]
        found = [use for alike in list(self._found.values()) for use in list(alike)]
        return heard + [(use, use.place is None) for use in found]

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
            if ear.code is not None and self._monitoring.is_turned_off(ear.code)
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
        self._found.clear()
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
        if origin == APPLICATION and len(ear.uses) < MOST_PLACES:  # so that its code stays, by whose id it is
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
        importer = "" if caller is None else module_of(caller)
        if len(ear.uses) >= MOST_PLACES:
            ear.has_rested = True
            kind = origin, targets, importer
            alike = [use for use in ear.uses.values() if (use.origin, use.targets, use.importer) == kind]
            if alike:
                return alike[-1]
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
