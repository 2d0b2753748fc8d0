"""A shared service keeps the current user in an attribute."""

# /// case
# row = 12
# expect = [["SSOT303", "service"], ["SSOT304", "current_user"]]
# ///
# /// policy
# [[concept]]
# name = "handler"
# classes = ["RequestHandler"]
# isolation = "user"
# ///
from traffic import rounds


class AuditService:
    def __init__(self):
        self.current_user = None

    def begin(self, user):
        self.current_user = user

    def record(self, action):
        return f"{self.current_user} did {action}"


class RequestHandler:
    def __init__(self, user_id, service):
        self.user_id = user_id
        self.service = service

    def handle(self):
        self.service.begin(self.user_id)
        return self.service.record("login")


def main():
    service = AuditService()
    handlers = [RequestHandler(user, service) for user in ("operator-51", "operator-52")]
    for _ in rounds():
        for handler in handlers:
            handler.handle()


if __name__ == "__main__":
    main()
