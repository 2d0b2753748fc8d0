"""The application."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import BackgroundTasks, FastAPI, HTTPException, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from desk import articles, cache, log
from desk.announcements import bus
from desk.auth import AuthenticationMiddleware, User, signed_in
from desk.database import create_tables, engine, new_session
from desk.dependencies import CurrentUser, CurrentWorkspace, Tickets, get_printers, tickets_after
from desk.exports import export, summary
from desk.notifications import get_notification_manager, leave
from desk.pages import page

logger = structlog.get_logger()


async def _refresh_rates() -> None:
    while True:
        await articles.rates("EUR")
        await asyncio.sleep(1)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Tables before the first request; connections closed after the last."""
    log.configure()
    await create_tables()
    refreshing = asyncio.create_task(_refresh_rates())
    yield
    refreshing.cancel()
    await asyncio.gather(refreshing, return_exceptions=True)
    await articles.client.aclose()
    await cache.client.aclose()
    await engine.dispose()


class TimingMiddleware(BaseHTTPMiddleware):
    """Says how long a request took."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        started = time.perf_counter()
        response = await call_next(request)
        response.headers["X-Seconds"] = f"{time.perf_counter() - started:.4f}"
        return response


app = FastAPI(lifespan=lifespan)
app.add_middleware(AuthenticationMiddleware)
app.add_middleware(TimingMiddleware)


class NewTicket(BaseModel):
    """What a client sends to open a ticket."""

    title: str = Field(max_length=200)
    tags: list[str] = []


class Announcement(BaseModel):
    """What staff sends."""

    text: str


@app.get("/health")
async def health() -> dict[str, str]:
    """For the load balancer."""
    return {"status": "ok"}


@app.get("/articles/{slug}")
def read_article(slug: str, language: str = "en") -> dict[str, Any]:
    """A public article; runs in the thread pool."""
    try:
        return articles.article(slug, language)
    except KeyError:
        raise HTTPException(404) from None


@app.get("/rates/{base}")
async def read_rates(base: str) -> dict[str, float]:
    """Public rates."""
    return await articles.rates(base)


async def _tell(user: User, ticket_id: int, title: str) -> None:
    """After the answer: a note in the database with a session of its own, and news to the user's sockets."""
    async with new_session() as session:
        await tickets_after(session, user).add_note(ticket_id, f"opened: {title}")
    await get_notification_manager(user).notify({"type": "opened", "id": ticket_id, "owner": user.user_id})


@app.post("/tickets", status_code=201)
async def open_ticket(
    new: NewTicket, tickets: Tickets, user: CurrentUser, workspace: CurrentWorkspace, after: BackgroundTasks
) -> dict[str, Any]:
    """Open a ticket."""
    ticket = await tickets.open(new.title)
    workspace.keep(new.title)
    after.add_task(_tell, user, ticket.id, new.title)
    await cache.remember(user.user_id, "last-ticket", {"id": ticket.id})
    await logger.ainfo("opened", ticket=ticket.id)
    return {"id": ticket.id, "owner": user.user_id}


@app.get("/tickets")
async def list_tickets(tickets: Tickets) -> list[dict[str, Any]]:
    """All tickets of the user."""
    return await tickets.all()


@app.get("/tickets.html")
async def show_tickets(tickets: Tickets, user: CurrentUser) -> HTMLResponse:
    """The same as a page."""
    return HTMLResponse(page("tickets.html", title="Tickets", user=user, tickets=await tickets.all()))


@app.get("/tickets.csv")
async def export_tickets(tickets: Tickets) -> PlainTextResponse:
    """The same as a table."""
    return PlainTextResponse(await export(await tickets.all()))


@app.get("/overview")
async def overview(tickets: Tickets, user: CurrentUser, workspace: CurrentWorkspace) -> dict[str, Any]:
    """Everything at once, asked for side by side where that is possible."""
    all_tickets = await tickets.all()
    rates, visits, last, added_up = await asyncio.gather(
        articles.rates("EUR"),
        cache.count_visit(user.user_id),
        cache.remembered(user.user_id, "last-ticket"),
        summary(all_tickets),
    )
    return {
        "owner": user.user_id,
        "rates": rates,
        "visits": visits,
        "last": last,
        "summary": added_up,
        "drafts": list(workspace.drafts),
    }


@app.get("/preferences")
def preferences(workspace: CurrentWorkspace) -> dict[str, Any]:
    """What the user prefers; runs in the thread pool."""
    workspace.prefer("seen", time.time())
    return {"owner": signed_in().user_id, "layout": workspace.preferences["layout"]}


@app.post("/print")
async def print_tickets(tickets: Tickets, user: CurrentUser) -> dict[str, Any]:
    """Print the user's tickets."""
    async with get_printers().printer() as printer:
        lines = await printer.print(f"{user.user_id}: {ticket['title']}" for ticket in await tickets.all())
        return {"owner": user.user_id, "lines": lines}


@app.post("/announcements")
async def announce(new: Announcement, user: CurrentUser) -> dict[str, int]:
    """Tell everybody who is connected; for staff."""
    if not user.is_staff:
        raise HTTPException(403)
    return {"told": await bus.announce(new.text)}


@app.websocket("/ws")
async def listen(socket: WebSocket) -> None:
    """Tell one socket of the signed-in user what is new."""
    user = signed_in()
    manager = get_notification_manager(user)
    await socket.accept()
    manager.connect(socket)
    bus.subscribe(manager)
    try:
        await socket.send_json({"type": "connected", "owner": user.user_id, "missed": len(manager.history)})
        while True:
            message = await socket.receive_json()
            await manager.notify({"type": "echo", "owner": user.user_id, "text": str(message.get("text"))})
    except WebSocketDisconnect:
        pass
    finally:
        manager.disconnect(socket)
        bus.unsubscribe(manager)
        leave(user)
