"""Reproducible analysis of the published evidence on ketamine for complex regional pain syndrome (CRPS).

`statistics` contains the methods, `evidence` loads and checks the data, `outcomes` computes the results as tables,
`figures`, `tables` and `findings` present them, and `reporting` builds the reports. Each package uses only those before
it.
"""
