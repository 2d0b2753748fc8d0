"""Two users' managers reach one pool of connections, two objects down, with data of both."""


# /// case
# code = "SSOT303"
# expect = [["SSOT303", "transport"]]
# ///
# /// policy
# user = [{ argument = "context.user_id" }]
# [[concept]]
# name = "manager"
# classes = ["WebSocketManager"]
# factories = ["app:get_manager"]
# ///
class Context:
    def __init__(self, user_id):
        self.user_id = user_id


class Transport:
    def __init__(self, pool):
        self.pool = pool


class WebSocketManager:
    def __init__(self, context, transport):
        self.context = context
        self.transport = transport

    def connect(self):
        self.transport.pool.append({"user": self.context.user_id, "open": True})


POOL = []
managers = {}


def get_manager(context):
    if context.user_id not in managers:
        managers[context.user_id] = WebSocketManager(context, Transport(POOL))
    return managers[context.user_id]


def main():
    for user in ("user-10421", "user-20977", "user-10421"):
        get_manager(Context(user)).connect()


if __name__ == "__main__":
    main()
