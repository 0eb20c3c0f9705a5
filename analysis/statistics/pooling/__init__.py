"""Pooling of estimates and of proportions across studies, with what the studies can't tell said in words."""

from analysis.statistics.pooling.inverse_variance import pool
from analysis.statistics.pooling.proportions import pool_proportions
from analysis.statistics.pooling.regression import MetaRegression, meta_regression
from analysis.statistics.pooling.result import Pooled
from analysis.statistics.pooling.sensitivity import Subgroups, cumulative, leave_one_out, subgroup

__all__ = [
    "MetaRegression",
    "Pooled",
    "Subgroups",
    "cumulative",
    "leave_one_out",
    "meta_regression",
    "pool",
    "pool_proportions",
    "subgroup",
]
