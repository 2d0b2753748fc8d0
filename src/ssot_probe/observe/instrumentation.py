"""The instrumenter, loaded with the first module that is looked through: many processes never have one."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, Optional

from ssot_probe.context import work
from ssot_probe.context.current import bound_user
from ssot_probe.model.policy import Policy
from ssot_probe.observe.awaited import Awaited
from ssot_probe.observe.instances import InstanceTable
from ssot_probe.observe.monitoring import Monitoring
from ssot_probe.observe.scope import Scope

if TYPE_CHECKING:
    from ssot_probe.model.records import Record
    from ssot_probe.observe.holding import IsFirstParty
    from ssot_probe.observe.instrument import Instrumenter
    from ssot_probe.observe.makers import ObservedClass


class Instrumentation:
    """Passes on to the instrumenter what concerns it, once there is one.

    Args:
        policy: what is observed.
        scope: which modules are first-party.
        instances: where instances get their serials.
        append: takes the events of the hot path.
        tell: takes records that a forked child has to tell again.
        monitoring: the interpreter's own events.
        awaited: takes in what else waits for modules.
        is_first_party: tells the application's modules.
        not_heard: told what cannot be listened to, and of the error; must not raise.

    Attributes:
        classes: class object -> what is known of it.
    """

    def __init__(
        self,
        policy: Policy,
        scope: Scope,
        instances: InstanceTable,
        append: Callable[[Any], None],
        tell: Callable[[Record], None],
        monitoring: Monitoring,
        awaited: Awaited,
        is_first_party: IsFirstParty,
        not_heard: Callable[[str, BaseException], None],
    ) -> None:
        self._policy = policy
        self._scope = scope
        self._instances = instances
        self._append = append
        self._tell = tell
        self._monitoring = monitoring
        self._awaited = awaited
        self._is_first_party = is_first_party
        self._not_heard = not_heard
        self._instrumenter: Optional[Instrumenter] = None
        self.classes: dict[type, ObservedClass] = {}

    @property
    def has_begun(self) -> bool:
        """Has anything been looked through?"""
        return self._instrumenter is not None

    def instrument(self, module: ModuleType) -> bool:
        """Look through a module. Does it bind an observed class or maker, so that its imports matter?"""
        if self._instrumenter is None:
            from ssot_probe.observe.instrument import Instrumenter

            self._instrumenter = Instrumenter(
                *(self._policy, self._scope, self._instances, self._append, self._tell),
                self._monitoring,
            )
            self.classes = self._instrumenter.classes
            if self._policy.user or self._policy.concepts:
                self._listen_to_jobs(self._instrumenter)
        return self._instrumenter.instrument(module)

    def look_at_names(self) -> None:
        """Tell what has changed since the last time without anything that says so."""
        if self._instrumenter is not None:
            self._instrumenter.look_at_names()
            self._instrumenter.name_holders()
            self._instrumenter.look_at_legacy()
            self._instrumenter.tell_sources()

    def tell_sources(self) -> None:
        """Tell what has become of asking who the user is."""
        if self._instrumenter is not None:
            self._instrumenter.tell_sources()

    def ask_frameworks(self) -> None:
        """Ask the frameworks for the user from now on."""
        if self._instrumenter is not None:
            self._instrumenter.ask_frameworks()

    def knows_user(self) -> bool:
        """Is there a user for whom the thread works at the moment?"""
        if bound_user() is not None:
            return True
        readers = () if self._instrumenter is None else self._instrumenter.users.of_use()
        return any(reader(None, (), {}) is not None for reader in readers)

    def reports(self, cls: type) -> bool:
        """Are constructions of the class told by a wrapper on its constructor?"""
        return self._instrumenter is not None and self._instrumenter.reports(cls)

    def remove(self) -> None:
        """Take every wrapper off."""
        if self._instrumenter is not None:
            self._instrumenter.remove()

    def after_fork_in_child(self) -> None:
        """Forget what is under way: it goes on in the parent."""
        if self._instrumenter is not None:
            self._instrumenter.after_fork_in_child()

    def _listen_to_jobs(self, instrumenter: Instrumenter) -> None:
        from ssot_probe.observe.jobs import Jobs
        from ssot_probe.observe.leftovers import Leftovers

        carriers = instrumenter.stale_calls.carriers
        work.watchers[:] = [Leftovers(carriers, self._append, self._is_first_party, self._not_heard)]
        jobs = Jobs(carriers, self._not_heard)
        self._awaited.listeners.append(jobs)
        jobs.look()
