class BoxKeeper:
    def __init__(self, user_id=None):
        self.user_id = user_id

    @classmethod
    def create(cls, user_id):
        return cls(user_id)

    @staticmethod
    def build(user_id):
        return BoxKeeper(user_id)

    def make_copy(self):
        return BoxKeeper(self.user_id)

    def get_itself(self):
        return self


class LidKeeper(BoxKeeper):
    pass
