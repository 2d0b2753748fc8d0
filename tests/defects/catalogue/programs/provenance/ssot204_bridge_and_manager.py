"""An agent factory takes the bridge's manager and constructs one directly."""


# /// case
# code = "SSOT204"
# expect = [["SSOT204", "create_agent", "@here"]]
# also = ["SSOT201", "SSOT203"]
# ///
# /// policy
# [[concept]]
# name = "websocket-manager"
# classes = ["WebSocketManager"]
# factories = ["app:create_bridge_manager"]
# ///
class WebSocketManager:
    def __init__(self, user_id):
        self.user_id = user_id


def create_bridge_manager(user_id):
    return WebSocketManager(user_id)


class AgentInstanceFactory:
    def create_agent(self, user_id):
        bridge = create_bridge_manager(user_id)
        direct = WebSocketManager(user_id)  # here
        return {"bridge": bridge, "direct": direct}


def main():
    factory = AgentInstanceFactory()
    agents = [factory.create_agent(user) for user in ("user-10421", "user-20977")]
    assert len(agents) == 2


if __name__ == "__main__":
    main()
