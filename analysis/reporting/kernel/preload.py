"""Imported first in the process that workers are forked from: what follows is cheaper for it."""

import gc

from analysis.reporting.kernel import lean_nbformat

gc.disable()  # until a worker begins: imports make hardly any garbage
lean_nbformat.load()
