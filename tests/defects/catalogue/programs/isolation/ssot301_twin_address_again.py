"""One user's instance is gone when the next one is made at the same address."""


# /// case
# code = "SSOT301"
# ///
# /// policy
# [[concept]]
# name = "chat"
# classes = ["ChatManager"]
# ///
class ChatManager:
    def __init__(self):
        self.rooms = []


def get_manager(user_id):
    return ChatManager()


def main():
    addresses = set()
    for number in range(100_000):
        address = id(get_manager(f"user-{number % 500:05}"))
        if address in addresses:
            break
        addresses.add(address)


if __name__ == "__main__":
    main()
