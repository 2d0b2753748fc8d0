"""Sees for whom an instance's methods run: an instance that no factory hands out is shared all the same.

Only the first call of each user and thread on each instance leaves an event, and a call that comes while
another user's is inside; every other call costs a few look-ups. Who it was is taken from what surrounds the
call, never from its arguments: those often name the addressee.

Plain methods, async ones and generators are listened to; class and static methods belong to no instance, and
reading a property is looking at a value, which debuggers and serialisers do too.
"""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Callable
from sys import _getframe
from time import time_ns
from types import CoroutineType, FrameType, FunctionType
from typing import Any
from weakref import ref

from ssot_probe.context.current import bound_user
from ssot_probe.context.sources import reading
from ssot_probe.observe.actors import current_task, here
from ssot_probe.observe.arrivals import Arrivals
from ssot_probe.observe.call_answers import CallAnswers
from ssot_probe.observe.direct_awaits import is_awaited_at_once
from ssot_probe.observe.direct_iterations import is_iterated_at_once
from ssot_probe.observe.instances import InstanceRef, InstanceTable
from ssot_probe.observe.makers import Maker, ObservedClass
from ssot_probe.observe.overlaps import (
    AwaitedCall,
    InstanceUse,
    Overlaps,
    Visit,
    follow_coroutine,
    follow_generator,
)
from ssot_probe.observe.thread_use import ThreadUse
from ssot_probe.observe.unseen_frames import UNSEEN_FILE, caller_depth, caller_of, leave_out, unseen
from ssot_probe.observe.wrappers import Wrapper, fits

_COROUTINE_FLAG = 0x80  # CO_COROUTINE
_NO_ARGUMENTS: dict[str, Any] = {}
_GENERATOR_FLAGS = 0x20 | 0x200  # CO_GENERATOR, CO_ASYNC_GENERATOR


def public_methods(cls: type) -> list[tuple[str, FunctionType]]:
    """Return the plain public methods that a class itself defines."""
    return [
        (name, value)
        for name, value in list(vars(cls).items())
        if type(value) is FunctionType and not name.startswith("_")
    ]


