"""Runs the chat service of the current directory with more users than it knows, as it is or at full speed."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

sys.path.insert(0, "")

FULL_SPEED = "full-speed"


def think_at_once() -> None:
    """Let an agent's pauses take no time: what is left is work."""
    sleep: Any = asyncio.sleep

    async def pause(delay: float, result: Any = None) -> Any:
        return await sleep(0 if delay == THINKING_SECONDS else delay, result)

    from chat.agents.agent import THINKING_SECONDS  # type: ignore[import-not-found]

    asyncio.sleep = pause


def main() -> int:
    """Serve `users` users at the pace."""
    users, pace = int(sys.argv[1]), sys.argv[2]
    from chat import auth, server  # type: ignore[import-not-found]

    for number in range(users):
        user = auth.User(f"user-{number:04}", ("hipaa", "sec", "enterprise", "free")[number % 4])
        auth._DIRECTORY[f"token-{user.user_id}"] = user
        auth._PLANS[user.user_id] = user.plan
    if pace == FULL_SPEED:
        think_at_once()
    served: int = server.main(["--port", "0"])
    return served


if __name__ == "__main__":
    sys.exit(main())
