"""The application beside which neighbours live: a shop with known findings, and paths to be deleted."""

from __future__ import annotations

POLICY = """\
packages = ["shop", "main"]

[[concept]]
name = "order-manager"
classes = ["OrderManager"]
canonical = "shop.manager:OrderManager"
factories = ["shop.manager:get_manager", "shop.manager:new_manager"]
legacy = ["shop.old", "shop.compat", "shop.shelf", "shop.attic"]

[dead]
environments = ["staging"]
min_days = 0
"""

ATTRIBUTES = "deployment.environment.name=staging"

SHOP = {
    "shop/__init__.py": "",
    "shop/manager.py": """\
        class OrderManager:
            def __init__(self, user_id):
                self.user_id = user_id
                self.orders = []

            def order(self, what):
                self.orders.append(what)
                return len(self.orders)

        _manager = None

        def get_manager(user_id):
            global _manager
            if _manager is None:
                _manager = OrderManager(user_id)
            return _manager

        def new_manager(user_id):
            return OrderManager(user_id)
        """,
    "shop/compat.py": "from shop.manager import OrderManager\n",
    "shop/old.py": """\
        def total(orders):
            if not orders:
                return 0
            return len(orders)
        """,
    "shop/shelf.py": "def forgotten():\n    return 1\n",
    "shop/attic.py": "def unused():\n    return 0\n",
    "shop/work.py": """\
        import shop.shelf
        import shop.manager

        def serve(user_id):
            from shop.manager import get_manager, new_manager
            own = new_manager(user_id)
            own.order("tea")
            return get_manager(user_id).order(user_id)

        def serve_as_before(user_id):
            from shop.old import total
            from shop.compat import OrderManager
            assert OrderManager.__name__ == "OrderManager"
            return serve(user_id) + total([user_id])
        """,
}

MAIN = """\
    import threading
    from shop.work import serve, serve_as_before

    def work(user_id):
        for number in range(6):
            answers.append(serve_as_before(user_id) if number % 3 == 0 else serve(user_id))

    answers = []
    work("anna")
    for user_id in ("bert", "carla"):
        thread = threading.Thread(target=work, args=(user_id,))
        thread.start()
        thread.join()
    print(answers)
    """
"""A program that ends: three users, one after the other, two of them in threads of their own."""

FILES = {**SHOP, "main.py": MAIN, "ssot-probe.toml": POLICY}

SERVES = 18
SERVES_AS_BEFORE = 6

VERDICTS = {
    "shop.old": "LIVE",
    "shop.compat": "LIVE",
    "shop.shelf": "LOADED-BUT-UNUSED",
    "shop.attic": "NEVER-LOADED",
}
