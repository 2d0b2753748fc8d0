"""The hot path: what notes that a call produced an instance. Every recorded call passes here.

It appends one tuple and never formats, locks or does I/O: what all calls at a place have in common is in
their call site. Only a factory's call leaves something behind in its context: who is running, so that what is
constructed inside of it is known to be.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from sys import _getframe, modules
from time import time_ns
from types import FrameType
from typing import Any

from ssot_probe.context.current import bound_user, thread_and_task
from ssot_probe.context.request import current_request, mark_request
from ssot_probe.context.work import active, note_user
from ssot_probe.model.sharing import sharing_severity
from ssot_probe.observe.actors import current_task, here
from ssot_probe.observe.call_sites import CallSite
from ssot_probe.observe.early_makers import EarlyMakers
from ssot_probe.observe.instances import NOT_CONSTRUCTED, InstanceRef, InstanceTable
from ssot_probe.observe.makers import Maker
from ssot_probe.observe.tallies import begin as begin_tally
from ssot_probe.observe.tallies import mine
from ssot_probe.observe.thread_use import ThreadUse

_NO_REQUEST = ("", "")

Chain = tuple[Maker, ...]
Call = list[Any]
"""A call of a factory: [the factories that run, with itself as the last one; None once it is over,
the call that it is made in, or None, when it began, and the newest instance at that time; where an argument
names the user, until it is over, its arguments]. A list, because one is made for every call."""

running_call: ContextVar[Call | None] = ContextVar("ssot_probe_makers", default=None)

_untracked: ContextVar[tuple[int, Maker, Chain] | None] = ContextVar("ssot_probe_untracked", default=None)
"""What was handed out last of what allows no weak references: its id, the factory that it first came out of,
and those that ran around that."""

Recording = Callable[..., None]  # takes what `constructed` and `returned` below do


def chain_around(call: Call | None) -> Chain:
    """Return the factories that still run around a call that is over.

    A task that was started inside of a factory finds that call in its context, however long ago it ended.
    """
    while call is not None and call[0] is None:
        call = call[1]
    return () if call is None else call[0]


def user_named_around(call: Call | None) -> str | None:
    """Return the user whom an argument of a running factory names: what it constructs is made for them.

    What surrounds the call may be left over from somebody else's work, which SSOT304 tells.
    """
    while call is not None:
        if call[0] is not None and len(call) > 4:
            user: str | None = call[0][-1].user_of(None, call[4], call[5])
            if user is not None:
                return user
        call = call[1]
    return None


def recording(
    append: Callable[[Any], None], instances: InstanceTable, early: EarlyMakers
) -> tuple[Recording, Recording]:
    """Return what notes that an instance was constructed, and that it was returned."""
    early_makers = early.makers
    find, follow, meets, running = instances.by_id.get, instances.add, instances.meets, running_call.get
    by_id, serials, forget = instances.by_id, instances.serials, instances.forget
    users, welcome = instances.users, instances.welcome
    untracked, set_untracked = _untracked.get, _untracked.set
    note_thread = ThreadUse(append).note

    def constructed(site: CallSite, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        call = running()
        if call is not None or early_makers:
            chain = () if call is None else call[0] or chain_around(call)
            if early_makers:
                chain = early.chain(chain, _getframe(2))
            if chain:
                site = site.within(chain)
        maker = site.maker
        key = id(instance)
        known = find(key)
        if known is not None:
            if known() is not instance:
                known = None
            elif known.born is not NOT_CONSTRUCTED:  # its `__init__` ran again
                returned(site.again(), instance, args, kwargs, is_factory=False)
                return
        user = bound_user()
        if user is None:
            if call is not None and maker.check is not None and not maker.names_user:
                user = user_named_around(call)
            if user is None and maker.readers:
                user = maker.user_of(instance, args, kwargs)
        if user is not None and active:
            note_user(user)
        if maker.check is not None:
            maker.check(maker, site.cls, instance, args, kwargs, site.code, site.offset)
        born: CallSite | None = site
        try:
            if known is None:
                known = InstanceRef(instance, forget)  # as `instances.add` does, with one call less
                known.key = key
                known.serial = instances.newest = next(serials)
                known.user = user
                known.others = known.origin = known.first = known.use = None
                known.made = known.access = None
                by_id[key] = known
                if user not in users:
                    welcome(user)
            elif user is not None:  # somebody met it while its `__init__` ran
                meets(known, user)
            known.born = site
        except TypeError:  # its class allows no weak references
            known = born = None
        request = _NO_REQUEST
        if user is not None and "opentelemetry.trace" in modules:
            request = current_request()
        thread, task = thread_and_task()
        append((site, known, user, user is not None, thread, task, None, born, request, time_ns()))

    def returned(
        site: CallSite,
        instance: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        is_factory: bool = True,
        frame: FrameType | None = None,
    ) -> None:
        if early_makers and is_factory:
            site = site.within(early.chain(site.chain, frame or _getframe(2)))
        maker, observed = site.maker, site.cls
        user = bound_user()
        if user is None:
            for read in maker.readers:
                user = read(instance, args, kwargs)
                if user is not None:
                    break
        if user is not None and active:
            note_user(user)
        if maker.check is not None:
            maker.check(maker, observed, instance, args, kwargs, site.code, site.offset)
        tally = mine.tallies.get(site)
        if tally is not None and tally.user == user and tally.find() is instance:
            task, counted = current_task(), tally.task
            if counted is None if task is None else counted is not None and counted() is task:
                tally.time = time_ns()
                tally.count += 1
                return
        origin = born = None
        is_first = False
        known = find(id(instance))
        if known is None or known() is not instance:
            try:
                known = follow(instance, user)
                is_first = user is not None
                if observed.is_seen_constructed:
                    known.born = NOT_CONSTRUCTED
            except TypeError:  # its class allows no weak references
                known = None
                before = untracked()
                passed_on = before is not None and before[0] == id(instance) and maker in before[2]
                origin = before[1] if passed_on and before is not None else maker
                set_untracked((id(instance), origin, site.chain))
        elif user is not None and known.user != user:
            is_first = meets(known, user)
        if known is not None:
            if is_factory and known.origin is None:
                known.origin = maker
                if known.born is not None and maker in known.born.chain:
                    known.born = None  # constructed inside the very factory
            origin, born = known.origin, known.born
        request = _NO_REQUEST
        if is_first and "opentelemetry.trace" in modules:
            request = current_request()
            if known is not None and known.others and not observed.is_shareable:
                severity = sharing_severity(observed.concept).label
                mark_request("SSOT301", severity, observed.concept.name, observed.name)
        thread, task_name = thread_and_task()
        now = time_ns()
        if known is not None and user is not None and observed.is_followed:
            first = known.first
            if first is None and not observed.is_guarded:
                known.first = (here.thread, maker, user, thread, task_name, site.code, site.offset, now)
            if observed.is_guarded or (
                known.use is not None if first is None else first[0] is not here.thread
            ):
                note_thread(known, observed, maker, "returned", user, site.code, site.offset)
        event = (site, known, user, is_first, thread, task_name, origin, born, request, now)
        append(event)
        if known is not None and not is_first and origin is not None and not observed.is_guarded:
            latest = site.latest
            if latest is None or latest[0] is not known or latest[1] != user:
                site.latest = (known, user)
            elif user is None or known.first is None or known.first[0] is here.thread:
                begin_tally(known, current_task(), event)

    return constructed, returned
