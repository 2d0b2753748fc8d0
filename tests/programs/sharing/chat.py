"""A manager that everybody gets, and one for each."""


class SharedManager:
    pass


class OwnManager:
    def __init__(self, user_id):
        self.greeting = "hello " + user_id


_shared = SharedManager()


def get_manager(user_id):
    return _shared


def new_manager(user_id):
    return OwnManager(user_id)
