"""One function hands out the concept; two functions that return something else call it."""


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

    def greet(self):
        return f"hello {self.user_id}"


def create_manager(user_id):
    return AgentManager(user_id)


def chat(user_id):
    return create_manager(user_id).greet()


def search(user_id):
    return create_manager(user_id).greet().split()


def main():
    assert chat("user-10421") and search("user-20977")


if __name__ == "__main__":
    main()
