"""Sees for whom an instance's methods run: an instance that no factory hands out is shared all the same.

Only the first call of each user on each instance leaves an event; every other call costs two look-ups. Who
it was is taken from what surrounds the call, never from its arguments: those often name the addressee.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable, Container, Iterator
from sys import _getframe
from time import time_ns
from types import CodeType, FunctionType
from typing import Any

from ssot_probe.context.current import bound_user, task_name, thread_name
from ssot_probe.context.request import current_request, mark_request
from ssot_probe.context.sources import reading
from ssot_probe.model.sharing import sharing_severity
from ssot_probe.observe.instances import InstanceTable
from ssot_probe.observe.makers import Maker, ObservedClass
from ssot_probe.observe.unseen_frames import leave_out, unseen
from ssot_probe.observe.wrappers import Wrapper, caller_depth

AMBIENT = frozenset({"contextvar", "call", "baggage"})
"""Kinds of user sources that say who is running, rather than whom a call is about."""


def public_methods(cls: type) -> list[tuple[str, FunctionType]]:
    """Return the plain public methods that a class itself defines."""
    return [
        (name, value)
        for name, value in list(vars(cls).items())
        if type(value) is FunctionType and not name.startswith("_")
    ]


def method_codes(cls: type) -> Iterator[CodeType]:
    """Yield the code of every function that a class itself defines, and of those inside of them."""
    waiting = [value.__code__ for value in list(vars(cls).values()) if type(value) is FunctionType]
    while waiting:
        code = waiting.pop()
        yield code
        waiting += [constant for constant in code.co_consts if type(constant) is CodeType]


@unseen
def use_wrapper(
    method: Maker,
    append: Callable[[tuple[object, ...]], None],
    instances: InstanceTable,
    classes: dict[type, ObservedClass],
    on_failure: Callable[[str, BaseException], None],
    for_everybody: Container[CodeType] = (),
) -> Wrapper:
    """Return the wrapper of a method; `method.readers` say who is running.

    What code that acts `for_everybody` calls, such as that of a bus which tells all its subscribers, is not
    used by the user for whom that code happens to run.
    """
    depth = 1 + caller_depth()  # of `_meet`

    def ssot_probe_method(wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if method.is_enabled:
            try:
                observed = classes.get(type(instance))
                if observed is not None and not (reading and get_ident() in reading):
                    _meet(method, observed, instance)
            except Exception as error:
                method.is_enabled = False
                on_failure(method.name, error)
        try:
            return wrapped(*args, **kwargs)
        except BaseException as error:
            leave_out(error)
            raise

    def _meet(method: Maker, observed: ObservedClass, instance: Any) -> None:
        user = bound_user()
        if user is None:
            user = method.user_of(instance, (), {})
            if user is None:
                return
        known = instances.by_id.get(id(instance))
        if known is None or known() is not instance:
            try:
                known = instances.add(instance)
            except TypeError:  # its class allows no weak references
                return
        is_second = known.user is not None
        if known.user == user:
            return
        caller = _getframe(depth)
        if caller.f_code in for_everybody or not instances.meets(known, user):
            return
        request = ("", "")
        if "opentelemetry.trace" in sys.modules:
            request = current_request()
            if is_second and not observed.is_shareable:
                severity = sharing_severity(observed.concept).label
                mark_request("SSOT301", severity, observed.concept.name, observed.name)
        append(
            (
                *(method, "used", observed, known, user, True, thread_name(), task_name()),
                *(caller.f_code, caller.f_lasti, (), known.origin, known.born, request, time_ns()),
            )
        )

    return ssot_probe_method
