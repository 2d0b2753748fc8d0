def sibling():
    from . import old  # relative sibling

    return old


def name():
    from .old import Alpha  # relative name

    return Alpha


def deeper():
    from .old_pkg.part import thing  # relative deeper

    return thing
