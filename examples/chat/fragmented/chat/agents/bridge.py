"""How tools report progress without knowing about WebSockets."""

from typing import Any

from chat.context import UserContext
from chat.ws.canonical_imports import WebSocketManager, get_websocket_manager


class AgentWebSocketBridge:
    """Turns the progress of tools into events for one user."""

    def __init__(self, user_context: UserContext) -> None:
        self._user_context = user_context
        self._manager: WebSocketManager = get_websocket_manager()

    async def tool_executing(self, run_id: str, tool: str) -> None:
        await self._emit("tool_executing", run_id, {"tool": tool})

    async def tool_completed(self, run_id: str, tool: str, result: Any) -> None:
        await self._emit("tool_completed", run_id, {"tool": tool, "result": result})

    async def _emit(self, event_type: str, run_id: str, data: dict[str, Any]) -> None:
        await self._manager.emit_agent_event(event_type, run_id, self._user_context.user_id, data)
