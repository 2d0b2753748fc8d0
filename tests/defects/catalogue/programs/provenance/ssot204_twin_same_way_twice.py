"""One caller asks one factory, on two lines."""


# /// case
# code = "SSOT204"
# ///
# /// policy
# [[concept]]
# name = "websocket-manager"
# classes = ["WebSocketManager"]
# factories = ["app:get_manager"]
# ///
class WebSocketManager:
    def __init__(self, user_id):
        self.user_id = user_id


def get_manager(user_id):
    return WebSocketManager(user_id)


def create_agent(user_id, urgent):
    if urgent:
        manager = get_manager(user_id)
    else:
        manager = get_manager(user_id)
    return manager.user_id


def main():
    create_agent("user-10421", True)
    create_agent("user-20977", False)


if __name__ == "__main__":
    main()
