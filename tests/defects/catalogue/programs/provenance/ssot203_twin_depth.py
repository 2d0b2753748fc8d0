"""The allowed factory has helpers construct, several calls down."""


# /// case
# code = "SSOT203"
# ///
# /// policy
# [[concept]]
# name = "socket"
# classes = ["SocketManager"]
# factories = ["app:get_manager"]
# ///
class SocketManager:
    def __init__(self, user_id):
        self.user_id = user_id


class Assembly:
    def assemble(self, user_id):
        return self._construct(user_id)

    def _construct(self, user_id):
        return SocketManager(user_id)


def get_manager(user_id):
    return Assembly().assemble(user_id)


def main():
    kept = [get_manager("user-10421"), get_manager("user-20977")]
    assert len(kept) == 2


if __name__ == "__main__":
    main()
