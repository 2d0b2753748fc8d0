class Alpha:
    pass


class Beta:
    pass


def unpickled():
    return Alpha()
