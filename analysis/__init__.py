"""Reproducible analysis of the published evidence on ketamine for complex regional pain syndrome (CRPS).

Tables in, tables out: `evidence` loads and checks the data, `statistics` holds the methods, `outcomes` answers the
questions, `figures` and `tables` show the answers, `reporting` builds the reports. Dependencies point in that order.
"""
