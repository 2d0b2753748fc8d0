"""A script notes what each user's work came to, and shows it when all is done."""

# /// case
# code = "SSOT303"
# ///
# /// policy
# user = [{ contextvar = "__main__:current_user" }]
# [[concept]]
# name = "sessions"
# classes = ["SessionManager"]
# ///
import threading
from contextvars import ContextVar

current_user = ContextVar("current_user", default=None)
results = []
lines = []
last = {}


class SessionManager:
    def __init__(self, user_id):
        self.user_id = user_id
        self.events = []

    def emit(self, event):
        self.events.append(event)
        return {"user_id": self.user_id, "events": list(self.events)}


def work(user):
    current_user.set(user)
    manager = SessionManager(user)
    results.append((user, manager.emit("hello")))
    lines.append(f"{user} said hello")
    last["user"] = user


def main():
    threads = [threading.Thread(target=work, args=(user,)) for user in ("person-1", "person-2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(sorted(results), sorted(lines), len(last))


if __name__ == "__main__":
    main()
