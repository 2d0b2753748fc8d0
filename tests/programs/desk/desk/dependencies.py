"""What endpoints depend on."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, HTTPException
from sqlalchemy.ext.asyncio import AsyncSession

from desk.auth import User, signed_in
from desk.database import get_session
from desk.limits import RateLimiter
from desk.printers import PrinterPool
from desk.settings import get_settings
from desk.tickets import TicketRepository
from desk.workspaces import Workspace, workspaces

limiter = RateLimiter(get_settings().requests_per_second)
_printers: list[PrinterPool] = []


def get_printers() -> PrinterPool:
    """The pool of printers, made with the first request: before 3.10, queues were bound to a loop."""
    if not _printers:
        _printers.append(PrinterPool(4))
    return _printers[0]


async def get_user() -> User:
    """The signed-in user, if they have not asked for too much."""
    user = signed_in()
    if not limiter.allows(user.user_id):
        raise HTTPException(429, "too many requests")
    return user


CurrentUser = Annotated[User, Depends(get_user)]
CurrentSession = Annotated[AsyncSession, Depends(get_session)]


async def get_tickets(session: CurrentSession, user: CurrentUser) -> TicketRepository:
    """The user's tickets, for this request."""
    return TicketRepository(session, user)


def tickets_after(session: AsyncSession, user: User) -> TicketRepository:
    """The user's tickets for what follows an answer, in a session of its own."""
    return TicketRepository(session, user)


async def get_workspace(user: CurrentUser) -> AsyncIterator[Workspace]:
    """The user's workspace, for as long as it takes to answer and what follows that."""
    workspace = workspaces.of(user)
    try:
        yield workspace
    finally:
        workspace.prefer("last", "seen")


Tickets = Annotated[TicketRepository, Depends(get_tickets)]
CurrentWorkspace = Annotated[Workspace, Depends(get_workspace)]
