"""A support desk: users have tickets, notes, a workspace, and sockets on which they hear of news."""
