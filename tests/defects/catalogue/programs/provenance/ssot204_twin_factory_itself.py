"""The factory looks for the user's manager and constructs one when there is none; others only ask it."""


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


managers = {}


def find_manager(user_id):
    return managers.get(user_id)


def get_manager(user_id):
    manager = find_manager(user_id)
    if manager is None:
        manager = managers[user_id] = WebSocketManager(user_id)
    return manager


def main():
    for user in ("user-10421", "user-20977", "user-10421"):
        get_manager(user)


if __name__ == "__main__":
    main()
