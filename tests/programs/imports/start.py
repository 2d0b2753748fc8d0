"""Starts the probe by hand, for interpreters that have none of its dependencies, and runs the forms."""

import sys

sys.path.insert(0, sys.argv[1])

from ssot_probe.model.policy import Concept, Policy
from ssot_probe.probe import start

LEGACY = ("flat", "shop.old", "shop.old_pkg", "shop.ancient", "shop.late", "shop.later", "shop.eager.old")
start(Policy(packages=("shop", "flat", "forms"), concepts=(Concept("old", ("*Nothing*",), legacy=LEGACY),)))

import forms

forms.main()
