"""Kernels that reports run in: forked from a process that has everything imported."""
