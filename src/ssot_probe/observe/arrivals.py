"""Notes who comes to an instance: the users and threads that are new to it, and who else is inside of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from time import time_ns
from types import CodeType, FrameType
from typing import Any

from ssot_probe.context.current import thread_and_task
from ssot_probe.context.request import current_request, mark_request
from ssot_probe.context.work import active, note_user
from ssot_probe.model.sharing import sharing_severity
from ssot_probe.observe.actors import here
from ssot_probe.observe.call_sites import CallSites
from ssot_probe.observe.candidates import plain_function
from ssot_probe.observe.instances import NOT_CONSTRUCTED, InstanceRef, InstanceTable
from ssot_probe.observe.makers import Maker, ObservedClass
from ssot_probe.observe.overlaps import InstanceUse, Overlaps, Visit
from ssot_probe.observe.thread_use import ThreadUse
from ssot_probe.observe.unseen_frames import UNSEEN_FILE, caller_of


def method_codes(cls: type) -> Iterator[CodeType]:
    """Yield the code of every function that a class itself defines, and of those inside of them."""
    functions = [plain_function(value) for value in list(vars(cls).values())]
    waiting = [function.__code__ for function in functions if function is not None]
    while waiting:
        code = waiting.pop()
        yield code
        waiting += [constant for constant in code.co_consts if type(constant) is CodeType]


class Arrivals:
    """What the calls of instances' methods have in common, whether they may wait inside or not.

    Args:
        append: takes one event; must neither block nor raise.
        instances: where instances get their serials.
        classes: class object -> what is known of it.
        overlaps: who is inside of what.
        threads: which threads use what.
        on_failure: told of the method when observing a call of it failed; must not raise.

    Attributes:
        for_everybody: code that acts for all users, such as that of a bus which tells all its subscribers:
            what it calls is not used by the user for whom it happens to run.
    """

    def __init__(
        self,
        append: Callable[[Any], None],
        instances: InstanceTable,
        classes: dict[type, ObservedClass],
        overlaps: Overlaps,
        threads: ThreadUse,
        on_failure: Callable[[Maker, BaseException], None],
    ) -> None:
        self.for_everybody: set[CodeType] = set()
        self._codes: dict[type, frozenset[CodeType]] = {}
        self._sites = CallSites()
        self._append = append
        self._instances = instances
        self._classes = classes
        self._overlaps = overlaps
        self._threads = threads
        self._on_failure = on_failure

    def use_of_owner(self, method: Maker, instance: Any, caller: FrameType) -> None:
        """Note the thread of a call by nobody who is known, where the instance was made for one user."""
        observed, known = self._classes.get(type(instance)), self._instances.find(instance)
        if observed is None or known is None or not observed.is_guarded:
            return
        if known.user is not None and known.others is None and not self._threads.is_noted(known, "used"):
            if caller.f_code.co_filename == UNSEEN_FILE:  # another wrapper's
                caller = caller_of(caller)
            code, offset = caller.f_code, caller.f_lasti
            self._threads.note(known, observed, method, "used", known.user, code, offset)

    def arrive(self, method: Maker, instance: Any, user: str, caller: FrameType) -> Visit | None:
        """Note that a user, or a thread, that may be new to the instance calls a method of it.

        Returns:
            What the thread's calls of the instance are noted in, None where they are not.
        """
        observed = self._classes.get(type(instance))
        if observed is None:
            return None
        if active:
            note_user(user)
        if method.check is not None:
            method.check(method, observed, instance, (), {}, caller.f_code, caller.f_lasti)
        instances = self._instances
        known = instances.find(instance)
        if known is None:
            try:
                known = instances.add(instance)
                if observed.is_seen_constructed:  # unless its constructor is still running
                    known.born = NOT_CONSTRUCTED
            except TypeError:  # its class allows no weak references
                return None
        if known.user != user:
            if caller.f_code in self.for_everybody or caller.f_code in self._own_codes(type(instance)):
                return None
            is_second = known.user is not None
            if instances.meets(known, user):
                self._tell(method, observed, known, user, caller, is_second)
        if observed.is_shareable:
            return None
        use = known.use
        if use is None:
            use = known.use = InstanceUse()
        thread = here.thread
        presence = use.presences.get(thread)
        if presence is None:
            presence = Visit(user, thread)
            presence.is_watched = observed.concept.isolation == "user+thread"
            use.presences[thread] = presence
        elif not presence.depth:
            presence.user = user
        self._threads.note(known, observed, method, "used", user, caller.f_code, caller.f_lasti)
        return presence

    def _tell(
        self,
        method: Maker,
        observed: ObservedClass,
        known: InstanceRef,
        user: str,
        caller: FrameType,
        is_second: bool,
    ) -> None:
        request = ("", "")
        if "opentelemetry.trace" in sys.modules:
            request = current_request()
            if is_second and not observed.is_shareable:
                severity = sharing_severity(observed.concept).label
                mark_request("SSOT301", severity, observed.concept.name, observed.name)
        site = self._sites.at(method, "used", observed, caller.f_code, caller.f_lasti)
        self._append(
            (site, known, user, True, *thread_and_task(), known.origin, known.born, request, time_ns())
        )

    def look_around(self, instance: Any, mine: Visit) -> None:
        """Note who else is there; does not raise, as the call has been noted to be inside."""
        try:
            known, observed = self._instances.find(instance), self._classes.get(type(instance))
            if known is None or observed is None or known.use is None:
                return
            if mine.is_watched:
                last = known.use.last
                if last is None or last.thread is not mine.thread:
                    self._threads.note(known, observed, mine.method, "used", mine.user, *mine.caller())
            if known.others is not None:
                self._overlaps.look_around(known, observed, mine)
        except Exception as error:
            self._on_failure(mine.method, error)

    def _own_codes(self, cls: type) -> frozenset[CodeType]:
        """Return the code of a class's own methods.

        What calls an instance from there is the instance itself, or another of its kind that passes something
        on: whoever called that one is its user. To see which of the two it is takes `frame.f_locals`, which
        keeps what it shows alive and writes to what `locals()` has given the application.
        """
        codes = self._codes.get(cls)
        if codes is None:
            codes = self._codes[cls] = frozenset(
                code for base in cls.__mro__[:-1] for code in method_codes(base)
            )
        return codes
