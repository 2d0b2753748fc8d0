THING = 1

from shop.old_pkg.shadow import shadow
