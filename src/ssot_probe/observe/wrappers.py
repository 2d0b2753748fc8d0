"""The hot path: what runs in the application's threads when a maker is called.

Each wrapper passes the call on first and looks afterwards. It appends one tuple and never formats, locks
or does I/O. An error in it switches the maker's observation off and is reported as a blind spot.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable
from contextvars import ContextVar
from sys import _getframe
from time import time_ns
from types import CodeType
from typing import Any

from ssot_probe.context.current import bound_user, thread_and_task
from ssot_probe.context.request import current_request, mark_request
from ssot_probe.context.sources import reading
from ssot_probe.model.sharing import sharing_severity
from ssot_probe.observe.instances import InstanceTable
from ssot_probe.observe.makers import Maker, ObservedClass

_NO_REQUEST = ("", "")

_Chain = tuple[Maker, ...]
_Call = list[Any]
"""A call of a factory: [the factories that run, with itself as the last one; None once it is over,
the call that it is made in, or None]. A list, because one is made for every call."""

_running: ContextVar[_Call | None] = ContextVar("ssot_probe_makers", default=None)

_Recording = Callable[..., None]  # takes what `constructed` and `returned` below do

Wrapper = Callable[[Any, Any, tuple[Any, ...], dict[str, Any]], Any]


class Wrappers:
    """Makes the wrapper functions; holds what they share.

    Args:
        append: takes one event; must neither block nor raise.
        instances: where instances get their serials.
        classes: class object -> what is known of it; looked up for each result of a factory.
        constructors: class object -> the class whose `__init__` wrapper reports its constructions.
        inner_codes: ids of code objects that run between a call site and the wrapper, such as the
            `__init__` of a subclass.
        resolve: finds out about a class that is in neither table.
        on_failure: told once when observing a maker failed.
    """

    def __init__(
        self,
        append: Callable[[tuple[object, ...]], None],
        instances: InstanceTable,
        classes: dict[type, ObservedClass],
        constructors: dict[type, type | None],
        inner_codes: set[int],
        resolve: Callable[[type], None],
        on_failure: Callable[[str, BaseException], None],
    ) -> None:
        self._instances = instances
        self._classes = classes
        self._constructors = constructors
        self._inner_codes = inner_codes
        self._resolve = resolve
        self._on_failure = on_failure
        self._constructed, self._returned = _recording(append, instances)

    def constructor(self, maker: Maker, owner: type, call: Callable[..., Any] | None = None) -> Wrapper:
        """Wrap the `__init__` of `owner`; `call`, with the instance, replaces the wrapped one if given."""
        constructors, classes, inner_codes = self._constructors, self._classes, self._inner_codes
        constructed = self._constructed

        def ssot_probe_constructor(
            wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            if call is not None:
                result = call(instance, *args, **kwargs)
            else:
                result = wrapped(*args, **kwargs) if kwargs else wrapped(*args)
            if maker.is_enabled:
                try:
                    kind = type(instance)
                    if kind is not owner:
                        if kind not in constructors:
                            self._resolve(kind)
                        if constructors[kind] is not owner:
                            return result
                    if reading and get_ident() in reading:
                        return result
                    caller = _getframe(1)
                    code = caller.f_code
                    while id(code) in inner_codes and caller.f_back is not None:
                        caller = caller.f_back
                        code = caller.f_code
                    constructed(maker, classes[kind], instance, args, kwargs, code, caller.f_lasti)
                except Exception as error:
                    self._failed(maker, error)
            return result

        return ssot_probe_constructor

    def creator(self, maker_of: Callable[[type], Maker | None]) -> Wrapper:
        """Wrap a class's own `__new__` or a metaclass's `__call__`: they may construct or hand out.

        What an `__init__` inside the call has reported is not reported again.
        """

        def ssot_probe_creator(
            wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            newest = self._instances.newest
            result = wrapped(*args, **kwargs)
            try:
                kind = type(result)
                maker = maker_of(kind)
                if maker is not None and maker.is_enabled and kind in self._classes:
                    known = self._instances.find(result)
                    if known is None or known.serial <= newest:
                        caller = _getframe(1)
                        self._constructed(
                            *(maker, self._classes[kind], result, args, kwargs),
                            *(caller.f_code, caller.f_lasti),
                        )
            except Exception as error:
                self._on_failure(f"{type(result).__module__}:{type(result).__qualname__}", error)
            return result

        return ssot_probe_creator

    def factory(self, maker: Maker) -> Wrapper:
        """Wrap a function or method whose result may be an instance."""
        classes, returned, running, link = self._classes, self._returned, _running.get, (maker,)

        def ssot_probe_factory(
            wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            if not maker.is_enabled:
                return wrapped(*args, **kwargs)
            outer = running()
            chain = () if outer is None else outer[0] or _chain_around(outer)
            call = [chain + link, outer]
            token = _running.set(call)
            try:
                result = wrapped(*args, **kwargs) if kwargs else wrapped(*args)
            finally:
                call[0] = None
                _running.reset(token)
            try:
                observed = classes.get(type(result))
                if observed is not None and not (reading and get_ident() in reading):
                    caller = _getframe(1)
                    returned(maker, observed, result, args, kwargs, caller.f_code, caller.f_lasti, chain)
            except Exception as error:
                self._failed(maker, error)
            return result

        return ssot_probe_factory

    def coroutine(self, maker: Maker) -> Wrapper:
        """Wrap a coroutine function: its result is the awaited one, its caller the one who called it."""
        running = _running.get

        async def ssot_probe_awaited(
            wrapped: Any, args: tuple[Any, ...], kwargs: dict[str, Any], code: CodeType, offset: int
        ) -> Any:
            outer = running()
            chain = () if outer is None else outer[0] or _chain_around(outer)
            call = [(*chain, maker), outer]
            token = _running.set(call)
            try:
                result = await wrapped(*args, **kwargs)
            finally:
                call[0] = None
                try:
                    _running.reset(token)
                except ValueError:  # it finished in another context than it was started in
                    _running.set(outer)
            try:
                observed = self._classes.get(type(result))
                if observed is not None:
                    self._returned(maker, observed, result, args, kwargs, code, offset, chain)
            except Exception as error:
                self._failed(maker, error)
            return result

        def ssot_probe_coroutine(
            wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            if not maker.is_enabled:
                return wrapped(*args, **kwargs)
            caller = _getframe(1)
            return ssot_probe_awaited(wrapped, args, kwargs, caller.f_code, caller.f_lasti)

        return ssot_probe_coroutine

    def _failed(self, maker: Maker, error: BaseException) -> None:
        maker.is_enabled = False
        self._on_failure(maker.name, error)


def _chain_around(call: _Call | None) -> _Chain:
    """Return the factories that still run around a call that is over.

    A task that was started inside of a factory finds that call in its context, however long ago it ended.
    """
    while call is not None and call[0] is None:
        call = call[1]
    return () if call is None else call[0]


def _recording(
    append: Callable[[tuple[object, ...]], None], instances: InstanceTable
) -> tuple[_Recording, _Recording]:
    """Return what notes that an instance was constructed, and that it was returned."""
    find, follow, meets, running = instances.by_id.get, instances.add, instances.meets, _running.get

    def constructed(
        maker: Maker,
        observed: ObservedClass,
        instance: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        code: CodeType,
        offset: int,
    ) -> None:
        call = running()
        chain = () if call is None else call[0] or _chain_around(call)
        known = find(id(instance))
        if known is not None and known() is instance:  # its `__init__` ran again
            returned(maker, observed, instance, args, kwargs, code, offset, chain, is_factory=False)
            return
        user = bound_user()
        if user is None and maker.readers:
            user = maker.user_of(instance, args, kwargs)
        try:
            known = follow(instance, user)
            known.born = born = (code, offset, chain)
        except TypeError:  # its class allows no weak references
            known = born = None
        request = _NO_REQUEST
        if user is not None and "opentelemetry.trace" in sys.modules:
            request = current_request()
        thread, task = thread_and_task()
        append(
            (maker, "constructed", observed, known, user, user is not None, thread, task,
             code, offset, chain, None, born, request, time_ns())
        )  # fmt: skip

    def returned(
        maker: Maker,
        observed: ObservedClass,
        instance: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        code: CodeType,
        offset: int,
        chain: _Chain,
        is_factory: bool = True,
    ) -> None:
        user = bound_user()
        if user is None and maker.readers:
            user = maker.user_of(instance, args, kwargs)
        origin = born = None
        is_first = False
        known = find(id(instance))
        if known is None or known() is not instance:
            try:
                known = follow(instance, user)
                is_first = user is not None
            except TypeError:
                known = None
        elif user is not None and known.user != user:
            is_first = meets(known, user)
        if known is not None:
            if is_factory and known.origin is None:
                known.origin = maker
                if known.born is not None and maker in known.born[2]:
                    known.born = None  # constructed inside the very factory
            origin, born = known.origin, known.born
        request = _NO_REQUEST
        if is_first and "opentelemetry.trace" in sys.modules:
            request = current_request()
            if known is not None and known.others and not observed.is_shareable:
                severity = sharing_severity(observed.concept).label
                mark_request("SSOT301", severity, observed.concept.name, observed.name)
        thread, task = thread_and_task()
        append(
            (maker, "returned", observed, known, user, is_first, thread, task,
             code, offset, chain, origin, born, request, time_ns())
        )  # fmt: skip

    return constructed, returned
