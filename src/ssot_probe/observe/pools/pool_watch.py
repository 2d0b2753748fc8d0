"""Hears of the modules that pools are in, and puts the wrappers on. Libraries are not watched otherwise."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from time import time_ns
from types import ModuleType
from typing import TYPE_CHECKING, Any, Optional

from ssot_probe.model.names import qualify, split
from ssot_probe.model.policy import Policy, Pool
from ssot_probe.model.process_records import BlindRecord
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.pools.known import TURNS, pool_of, pools_in_force

if TYPE_CHECKING:
    from ssot_probe.context.sources import UserSources
    from ssot_probe.model.records import Record
    from ssot_probe.observe.makers import Maker
    from ssot_probe.observe.patching import Patches
    from ssot_probe.observe.pools.checkouts import Checkouts


class PoolWatch:
    """Listens to the pools of a policy, and to those of libraries that it knows.

    Args:
        policy: names pools, and says how users are found.
        is_own_code: is a module, in a file, the application's own?
        owner_of: which user does an instance belong to?
        append: takes the events of the hot path.
        tell: takes records that a forked child has to tell again.
        on_error: told of an error of the probe's own; must not raise.
    """

    def __init__(
        self,
        policy: Policy,
        is_own_code: Callable[[str, str], bool],
        owner_of: Callable[[object], Optional[str]],
        append: Callable[[Any], None],
        tell: Callable[[Record], None],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._policy = policy
        self._is_own_code = is_own_code
        self._owner_of = owner_of
        self._append = append
        self._tell = tell
        self._on_error = on_error
        self._pools: dict[str, list[Pool]] = defaultdict(list)
        for pool in pools_in_force(policy.pools):
            for name in dict.fromkeys((split(pool.acquire)[0], split(pool.release)[0])):
                if name:
                    self._pools[name].append(pool)
        self._awaited: set[str] = set(self._pools)
        self._named = {pool.acquire.rpartition(".")[0] for pool in policy.pools}  # their classes
        self._observed: dict[str, Any] = {}
        self._wrapped: set[str] = set()
        self._makers: list[Maker] = []
        self._sources: Optional[UserSources] = None
        self._patches: Optional[Patches] = None
        self._checkouts: Optional[Checkouts] = None

    def look(self) -> None:
        """Take in the modules that have been loaded past the finder."""
        for name in list(self._awaited):
            module = sys.modules.get(name)
            if module is not None and not _is_being_loaded(module):
                self.loaded(name, module)

    def is_awaited(self, module: str) -> bool:
        """Is it to be told when this module has run?"""
        return module in self._awaited

    def loaded(self, name: str, module: ModuleType) -> None:
        """Put wrappers on the pools of a module that has run."""
        if name not in self._awaited:
            return
        try:
            missing = [pool for pool in self._pools[name] if not self._observe(pool, name, module)]
            if name == "__main__" and missing:
                return  # it defines its names one by one
            self._awaited.discard(name)
            self._take_turns(name, module)
            for pool in missing:
                if pool in self._policy.pools:
                    paths = [path for path in (pool.acquire, pool.release) if split(path)[0] == name]
                    self._blind(f"pool {pool.name}", f"the module has no {' or no '.join(paths)}")
        except Exception as error:
            self._awaited.discard(name)
            self._on_error(error)

    def look_through(self, name: str, module: ModuleType) -> None:
        """Put wrappers on the pools that a module of the application's own defines, by their names."""
        try:
            for attribute, value in list(namespace_of(module).items()):
                if not attribute.endswith("Pool") or not isinstance(value, type) or value.__module__ != name:
                    continue
                pool = pool_of(value, qualify(name, value.__qualname__))
                if pool is not None and pool.acquire not in self._wrapped and pool.name not in self._named:
                    self._observe(pool, name, module)
        except Exception as error:
            self._on_error(error)

    def remove(self) -> None:
        """Take the wrappers off."""
        for maker in self._makers:
            maker.is_enabled = False
        if self._patches is not None:
            self._patches.remove()

    def after_fork_in_child(self) -> None:
        """Know of no user that the parent served."""
        if self._checkouts is not None:
            self._checkouts.forget()

    def _observe(self, pool: Pool, module_name: str, module: ModuleType) -> bool:
        """Wrap what of the pool belongs to the module; False where something of it is not there."""
        is_complete = True
        for path, is_release in ((pool.acquire, False), (pool.release, True)):
            if split(path)[0] != module_name or path in self._wrapped:
                continue
            places = list(_places(module, split(path)[1]))
            if places:
                self._wrapped.add(path)
                self._wrap(pool, places, is_release)
            is_complete &= bool(places)
        return is_complete

    def _take_turns(self, module_name: str, module: ModuleType) -> None:
        """Wrap what a library's connections ask and read by, where its pool is listened to."""
        if self._checkouts is None or self._patches is None:
            return
        from ssot_probe.observe.makers import Maker
        from ssot_probe.observe.pools.wrappers import turn_wrapper

        for path, is_question in TURNS.items():
            home, qualname = split(path)
            cls, _, method = qualname.partition(".")
            owner = namespace_of(module).get(cls)
            if home == module_name and isinstance(owner, type) and method in vars(owner):
                maker = Maker(path, "method", None, ())
                self._makers.append(maker)
                wrapper = turn_wrapper(is_question, maker, self._checkouts, self._failed)
                self._patches.put(owner, method, vars(owner)[method], wrapper)

    def _wrap(self, pool: Pool, places: list[tuple[Any, str, Any]], is_release: bool) -> None:
        from ssot_probe.observe.pools.wrappers import acquire_wrapper, release_wrapper  # they bring wrapt

        checkouts, patches = self._ready()
        observed = self._observed_pool(pool, None if is_release else places[0])
        make = release_wrapper if is_release else acquire_wrapper
        for owner, name, value in places:
            patches.put(owner, name, value, make(observed, checkouts, self._failed))

    def _observed_pool(self, pool: Pool, acquire: tuple[Any, str, Any] | None) -> Any:
        """Return the pool's own state, with the sources of users once what hands out is known."""
        from ssot_probe.model.instance_records import PoolRecord
        from ssot_probe.observe.candidates import plain_function
        from ssot_probe.observe.makers import Maker
        from ssot_probe.observe.pools.events import ObservedPool

        known = self._observed.get(pool.acquire)
        if known is None:
            maker = Maker(pool.acquire, "method", None, self._users().of_maker(None, 0))
            self._makers.append(maker)
            known = self._observed[pool.acquire] = ObservedPool(pool.name, maker, pool.release)
            self._tell(PoolRecord(pool.name, pool.acquire, "", 0, 0, 0, 0, time_ns()))
        if acquire is not None:
            owner, _, value = acquire
            function = plain_function(value)
            if function is not None:
                skipped = 1 if isinstance(owner, type) and not isinstance(value, staticmethod) else 0
                known.maker.code = function.__code__
                known.maker.readers = self._users().of_maker(function.__code__, skipped)
        return known

    def _users(self) -> UserSources:
        from ssot_probe.context.sources import UserSources

        if self._sources is None:
            self._sources = UserSources(self._policy.user, self._failed)
        return self._sources

    def _ready(self) -> tuple[Checkouts, Patches]:
        if self._checkouts is None or self._patches is None:
            from ssot_probe.observe.patching import Patches
            from ssot_probe.observe.pools.checkouts import Checkouts

            self._patches = Patches(self._failed)
            self._checkouts = Checkouts(self._append, self._is_own_code, self._owner_of, self._blind)
        return self._checkouts, self._patches

    def _blind(self, subject: str, reason: str) -> None:
        self._tell(BlindRecord(subject, reason, time_ns()))

    def _failed(self, subject: str, error: BaseException) -> None:
        self._blind(subject, f"observing it raised {type(error).__name__}")


def _places(module: ModuleType, qualname: str) -> Iterator[tuple[Any, str, Any]]:
    """Yield what holds a function, its name and itself: its class, and the classes that override it."""
    *outer, name = qualname.split(".")
    holder: Any = module
    names = namespace_of(module)
    for part in outer:
        holder = names.get(part)
        if not isinstance(holder, type):
            return
        names = dict(vars(holder))
    if name in names:
        yield holder, name, names[name]
    elif isinstance(holder, type):
        inherited = [vars(base)[name] for base in holder.__mro__ if name in vars(base)]
        if not inherited:
            return
        yield holder, name, inherited[0]
    if isinstance(holder, type):
        for derived in _derived(holder):
            if name in vars(derived):
                yield derived, name, vars(derived)[name]


def _derived(cls: type) -> Iterator[type]:
    """Yield the classes that are derived from one, so far."""
    subclasses: list[type] = type.__subclasses__(cls)
    for derived in subclasses:
        yield derived
        yield from _derived(derived)


def _is_being_loaded(module: ModuleType) -> bool:
    spec = namespace_of(module).get("__spec__")
    return bool(getattr(spec, "_initializing", False))
