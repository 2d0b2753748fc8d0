from shop.old_pkg import THING as thing
