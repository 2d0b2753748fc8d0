"""Finds the classes and makers of the concepts in a module and puts wrappers on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from time import time_ns
from types import FunctionType, ModuleType
from typing import Any

from ssot_probe.context.current import task_name, thread_name
from ssot_probe.context.sources import readers_for
from ssot_probe.model.concepts import concept_of, plays_role, role_words, words
from ssot_probe.model.names import is_within, qualify, split
from ssot_probe.model.policy import Concept, Policy
from ssot_probe.model.records import BindingRecord, BlindRecord, ClassRecord, Record
from ssot_probe.model.sharing import may_be_shared
from ssot_probe.observe import census
from ssot_probe.observe.candidates import functions_of, is_coroutine, may_make, plain_function
from ssot_probe.observe.instances import InstanceTable
from ssot_probe.observe.makers import Maker, ObservedClass
from ssot_probe.observe.module_instances import construction_of
from ssot_probe.observe.scope import Scope
from ssot_probe.observe.uses import AMBIENT, public_methods, use_wrapper

NOT_MADE = frozenset({"protocol", "exception", "enum", "typed-dict"})
"""Traits of classes whose instances nobody hands out as the concept."""


class Instrumenter:
    """Knows every observed class and maker of the process.

    Args:
        policy: decides what is observed: the classes of its concepts, or of the role words without any.
        scope: which modules are first-party.
        instances: the serials that the wrappers use.
        append: takes the events of the hot path.
        emit: takes the records of what was found.
    """

    def __init__(
        self,
        policy: Policy,
        scope: Scope,
        instances: InstanceTable,
        append: Callable[[Any], None],
        emit: Callable[[Record], None],
    ) -> None:
        from ssot_probe.observe.wrappers import Wrappers

        self.classes: dict[type, ObservedClass] = {}
        self.makers: dict[str, Maker] = {}
        self._policy = policy
        self._scope = scope
        self._emit = emit
        self._append = append
        self._instances = instances
        self._used: set[type] = set()  # classes whose methods are observed
        self._methods: list[Maker] = []
        self._constructors: dict[type, type | None] = {}
        self._inner_codes: set[int] = set()
        self._kept_codes: list[object] = []  # so that the ids above stay theirs
        self._serial = count(1).__next__
        self._says_class = _NameCache(self._is_class_name)
        self._role_words: set[str] = set()
        self._bound: dict[tuple[str, str], int] = {}
        self._patches: list[Any] = []
        self._patched_metaclasses: set[type] = set()
        self._told: set[str] = set()
        self._wrappers = Wrappers(
            append, instances, self.classes, self._constructors, self._inner_codes, self._resolve, self.failed
        )
        self._declared = {
            name: True
            for concept in policy.concepts
            for name in (*concept.factories, *(entry for entry in concept.legacy if ":" in entry))
        }
        if policy.concepts:
            for concept in policy.concepts:
                for pattern in (*concept.classes, concept.canonical):
                    self._role_words.update(_words_of(split(pattern)[1] or pattern))

    def instrument(self, module: ModuleType) -> bool:
        """Look through a module that has run; calling it again finds what came later.

        Returns:
            Does the module bind an observed class or maker, so that its imports matter?
        """
        name = vars(module).get("__name__", "")
        found = False
        for attribute, value in list(vars(module).items()):
            if issubclass(type(value), type):
                found |= self._bind_class(name, attribute, value)
        found |= self._wrap_factories(module, name)
        for cls in _own_classes(module, name):
            found |= self._wrap_factories(cls, name)
        for attribute, value in list(vars(module).items()):
            observed = self.classes.get(type(value))
            if observed is not None and self._instances.find(value) is None:
                self._take_in(module, attribute, value, observed)
        return found

    def failed(self, subject: str, error: BaseException) -> None:
        """Report once that something could not be observed."""
        if subject not in self._told:
            self._told.add(subject)
            self._emit(BlindRecord(subject, f"observing it raised {type(error).__name__}", time_ns()))

    def remove(self) -> None:
        """Take every wrapper off; those that others stacked on are switched off in place."""
        for maker in (*self.makers.values(), *self._methods):
            maker.is_enabled = False
        while self._patches:
            self._patches.pop().remove()

    def _bind_class(self, module: str, attribute: str, cls: type) -> bool:
        observed = self.observe_class(cls)
        if observed is None:
            return False
        if self._bound.get((module, attribute)) != observed.serial:
            self._bound[module, attribute] = observed.serial
            self._says_class[attribute] = True
            self._emit(BindingRecord(module, attribute, "class", observed.name, observed.serial, time_ns()))
        return True

    def observe_class(self, cls: type) -> ObservedClass | None:
        """Return what is known of a class; start to observe it when it plays a concept."""
        known = self.classes.get(cls)
        if known is not None:
            return known
        concept = self._concept_of(cls)
        if concept is None:
            return None
        name = census.qualified_name(cls)
        known = ObservedClass(name, self._serial(), concept, may_be_shared(concept, name))
        self.classes[cls] = known
        self._says_class[cls.__name__] = True
        self._role_words.update(word.lower() for word in words(cls.__name__))
        kinds = census.traits(cls)
        self._emit(self._describe(cls, known, kinds))
        if NOT_MADE.isdisjoint(kinds):
            self._wrap_constructor(cls, known)
            if concept.declared and not known.is_shareable:
                self._wrap_methods(cls)
        return known

    def _take_in(self, module: ModuleType, attribute: str, value: Any, observed: ObservedClass) -> None:
        """Follow an instance that the module made before its constructor was wrapped."""
        try:
            known = self._instances.add(value)
        except TypeError:  # its class allows no weak references
            return
        names = vars(module)
        code = census.module_code(names.get("__name__", ""))
        own_name = type(value).__name__
        offset = code and construction_of(
            code, attribute, lambda name: name == own_name or names.get(name) is type(value)
        )
        maker = self.makers.get(observed.name)
        if code is not None and offset is not None and maker is not None:
            known.born = (code, offset, ())
            self._append(
                (
                    *(maker, "constructed", observed, known, None, False, thread_name(), task_name()),
                    *(code, offset, (), None, known.born, ("", ""), time_ns()),
                )
            )

    def _describe(self, cls: type, known: ObservedClass, kinds: tuple[str, ...]) -> ClassRecord:
        code = None if "__firstlineno__" in vars(cls) else census.module_code(cls.__module__)
        return ClassRecord(
            name=known.name,
            serial=known.serial,
            file=self._scope.relative(census.file_of(cls)),
            line=census.line_of(cls, code),
            bases=census.base_names(cls),
            traits=kinds,
            time=time_ns(),
        )

    def _concept_of(self, cls: type) -> Concept | None:
        module = str(cls.__module__)
        concept = concept_of(self._policy, census.qualified_name(cls))
        if concept is not None:
            return concept if self._is_first_party(cls) or ":" in "".join(concept.classes) else None
        if not self._policy.concepts and plays_role(cls.__name__) and self._is_first_party(cls):
            ending = "-".join(word.lower() for word in role_words(cls.__name__)[-2:])
            return Concept(name=ending, classes=(census.qualified_name(cls),), declared=False)
        for base in cls.__mro__[1:-1]:  # a subclass plays what its base plays, whatever its name
            known = self.classes.get(base)
            if known is not None and module != "builtins":
                return known.concept
        return None

    def _is_class_name(self, name: str) -> bool:
        """Is it what a class of some concept may be called, whether or not one exists yet?"""
        if self._policy.concepts:
            return concept_of(self._policy, qualify("", name)) is not None
        return plays_role(name)

    def _is_first_party(self, cls: type) -> bool:
        return self._scope.is_first_party(str(cls.__module__), census.file_of(cls) or None)

    def _wrap_constructor(self, cls: type, known: ObservedClass) -> None:
        own = vars(cls).get("__init__")
        function = plain_function(own)
        maker = self._maker(known.name, "constructor", function, 1)
        self._wrap_metaclass(cls)
        if function is not None:
            self._put(cls, "__init__", own, self._wrappers.constructor(maker, cls))
            self._constructors[cls] = cls
            return
        creator = vars(cls).get("__new__")
        if own is None and plain_function(creator) is not None:
            self._maker(known.name, "constructor", plain_function(creator), 1)
            self._put(cls, "__new__", creator, self._wrappers.creator(self._constructor_of))
            self._constructors[cls] = None
            return
        inherited = _inherited_constructor(cls) if own is None else None
        if inherited is None:
            self._constructors[cls] = None
            reason = "constructed by code that is not Python: seen only when a factory hands it out"
            self._emit(BlindRecord(known.name, reason, time_ns()))
            return
        base, value = inherited
        if base in self._constructors and self._constructors[base] is base:
            self._constructors[cls] = base  # the wrapper that is there reports subclasses too
            return
        function = plain_function(value)
        maker = self._maker(known.name, "constructor", function, 1)
        call = _passing_on(cls)
        wrapper = self._wrappers.constructor(maker, cls, call)
        self._put(cls, "__init__", function or _without_arguments, wrapper)
        self._constructors[cls] = cls

    def _wrap_methods(self, cls: type) -> None:
        for owner in cls.__mro__[:-1]:
            if owner in self._used or not self._is_first_party(owner):
                continue
            self._used.add(owner)
            sources = [source for source in self._policy.user if source.kind in AMBIENT]
            for name, function in public_methods(owner):
                qualified = f"{census.qualified_name(owner)}.{name}"
                readers = readers_for(sources, None, 0, self.failed)
                method = Maker(qualified, "method", function.__code__, readers)
                self._methods.append(method)
                wrapper = use_wrapper(method, self._append, self._instances, self.classes, self.failed)
                self._put(owner, name, function, wrapper)

    def _constructor_of(self, cls: type) -> Maker | None:
        observed = self.classes.get(cls)
        return None if observed is None else self.makers.get(observed.name)

    def _wrap_metaclass(self, cls: type) -> None:
        for metaclass in census.metaclasses(cls):
            if metaclass is type:
                return
            call = vars(metaclass).get("__call__")
            function = plain_function(call)
            if function is not None and self._is_first_party(metaclass):
                if metaclass not in self._patched_metaclasses:
                    self._patched_metaclasses.add(metaclass)
                    self._skip(function)
                    self._put(metaclass, "__call__", call, self._wrappers.creator(self._constructor_of))
                return

    def _resolve(self, cls: type) -> None:
        """Find out which wrapper reports a class that was never bound in a module."""
        reporter = None
        for base in cls.__mro__:
            if self._constructors.get(base) is base:
                reporter = base
                break
            function = plain_function(vars(base).get("__init__"))
            if function is not None:
                self._skip(function)
        observed = self.classes.get(cls)
        if observed is None and reporter is not None:
            nearest = self.classes[reporter]
            name = census.qualified_name(cls)
            shareable = may_be_shared(nearest.concept, name)
            observed = self.classes[cls] = ObservedClass(name, self._serial(), nearest.concept, shareable)
            self._emit(self._describe(cls, observed, census.traits(cls)))
        self._constructors[cls] = reporter

    def _skip(self, function: FunctionType) -> None:
        self._kept_codes.append(function.__code__)
        self._inner_codes.add(id(function.__code__))

    def _wrap_factories(self, owner: type | ModuleType, module: str) -> bool:
        found = False
        owner_name = owner.__qualname__ if isinstance(owner, type) else ""
        owner_words = _words_of(owner_name or module.rpartition(".")[2])
        for name, value, function in functions_of(owner, module):
            if type(value).__name__ == "ObservedFunction":
                continue
            qualified = qualify(module, f"{owner_name}.{name}" if owner_name else name)
            if qualified in self._declared or may_make(
                function, owner_words, self._says_class.__getitem__, self._role_words
            ):
                self._wrap_factory(owner, name, value, function, qualified)
                found = True
        return found

    def _wrap_factory(
        self, owner: type | ModuleType, name: str, value: Any, function: FunctionType, qualified: str
    ) -> None:
        is_method = isinstance(owner, type)
        skipped = 1 if is_method and not isinstance(value, staticmethod) else 0
        kind = "coroutine" if is_coroutine(function.__code__) else "method" if is_method else "function"
        maker = self._maker(qualified, kind, function, skipped)
        make = self._wrappers.coroutine if kind == "coroutine" else self._wrappers.factory
        self._put(owner, name, value, make(maker))
        self._says_class[name] = True  # what calls a maker may be one
        module = qualified.partition(":")[0]
        if not is_method:
            self._emit(BindingRecord(module, name, "function", qualified, 0, time_ns()))

    def _maker(self, name: str, kind: str, function: FunctionType | None, skipped: int) -> Maker:
        code = None if function is None else function.__code__
        readers = readers_for(self._policy.user, code, skipped, self.failed)
        maker = self.makers[name] = Maker(name, kind, code, readers)
        return maker

    def _put(self, owner: type | ModuleType, name: str, value: Any, wrapper: Callable[..., Any]) -> None:
        from ssot_probe.observe.patching import Patch

        try:
            self._patches.append(Patch(owner, name, value, wrapper))
        except Exception as error:
            self.failed(qualify(getattr(owner, "__module__", owner.__name__), name), error)


class _NameCache(dict[str, bool]):
    """Remembers the answer for each name; makers and aliases are added as they are found."""

    def __init__(self, ask: Callable[[str], bool]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, name: str) -> bool:
        answer = self[name] = self._ask(name)
        return answer


def is_watched_by_name(policy: Policy, module: str) -> bool:
    """Does the policy name the module, so that each import of it matters?"""
    for concept in policy.concepts:
        for entry in (*concept.legacy, concept.canonical, *concept.factories):
            named = split(entry)[0]
            if named and (is_within(module, named) or is_within(named, module)):
                return True
    return False


def _own_classes(module: ModuleType, name: str) -> Iterator[type]:
    for value in list(vars(module).values()):
        if issubclass(type(value), type) and vars(value).get("__module__") == name:
            yield value


def _inherited_constructor(cls: type) -> tuple[type, Any] | None:
    """Return the base whose `__init__` constructs the class, None where it is not Python's or is special."""
    if any(base.__module__ == "typing" and base.__name__ == "Protocol" for base in cls.__mro__):
        return None  # typing moves __init__ methods about at the first construction
    for base in cls.__mro__[1:]:
        value = vars(base).get("__init__")
        if value is not None:
            return (base, value) if base is object or plain_function(value) is not None else None
    return None


def _passing_on(cls: type) -> Callable[..., Any]:
    """Return a function that does what constructing did while `cls` had no `__init__` of its own."""

    def ssot_probe_next_constructor(instance: Any, *args: Any, **kwargs: Any) -> Any:
        following = _after(cls, instance).__init__
        if getattr(following, "__objclass__", None) is not object:
            return following(*args, **kwargs)
        if (args or kwargs) and getattr(type(instance), "__new__", None) is object.__new__:
            raise TypeError(f"{type(instance).__name__}() takes no arguments")
        return None

    return ssot_probe_next_constructor


def _after(cls: Any, instance: Any) -> Any:
    return super(cls, instance)


def _without_arguments(self: Any) -> None:
    """Stand for `object.__init__`, with the signature that a class without `__init__` shows."""


def _words_of(name: str) -> set[str]:
    return {word.lower() for part in name.replace("*", " ").split("_") for word in words(part)}
