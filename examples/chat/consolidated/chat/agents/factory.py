"""Builds agents."""

from chat.agents.agent import ChatAgent
from chat.auth import User
from chat.ws.manager import get_websocket_manager


class AgentInstanceFactory:
    """Gives every run its own agent, wired to the manager of its user."""

    def create_agent(self, user: User) -> ChatAgent:
        """An agent for one run of `user`."""
        return ChatAgent(user, get_websocket_manager(user))
