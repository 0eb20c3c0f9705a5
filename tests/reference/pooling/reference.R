# Reference values for analysis.statistics.pooling and analysis.statistics.effects, from metafor and lme4.
#
#   cd tests/reference/pooling && Rscript reference.R
#
# needs r-base-core, r-cran-metafor, r-cran-metadat, r-cran-lme4. Writes the CSV files and versions.txt of this folder;
# the tests read those only. Data: dat.bcg (Colditz et al. 1994, JAMA 271:698), dat.normand1999 (Normand 1999, Stat Med
# 18:321), dat.pritz1997 (Zhou et al. 1999, Stat Med 18:557) as in metadat; the other cases are made up here.
suppressMessages({library(metafor); library(metadat); library(lme4)})
options(warn = 1, digits = 17)

put <- function(frame, name) {
  for (column in names(frame)) if (is.double(frame[[column]])) frame[[column]] <- sprintf("%.17g", frame[[column]])
  write.csv(frame, name, row.names = FALSE, quote = FALSE)
}
stack <- function(list) do.call(rbind, list)
# to full convergence in the units of the data: metafor's thresholds are absolute
tight <- function(y, v) {
  unit <- max(var(as.numeric(y)), mean(as.numeric(v)), na.rm = TRUE)
  list(threshold = 1e-13 * unit, maxiter = 100000, tol = 1e-14 * unit, tau2.max = 1e5 * unit)
}
# Fisher scoring can end in a local maximum of the likelihood: on `unequal_variances` ML alone ends at tau2 = 0 with a
# log-likelihood 12 below the top. So it starts from several values, and the highest end counts.
best <- function(y, v, method, ...) {
  control <- tight(y, v)
  fits <- list(rma(y, v, method = method, control = control, ...))
  if (method %in% c("REML", "ML") && length(y) > 1) for (start in c(0.1, 1, 10) * control$tau2.max / 1e5)
    fits[[length(fits) + 1]] <- rma(y, v, method = method, control = c(control, tau2.init = start), ...)
  heights <- sapply(fits, function(fit) as.numeric(logLik(fit)))
  fits[[which(heights > max(heights) - 1e-9)[1]]]
}

# ---------------------------------------------------------------- estimates with variances
bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
normand <- escalc(measure = "MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i,
                  data = dat.normand1999)
normand_smd <- escalc(measure = "SMD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i,
                      data = dat.normand1999)
cases <- list(
  bcg = list(bcg$yi, bcg$vi),
  normand1999 = list(normand$yi, normand$vi),
  normand1999_smd = list(normand_smd$yi, normand_smd$vi),
  one_study = list(-2.1, 0.36),
  two_studies_alike = list(c(1.9, 2.1), c(0.25, 0.16)),
  two_studies_apart = list(c(0.4, 3.7), c(0.25, 0.04)),
  three_studies = list(c(-3.1, -1.2, -2.4), c(0.30, 0.11, 0.52)),
  homogeneous = list(c(1.02, 0.95, 1.10, 0.99, 1.05), c(0.20, 0.10, 0.40, 0.15, 0.25)),
  identical = list(rep(2.5, 4), c(0.1, 0.2, 0.3, 0.4)),
  very_heterogeneous = list(c(-12, 3, 25, -40, 8, 0.5), c(0.02, 0.05, 0.01, 0.30, 0.004, 0.09)),
  heavy_ties = list(c(1, 1, 1, 3, 3, 3, 3, 1), rep(c(0.25, 0.5), 4)),
  unequal_variances = list(c(0.2, 0.9, -0.4, 1.5, 0.3), c(1e-4, 4, 0.01, 25, 0.5)),
  tiny_units = list(c(2.1, 3.3, 1.2, 2.9, 4.0) * 1e-3, c(0.3, 0.2, 0.5, 0.1, 0.4) * 1e-6),
  large_level = list(1e4 + c(3, -2, 7, 1), c(2, 3, 1, 4)),
  borderline = list(c(0.10, 0.62, -0.35, 0.21, 0.55, 0.02), c(0.09, 0.06, 0.08, 0.12, 0.07, 0.10)))
