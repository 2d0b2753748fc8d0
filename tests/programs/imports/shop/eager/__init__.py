from .old import THING
