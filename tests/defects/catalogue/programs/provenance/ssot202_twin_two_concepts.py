"""Two factories return different classes, of two concepts."""


# /// case
# code = "SSOT202"
# ///
# /// policy
# [[concept]]
# name = "mail"
# classes = ["MailNotifier"]
# [[concept]]
# name = "push"
# classes = ["PushNotifier"]
# ///
class MailNotifier:
    def __init__(self, user_id):
        self.user_id = user_id


class PushNotifier:
    def __init__(self, user_id):
        self.user_id = user_id


def create_notifier(kind, user_id):
    return {"mail": MailNotifier, "push": PushNotifier}[kind](user_id)


def main():
    kept = [create_notifier("mail", "user-10421"), create_notifier("push", "user-20977")]
    assert len(kept) == 2


if __name__ == "__main__":
    main()