put(stack(lapply(names(cases), function(case) data.frame(
  case = case, estimate = as.numeric(cases[[case]][[1]]), variance = as.numeric(cases[[case]][[2]])))), "cases.csv")

pooled <- list()
for (case in names(cases)) for (method in c("REML", "PM", "DL", "ML")) for (adjust in c("hksj", "wald"))
  for (level in c(0.9, 0.95, 0.99)) {
    y <- as.numeric(cases[[case]][[1]]); v <- as.numeric(cases[[case]][[2]])
    if (length(y) == 1 && adjust == "hksj") next  # metafor has no t with 0 degrees of freedom
    fit <- best(y, v, method, test = if (adjust == "hksj") "knha" else "z", level = 100 * level)
    p <- predict(fit)
    limits <- matrix(NA, 2, 2)
    if (fit$k > 1) limits <- confint(fit, type = "QP", control = tight(y, v))$random[
      c("tau^2", "I^2(%)"), c("ci.lb", "ci.ub")]
    none <- fit$k == 1
    pooled[[length(pooled) + 1]] <- data.frame(
      case, method, adjust, level, k = fit$k, estimate = fit$beta[[1]], se = fit$se, ci_low = fit$ci.lb,
      ci_high = fit$ci.ub, pi_low = if (none) NA else p$pi.lb, pi_high = if (none) NA else p$pi.ub,
      tau2 = if (none) NA else fit$tau2, tau2_low = limits[1, 1], tau2_high = limits[1, 2],
      i2 = if (none) NA else fit$I2 / 100, i2_low = limits[2, 1] / 100, i2_high = limits[2, 2] / 100,
      q = fit$QE, q_p = if (none) NA else fit$QEp)
  }
put(stack(pooled), "pooled.csv")

# ---------------------------------------------------------------- leave one out
control <- tight(bcg$yi, bcg$vi)
rows <- list()
for (adjust in c("hksj", "wald")) {
  fit <- rma(yi, vi, data = bcg, test = if (adjust == "hksj") "knha" else "z", control = control)
  out <- as.data.frame(leave1out(fit))
  rows[[length(rows) + 1]] <- data.frame(adjust, step = seq_len(nrow(out)), out[, c(
    "estimate", "se", "ci.lb", "ci.ub", "tau2", "I2", "Q", "Qp")])
}
omissions <- stack(rows)
names(omissions) <- c("adjust", "step", "estimate", "se", "ci_low", "ci_high", "tau2", "i2", "q", "q_p")
omissions$i2 <- omissions$i2 / 100
put(omissions, "omissions.csv")

# ---------------------------------------------------------------- moderators and subgroups
put(data.frame(estimate = as.numeric(bcg$yi), variance = as.numeric(bcg$vi), ablat = as.numeric(bcg$ablat),
               year = as.numeric(bcg$year), alloc = bcg$alloc), "moderators.csv")
models <- list(ablat = ~ ablat, ablat_year = ~ ablat + year, alloc = ~ alloc)
coefficients <- list(); fits <- list(); predictions <- list()
for (model in names(models)) for (method in c("REML", "PM", "DL", "ML")) for (adjust in c("hksj", "wald")) {
  fit <- rma(yi, vi, mods = models[[model]], data = bcg, method = method, control = control,
             test = if (adjust == "hksj") "knha" else "z")
  limits <- confint(fit, type = "QP", control = tight(fit$yi, fit$vi))$random
  coefficients[[length(coefficients) + 1]] <- data.frame(
    model, method, adjust, term = sub("intrcpt", "intercept", rownames(fit$beta)), estimate = as.numeric(fit$beta),
    se = fit$se, statistic = fit$zval, p = fit$pval, ci_low = fit$ci.lb, ci_high = fit$ci.ub)
  fits[[length(fits) + 1]] <- data.frame(
    model, method, adjust, tau2 = fit$tau2, tau2_low = limits["tau^2", "ci.lb"], tau2_high = limits["tau^2", "ci.ub"],
    i2 = fit$I2 / 100, r2 = fit$R2 / 100, q = fit$QE, q_p = fit$QEp, moderators_q = fit$QM, moderators_p = fit$QMp)
  if (model == "ablat") {
    p <- predict(fit, newmods = c(13, 33.5, 55))
    predictions[[length(predictions) + 1]] <- data.frame(
      method, adjust, ablat = c(13, 33.5, 55), estimate = p$pred, se = p$se, ci_low = p$ci.lb, ci_high = p$ci.ub,
      pi_low = p$pi.lb, pi_high = p$pi.ub)
  }
}
put(stack(coefficients), "coefficients.csv")
put(stack(fits), "regressions.csv")
put(stack(predictions), "predictions.csv")

