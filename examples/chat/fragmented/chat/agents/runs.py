"""Runs in progress; they go on when the connection that asked closes."""

import asyncio

from chat.agents import transcripts
from chat.agents.factory import AgentInstanceFactory
from chat.auth import User

_agents = AgentInstanceFactory()
_runs: set[asyncio.Task[None]] = set()


def start_run(user: User, run_id: str, text: str) -> None:
    """Start answering `text` in the background."""
    asyncio.get_running_loop().run_in_executor(None, transcripts.keep, user, text)
    task = asyncio.create_task(_agents.create_agent(user).run(run_id, text), name=f"run-{run_id}")
    _runs.add(task)
    task.add_done_callback(_runs.discard)
