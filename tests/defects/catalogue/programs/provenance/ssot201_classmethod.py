"""A class method and a function of the module both hand out the concept."""


# /// case
# code = "SSOT201"
# expect = [["SSOT201", "for_user", "get_registry"]]
# also = ["SSOT204"]
# ///
# /// policy
# [[concept]]
# name = "registry"
# classes = ["AgentRegistry"]
# ///
class AgentRegistry:
    def __init__(self, owner):
        self.owner = owner

    @classmethod
    def for_user(cls, user_id):
        return cls(user_id)


registries = {}


def get_registry(user_id):
    if user_id not in registries:
        registries[user_id] = AgentRegistry(user_id)
    return registries[user_id]


def main():
    kept = [get_registry("user-10421"), AgentRegistry.for_user("user-20977")]
    assert len(kept) == 2


if __name__ == "__main__":
    main()