groups <- list()
for (adjust in c("hksj", "wald")) {
  test <- if (adjust == "hksj") "knha" else "z"
  common <- rma(yi, vi, mods = ~ 0 + alloc, data = bcg, control = control, test = test)
  between <- rma(yi, vi, mods = ~ alloc, data = bcg, control = control, test = test)
  groups[[length(groups) + 1]] <- data.frame(
    tau2_kind = "common", adjust, group = sub("alloc", "", rownames(common$beta)), estimate = as.numeric(common$beta),
    se = common$se, ci_low = common$ci.lb, ci_high = common$ci.ub, tau2 = common$tau2, q_between = between$QM,
    p_between = between$QMp)
  each <- lapply(sort(unique(bcg$alloc)), function(group) rma(yi, vi, data = bcg, subset = alloc == group,
                                                             control = control, test = test))
  value <- sapply(each, function(fit) fit$beta[[1]]); se <- sapply(each, function(fit) fit$se)
  total <- rma(value, sei = se, method = "FE")
  groups[[length(groups) + 1]] <- data.frame(
    tau2_kind = "separate", adjust, group = sort(unique(bcg$alloc)), estimate = value, se,
    ci_low = sapply(each, function(fit) fit$ci.lb), ci_high = sapply(each, function(fit) fit$ci.ub),
    tau2 = sapply(each, function(fit) fit$tau2), q_between = total$QE, p_between = total$QEp)
}
put(stack(groups), "subgroups.csv")

# ---------------------------------------------------------------- proportions
pritz <- dat.pritz1997
counts <- list(
  pritz1997 = list(pritz$xi, pritz$ni),
  pain_like = list(c(30, 4, 19, 9, 11, 3, 40), c(48, 9, 33, 16, 30, 5, 71)),
  zero_cells = list(c(0, 2, 5, 0, 7), c(8, 14, 20, 5, 31)),
  full_cells = list(c(8, 12, 15, 5, 24), c(8, 14, 20, 5, 31)),
  zero_and_full = list(c(0, 9, 5, 11, 7, 12), c(6, 9, 12, 30, 20, 18)),
  two_studies = list(c(6, 20), c(20, 31)),
  two_studies_alike = list(c(5, 11), c(10, 21)),
  three_studies = list(c(2, 14, 20), c(11, 22, 60)),
  homogeneous = list(c(5, 10, 15, 21), c(10, 20, 31, 40)),
  very_heterogeneous = list(c(1, 58, 3, 44, 30, 69), c(60, 60, 50, 45, 61, 71)),
  heavy_ties = list(c(3, 3, 3, 9, 9, 9, 3, 9), rep(12, 8)),
  single_patients = list(c(0, 1, 1, 7, 12, 4), c(1, 1, 1, 11, 40, 20)),
  rare = list(c(0, 0, 1, 0, 3, 0), c(20, 15, 60, 33, 71, 12)),
  large = list(c(4100, 3900, 5200, 880), c(10000, 10000, 10000, 2500)),
  flat_at_zero = list(c(26, 3, 2), c(46, 7, 9)))
put(stack(lapply(names(counts), function(case) data.frame(
  case = case, events = counts[[case]][[1]], total = counts[[case]][[2]]))), "counts.csv")

