"""A shared agent remembers whom it talks to; nothing outlives main, which is over at once."""


# /// case
# row = 12
# expect = [["SSOT303", "agent"]]
# lengths = ["short"]
# ///
# /// policy
# user = [{ argument = "person" }]
# [[concept]]
# name = "conversation"
# classes = ["Conversation"]
# ///
class Agent:
    def __init__(self):
        self.memory = {"talking_to": None, "facts": []}

    def listen(self, person, fact):
        self.memory["talking_to"] = person
        self.memory["facts"].append(fact)


class Conversation:
    def __init__(self, person, agent):
        self.person = person
        self.agent = agent

    def say(self, fact):
        self.agent.listen(self.person, f"{self.person}: {fact}")


def main():
    agent = Agent()
    first, second = Conversation("Margarete", agent), Conversation("Rosalinde", agent)
    first.say("I like tea")
    second.say("I like rain")


if __name__ == "__main__":
    main()
