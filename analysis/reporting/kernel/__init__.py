"""The kernels that reports run in, and how a kernel is forked from a process that has all libraries imported."""
