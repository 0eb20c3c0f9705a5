"""Lists of reports: planned, built in processes or on a cluster, written, listed and described."""
