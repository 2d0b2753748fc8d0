"""A second factory that nobody calls."""


# /// case
# code = "SSOT201"
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
    return AgentManager(user_id)


def main():
    kept = [create_manager("user-10421"), create_manager("user-20977")]
    assert len(kept) == 2


if __name__ == "__main__":
    main()
