"""The user whom the frameworks know: of the request, task or log context that runs right now.

Where a request begins and ends is told by `observe.entry_points`. Nothing of a framework is imported here:
what is read is what the application has loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar, Token
from typing import Any, Optional

from ssot_probe.context import work
from ssot_probe.context.values import id_of_account, unwrapped

Accounts = Callable[[Any], tuple[Any, ...]]
"""What a framework passes around for one request -> what it holds there as the user, the best first.

They may be lazy: they are looked at without being loaded."""


class Framework:
    """A framework that the application has loaded.

    Attributes:
        name: as its project writes it.
        rank: those of a lower rank are asked first.
        user: returns the user here; None for frameworks that pass requests around.
        has_answered: it has known a user.
        error: why its user could not be read, "" while it could.
    """

    __slots__ = ("error", "has_answered", "name", "rank", "user")

    def __init__(self, name: str, user: Callable[[], str | None] | None = None, rank: int = 0) -> None:
        self.name = name
        self.rank = rank
        self.user = user
        self.has_answered = False
        self.error = ""


class Request:
    """A request that runs: knows what the framework passes around, until it ends, and then only the user.

    Attributes:
        carrier: a scope or request of the framework's; None once the request has ended.
        outer: the request around it, such as that of an application that this one is mounted in.
    """

    __slots__ = ("_accounts", "_known", "carrier", "framework", "outer")

    def __init__(self, framework: Framework, accounts: Accounts, carrier: Any, outer: Request | None) -> None:
        self.framework = framework
        self.carrier = carrier
        self.outer = outer
        self._accounts = accounts
        self._known: tuple[Any, str | None] = (None, None)

    def user(self) -> str | None:
        """Return the user's id; "" where the framework says that there is none, None for no answer."""
        carrier, (known, user) = self.carrier, self._known
        if carrier is None:
            return user  # tasks that outlive a request stay the user's
        says_nobody = None
        for account in self._accounts(carrier):
            if account is not None:
                if account is known:
                    return user
                found = id_of_account(unwrapped(account))
                if found:
                    self._known = (account, found)
                    self.framework.has_answered = True
                    return found
                if found == "":
                    says_nobody = found
        return says_nobody

    def known_user(self) -> str | None:
        """Return the user's id, None for nobody and where it cannot be read."""
        try:
            return self.user() or None
        except Exception as error:
            self.framework.error = type(error).__name__
            return None

    def end(self) -> None:
        """Keep nothing of the application's alive."""
        try:
            user = self.user()
        except Exception as error:
            user, self.framework.error = None, type(error).__name__
        self._known, self.carrier, self.outer = (None, user), None, None


_request: ContextVar[Optional[Request]] = ContextVar("ssot_probe_request", default=None)
_current = _request.get

_loaded: dict[str, Framework] = {}
_asked: tuple[Framework, ...] = ()  # those that are asked beside the running request


def framework_user() -> str | None:
    """Return the id of the user that the running request or task is for, as the frameworks know it.

    None for nobody. What `bind_user` and the policy say does not count here. No code of the application
    runs, lazy users stay unloaded, and nothing is raised. It is the application's own id: it leaves the
    process as a keyed hash only.
    """
    request = _current()
    while request is not None:
        try:
            user = request.user()
        except Exception as error:
            user, request.framework.error = None, type(error).__name__
        if user is not None:
            return user or None
        request = request.outer
    for framework in _asked:
        try:
            user = framework.user()  # type: ignore[misc]
        except Exception as error:
            user, framework.error = None, type(error).__name__
        if user is not None:
            framework.has_answered |= bool(user)
            return user or None
    return None


Begun = tuple[Request, Token[Optional[Request]], Any]
"""What `end` takes."""


def begin(framework: Framework, accounts: Accounts, carrier: Any) -> Begun | None:
    """Say that a request begins in this context; None where it runs already. `end` takes the answer."""
    outer = _current()
    if outer is not None and outer.carrier is carrier:
        return None
    is_inner = outer is not None and outer.carrier is not None
    noted = work.begin("request") if work.is_noted[0] and not is_inner else None
    request = Request(framework, accounts, carrier, outer)
    return request, _request.set(request), noted


def end(begun: Begun) -> None:
    """Say that a request has ended."""
    request, token, noted = begun
    with suppress(ValueError):  # closed from another context, where it never began
        _request.reset(token)
    if noted is not None:
        noted[0].for_user = request.known_user()
        work.end(noted)
    request.end()


def loaded() -> tuple[Framework, ...]:
    """Return the frameworks whose user is asked for."""
    return tuple(_loaded.values())


def add(framework: Framework) -> Framework:
    """Ask a framework from now on; returns the one that is asked under this name."""
    global _asked
    known = _loaded.setdefault(framework.name, framework)
    if known is framework and framework.user is not None:
        _asked = tuple(sorted((*_asked, framework), key=lambda known: known.rank))
    return known


def forget() -> None:
    """Ask no framework any more."""
    global _asked
    _loaded.clear()
    _asked = ()