class Uses:
    """Makes the wrappers of methods; holds what they share.

    Args:
        append: takes one event; must neither block nor raise.
        instances: where instances get their serials.
        classes: class object -> what is known of it.
        on_failure: told once when observing a method failed.

    Attributes:
        overlaps: who is inside of what.
        arrivals: who has come to what.
    """

    def __init__(
        self,
        append: Callable[[Any], None],
        instances: InstanceTable,
        classes: dict[type, ObservedClass],
        on_failure: Callable[[str, BaseException], None],
    ) -> None:
        self.overlaps = Overlaps(append)
        self._threads = ThreadUse(append)
        self.arrivals = Arrivals(append, instances, classes, self.overlaps, self._threads, self._failed)
        self._awaits = CallAnswers(is_awaited_at_once)
        self._iterations = CallAnswers(is_iterated_at_once)
        self._instances = instances
        self._find = instances.by_id.get
        self._classes = classes
        self._on_failure = on_failure

    def wrapper(self, method: Maker, is_guarded: bool) -> Wrapper:
        """Return the wrapper of a method; `method.readers` say who is running.

        Args:
            method: what is called.
            is_guarded: may it be one of a class of which each thread is to have an instance?
        """
        flags = 0 if method.code is None else method.code.co_flags
        if flags & _COROUTINE_FLAG:
            return self._awaited(method)
        return self._stepped(method) if flags & _GENERATOR_FLAGS else self._plain(method, is_guarded)

    @unseen
    def _plain(self, method: Maker, is_guarded: bool) -> Wrapper:
        instances = self._instances
        find = instances.by_id.get
        arrive, look_around, close = self.arrivals.arrive, self.arrivals.look_around, self.overlaps.close
        use_of_owner = self.arrivals.use_of_owner

        def ssot_probe_method(
            wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            presence = None
            if method.is_enabled and not (reading and get_ident() in reading):
                try:
                    user = bound_user()
                    if user is None:
                        for read in method.readers:
                            user = read(instance, (), _NO_ARGUMENTS)
                            if user is not None:
                                break
                    if user is None:
                        known = find(id(instance))
                        if known is not None:
                            known.touched = time_ns()
                        if is_guarded:
                            use_of_owner(method, instance, caller_of(_getframe()))
                    else:
                        # An entry is taken out before its instance's id can be used again.
                        known = find(id(instance))
                        if known is not None and known.use is not None:
                            presence = known.use.presences.get(here.thread)
                        if presence is None or presence.user != user:
                            presence = arrive(method, instance, user, caller_of(_getframe()))
                        if presence is None:
                            pass
                        elif presence.depth:
                            presence.depth += 1
                        else:
                            presence.method = method
                            presence.entered = time_ns()
                            presence.depth = 1
                            use = None if known is None else known.use
                            if known is None or use is None or known.others is not None:
                                look_around(instance, presence)
                            elif presence.is_watched:
                                last = use.last
                                if last is None or last.thread is not presence.thread:
                                    look_around(instance, presence)
                except Exception as error:
                    presence = None  # it was not noted
                    self._failed(method, error)
            try:
                return wrapped(*args, **kwargs) if kwargs else wrapped(*args)
            except BaseException as error:
                leave_out(error)
                raise
            finally:
                if presence is not None:
                    presence.depth -= 1
                    if presence.open is not None and not presence.depth and method.is_enabled:
                        close(presence)
                give_way = instances.give_way
                if give_way is not None:
                    give_way()

        return ssot_probe_method

    @unseen
    def _awaited(self, method: Maker) -> Wrapper:
        begin, enter, stay, close = self._begin, self._enter, self._stay, self.overlaps.close
        find, instances = self._find, self._instances
        depth, shapes = caller_depth(), set[tuple[int | str, ...]]()
        known_sites, look_at_site = self._awaits.known, self._awaits.look

        async def ssot_probe_awaited_method(
            wrapped: Any,
            instance: Any,
            visit: Visit,
            known: InstanceRef,
            use: InstanceUse,
            args: Any,
            kwargs: Any,
        ) -> Any:
            enter(instance, visit, known, use)
            try:
                return await wrapped(*args, **kwargs)
            except BaseException as error:
                leave_out(error)
                raise
            finally:
                visit.depth = 0
                use.visits.pop(visit, None)
                if visit.open is not None and method.is_enabled:
                    close(visit)

        def ssot_probe_async_method(
            wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            begun = None
            if instances.give_way is not None:  # what the calls before left is there, and nobody has gone on
                instances.give_way()
            if method.is_enabled and not (reading and get_ident() in reading):
                caller = _getframe(depth)
                code, offset = caller.f_code, caller.f_lasti
                if (known_sites((id(code), offset)) or look_at_site(code, offset))[1]:
                    try:
                        made = wrapped(*args, **kwargs) if kwargs else wrapped(*args)
                    except BaseException as error:
                        leave_out(error)
                        raise
                    try:
                        user = bound_user()
                        if user is None:
                            for read in method.readers:
                                user = read(instance, (), _NO_ARGUMENTS)
                                if user is not None:
                                    break
                        known, now, thread = find(id(instance)), time_ns(), here.thread
                        if known is not None:
                            known.touched = now
                        # Mostly nobody else has ever been here, and it is as the last time.
                        use = None if known is None or known.others is not None else known.use
                        presence = None if use is None else use.presences.get(thread)
                        if (
                            known is None
                            or use is None
                            or presence is None
                            or presence.user != user
                            or (presence.is_watched and (use.last is None or use.last.thread is not thread))
                            or type(made) is not CoroutineType
                        ):
                            stay(method, instance, made, caller, user, now)
                        else:
                            task = current_task()
                            if task is not None:
                                task = ref(task)
                            before = use.calls.get(method)
                            use.calls[method] = ref(made), user, thread, task, method, code, offset, now
                            if before is not None and before[0]() is not None:
                                use.set_aside(before)
                            if known.others is not None:  # they came in another thread, just now
                                use.follow(close)
                    except Exception as error:
                        self._failed(method, error)
                    return made
                try:
                    # Only the number of arguments and the names decide whether a call is one at all.
                    if (len(args), *kwargs) in shapes or fits(wrapped, args, kwargs, shapes):
                        begun = begin(method, instance, caller)
                except Exception as error:
                    self._failed(method, error)
            if begun is None:
                return wrapped(*args, **kwargs)
            coroutine: Any = ssot_probe_awaited_method(wrapped, instance, *begun, args, kwargs)
            coroutine.__name__, coroutine.__qualname__ = wrapped.__name__, wrapped.__qualname__
            return coroutine

        return ssot_probe_async_method

    @unseen
    def _stepped(self, method: Maker) -> Wrapper:
        depth, stepped = caller_depth(), self._iterations

        def ssot_probe_generator_method(
            wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            generator = wrapped(*args, **kwargs)
            if method.is_enabled and not (reading and get_ident() in reading):
                try:
                    begun = self._begin(method, instance, _getframe(depth))
                    if begun is not None:
                        visit, known, use = begun
                        visit.begin()
                        follow_generator(generator, visit, use.visits, self.overlaps.close)
                        if known.others is not None:
                            code, offset = visit.code, visit.offset
                            if (stepped.known((id(code), offset)) or stepped.look(code, offset))[1]:
                                self.arrivals.look_around(instance, visit)
                except Exception as error:
                    self._failed(method, error)
            return generator

        return ssot_probe_generator_method

    def _stay(
        self, method: Maker, instance: Any, coroutine: Any, caller: FrameType, user: str | None, now: int
    ) -> None:
        """Note a call whose caller awaits it at once, so that it begins here and now, where that is news."""
        if user is None:
            self.arrivals.use_of_owner(method, instance, caller)
            return
        known, thread, code, offset = self._find(id(instance)), here.thread, caller.f_code, caller.f_lasti
        use = None if known is None else known.use
        presence = None if use is None else use.presences.get(thread)
        if presence is None or presence.user != user:
            presence = self.arrivals.arrive(method, instance, user, caller)
            known = self._find(id(instance))
            use = None if known is None else known.use
        if presence is None or known is None or use is None or type(coroutine) is not CoroutineType:
            return
        task = current_task()
        if task is not None:
            task = ref(task)
        call = (ref(coroutine), user, thread, task, method, code, offset, now)
        if known.others is None:
            use.set_aside(call)
        if known.others is not None:  # it may be new
            visit = follow_coroutine(coroutine, AwaitedCall(*call), use.visits, self.overlaps.close)
            visit.is_watched = presence.is_watched
            self.arrivals.look_around(instance, visit)
        elif presence.is_watched and (use.last is None or use.last.thread is not thread):
            self._threads.note(known, self._classes[type(instance)], method, "used", user, code, offset)

    def _begin(
        self, method: Maker, instance: Any, caller: FrameType
    ) -> tuple[Visit, InstanceRef, InstanceUse] | None:
        """Return the visit that a call begins which may wait inside, None where no user is known."""
        user = bound_user()
        if user is None and method.readers:
            user = method.user_of(instance, (), {})
        known = self._instances.find(instance)
        if known is not None:
            known.touched = time_ns()
        if user is None:
            self.arrivals.use_of_owner(method, instance, caller)
            return None
        if caller.f_code.co_filename == UNSEEN_FILE:  # another wrapper's
            caller = caller_of(caller)
        use = None if known is None else known.use
        presence = None if use is None else use.presences.get(here.thread)
        if presence is None or presence.user != user:
            presence = self.arrivals.arrive(method, instance, user, caller)
            known = self._instances.find(instance)
            use = None if known is None else known.use
        if presence is None or known is None or use is None:
            return None
        visit = Visit(user, presence.thread)
        visit.waits, visit.is_watched = True, presence.is_watched
        visit.method, visit.code, visit.offset = method, caller.f_code, caller.f_lasti
        return visit, known, use

    def _enter(self, instance: Any, visit: Visit, known: InstanceRef, use: InstanceUse) -> None:
        """Note that a call that may wait has begun to run, perhaps in another thread than it was made in."""
        try:
            visit.begin()
            visit.depth = 1
            use.visits[visit] = None
        except Exception as error:
            self._failed(visit.method, error)
        if visit.is_watched or known.others is not None:
            self.arrivals.look_around(instance, visit)

    def _failed(self, method: Maker, error: BaseException) -> None:
        method.is_enabled = False
        self._on_failure(method.name, error)
