"""A request thread keeps the tenant in a thread-local; the next request reads it before it sets its own."""

# /// case
# row = 25
# expect = [["SSOT304"]]
# ///
# /// policy
# user = [{ argument = "user_id" }, { call = "app:current_tenant" }]
# [[concept]]
# name = "store"
# classes = ["TenantStore"]
# ///
import threading
from concurrent.futures import ThreadPoolExecutor

from traffic import rounds

_local = threading.local()


def current_tenant():
    return getattr(_local, "tenant", None)


class TenantStore:
    def __init__(self, user_id):
        self.user_id = user_id
        self.database = current_tenant()


def request(user_id):
    store = TenantStore(user_id)
    _local.tenant = user_id
    return store.database


def main():
    with ThreadPoolExecutor(max_workers=1) as pool:
        for _ in rounds():
            for user in ("tenant-alpha", "tenant-bravo"):
                pool.submit(request, user).result()


if __name__ == "__main__":
    main()
