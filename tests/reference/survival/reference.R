# Reference values for tests/test_statistics_survival*.py. Run in this folder: Rscript reference.R
# Needs R with the packages survival and npsurv (Debian: r-cran-survival, r-cran-npsurv). The tests don't run R.
suppressPackageStartupMessages({
  library(survival)
  library(npsurv)
})
options(digits = 17)

# ---- cases: lower, upper, weight; lower = upper is exact, upper = Inf is right-censored --------------------------
frame <- function(lower, upper, weight = 1) data.frame(lower = lower, upper = upper, weight = weight)
cosmesis <- read.csv("cosmesis.csv")
arm <- function(name) with(cosmesis[cosmesis$arm == name, ], frame(lower, upper))

random <- function(seed, n, width, exact = 0, beyond = 0.2, grid = FALSE) {
  set.seed(seed)
  t <- rweibull(n, 1.3, 20)
  low <- pmax(t - rexp(n, 1 / width), 0)
  high <- t + rexp(n, 1 / width)
  if (grid) {
    low <- floor(low)
    high <- ceiling(high)
  }
  high[runif(n) < beyond] <- Inf
  known <- runif(n) < exact
  low[known] <- high[known] <- t[known]
  frame(round(low, 6), round(high, 6))
}

set.seed(20)
censoring <- rexp(60, 1 / 25)
times <- ceiling(rweibull(60, 1, 20))
right <- frame(pmin(times, ceiling(censoring)), ifelse(times <= ceiling(censoring), times, Inf))

cases <- list(
  cosmesis_radiotherapy = arm("radiotherapy"),
  cosmesis_chemotherapy = arm("radiotherapy_chemotherapy"),
  cosmesis_both = frame(cosmesis$lower, cosmesis$upper),
  all_right_censored = frame(c(4, 8, 8, 13), Inf),
  one_exact = frame(6, 6),
  single_interval = frame(2, 5),
  one_exact_among_intervals = frame(c(0, 2, 3, 4, 6), c(5, 6, 4, 4, Inf)),
  nested = frame(c(0, 1, 2, 3, 0), c(10, 9, 8, 4, 12)),
  ends_that_touch = frame(c(1, 2, 2, 2, 3, 3, 1), c(2, 2, 3, Inf, 3, 4, 3)),
  heavy_ties = frame(c(0, 0, 4, 4, 4, 8, 8, 13, 13), c(4, 8, 8, 13, Inf, 13, Inf, 26, Inf), c(9, 4, 7, 2, 5, 3, 6, 1, 11)),
  weights = frame(c(0, 3, 5, 5, 9), c(4, 6, 5, Inf, 12), c(2.5, 0.5, 1, 3, 1.25)),
  milestones = frame(c(0, 0, 13), c(0, 13, Inf), c(8, 7, 18)),
  milestones_several = frame(c(0, 0, 0, 4, 4, 13, 13, 9), c(0, 4, 13, 13, Inf, 26, Inf, 9), c(8, 5, 7, 6, 2, 4, 18, 1)),
  exact_and_right = right,
  exact_and_interval = random(3, 80, 6, exact = 0.4),
  intervals = random(4, 200, 5),
  intervals_grid = random(5, 300, 3, grid = TRUE),
  current_status = with(random(6, 150, 1, exact = 1, beyond = 0), {
    seen <- round(rexp(150, 1 / 15), 3)
    frame(ifelse(lower <= seen, 0, seen), ifelse(lower <= seen, seen, Inf))
  })
)

long <- function(parts) do.call(rbind, Map(function(name, part) cbind(case = name, part), names(parts), parts))
write <- function(table, file) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.15g", table[[column]])
  write.csv(table, file, row.names = FALSE, quote = FALSE)
}
write(long(cases), "cases.csv")

