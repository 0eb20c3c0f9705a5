"""Reproducible analysis of the published evidence on ketamine for complex regional pain syndrome (CRPS).

Tables in, tables out: `statistics` holds the methods, `evidence` loads and checks the data, `outcomes` answers the
questions, `figures` and `tables` show the answers, `reporting` builds the reports. Each builds on those before it.
"""
