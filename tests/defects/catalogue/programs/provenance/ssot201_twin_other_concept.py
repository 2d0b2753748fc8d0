"""Two functions, each for a concept of its own."""


# /// case
# code = "SSOT201"
# ///
# /// policy
# [[concept]]
# name = "agent"
# classes = ["AgentManager"]
# [[concept]]
# name = "tool"
# classes = ["ToolManager"]
# ///
class AgentManager:
    def __init__(self, user_id):
        self.user_id = user_id


class ToolManager:
    def __init__(self, user_id):
        self.user_id = user_id


def create_agent_manager(user_id):
    return AgentManager(user_id)


def create_tool_manager(user_id):
    return ToolManager(user_id)


def main():
    kept = [create_agent_manager("user-10421"), create_tool_manager("user-10421")]
    assert len(kept) == 2


if __name__ == "__main__":
    main()
