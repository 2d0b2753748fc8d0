"""Two functions hand out the concept, each by itself."""


# /// case
# code = "SSOT201"
# expect = [["SSOT201", "create_manager", "make_manager"]]
# also = ["SSOT204"]
# ///
# /// policy
# [[concept]]
# name = "agent"
# classes = ["AgentManager"]
# ///
class AgentManager:
    def __init__(self, user_id):
        self.user_id = user_id


def create_manager(user_id):
    return AgentManager(user_id)


def make_manager(user_id):
    manager = AgentManager(user_id)
    return manager


def main():
    kept = [create_manager("user-10421"), make_manager("user-20977")]
    assert len(kept) == 2


if __name__ == "__main__":
    main()
