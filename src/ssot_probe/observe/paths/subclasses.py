"""Finds classes that somebody else derives from those of a watched path: that is a use, and so are theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import time_ns
from weakref import ref

from ssot_probe.model.path_records import APPLICATION, INHERITED, TEST
from ssot_probe.observe import census
from ssot_probe.observe.candidates import plain_function
from ssot_probe.observe.class_set import ClassSet
from ssot_probe.observe.paths.ear import Target, Use
from ssot_probe.observe.paths.ears import Ears
from ssot_probe.observe.paths.wrapping import Wrapping

MOST_SUBCLASSES = 500
"""Subclasses whose constructions are listened to; all of them are told."""


class Subclasses:
    """Looks at the subclasses of classes of watched paths.

    Args:
        ears: what is heard.
        wrapping: listens to constructors before 3.12.
        is_of_path: (path, class) -> does the class belong to the path itself?
    """

    def __init__(self, ears: Ears, wrapping: Wrapping, is_of_path: Callable[[str, type], bool]) -> None:
        self._ears = ears
        self._wrapping = wrapping
        self._is_of_path = is_of_path
        self._bases: list[tuple[ref[type], Target]] = []
        self._told = ClassSet()
        self._heard = ClassSet()

    def add(self, cls: type, target: Target) -> None:
        """Look out for subclasses of a class of a path, whose constructions are told as `target`."""
        self._bases.append((ref(cls), target))
        self._told.discard(cls)

    def forget(self) -> None:
        """Tell of all of them anew."""
        self._told.clear()

    def look(self) -> None:
        """Tell of those that are new."""
        found: list[tuple[type, Target]] = []
        for base, target in list(self._bases):
            cls = base()
            if cls is not None:
                found += [
                    (sub, target)
                    for sub in _subclasses(cls)
                    if sub not in self._told and not self._is_of_path(target.path, sub)
                ]
        for sub, target in found:
            self._tell(sub, target)
        for sub, _ in found:
            self._told.add(sub)

    def _tell(self, sub: type, target: Target) -> None:
        through = census.qualified_name(sub)
        inherited = target._replace(rung=INHERITED, through=through)
        stored = vars(sub).get("__firstlineno__")  # since 3.13; before, the recorder looks for it
        line = stored if isinstance(stored, int) else 0
        place = census.file_of(sub), line, sub.__qualname__, str(sub.__module__)
        origin = TEST if _is_in_test(str(sub.__module__)) else APPLICATION
        now = time_ns()
        use = Use((inherited,), None, -1, place[3], origin, False, "", now, [1, 0, 0, now], place)
        self._ears.add_use(use)
        if sub not in self._heard and len(self._heard) < MOST_SUBCLASSES and not census.is_strange(sub):
            self._heard.add(sub)
            self._listen(sub, target._replace(through=through))

    def _listen(self, sub: type, target: Target) -> None:
        own = vars(sub).get("__init__")
        function = plain_function(own)
        if function is None or function.__module__ != sub.__module__:
            return
        self._wrapping.heard_elsewhere.add(sub)
        if self._ears.listen(function.__code__, target) is None:
            self._wrapping.listen_to_function(sub, "__init__", own, target)


def _subclasses(cls: type) -> Iterator[type]:
    sub: type
    for sub in type.__subclasses__(cls):
        yield sub
        yield from _subclasses(sub)


def _is_in_test(module: str) -> bool:
    parts = module.split(".")
    return any(part in ("tests", "conftest") or part.startswith("test_") for part in parts)