# ---- npsurv: Turnbull's estimate ------------------------------------------------------------------------------------
# npsurv stops with an error on these; their estimates are by hand, in the tests.
by_hand <- c("all_right_censored", "one_exact", "single_interval")
# Its `ll` is not the log-likelihood where exact and right-censored times are tied, so that is added up from its masses.
log_likelihood <- function(masses, case) {
  inside <- function(lower, upper) {
    starts <- masses$left > lower | (masses$left == lower & masses$right > lower)
    point <- masses$left == lower & masses$right == lower
    sum(masses$probability[if (lower == upper) point else starts & masses$right <= upper])
  }
  sum(case$weight * log(mapply(inside, case$lower, case$upper)))
}
by_npsurv <- function(case) {
  fit <- npsurv(as.matrix(case[, c("lower", "upper")]), w = case$weight, maxit = 10000, tol = 1e-14)
  some <- fit$f$p > 0
  masses <- data.frame(left = fit$f$left[some], right = fit$f$right[some], probability = fit$f$p[some])
  stopifnot(fit$maxgrad < 1e-8)
  list(table = masses, fit = data.frame(log_likelihood = log_likelihood(masses, case), npsurv_ll = fit$ll))
}
fits <- lapply(cases[setdiff(names(cases), by_hand)], by_npsurv)
write(long(lapply(fits, `[[`, "table")), "npsurv_masses.csv")
write(long(lapply(fits, `[[`, "fit")), "npsurv_fits.csv")

# ---- survival::survreg: parametric fits, with and without a group -----------------------------------------------------
positive <- function(case) case[!(case$upper == 0), ]
parametric <- list(
  cosmesis_radiotherapy = arm("radiotherapy"),
  cosmesis_chemotherapy = arm("radiotherapy_chemotherapy"),
  heavy_ties = cases$heavy_ties,
  weights = cases$weights,
  milestones_several = positive(cases$milestones_several),
  exact_and_right = cases$exact_and_right,
  exact_and_interval = cases$exact_and_interval,
  intervals = cases$intervals
)
surv <- function(case) {
  Surv(ifelse(case$lower == 0, NA, case$lower), ifelse(is.finite(case$upper), case$upper, NA), type = "interval2")
}
control <- survreg.control(maxiter = 200, rel.tolerance = 1e-14, toler.chol = 1e-14)
fit_row <- function(case, distribution, group = NULL) {
  y <- surv(case)
  fit <- if (is.null(group)) {
    survreg(y ~ 1, weights = case$weight, dist = distribution, control = control)
  } else {
    survreg(y ~ group, weights = case$weight, dist = distribution, control = control)
  }
  half <- predict(fit, newdata = data.frame(group = 0), type = "uquantile", p = 0.5, se.fit = TRUE)
  se <- sqrt(diag(fit$var))
  data.frame(
    distribution = distribution, intercept = unname(fit$coefficients[1]), intercept_se = unname(se[1]),
    group = if (is.null(group)) NA else unname(fit$coefficients[2]), group_se = if (is.null(group)) NA else unname(se[2]),
    scale = fit$scale, log_scale_se = if (distribution == "exponential") NA else unname(se[length(se)]),
    log_likelihood = fit$loglik[2], aic = -2 * fit$loglik[2] + 2 * fit$df,
    log_median = unname(half$fit[1]), log_median_se = unname(half$se.fit[1])
  )
}
distributions <- c("exponential", "weibull", "lognormal", "loglogistic")
rows <- function(case, group = NULL) do.call(rbind, lapply(distributions, function(d) fit_row(case, d, group)))
write(long(lapply(parametric, rows)), "survreg.csv")

both <- frame(cosmesis$lower, cosmesis$upper)
by_arm <- as.numeric(cosmesis$arm == "radiotherapy_chemotherapy")
half_of <- function(case) as.numeric(seq_len(nrow(case)) %% 2 == 0)
write(long(list(
  cosmesis_both = rows(both, by_arm),
  exact_and_interval = rows(cases$exact_and_interval, half_of(cases$exact_and_interval)),
  exact_and_right = rows(cases$exact_and_right, half_of(cases$exact_and_right))
)), "survreg_group.csv")

writeLines(c(
  R.version.string,
  paste("npsurv", packageVersion("npsurv")),
  paste("survival", packageVersion("survival"))
), "versions.txt")
