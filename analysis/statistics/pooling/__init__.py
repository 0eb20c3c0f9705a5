"""Random-effects pooling of estimates and of proportions. `Pooled.note` states what the studies cannot show."""

from analysis.statistics.pooling.bayesian import bayes_pool, bayes_pool_proportions
from analysis.statistics.pooling.inverse_variance import pool
from analysis.statistics.pooling.proportions import pool_proportions
from analysis.statistics.pooling.regression import MetaRegression, meta_regression
from analysis.statistics.pooling.result import Pooled
from analysis.statistics.pooling.sensitivity import Subgroups, leave_one_out, subgroup
