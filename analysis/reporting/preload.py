"""Imported first in the process that workers are forked from: what follows is cheaper for it."""

from analysis.reporting import lean_nbformat

lean_nbformat.load()