# the tightest inner tolerance with which lme4 gets through
tightest <- function(try_it) {
  for (tolerance in c(1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7)) {
    fit <- suppressWarnings(suppressMessages(try(try_it(list(
      optimizer = "bobyqa", tolPwrss = tolerance, optCtrl = list(rhobeg = 1e-2, rhoend = 1e-11, maxfun = 1e6))),
      silent = TRUE)))
    if (!inherits(fit, "try-error")) return(fit)
  }
  stop("lme4 finds no fit")
}
rates <- list(); mixed <- list(); profiles <- list()
for (case in names(counts)) {
  d <- data.frame(x = counts[[case]][[1]], n = counts[[case]][[2]])
  d$study <- factor(seq_len(nrow(d)))
  for (test in c("z", "t")) for (level in c(0.9, 0.95, 0.99)) {
    fit <- tightest(function(inner) rma.glmm(
      measure = "PLO", xi = x, ni = n, data = d, nAGQ = 25, test = test, level = 100 * level,
      control = list(glmerCtrl = inner, glmCtrl = list(epsilon = 1e-14, maxit = 200))))
    p <- predict(fit, transf = transf.ilogit)
    rates[[length(rates) + 1]] <- data.frame(
      case, model = "glmm", adjust = if (test == "z") "wald" else "t", method = "ML", level, k = fit$k,
      estimate = p$pred, ci_low = p$ci.lb, ci_high = p$ci.ub, pi_low = p$pi.lb, pi_high = p$pi.ub,
      estimate_logit = fit$beta[[1]], se_logit = fit$se, tau2 = fit$tau2, i2 = fit$I2 / 100, q = fit$QE.LRT,
      q_p = fit$QEp.LRT)
  }
  fit <- tightest(function(inner) glmer(cbind(x, n - x) ~ 1 + (1 | study), data = d, family = binomial, nAGQ = 25,
                                        control = do.call(glmerControl, inner)))
  mixed[[length(mixed) + 1]] <- data.frame(case, estimate_logit = fixef(fit)[[1]],
    se_logit = sqrt(vcov(fit)[1, 1]), tau2 = VarCorr(fit)[[1]][1])
  if (case %in% c("pritz1997", "zero_and_full", "heavy_ties")) {  # lme4 interpolates the profile: good to about 1e-3
    limits <- suppressMessages(confint(fit, parm = "theta_", method = "profile"))^2
    profiles[[length(profiles) + 1]] <- data.frame(case, tau2_low = limits[1], tau2_high = limits[2])
  }
  for (model in c("logit", "double_arcsine")) {
    e <- escalc(measure = if (model == "logit") "PLO" else "PFT", xi = x, ni = n, data = d)
    for (method in c("REML", "PM", "DL", "ML")) for (adjust in c("hksj", "wald")) for (level in c(0.9, 0.95, 0.99)) {
      fit <- best(e$yi, e$vi, method, test = if (adjust == "hksj") "knha" else "z", level = 100 * level)
      p <- if (model == "logit") predict(fit, transf = transf.ilogit) else
        predict(fit, transf = transf.ipft.hm, targs = list(ni = d$n))
      rates[[length(rates) + 1]] <- data.frame(
        case, model, adjust, method, level, k = fit$k, estimate = p$pred, ci_low = p$ci.lb, ci_high = p$ci.ub,
        pi_low = p$pi.lb, pi_high = p$pi.ub, estimate_logit = if (model == "logit") fit$beta[[1]] else NA,
        se_logit = if (model == "logit") fit$se else NA, tau2 = fit$tau2, i2 = fit$I2 / 100, q = fit$QE,
        q_p = fit$QEp)
    }
  }
}
put(stack(rates), "proportions.csv")
put(stack(mixed), "glmer.csv")
put(stack(profiles), "profiles.csv")

writeLines(c(R.version.string, sapply(c("metafor", "metadat", "lme4"), function(name)
  paste(name, packageVersion(name)))), "versions.txt")
