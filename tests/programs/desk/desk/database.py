"""The database: one engine with its pool for the process, a session for each request."""

from collections.abc import AsyncIterator
from datetime import datetime, timezone

from sqlalchemy import DateTime, ForeignKey, String
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from desk.settings import get_settings

engine = create_async_engine(
    get_settings().database_url, pool_size=8, max_overflow=0, pool_timeout=60, connect_args={"timeout": 60}
)
new_session = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    """What all tables have in common."""


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Ticket(Base):
    """A question of one user."""

    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    title: Mapped[str] = mapped_column(String(200))
    opened: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now)
    notes: Mapped[list["Note"]] = relationship(back_populates="ticket", lazy="selectin")


class Note(Base):
    """Something that was added to a ticket."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    text: Mapped[str] = mapped_column(String(500))
    ticket: Mapped[Ticket] = relationship(back_populates="notes")


async def create_tables() -> None:
    """Make the tables where they are not there yet."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


async def get_session() -> AsyncIterator[AsyncSession]:
    """A session for the length of a request."""
    async with new_session() as session:
        yield session
