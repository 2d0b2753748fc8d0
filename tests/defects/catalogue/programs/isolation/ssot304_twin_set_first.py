"""Every job of a worker sets its user before it does anything."""

# /// case
# code = "SSOT304"
# ///
# /// policy
# user = [{ contextvar = "app:current_user" }, { argument = "user_id" }]
# [[concept]]
# name = "agent"
# classes = ["AgentManager"]
# factories = ["app:get_manager"]
# ///
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

current_user = ContextVar("current_user", default=None)


class AgentManager:
    def __init__(self, owner):
        self.owner = owner


def get_manager(user_id):
    return AgentManager(user_id)


def job(user):
    token = current_user.set(user)
    try:
        return get_manager(user)
    finally:
        current_user.reset(token)


def main():
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(job, "alice.moore").result()
        pool.submit(job, "bobby.brown").result()


if __name__ == "__main__":
    main()
