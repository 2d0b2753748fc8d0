"""What stands around the functions of a pool. Each passes the call on; an error of ours switches it off."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from types import CoroutineType
from typing import Any

from wrapt import ObjectProxy

from ssot_probe.observe.makers import Maker
from ssot_probe.observe.pools.checkouts import Checkouts
from ssot_probe.observe.pools.events import ObservedPool
from ssot_probe.observe.unseen_frames import leave_out, unseen
from ssot_probe.observe.wrappers import Wrapper

OnFailure = Callable[[str, BaseException], None]


class _Watch:
    """Passes on to the checkouts, and stops where that raises."""

    def __init__(self, pool: ObservedPool, checkouts: Checkouts, on_failure: OnFailure) -> None:
        self.pool = pool
        self._checkouts = checkouts
        self._on_failure = on_failure

    def out(self, resource: Any, holder: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if self.pool.maker.is_enabled:
            try:
                self._checkouts.handed_out(self.pool, resource, holder, args, kwargs)
            except Exception as error:
                self._failed(error)

    def back(self, resource: Any, error: BaseException | None) -> None:
        if self.pool.maker.is_enabled:
            try:
                self._checkouts.taken_back(self.pool, resource, error)
            except Exception as own_error:
                self._failed(own_error)

    def find(self, values: tuple[Any, ...]) -> Any:
        try:
            return self._checkouts.find(values)
        except Exception as error:
            self._failed(error)
            return None

    def _failed(self, error: BaseException) -> None:
        self.pool.maker.is_enabled = False
        self._on_failure(f"pool {self.pool.name}", error)


@unseen
def acquire_wrapper(pool: ObservedPool, checkouts: Checkouts, on_failure: OnFailure) -> Wrapper:
    """Return the wrapper of what hands out."""
    watch = _Watch(pool, checkouts, on_failure)

    async def ssot_probe_awaited(
        handing_out: Any, holder: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        try:
            resource = await handing_out
        except BaseException as error:
            leave_out(error)
            raise
        watch.out(resource, holder, args, kwargs)
        return resource

    def ssot_probe_acquire(wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            leave_out(error)
            raise
        if not pool.maker.is_enabled:
            return result
        kind = type(result)
        if kind is CoroutineType:
            awaited: Any = ssot_probe_awaited(result, instance, args, kwargs)
            awaited.__name__, awaited.__qualname__ = result.__name__, result.__qualname__
            return awaited
        if hasattr(kind, "__await__"):
            return _AwaitableBlock(result, watch, instance, args, kwargs)
        if not pool.release:
            return _Block(result, watch, instance, args, kwargs)
        watch.out(result, instance, args, kwargs)
        return result

    return ssot_probe_acquire


@unseen
def release_wrapper(pool: ObservedPool, checkouts: Checkouts, on_failure: OnFailure) -> Wrapper:
    """Return the wrapper of what takes back: an argument that was handed out, else what it is a method of."""
    watch = _Watch(pool, checkouts, on_failure)

    def ssot_probe_release(wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        error = sys.exc_info()[1]
        resource = watch.find((*args, *kwargs.values(), instance))
        if resource is not None:
            watch.back(resource, error)
        try:
            return wrapped(*args, **kwargs)
        except BaseException as own_error:
            leave_out(own_error)
            raise

    return ssot_probe_release


@unseen
def turn_wrapper(is_question: bool, maker: Maker, checkouts: Checkouts, on_failure: OnFailure) -> Wrapper:
    """Return the wrapper of a method by which a connection asks, or reads a reply."""

    def note(resource: Any) -> None:
        if maker.is_enabled:
            try:
                checkouts.asks(resource, is_question)
            except Exception as error:
                maker.is_enabled = False
                on_failure(maker.name, error)

    async def ssot_probe_replied(reading: Any, instance: Any) -> Any:
        try:
            reply = await reading
        except BaseException as error:
            if _is_reply(error):
                note(instance)
            leave_out(error)
            raise
        note(instance)
        return reply

    def ssot_probe_turn(wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if is_question:
            note(instance)
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            if not is_question and _is_reply(error):
                note(instance)
            leave_out(error)
            raise
        if is_question or not maker.is_enabled:
            return result
        if type(result) is CoroutineType:
            replied: Any = ssot_probe_replied(result, instance)
            replied.__name__, replied.__qualname__ = result.__name__, result.__qualname__
            return replied
        note(instance)
        return result

    return ssot_probe_turn


def _is_reply(error: BaseException) -> bool:
    """Did the server answer, if only to say what was wrong?"""
    return any(cls.__name__ == "ResponseError" for cls in type(error).__mro__)


class _Block(ObjectProxy):  # type: ignore[misc,type-arg,unused-ignore]
    """A context manager of a pool: entering it hands out, and leaving it takes back."""

    def __init__(
        self, wrapped: Any, watch: _Watch, holder: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        super().__init__(wrapped)
        self._self_watch = watch
        self._self_call = (holder, args, kwargs)
        self._self_resource: Any = None

    def __enter__(self) -> Any:
        return self._self_out(self.__wrapped__.__enter__())

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> Any:
        self._self_back(error)
        return self.__wrapped__.__exit__(kind, error, traceback)

    async def __aenter__(self) -> Any:
        return self._self_out(await self.__wrapped__.__aenter__())

    async def __aexit__(self, kind: Any, error: BaseException | None, traceback: Any) -> Any:
        self._self_back(error)
        return await self.__wrapped__.__aexit__(kind, error, traceback)

    def _self_out(self, resource: Any) -> Any:
        self._self_watch.out(resource, *self._self_call)
        self._self_resource = resource
        return resource

    def _self_back(self, error: BaseException | None) -> None:
        resource, self._self_resource = self._self_resource, None
        if resource is not None and not self._self_watch.pool.release:
            self._self_watch.back(resource, error)


class _AwaitableBlock(_Block):
    """One that may be awaited as well, as those of asyncpg and aiomysql."""

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._self_out((yield from self.__wrapped__.__await__()))
