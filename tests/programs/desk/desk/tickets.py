"""Tickets in the database, as one user sees them."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.auth import User
from desk.database import Note, Ticket


class TicketRepository:
    """The tickets of one user, for one request."""

    def __init__(self, session: AsyncSession, user: User) -> None:
        self._session = session
        self._user = user
        self._opened: list[int] = []

    async def open(self, title: str) -> Ticket:
        """Open a ticket."""
        ticket = Ticket(owner=self._user.user_id, title=title)
        self._session.add(ticket)
        await self._session.commit()
        self._opened.append(ticket.id)
        return ticket

    async def all(self) -> list[dict[str, Any]]:
        """All tickets, the newest first."""
        found = await self._session.scalars(
            select(Ticket).where(Ticket.owner == self._user.user_id).order_by(Ticket.id.desc())
        )
        return [
            {"id": ticket.id, "owner": ticket.owner, "title": ticket.title, "notes": len(ticket.notes)}
            for ticket in found
        ]

    async def count(self) -> int:
        """How many there are."""
        found = await self._session.scalar(
            select(func.count()).select_from(Ticket).where(Ticket.owner == self._user.user_id)
        )
        return int(found or 0)

    async def add_note(self, ticket_id: int, text: str) -> bool:
        """Add a note to one of the user's own tickets."""
        ticket = await self._session.get(Ticket, ticket_id)
        if ticket is None or ticket.owner != self._user.user_id:
            return False
        self._session.add(Note(ticket_id=ticket_id, text=text))
        await self._session.commit()
        return True
