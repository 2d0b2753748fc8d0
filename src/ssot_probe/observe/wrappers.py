"""What runs in the application's threads when a maker is called, before and after the call itself.

Each wrapper passes the call on first and looks afterwards. An error in it switches the maker's observation
off and is reported as a blind spot.
"""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Callable
from sys import _getframe
from time import time_ns
from types import CodeType, FrameType
from typing import Any

from ssot_probe.context.sources import reading
from ssot_probe.observe.call_sites import CallSite, CallSites, Places, remember
from ssot_probe.observe.callers import CONSTRUCTING, Calls, around
from ssot_probe.observe.code_events import CodeEvents
from ssot_probe.observe.early_makers import EarlyMakers
from ssot_probe.observe.generator_wrapper import generator_wrapper
from ssot_probe.observe.instances import InstanceTable
from ssot_probe.observe.makers import Maker, ObservedClass
from ssot_probe.observe.monitoring import Monitoring
from ssot_probe.observe.races import Races
from ssot_probe.observe.recording import Call, Chain, chain_around, recording, running_call
from ssot_probe.observe.unseen_frames import caller_depth, leave_out, unseen

MOST_SHAPES = 64
"""Ways to pass arguments to one coroutine function that are remembered."""

Site = tuple[CodeType, int, Calls]
"""A call: code and offset of the caller, and who constructs around it."""

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
        monitoring: tells of events of code objects.

    Attributes:
        races: compares calls that overlap.
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
        monitoring: Monitoring,
    ) -> None:
        self._instances = instances
        self._classes = classes
        self._constructors = constructors
        self._inner_codes = inner_codes
        self._resolve = resolve
        self._on_failure = on_failure
        self._early = EarlyMakers()
        self._sites = CallSites()
        self._constructed, self._returned = recording(append, instances, self._early)
        self.events = CodeEvents(classes, self._sites, self._returned, self._early, self._failed, monitoring)
        self.races = Races(append, instances)

    @unseen
    def constructor(self, maker: Maker, owner: type, call: Callable[..., Any] | None = None) -> Wrapper:
        """Wrap the `__init__` of `owner`; `call`, with the instance, replaces the wrapped one if given."""
        constructors, classes, inner_codes = self._constructors, self._classes, self._inner_codes
        constructed, depth = self._constructed, caller_depth()
        places: Places = {}
        find_site, site_at = places.get, self._sites.at

        def construction(kind: type, caller: FrameType) -> CallSite:
            """Return where the class is called, given the frame around the `__init__`."""
            nearest = caller
            while id(caller.f_code) in inner_codes and caller.f_back is not None:
                caller = caller.f_back
            code, offset = caller.f_code, caller.f_lasti
            site = site_at(maker, "constructed", classes[kind], code, offset, (), around(caller))
            if caller is nearest and code.co_name not in CONSTRUCTING:
                remember(places, (kind, id(code), offset), site)
            return site

        def ssot_probe_constructor(
            wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            try:
                if call is not None:
                    result = call(instance, *args, **kwargs)
                else:
                    result = wrapped(*args, **kwargs) if kwargs else wrapped(*args)
            except BaseException as error:
                leave_out(error)
                raise
            if maker.is_enabled:
                try:
                    kind = type(instance)
                    if kind is not owner:
                        if kind not in constructors:
                            self._resolve(kind)
                        if constructors.get(kind) is not owner:
                            return result
                    if reading and get_ident() in reading:
                        return result
                    caller = _getframe(depth)
                    site = find_site((kind, id(caller.f_code), caller.f_lasti))
                    constructed(site or construction(kind, caller), instance, args, kwargs)
                except Exception as error:
                    self._failed(maker, error)
            return result

        return ssot_probe_constructor

    @unseen
    def creator(
        self, maker_of: Callable[[type], Maker | None], racing: Callable[[type], Maker | None]
    ) -> Wrapper:
        """Wrap a class's own `__new__` or a metaclass's `__call__`: they may construct or hand out.

        What an `__init__` inside the call has reported is not reported again.

        Args:
            maker_of: class -> the maker that this wrapper reports, None where an `__init__` says more.
            racing: class -> the maker that races of these calls are told of.
        """
        depth, gate, running = caller_depth(), self.races.gate(), running_call.get
        inside, ended = gate.inside, gate.ended

        def ssot_probe_creator(
            wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            newest = self._instances.newest
            call = [None, running(), time_ns(), newest]
            inside.append(None)
            try:
                result = wrapped(*args, **kwargs)
            except BaseException as error:
                gate.leave()
                leave_out(error)
                raise
            try:
                kind = type(result)
                maker = maker_of(kind)
                if maker is not None and maker.is_enabled and kind in self._classes:
                    known = self._instances.find(result)
                    if known is None or known.serial <= newest:
                        caller = _getframe(depth)
                        site = self._sites.at(
                            *(maker, "constructed", self._classes[kind], caller.f_code, caller.f_lasti),
                            *((), around(caller)),
                        )
                        self._constructed(site, result, args, kwargs)
                if len(inside) > 1 or ended:
                    maker, observed, caller = racing(kind), self._classes.get(kind), _getframe(depth)
                    if maker is not None and maker.is_enabled and observed is not None:
                        what = (call, wrapped, kind, result, args, kwargs, caller.f_code, caller.f_lasti)
                        self.races.end(gate, maker, observed, *what)
            except Exception as error:
                self._on_failure(f"{type(result).__module__}:{type(result).__qualname__}", error)
            gate.leave()
            return result

        return ssot_probe_creator

    @unseen
    def factory(self, maker: Maker, between: int = 0) -> Wrapper:
        """Wrap a function or method whose result may be an instance.

        Args:
            maker: the function.
            between: frames of Python's own between it and its caller.
        """
        classes, returned, running = self._classes, self._returned, running_call.get
        link, depth = (maker,), caller_depth() + between
        places: Places = {}
        find_site, site_at = places.get, self._sites.at
        gate = self.races.gate(maker.name.rpartition(".")[2] if between else "")
        instances, end = self._instances, self.races.end
        inside, ended, leave = gate.inside, gate.ended, gate.inside.pop

        def handing_out(observed: ObservedClass, caller: FrameType, chain: Chain) -> CallSite:
            """Return where the factory is called."""
            if maker.trials:
                maker.prove()
            code, offset = caller.f_code, caller.f_lasti
            site = site_at(maker, "returned", observed, code, offset, chain, around(caller))
            if code.co_name not in CONSTRUCTING:
                remember(places, (observed, id(code), offset, chain), site)
            return site

        def ssot_probe_factory(
            wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            if not maker.is_enabled or maker.is_resting:
                return wrapped(*args, **kwargs)
            outer = running()
            chain = () if outer is None else outer[0] or chain_around(outer)
            call: Call = [chain + link, outer, time_ns(), instances.newest]
            if maker.names_user:
                call += (args, kwargs)
            token = running_call.set(call)
            inside.append(None)
            try:
                result = wrapped(*args, **kwargs) if kwargs else wrapped(*args)
            except BaseException as error:
                gate.leave()
                leave_out(error)
                raise
            finally:
                call[0] = None
                if maker.names_user:
                    del call[4:]
                running_call.reset(token)
            try:
                observed = classes.get(type(result))
                if (
                    observed is not None
                    and result is not instance
                    and not (reading and get_ident() in reading)
                ):
                    caller = _getframe(depth)
                    site = find_site((observed, id(caller.f_code), caller.f_lasti, chain))
                    if site is None:
                        site = handing_out(observed, caller, chain)
                    returned(site, result, args, kwargs)
                    if len(inside) > 1 or ended:
                        what = (call, wrapped, instance, result, args, kwargs, site.code, site.offset)
                        end(gate, maker, observed, *what)
                elif maker.trials and observed is None:
                    self._try(maker, call)
            except Exception as error:
                self._failed(maker, error)
            try:  # noqa: SIM105  # as `gate.leave` does, in a third of the time
                leave()
            except IndexError:
                pass
            return result

        return ssot_probe_factory

    @unseen
    def coroutine(self, maker: Maker) -> Wrapper:
        """Wrap a coroutine function: its result is the awaited one, its caller the one who called it."""
        running, depth, site_at = running_call.get, caller_depth(), self._sites.at
        shapes: set[tuple[int | str, ...]] = set()
        instances, gate, end = self._instances, self.races.gate(), self.races.end
        inside, ended = gate.inside, gate.ended

        async def ssot_probe_awaited(
            wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any], site: Site
        ) -> Any:
            outer = running()
            chain = () if outer is None else outer[0] or chain_around(outer)
            call: Call = [(*chain, maker), outer, time_ns(), instances.newest]
            if maker.names_user:
                call += (args, kwargs)
            token = running_call.set(call)
            inside.append(None)
            try:
                result = await wrapped(*args, **kwargs)
            except BaseException as error:
                gate.leave()
                leave_out(error)
                raise
            finally:
                call[0] = None
                del call[4:]
                try:
                    running_call.reset(token)
                except ValueError:  # it finished in another context than it was started in
                    running_call.set(outer)
            try:
                observed = self._classes.get(type(result))
                if maker.trials and observed is None:
                    self._try(maker, call)
                elif observed is not None and result is not instance:
                    if maker.trials:
                        maker.prove()
                    code, offset, outside = site
                    called = site_at(maker, "returned", observed, code, offset, chain, outside)
                    self._returned(called, result, args, kwargs)
                    if len(inside) > 1 or ended:
                        what = (call, wrapped, instance, result, args, kwargs, code, offset)
                        end(gate, maker, observed, *what)
            except Exception as error:
                self._failed(maker, error)
            gate.leave()
            return result

        def ssot_probe_coroutine(
            wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            # Only the number of arguments and the names decide whether a call is one at all.
            shape = (len(args), *kwargs)
            is_passed = maker.is_resting or not maker.is_enabled
            if is_passed or (shape not in shapes and not fits(wrapped, args, kwargs, shapes)):
                return wrapped(*args, **kwargs)  # raises now, rather than when it is awaited
            caller = _getframe(depth)
            site = (caller.f_code, caller.f_lasti, around(caller))
            return ssot_probe_awaited(wrapped, instance, args, kwargs, site)

        return ssot_probe_coroutine

    def know(self, maker: Maker, code: CodeType, is_early: bool) -> bool:
        """Know a maker by its code. False where of calls past its wrapper only constructions are seen."""
        self._early.add(code, maker, is_early)
        return not is_early or self.events.follow(code)

    def follow(self, maker: Maker, code: CodeType) -> bool:
        """See what a maker hands out by events alone. False where nobody tells of any."""
        if maker.names_user or not self.events.follow(code):
            return False
        self._early.add(code, maker, is_early=True)
        return True

    def generator(self, maker: Maker) -> Wrapper:
        """Wrap a function that yields what it makes, as it is or as a context manager."""
        return generator_wrapper(maker, self._classes, self._sites, self._returned, self._failed)

    def _try(self, maker: Maker, call: Call) -> None:
        """Note that a call has handed out nothing; one in which something was constructed proves a maker."""
        if self._instances.newest != call[3]:
            maker.prove()
        else:
            maker.fail()

    def _failed(self, maker: Maker, error: BaseException) -> None:
        maker.is_enabled = False
        self._on_failure(maker.name, error)


def fits(
    wrapped: Any, args: tuple[Any, ...], kwargs: dict[str, Any], shapes: set[tuple[int | str, ...]]
) -> bool:
    """Can the function be called with these arguments? If so, note their shape."""
    from inspect import signature

    try:
        signature(wrapped, follow_wrapped=False).bind(*args, **kwargs)
    except TypeError:
        return False
    except Exception:  # it does not say what it takes, in one way or another
        return True
    if len(shapes) < MOST_SHAPES:
        shapes.add((len(args), *kwargs))
    return True
