"""Members share a room, which knows them by their ids; the policy says nothing of it."""

# /// case
# row = 40
# ///
# /// policy
# [[concept]]
# name = "chat"
# classes = ["ChatClient"]
# ///
from traffic import rounds


class Room:
    def __init__(self, name):
        self.name = name
        self.members = set()
        self.read_up_to = {}


class ChatClient:
    def __init__(self, user_id, room):
        self.user_id = user_id
        self.room = room
        room.members.add(user_id)

    def read(self, number):
        self.room.read_up_to[self.user_id] = number


def main():
    room = Room("general")
    clients = [ChatClient(user, room) for user in ("member-amber", "member-blake")]
    for number in rounds():
        for client in clients:
            client.read(number)


if __name__ == "__main__":
    main()
