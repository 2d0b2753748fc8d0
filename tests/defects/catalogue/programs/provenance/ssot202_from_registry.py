"""A factory class that hands out whatever was registered for the name, asynchronously."""

# /// case
# code = "SSOT202"
# expect = [["SSOT202", "MailNotifier", "PushNotifier"]]
# ///
# /// policy
# [[concept]]
# name = "notifier"
# classes = ["MailNotifier", "PushNotifier"]
# ///
import asyncio


class MailNotifier:
    def __init__(self, user_id):
        self.user_id = user_id


class PushNotifier:
    def __init__(self, user_id):
        self.user_id = user_id


class NotifierFactory:
    kinds = {"mail": MailNotifier, "push": PushNotifier}

    async def create_notifier(self, kind, user_id):
        await asyncio.sleep(0)
        return self.kinds[kind](user_id)


async def serve():
    factory = NotifierFactory()
    return [
        await factory.create_notifier("mail", "user-10421"),
        await factory.create_notifier("push", "user-20977"),
    ]


def main():
    assert len(asyncio.run(serve())) == 2


if __name__ == "__main__":
    main()
