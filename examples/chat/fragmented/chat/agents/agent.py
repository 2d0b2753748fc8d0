"""The agent that answers questions."""

import asyncio

from chat.agents.bridge import AgentWebSocketBridge
from chat.agents.tools import WORD_COUNT, word_count
from chat.auth import User
from chat.ws.manager import WebSocketManager

THINKING_SECONDS = 0.12


class ChatAgent:
    """Answers one question of one user and reports its progress."""

    def __init__(self, user: User, manager: WebSocketManager, bridge: AgentWebSocketBridge) -> None:
        self.user = user
        self._manager = manager
        self._bridge = bridge

    async def run(self, run_id: str, text: str) -> None:
        """Answer `text`; tools report through the bridge, the agent itself through the manager."""
        emit, user_id = self._manager.emit_agent_event, self.user.user_id
        await emit("agent_started", run_id, user_id, {"text": text})
        await asyncio.sleep(THINKING_SECONDS)
        await emit("agent_thinking", run_id, user_id, {"thought": "a word count will do"})
        await asyncio.sleep(THINKING_SECONDS)
        await self._bridge.tool_executing(run_id, WORD_COUNT)
        words = await word_count(text)
        await self._bridge.tool_completed(run_id, WORD_COUNT, words)
        await asyncio.sleep(THINKING_SECONDS)
        await emit("agent_completed", run_id, user_id, {"answer": f"{text!r} has {words} words"})
