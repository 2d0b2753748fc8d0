"""Sees that a job or request began with what one before it left in its thread: a context, or thread-locals.

A worker thread keeps what a job sets for the next one. Work that runs in a copy of somebody's context finds
nothing left over, but thread-locals stay there, too.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable, Sequence
from time import time_ns
from types import CodeType
from typing import Any, NamedTuple, Optional

from ssot_probe.context.carried import Carrier, first_carried
from ssot_probe.context.current import thread_and_task
from ssot_probe.context.request import current_request
from ssot_probe.context.values import scalar, stored_id
from ssot_probe.context.work import Work
from ssot_probe.model.residue import context_severity, is_stale
from ssot_probe.observe.holding import IsFirstParty
from ssot_probe.observe.stale_calls import StaleEvent
from ssot_probe.observe.thread_locals import ThreadLocals, values_here

MOST_VALUES = 50
"""Values of one of them, in one thread."""

MOST_USERS = 10_000
"""Users that are known at a time: what is left over is told from other values by them."""

EARLY = 10
"""Pieces of work at which they are searched each time, as not all is there yet."""

LOOK_EVERY = 1_000
"""Pieces of work after which the modules are searched for thread-locals again."""


SHORTEST = 3
"""Characters of an id that is looked for: shorter ones stand for other things as well."""


class _Left(NamedTuple):
    """What a piece of work left in its thread."""

    carrier: str
    user: str
    code: Optional[CodeType]  # of the function that ran


class Leftovers:
    """What is left over in each thread.

    Args:
        carriers: what carries a user's context, by the policy.
        append: takes the events; must neither block nor raise.
        is_first_party: tells the application's modules.
        on_failure: told once when looking raised: then no more is looked.
    """

    def __init__(
        self,
        carriers: Sequence[Carrier],
        append: Callable[[Any], None],
        is_first_party: IsFirstParty,
        on_failure: Callable[[str, BaseException], None],
    ) -> None:
        self.carriers = tuple(carriers)
        self._append = append
        self._on_failure = on_failure
        self._is_enabled = True
        self._left: dict[int, _Left] = {}  # by number of the thread
        self._users: set[str] = set()
        self._thread_locals = ThreadLocals(is_first_party)
        self._locals: list[tuple[str, Any]] = []
        self._modules = self._begun = 0

    def begins(self, work: Work) -> None:
        """Note what a piece of work finds, where it begins."""
        if self._is_enabled:
            try:
                if self.carriers and work.is_own:
                    _, found = first_carried(self.carriers)
                    if found is not None:
                        work.found = found
                self._begun += 1
                if len(sys.modules) != self._modules or self._begun % LOOK_EVERY == 0 or self._begun < EARLY:
                    self._find_locals()
                if self._locals and self._users:
                    work.before = self._in_locals()
            except Exception as error:
                self._failed(error)

    def ends(self, work: Work) -> None:
        """Look at what a piece of work began with, and what it leaves, where it ends."""
        if not self._is_enabled:
            return
        try:
            if self.carriers and work.is_own:
                self._look_at_context(work, work.code)
            if self._locals:
                for user in (work.user, work.for_user):
                    if user is not None and len(self._users) < MOST_USERS:
                        self._users.add(user)
                if work.before:
                    self._look_at_locals(work, work.before, work.code)
        except Exception as error:
            self._failed(error)

    def _failed(self, error: BaseException) -> None:
        self._is_enabled = False
        self._on_failure("what jobs and requests leave behind", error)

    def _in_locals(self) -> dict[str, str]:
        """Return which users the application's thread-locals name in this thread, by where they do."""
        found: dict[str, str] = {}
        for name, local in self._locals:
            for key, value in list(values_here(local).items())[:MOST_VALUES]:
                user = _user_in(value, self._users)
                if user is not None:
                    found[f"threading.local {name}.{key}"] = user
        return found

    def _look_at_context(self, work: Work, code: CodeType | None) -> None:
        carrier, now = first_carried(self.carriers)
        if now is None and not self._left:
            return
        thread = get_ident()
        left = self._left.get(thread)
        if left is None and (now is None or now == work.found):
            return
        if left is not None and work.found == left.user and not work.is_told:
            user = self._user_of(work, left.user, now)
            if user is not None:
                if is_stale(left.user, {user}):
                    self._tell(work, left, user, code, had_effect=False)
            elif work.user == left.user and code is not left.code:  # which may well have set it again
                self._tell(work, left, "", code, had_effect=False)
        if now is None:
            self._left.pop(thread, None)
        elif now != work.found and (left is None or now != left.user):
            self._left[thread] = _Left(carrier, now, code)

    def _look_at_locals(self, work: Work, before: dict[str, str], code: CodeType | None) -> None:
        now = self._in_locals()
        user = work.user or work.for_user
        for carrier, left in before.items():
            if user is not None and is_stale(left, {user, work.for_user or user}):
                self._tell(work, _Left(carrier, left, None), user, code, had_effect=now.get(carrier) == left)

    def _user_of(self, work: Work, left: str, now: str | None) -> str | None:
        """Return whom the work was for, as far as it says so itself or who handed it in."""
        for user in (work.for_user, work.said):
            if user is not None:
                return user
        return next((user for user in (work.user, now) if user is not None and user != left), None)

    def _tell(self, work: Work, left: _Left, user: str, code: CodeType | None, had_effect: bool) -> None:
        thread, task = thread_and_task()
        said_by = "what handed it in" if user and user == work.for_user else "what ran in it"
        self._append(
            StaleEvent(
                moment=work.kind,
                carrier=left.carrier,
                said_by=said_by if user else "",
                carried=left.user,
                user=user,
                maker="" if code is None else code.co_name,
                cls=None,
                code=code,
                offset=0,
                since=left.code,
                thread=thread,
                task=task,
                severity=context_severity(None, had_effect).label,
                request=current_request(),
                time=time_ns(),
            )
        )

    def _find_locals(self) -> None:
        self._modules = len(sys.modules)
        self._locals = self._thread_locals.find()


def _user_in(value: Any, users: set[str]) -> str | None:
    """Return the one of the users whose id a value is, or holds; looks no deeper, and runs no code."""
    user = stored_id(value)
    if user and len(user) >= SHORTEST and user in users:
        return user
    kind = type(value)
    parts: list[Any] = []
    if kind is dict:
        parts = list(value.values())
    elif kind in (list, tuple):
        parts = list(value)
    elif not kind.__module__.startswith("builtins"):
        try:
            parts = list(object.__getattribute__(value, "__dict__").values())
        except AttributeError:  # it has slots, or is of C
            return None
    for part in parts[:MOST_VALUES]:
        user = scalar(part)
        if user is not None and len(user) >= SHORTEST and user in users:
            return user
    return None
