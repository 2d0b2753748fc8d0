"""One caller obtains two concepts, each in its one way."""


# /// case
# code = "SSOT204"
# ///
# /// policy
# [[concept]]
# name = "manager"
# classes = ["WebSocketManager"]
# factories = ["app:get_manager"]
# [[concept]]
# name = "bridge"
# classes = ["AgentBridge"]
# ///
class WebSocketManager:
    def __init__(self, user_id):
        self.user_id = user_id


class AgentBridge:
    def __init__(self, user_id, manager):
        self.user_id = user_id
        self.manager = manager


def get_manager(user_id):
    return WebSocketManager(user_id)


def create_agent(user_id):
    return AgentBridge(user_id, get_manager(user_id))


def main():
    kept = [create_agent("user-10421"), create_agent("user-20977")]
    assert len(kept) == 2


if __name__ == "__main__":
    main()
