# Reference values for tests/test_statistics_examples.py. Run in this folder: Rscript reference.R
# Needs R with the packages lme4, metafor and metadat (Debian: r-cran-lme4, r-cran-metafor). The tests do not run R.
suppressPackageStartupMessages({
  library(metafor)
  library(lme4)
})
put <- function(table, file) write.csv(format(table, digits = 15, trim = TRUE), file, row.names = FALSE, quote = FALSE)

# ---------------------------------------------------------------- 15 data sets of metadat, not used elsewhere
sets <- list(
  bangertdrowns2004 = dat.bangertdrowns2004,
  collins1985a = escalc(measure = "OR", ai = b.xti, n1i = nti, ci = b.xci, n2i = nci, data = dat.collins1985a),
  colditz_rd = escalc(measure = "RD", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.colditz1994),
  curtis1998 = escalc(measure = "ROM", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i,
                      data = dat.curtis1998),
  hackshaw1998 = dat.hackshaw1998,
  hart1999 = escalc(measure = "IRR", x1i = x1i, x2i = x2i, t1i = t1i, t2i = t2i, data = dat.hart1999),
  hine1989 = escalc(measure = "RD", n1i = n1i, n2i = n2i, ai = ai, ci = ci, data = dat.hine1989),
  konstantopoulos2011 = dat.konstantopoulos2011,
  lee2004 = escalc(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.lee2004),
  li2007 = escalc(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.li2007),
  linde2005 = escalc(measure = "RR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.linde2005),
  mcdaniel1994 = escalc(measure = "ZCOR", ri = ri, ni = ni, data = dat.mcdaniel1994),
  molloy2014 = escalc(measure = "ZCOR", ri = ri, ni = ni, data = dat.molloy2014),
  nielweise2007 = escalc(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.nielweise2007),
  raudenbush1985 = dat.raudenbush1985)
cases <- list(); pooled <- list()
for (name in names(sets)) {
  d <- sets[[name]]
  ok <- is.finite(as.numeric(d$yi)) & is.finite(as.numeric(d$vi)) & as.numeric(d$vi) > 0
  y <- as.numeric(d$yi)[ok]; v <- as.numeric(d$vi)[ok]
  cases[[length(cases) + 1]] <- data.frame(case = name, estimate = y, variance = v)
  for (method in c("REML", "PM", "DL", "ML")) for (adjust in c("hksj", "wald")) {
    fit <- rma(y, v, method = method, test = if (adjust == "hksj") "knha" else "z",
               control = list(threshold = 1e-13, maxiter = 10000, tol = 1e-13))
    p <- predict(fit)
    pooled[[length(pooled) + 1]] <- data.frame(case = name, method, adjust, k = fit$k, estimate = fit$beta[[1]],
      se = fit$se, ci_low = fit$ci.lb, ci_high = fit$ci.ub, pi_low = p$pi.lb, pi_high = p$pi.ub, tau2 = fit$tau2,
      q = fit$QE, q_p = fit$QEp)
  }
}
put(do.call(rbind, cases), "cases.csv")
put(do.call(rbind, pooled), "pooled.csv")

# ---------------------------------------------------------------- large studies: lme4 with 100 nodes
counts <- list(
  colditz_control = list(c(11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29),
                         c(139, 303, 220, 12867, 5808, 1451, 629, 88391, 7277, 1665, 27338, 2341, 17854)),
  three_large = list(c(123, 1882, 9), c(2025, 3291, 1037)))
set.seed(20)
for (i in 1:12) {
  k <- sample(3:9, 1); n <- round(exp(runif(k, log(2000), log(50000))))
  counts[[sprintf("random_%d", i)]] <- list(rbinom(k, n, plogis(rnorm(1, -1.5, 1) + c(0.2, 0.5, 1)[i %% 3 + 1] * rnorm(k))), n)
}
put(do.call(rbind, lapply(names(counts), function(case) data.frame(
  case, events = counts[[case]][[1]], total = counts[[case]][[2]]))), "counts.csv")
fits <- list()
for (case in names(counts)) {
  d <- data.frame(x = counts[[case]][[1]], n = counts[[case]][[2]])
  d$study <- factor(seq_len(nrow(d)))
  fit <- NULL
  for (tolerance in c(1e-12, 1e-10, 1e-8, 1e-7)) {  # the tightest with which lme4 gets through
    fit <- suppressWarnings(suppressMessages(try(glmer(
      cbind(x, n - x) ~ 1 + (1 | study), data = d, family = binomial, nAGQ = 100, control = glmerControl(
        optimizer = "bobyqa", tolPwrss = tolerance, optCtrl = list(rhobeg = 1e-2, rhoend = 1e-9, maxfun = 1e6))),
      silent = TRUE)))
    if (!inherits(fit, "try-error")) break
  }
  if (inherits(fit, "try-error")) next
  fits[[length(fits) + 1]] <- data.frame(case, estimate_logit = fixef(fit)[[1]], se_logit = sqrt(vcov(fit)[1, 1]),
                                         tau2 = VarCorr(fit)[[1]][1])
}
put(do.call(rbind, fits), "glmer.csv")
writeLines(c(R.version.string, sapply(c("metafor", "metadat", "lme4"), function(name)
  paste(name, packageVersion(name)))), "versions.txt")
