"""Exports: work for threads."""

import asyncio
import csv
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from desk.auth import signed_in

_executor = ThreadPoolExecutor(max_workers=4, thread_name_prefix="export")
_buffers = threading.local()  # a buffer per thread, empty between two exports


def _buffer() -> io.StringIO:
    buffer: io.StringIO | None = getattr(_buffers, "buffer", None)
    if buffer is None:
        buffer = _buffers.buffer = io.StringIO()
    return buffer


def to_csv(tickets: list[dict[str, Any]]) -> str:
    """Write the tickets of the signed-in user as CSV."""
    user = signed_in()
    buffer = _buffer()
    try:
        writer = csv.writer(buffer)
        writer.writerow(["owner", "id", "title"])
        for ticket in tickets:
            writer.writerow([user.user_id, ticket["id"], ticket["title"]])
        return buffer.getvalue()
    finally:
        buffer.seek(0)
        buffer.truncate()


async def export(tickets: list[dict[str, Any]]) -> str:
    """Write CSV in a thread of ours, which knows who is signed in by a copy of the context."""
    context = copy_context()
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_executor, context.run, to_csv, tickets)


async def summary(tickets: list[dict[str, Any]]) -> dict[str, Any]:
    """Add up in a thread of asyncio's, which copies the context by itself."""

    def add_up() -> dict[str, Any]:
        user = signed_in()
        return {"owner": user.user_id, "tickets": len(tickets), "longest": _longest(tickets)}

    return await asyncio.to_thread(add_up)


def _longest(tickets: list[dict[str, Any]]) -> int:
    return max((len(ticket["title"]) for ticket in tickets), default=0)
