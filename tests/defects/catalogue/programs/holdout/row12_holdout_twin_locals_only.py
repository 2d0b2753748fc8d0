"""Each conversation has an agent; nothing outlives main, which is over at once."""


# /// case
# row = 12
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
    first, second = Conversation("Margarete", Agent()), Conversation("Rosalinde", Agent())
    first.say("I like tea")
    second.say("I like rain")


if __name__ == "__main__":
    main()
