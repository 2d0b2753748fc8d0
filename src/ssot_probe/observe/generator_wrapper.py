"""Observes makers that yield: generators, async generators, and the context managers made of them.

The application gets a generator that passes everything on to its own, both ways, and looks at what comes
out. It holds neither what it passed on nor what is thrown into it.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Callable, Generator
from sys import _getframe
from types import AsyncGeneratorType, FrameType, GeneratorType
from typing import Any

from ssot_probe.observe.call_sites import CallSites
from ssot_probe.observe.callers import around, consumer
from ssot_probe.observe.makers import Maker, ObservedClass
from ssot_probe.observe.recording import Call, Chain, Recording, chain_around, running_call
from ssot_probe.observe.unseen_frames import leave_out, unseen

Wrapper = Callable[[Any, Any, tuple[Any, ...], dict[str, Any]], Any]


@unseen
def generator_wrapper(
    maker: Maker,
    classes: dict[type, ObservedClass],
    sites: CallSites,
    returned: Recording,
    on_failure: Callable[[Maker, BaseException], None],
) -> Wrapper:
    """Return the wrapper of a function that makes a generator, or a context manager around one.

    Args:
        maker: the function.
        classes: class object -> what is known of it; looked up for each value that is yielded.
        sites: where the call sites are.
        returned: notes that an instance was handed out.
        on_failure: told of an error of ours.
    """
    running = running_call.get

    def begin() -> tuple[Call, Any, Chain]:
        outer = running()
        chain = () if outer is None else outer[0] or chain_around(outer)
        call = [(*chain, maker), outer]
        return call, running_call.set(call), chain

    def end(call: Call, token: Any) -> None:
        call[0] = None
        try:
            running_call.reset(token)
        except ValueError:  # it went on in another context
            running_call.set(call[1])

    def look(value: Any, frame: FrameType, args: Any, kwargs: Any, chain: Chain) -> None:
        try:
            observed = classes.get(type(value))
            if observed is not None and maker.is_enabled:
                caller = consumer(frame)
                place = caller.f_code, caller.f_lasti
                site = sites.at(maker, "returned", observed, *place, chain, around(caller))
                returned(site, value, args, kwargs)
        except Exception as error:
            on_failure(maker, error)

    def ssot_probe_generator(inner: Any, args: Any, kwargs: Any) -> Generator[Any, Any, Any]:
        sent: Any = None
        thrown: BaseException | None = None
        passing: list[Any] = []
        while True:
            call, token, chain = begin()
            try:
                passing.append(inner.send(sent) if thrown is None else inner.throw(thrown))
            except StopIteration as stop:
                return stop.value
            except BaseException as error:
                leave_out(error)
                raise
            finally:
                sent = thrown = None
                end(call, token)
            look(passing[0], _getframe(), args, kwargs, chain)
            try:
                sent = yield passing.pop()
            except BaseException as error:
                thrown = error  # passed on below, where it is not being handled: it is nobody's context
                thrown.__traceback__ = error.__traceback__ and error.__traceback__.tb_next

    async def ssot_probe_async_generator(inner: Any, args: Any, kwargs: Any) -> AsyncGenerator[Any, Any]:
        sent: Any = None
        thrown: BaseException | None = None
        passing: list[Any] = []
        step: Any = first_step(inner)
        while True:
            call, token, chain = begin()
            try:
                if step is None:
                    step = inner.asend(sent) if thrown is None else inner.athrow(thrown)
                passing.append(await step)
            except StopAsyncIteration:
                return
            except BaseException as error:
                leave_out(error)
                raise
            finally:
                sent = thrown = step = None
                end(call, token)
            look(passing[0], _getframe(), args, kwargs, chain)
            try:
                sent = yield passing.pop()
            except BaseException as error:
                thrown = error
                thrown.__traceback__ = error.__traceback__ and error.__traceback__.tb_next

    def followed(made: Any, args: Any, kwargs: Any) -> Any:
        if not maker.readers:
            args, kwargs = (), {}
        follow: Any = ssot_probe_generator if type(made) is GeneratorType else ssot_probe_async_generator
        outer = follow(made, args, kwargs)
        outer.__name__, outer.__qualname__ = made.__name__, made.__qualname__
        return outer

    def ssot_probe_yielding(
        wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        try:
            made = wrapped(*args, **kwargs)
        except BaseException as error:
            leave_out(error)
            raise
        if not maker.is_enabled:
            return made
        try:
            if type(made) in _GENERATORS:
                return followed(made, args, kwargs)
            if type(made) in _managers() and type(made.gen) in _GENERATORS:
                made.gen = followed(made.gen, args, kwargs)
            else:
                look(made, _getframe(), args, kwargs, ())
        except Exception as error:
            on_failure(maker, error)
        return made

    return ssot_probe_yielding


def first_step(inner: AsyncGenerator[Any, Any]) -> Any:
    """Return what awaits the first value of an async generator that the event loop does not get to know.

    The one around it is known there, and closes it: two that the loop closes at once are in each other's way.
    """
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        return inner.__anext__()
    finally:
        sys.set_asyncgen_hooks(*hooks)


_GENERATORS = frozenset({GeneratorType, AsyncGeneratorType})


def _managers() -> tuple[Any, ...]:
    """Return the types of context managers that are made of generators."""
    contextlib: Any = sys.modules.get("contextlib")
    if contextlib is None:
        return ()
    return contextlib._GeneratorContextManager, contextlib._AsyncGeneratorContextManager
