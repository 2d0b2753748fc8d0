"""Builds agents."""

from chat.agents.agent import ChatAgent
from chat.agents.bridge import AgentWebSocketBridge
from chat.auth import User
from chat.context import UserContext
from chat.ws.manager import get_websocket_manager


class AgentInstanceFactory:
    """Gives every run its own agent."""

    def create_agent(self, user: User) -> ChatAgent:
        """An agent for one run of `user`, with the manager for itself and the bridge for its tools."""
        manager = get_websocket_manager(user)
        bridge = AgentWebSocketBridge(UserContext.of(user))
        return ChatAgent(user, manager, bridge)
