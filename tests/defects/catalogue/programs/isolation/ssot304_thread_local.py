"""A thread that is used again carries the last user in a thread-local that the policy names."""

# /// case
# code = "SSOT304"
# expect = [["SSOT304"]]
# ///
# /// policy
# user = [{ call = "app:get_current_user_id" }, { argument = "user_id" }]
# [[concept]]
# name = "agent"
# classes = ["AgentManager"]
# ///
import threading

from traffic import in_one_thread

state = threading.local()


def get_current_user_id():
    return getattr(state, "user_id", None)


class AgentManager:
    def __init__(self, user_id):
        self.user_id = user_id


def first():
    state.user_id = "alice.moore"
    AgentManager("alice.moore")


def second():
    AgentManager("bobby.brown")
    state.user_id = "bobby.brown"


def main():
    in_one_thread(first, second)


if __name__ == "__main__":
    main()
