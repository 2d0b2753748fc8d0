"""Sees, at a call of a maker or method, that it runs for one user with the context of another.

What is stale is defined in `model/residue.py`. A context that was set since the piece of work began which it
runs in is no leftover: somebody acts for somebody else there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import time_ns
from types import CodeType
from typing import Any, NamedTuple, Optional

from ssot_probe.context.carried import Carrier, carriers_of, first_carried
from ssot_probe.context.current import bound_user, thread_and_task, users_around
from ssot_probe.context.frameworks import framework_user
from ssot_probe.context.request import current_request, mark_request
from ssot_probe.context.sources import parameter_positions, text_of
from ssot_probe.context.values import follow, unwrapped, user_id
from ssot_probe.context.work import Work, current_work
from ssot_probe.model.policy import UserSource
from ssot_probe.model.residue import context_severity, is_stale
from ssot_probe.observe.makers import Maker, ObservedClass

FRAMEWORK = "the framework"
"""Believed only once it has agreed with the context: it may call users by other ids, such as their names."""


class StaleEvent(NamedTuple):
    """Work ran, or began, with the context of somebody whom it was not for."""

    moment: str  # "call" | "job" | "request"
    carrier: str  # what carried it
    said_by: str  # what said whom the work is for
    carried: str  # the application's ids: hashed before they leave the process
    user: str
    maker: str  # what was called, or ran as the job
    cls: Optional[ObservedClass]
    code: Optional[CodeType]  # of the caller
    offset: int
    since: Optional[CodeType]  # what left it over
    thread: str
    task: str
    severity: str
    request: tuple[str, str]
    time: int


StaleCheck = Callable[[Maker, ObservedClass, Any, tuple[Any, ...], dict[str, Any], CodeType, int], None]
"""Takes a call that is observed: maker, class, instance, arguments, and the place of the call."""


ArgumentReader = Callable[[tuple[Any, ...], Mapping[str, Any]], Optional[str]]
"""(positional arguments, keyword arguments) of a call -> the user that one of them is."""


class StaleCalls:
    """Makes what looks at each call.

    Args:
        sources: the policy's, of users.
        append: takes the events; must neither block nor raise.
        on_failure: told when a source raises.
    """

    def __init__(
        self,
        sources: Sequence[UserSource],
        append: Callable[[Any], None],
        on_failure: Callable[[str, BaseException], None],
    ) -> None:
        self._sources = tuple(sources)
        self._append = append
        self._on_failure = on_failure
        self.carriers: tuple[Carrier, ...] = carriers_of(sources, on_failure)
        self._agreed = [False]  # the framework has named a user whom the context named as well

    def of_maker(self, code: CodeType | None, skipped: int) -> StaleCheck | None:
        """Return what looks at the calls of one maker; None where nothing is carried by the policy.

        Args:
            code: of the maker, to find the parameters that the policy declares to be the user.
            skipped: leading parameters that a call does not pass on.
        """
        if not self.carriers:
            return None
        positions = parameter_positions(code, skipped)
        named = [
            (f"argument {source.target}", self._argument_reader(source, positions))
            for source in self._sources
            if source.kind == "argument" and source.target.partition(".")[0] in positions
        ]
        return self._checking(named)

    def of_method(self) -> StaleCheck | None:
        """Return what looks at the calls of a method: its arguments often name the addressee."""
        return self._checking(()) if self.carriers else None

    def _argument_reader(self, source: UserSource, positions: Mapping[str, int]) -> ArgumentReader:
        name, *path = source.target.split(".")
        position, on_failure = positions[name], self._on_failure

        def read(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
            if name in kwargs:
                value = kwargs[name]
            elif 0 <= position < len(args):
                value = args[position]
            else:
                return None
            if type(value) is str and not path:
                return value or None
            try:
                return user_id(unwrapped(follow(value, path)))
            except Exception as error:
                on_failure(text_of(source), error)
                return None

        return read

    def _checking(self, named: Sequence[tuple[str, ArgumentReader]]) -> StaleCheck:
        carriers, append, agreed = self.carriers, self._append, self._agreed

        def check(
            maker: Maker,
            observed: ObservedClass,
            instance: Any,
            args: tuple[Any, ...],
            kwargs: dict[str, Any],
            code: CodeType,
            offset: int,
        ) -> None:
            said_by = ""
            user = bound_user()
            if user is not None:
                said_by = "bind_user"
            for name, read in named:
                found = read(args, kwargs)
                if found is not None:
                    said_by, user = name, found
                    break
            if user is None:
                said_by, user = FRAMEWORK, framework_user()
            work = current_work()
            if work is not None and user is not None:
                work.said = user
            if user is None and work is not None and not work.is_over:
                said_by, user = "what handed the work in", work.for_user
            if user is None:
                return
            carrier, carried = first_carried(carriers)
            if carried is None:
                return
            if carried == user:
                if said_by == FRAMEWORK:
                    agreed[0] = True
                return
            if said_by == FRAMEWORK and not agreed[0]:
                return
            if not is_stale(carried, _work_of(user, work)) or _is_fresh(carried, work):
                return
            if work is not None:
                work.is_told = True
            severity = context_severity(observed.concept, had_effect=True).label
            mark_request("SSOT304", severity, observed.concept.name, observed.name)
            append(
                StaleEvent(
                    *("call", carrier, said_by, carried, user, maker.name, observed, code, offset, None),
                    *(*thread_and_task(), severity, current_request(), time_ns()),
                )
            )

        return check


def _work_of(user: str, work: Work | None) -> set[str]:
    """Return all users that the work which runs now is said to be for."""
    users = {user, *users_around()}
    bound = bound_user()
    if bound is not None:
        users.add(bound)
    if work is not None and not work.is_over and work.for_user is not None:
        users.add(work.for_user)
    of_request = framework_user()
    if of_request is not None:
        users.add(of_request)
    return users


def _is_fresh(carried: str, work: Work | None) -> bool:
    """Was the context set since the work began which this runs in, and which goes on?"""
    return work is not None and not work.is_over and work.found != carried
