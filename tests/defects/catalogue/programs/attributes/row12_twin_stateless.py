"""A shared service is told the user with each call and keeps nothing."""

# /// case
# row = 12
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "handler"
# classes = ["RequestHandler"]
# isolation = "user"
# ///
from traffic import rounds


class AuditService:
    def __init__(self, prefix):
        self.prefix = prefix

    def record(self, user, action):
        return f"{self.prefix} {user} did {action}"


class RequestHandler:
    def __init__(self, user_id, service):
        self.user_id = user_id
        self.service = service

    def handle(self):
        return self.service.record(self.user_id, "login")


def main():
    service = AuditService("audit")
    handlers = [RequestHandler(user, service) for user in ("operator-51", "operator-52")]
    for _ in rounds():
        for handler in handlers:
            handler.handle()


if __name__ == "__main__":
    main()
