"""Looks through a module that has run and puts wrappers on the makers of the concepts that it defines."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cached_property
from time import time_ns
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from ssot_probe.context.asking import SourceError
from ssot_probe.context.current import task_name, thread_name
from ssot_probe.context.sources import UserSources, parameter_positions
from ssot_probe.model.code_records import BindingRecord
from ssot_probe.model.names import qualify
from ssot_probe.model.policy import Policy
from ssot_probe.model.process_records import BlindRecord
from ssot_probe.model.sharing import wants_one_per_thread
from ssot_probe.observe import census, tallies
from ssot_probe.observe.arrivals import method_codes
from ssot_probe.observe.call_sites import CallSite
from ssot_probe.observe.candidates import HANDING_OUT, is_coroutine, is_generator, may_make, plain_function
from ssot_probe.observe.classes import ObservedClasses
from ssot_probe.observe.constructors import NOT_MADE, Constructors
from ssot_probe.observe.contents import Contents
from ssot_probe.observe.held_functions import HeldFunctions, held_elsewhere
from ssot_probe.observe.instances import InstanceRef, InstanceTable
from ssot_probe.observe.legacy_makers import LegacyMakers
from ssot_probe.observe.makers import Maker, ObservedClass
from ssot_probe.observe.module_instances import construction_of
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.monitoring import Monitoring
from ssot_probe.observe.patching import Patches
from ssot_probe.observe.recursion import may_call_itself
from ssot_probe.observe.scope import Scope
from ssot_probe.observe.stale_calls import StaleCalls
from ssot_probe.observe.uses import Uses, public_methods
from ssot_probe.observe.wrappers import Wrappers

if TYPE_CHECKING:
    from ssot_probe.model.records import Record


class Instrumenter:
    """Knows every maker that is observed in the process.

    Args:
        policy: decides what is observed, and how users are found.
        scope: which modules are first-party.
        instances: the serials that the wrappers use.
        append: takes the events of the hot path.
        emit: takes the records of what was found.
        monitoring: tells of events of code objects.
    """

    def __init__(
        self,
        policy: Policy,
        scope: Scope,
        instances: InstanceTable,
        append: Callable[[Any], None],
        emit: Callable[[Record], None],
        monitoring: Monitoring,
    ) -> None:
        self.users = UserSources(policy.user, self.failed)
        self._instances = instances
        self._append = append
        self._emit = emit
        self._makers: list[Maker] = []
        self._factories: set[str] = set()
        self._used: set[type] = set()  # classes whose methods are observed
        self._bound: dict[tuple[str, str], int] = {}
        self._told: set[str] = set()
        self._held = HeldFunctions()
        self._patches = Patches(self.failed)
        self._classes = ObservedClasses(policy, scope, emit)
        self._constructors = Constructors(self._classes, self._patches, self._maker, emit)
        self._wrappers = Wrappers(
            append=append,
            instances=instances,
            classes=self.classes,
            constructors=self._constructors.reporters,
            inner_codes=self._constructors.inner_codes,
            resolve=self._constructors.resolve,
            on_failure=self.failed,
            monitoring=monitoring,
        )
        self.stale_calls = StaleCalls(policy.user, append, self.failed)
        self._user_arguments = {
            source.target.partition(".")[0] for source in policy.user if source.kind == "argument"
        }
        self._is_guarded = any(map(wants_one_per_thread, policy.concepts))
        self._strange: set[str] = set()  # subjects that were told to be unobservable
        self._uses = Uses(append, instances, self.classes, self.failed)
        factories = {name for concept in policy.concepts for name in concept.factories}
        named = {name for concept in policy.concepts for name in concept.legacy if ":" in name}
        self._declared = factories | named
        self._on_trial = named - factories
        self._legacy = LegacyMakers(self._wrappers.follow, self._wrappers.events.retry)

    @property
    def classes(self) -> dict[type, ObservedClass]:
        """Class object -> what is known of it."""
        return self._classes.by_object

    def instrument(self, module: ModuleType) -> bool:
        """Look through a module that has run; calling it again finds what came later.

        Returns:
            Does the module bind an observed class or maker, so that its imports matter?
        """
        name = vars(module).get("__name__", "")
        self._classes.files[name] = str(vars(module).get("__file__") or "")
        contents = Contents(module, name)
        found = False
        for _, cls in contents.strange:
            self._tell_strange(name, cls)
        for attribute, cls in contents.classes:
            if self._classes.may_play(cls):
                found |= self._bind_class(name, attribute, cls)
        found |= self._wrap_factories(module, name, contents)
        for _, cls in contents.classes:
            if vars(cls).get("__module__") == name:
                found |= self._look_into(cls, name)
        self._take_in(name, module, contents)
        return found

    def _tell_strange(self, module: str, cls: type) -> None:
        subject = qualify(module, cls.__qualname__)
        is_own = vars(cls).get("__module__") == module
        if is_own and subject not in self._strange and self._classes.is_named(cls):
            self._strange.add(subject)
            self._emit(BlindRecord(subject, "its metaclass compares or hashes it", time_ns()))

    def reports(self, cls: type) -> bool:
        """Are constructions of the class told by a wrapper on its constructor?"""
        return self._constructors.reporters.get(cls) is not None

    def look_at_names(self) -> None:
        """Tell which names are bound to another observed class than they were told to be."""
        for (module, attribute), serial in list(self._bound.items()):
            value: Any = namespace_of(sys.modules.get(module)).get(attribute)
            # not `isinstance`: that asks a proxy's `__class__`
            if issubclass(type(value), type) and not census.is_strange(value):
                observed = self.classes.get(value)
                if observed is not None and observed.serial != serial:
                    self._bind_class(module, attribute, value)

    def name_holders(self) -> None:
        """Tell who holds makers and calls them past their wrappers. It takes a while."""
        for record in self._held.told(self._factories):
            self._emit(record)

    def ask_frameworks(self) -> None:
        """Ask the frameworks for the user from now on, where nobody has said whom to ask."""
        for maker in self._makers:
            maker.readers = self.users.with_frameworks(maker.readers)

    def look_at_legacy(self) -> None:
        """Try legacy functions anew now and then, which were let go as they handed out nothing."""
        for record in self._legacy.look():
            self._emit(record)

    def tell_sources(self) -> None:
        """Tell what has become of asking who the user is, where that is new."""
        for record in self.users.changes():
            self._emit(record)

    def failed(self, subject: str, error: BaseException) -> None:
        """Report once that something could not be observed."""
        if subject not in self._told:
            self._told.add(subject)
            reason = f"observing it raised {type(error).__name__}"
            self._emit(BlindRecord(subject, str(error) if type(error) is SourceError else reason, time_ns()))

    def remove(self) -> None:
        """Take every wrapper off; those that others stacked on are switched off in place."""
        for maker in self._makers:
            maker.is_enabled = False
        self._wrappers.events.stop()
        self._uses.overlaps.stop()
        self._patches.remove()

    def after_fork_in_child(self) -> None:
        """Forget what is under way: it goes on in the parent."""
        self._uses.overlaps.forget()
        self._wrappers.races.forget()
        self._legacy.after_fork_in_child()
        tallies.forget()

    def _observe(self, cls: type, bound_in: str = "") -> ObservedClass | None:
        is_new = cls not in self.classes
        observed = self._classes.add(cls, bound_in)
        if observed is not None and is_new and NOT_MADE.isdisjoint(census.traits(cls)):
            self._constructors.wrap(cls, observed, self._wrappers)
            if observed.concept.declared and not observed.is_shareable:
                self._wrap_methods(cls)
            elif observed.concept.declared and observed.concept.isolation == "process":
                self._uses.arrivals.for_everybody.update(method_codes(cls))
        return observed

    def _bind_class(self, module: str, attribute: str, cls: type) -> bool:
        observed = self._observe(cls, module)
        if observed is None:
            return False
        if self._bound.get((module, attribute)) != observed.serial:
            self._bound[module, attribute] = observed.serial
            self._classes.names[attribute] = True
            self._emit(BindingRecord(module, attribute, "class", observed.name, observed.serial, time_ns()))
        return True

    def _take_in(self, module: str, holder: type | ModuleType, contents: Contents) -> None:
        """Follow the instances that a module, or a class in it, made before their constructor was wrapped."""
        observed_classes = self.classes
        for attribute, value in contents.others:
            observed = observed_classes.get(type(value))
            if observed is not None and self._instances.find(value) is None:
                try:
                    known = self._instances.add(value)
                except TypeError:  # its class allows no weak references
                    continue
                self._place(module, holder, attribute, type(value), observed, known)

    def _place(
        self,
        module: str,
        holder: type | ModuleType,
        attribute: str,
        cls: type,
        observed: ObservedClass,
        known: InstanceRef,
    ) -> None:
        """Record where an instance was constructed, if the code of the module or class body says so."""
        code = census.module_code(module)
        if code is not None and isinstance(holder, type):
            code = census.body_code(code, holder.__qualname__)
        maker = self._constructors.makers.get(cls)
        if code is None or maker is None:
            return
        own_name, names = cls.__name__, {**namespace_of(sys.modules.get(module)), **vars(holder)}
        offset = construction_of(code, attribute, lambda name: name == own_name or names.get(name) is cls)
        if offset is not None:
            known.born = site = CallSite(maker, "constructed", observed, code, offset)
            self._append(
                (site, known, None, False, thread_name(), task_name(), None, site, ("", ""), time_ns())
            )

    def _wrap_methods(self, cls: type) -> None:
        readers = self.users.of_use()
        for owner in cls.__mro__[:-1]:
            if owner in self._used or not self._classes.is_first_party(owner):
                continue
            self._used.add(owner)
            for name, function in public_methods(owner):
                method = Maker(f"{census.qualified_name(owner)}.{name}", "method", function.__code__, readers)
                method.check = self.stale_calls.of_method()
                self._makers.append(method)
                self._patches.put(owner, name, function, self._uses.wrapper(method, self._is_guarded))

    def _look_into(self, cls: type, module: str) -> bool:
        """Look through a class that the module defines, and through those that are defined inside of it."""
        contents = Contents(cls, module)
        found = self._classes.may_play(cls) and self._observe(cls) is not None
        found |= self._wrap_factories(cls, module, contents)
        self._take_in(module, cls, contents)
        for _, inner in contents.classes:
            is_own = inner.__qualname__ == f"{cls.__qualname__}.{inner.__name__}"  # rather than bound there
            if is_own and vars(inner).get("__module__") == module:
                found |= self._look_into(inner, module)
        return found

    def _wrap_factories(self, owner: type | ModuleType, module: str, contents: Contents) -> bool:
        if not contents.functions:
            return False
        found = False
        owner_name = owner.__qualname__ if isinstance(owner, type) else ""
        called = owner_name or module.rpartition(".")[2]
        says_class, words = self._classes.names.__getitem__, self._classes.words
        declared = self._declared
        held = held_elsewhere(contents)
        for name, value, function in contents.functions:
            stored = value.func if type(value) is cached_property else value
            is_wrapped = type(stored) is not FunctionType and type(stored).__name__ == "ObservedFunction"
            if name == "_":
                continue  # what a decorator took: it answers under another name
            makes = (
                may_make(function, called, says_class, words, name)
                or (name in HANDING_OUT and any(map(says_class, _names_in_constructor(owner))))
                or (type(value) is classmethod and owner in self.classes)  # `return cls(...)`
            )
            if name in HANDING_OUT and owner in self.classes:
                continue  # it hands out itself
            if not (makes or is_wrapped or declared):
                continue
            qualified = qualify(module, f"{owner_name}.{name}" if owner_name else name)
            if qualified in self._factories and (is_wrapped or self._legacy.is_unwrapped(function)):
                found = True
            elif makes or qualified in declared:
                is_maker = (
                    makes
                    or qualified not in self._on_trial
                    or any(map(says_class, function.__code__.co_names))
                )
                may_recur = not is_maker and may_call_itself(name, contents.spoken_of)
                is_held = id(value) in held
                self._wrap_factory(owner, name, value, function, qualified, is_held, is_maker, may_recur)
                found = True
        return found

    def _wrap_factory(
        self,
        owner: type | ModuleType,
        name: str,
        value: Any,
        function: FunctionType,
        qualified: str,
        is_held: bool,
        is_maker: bool,
        may_recur: bool,
    ) -> None:
        is_method = isinstance(owner, type)
        skipped = 1 if is_method and not isinstance(value, staticmethod) else 0
        if type(value) is cached_property:
            self._wrap_cached(value, function, qualified)
            return
        kind = _kind(function.__code__, is_method)
        maker = self._maker(qualified, kind, function, skipped)
        self._factories.add(qualified)
        if is_maker or not self._legacy.follow(maker, value, function, may_recur):
            make = _MAKING.get(kind, Wrappers.factory)
            if not self._wrappers.know(maker, function.__code__, is_held):
                self._held.add(qualified, value)
            patch = self._patches.put(owner, name, value, make(self._wrappers, maker))
            if qualified in self._on_trial and kind != "generator":
                self._legacy.add(maker, function, patch)
        if not may_recur:
            self._classes.names[name] = True  # what calls a maker may be one
        if not is_method:
            module = qualified.partition(":")[0]
            self._emit(BindingRecord(module, name, "function", qualified, 0, time_ns()))

    def _wrap_cached(self, value: Any, function: FunctionType, qualified: str) -> None:
        maker = self._maker(qualified, "method", function, 1)
        self._factories.add(qualified)
        self._patches.put_inside(value, "func", qualified, self._wrappers.factory(maker, between=1))

    def _maker(self, name: str, kind: str, function: FunctionType | None, skipped: int) -> Maker:
        code = None if function is None else function.__code__
        maker = Maker(name, kind, code, self.users.of_maker(code, skipped))
        maker.check = self.stale_calls.of_maker(code, skipped)
        maker.names_user = not self._user_arguments.isdisjoint(parameter_positions(code, skipped))
        self._makers.append(maker)
        return maker


_MAKING = {"coroutine": Wrappers.coroutine, "generator": Wrappers.generator}


def _kind(code: CodeType, is_method: bool) -> str:
    if is_coroutine(code):
        return "coroutine"
    if is_generator(code):
        return "generator"
    return "method" if is_method else "function"


def _names_in_constructor(owner: object) -> tuple[str, ...]:
    """Return the names that the `__init__` of a class speaks of: what its `__enter__` hands out."""
    function = plain_function(vars(owner).get("__init__"))
    return () if function is None else function.__code__.co_names
