"""A worker serves bob while its ContextVar still says alice."""

# /// case
# code = "SSOT304"
# expect = [["SSOT304"]]
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


def log_in(user):
    current_user.set(user)
    return get_manager(user)


def run_report(user):
    return get_manager(user)


def main():
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(log_in, "alice.moore").result()
        pool.submit(run_report, "bobby.brown").result()


if __name__ == "__main__":
    main()
