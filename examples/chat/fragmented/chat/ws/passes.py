"""What the apps call a ticket."""

from chat.ws.tickets import SocketTicket as Pass

__all__ = ["Pass"]
