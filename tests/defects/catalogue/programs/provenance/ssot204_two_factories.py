"""One caller asks two factories for the concept, one run this way, one that."""


# /// case
# code = "SSOT204"
# expect = [["SSOT204", "configure"]]
# also = ["SSOT201", "SSOT203"]
# ///
# /// policy
# [[concept]]
# name = "websocket-manager"
# classes = ["WebSocketManager"]
# ///
class WebSocketManager:
    def __init__(self, user_id):
        self.user_id = user_id


def get_manager(user_id):
    return WebSocketManager(user_id)


def create_legacy_manager(user_id):
    return WebSocketManager(user_id)


def configure(user_id, modern):
    if modern:
        manager = get_manager(user_id)
    else:
        manager = create_legacy_manager(user_id)
    return manager.user_id


def main():
    configure("user-10421", True)
    configure("user-20977", False)


if __name__ == "__main__":
    main()
