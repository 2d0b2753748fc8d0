"""Instances of a process-wide concept stay for as long as the process."""

# /// case
# code = "SSOT206"
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "model"
# classes = ["LanguageModel"]
# isolation = "process"
# ///
from traffic import rounds


class LanguageModel:
    def __init__(self, name):
        self.name = name

    def answer(self, text):
        return text.upper()


models = {}


def serve(user_id, name):
    if name not in models:
        models[name] = LanguageModel(name)
    return models[name].answer(user_id)


def main():
    for number in rounds():
        for place in range(25):
            serve(f"user-{number * 25 + place:05}", f"model-{place % 5}")


if __name__ == "__main__":
    main()
