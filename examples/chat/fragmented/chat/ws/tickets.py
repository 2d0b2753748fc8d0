"""Tickets for connections, from before there were tokens."""


class SocketTicket:
    """Lets one user connect as often as the plan allows."""

    def __init__(self, user_id: str, plan: str) -> None:
        self.user_id = user_id
        self.connections = 2 if plan == "free" else 8
