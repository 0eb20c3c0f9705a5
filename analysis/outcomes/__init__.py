"""Results of the reports: pain, responders, duration of benefit, safety, consistency, synthesis and cohorts.

Functions take a selection of the evidence or a cohort and return DataFrames.
"""
