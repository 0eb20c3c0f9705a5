# Reference values of the stress test. Run in this folder after sets.py: Rscript reference.R [KIND ...]
# KIND is pooling, counts, durations or pairs; without one all of them run, each some minutes.
# Needs R with the packages metafor, lme4, npsurv and survival (Debian: r-cran-metafor and so on).
suppressPackageStartupMessages({library(metafor); library(lme4); library(npsurv); library(survival)})
wanted <- commandArgs(trailingOnly = TRUE)
if (!length(wanted)) wanted <- c("pooling", "counts", "durations", "pairs")
put <- function(rows, name) {
  file <- gzfile(name, "w")
  write.csv(format(rows, digits = 12, trim = TRUE), file, row.names = FALSE, quote = FALSE)
  close(file)
}
by_set <- function(name, of_set) {
  sets <- read.csv(gzfile(name))
  do.call(rbind, lapply(split(sets, sets$set), of_set))
}
quietly <- function(expression) suppressWarnings(suppressMessages(try(expression, silent = TRUE)))
failed <- function(fit) inherits(fit, "try-error")

pooled <- function(d) do.call(rbind, lapply(c("REML", "PM", "DL", "ML"), function(method) {
  fit <- quietly(rma(estimate, variance, data = d, method = method, test = "knha",
                     control = list(threshold = 1e-12, maxiter = 2000, tol = 1e-12)))
  if (failed(fit)) return(data.frame(set = d$set[1], method, estimate = NA, se = NA, tau2 = NA))
  data.frame(set = d$set[1], method, estimate = fit$beta[[1]], se = fit$se, tau2 = fit$tau2)
}))
binomial_normal <- function(d) {
  d$study <- factor(seq_len(nrow(d)))
  fit <- quietly(glmer(cbind(events, total - events) ~ 1 + (1 | study), data = d, family = binomial, nAGQ = 25,
                       control = glmerControl(optimizer = "bobyqa", tolPwrss = 1e-10)))
  if (failed(fit)) return(data.frame(set = d$set[1], estimate = NA, tau = NA))
  data.frame(set = d$set[1], estimate = fixef(fit)[[1]], tau = sqrt(VarCorr(fit)[[1]][1]))
}
# of npsurv the log-likelihood added up from its masses, because its own differs where times are tied
turnbull <- function(d) {
  fit <- quietly(npsurv(as.matrix(d[, c("lower", "upper")]), maxit = 10000, tol = 1e-14))
  if (failed(fit)) return(NA)
  inside <- function(low, up) {
    f <- fit$f
    if (low == up) return(sum(f$p[f$left == low & f$right == low]))
    sum(f$p[(f$left > low | (f$left == low & f$right > low)) & f$right <= up])
  }
  sum(log(mapply(inside, d$lower, d$upper)))
}
fitted <- function(d) {
  y <- Surv(as.numeric(ifelse(d$lower == 0, NA, d$lower)), as.numeric(ifelse(is.finite(d$upper), d$upper, NA)),
            type = "interval2")
  values <- c(turnbull = turnbull(d))
  for (name in c("exponential", "weibull", "lognormal", "loglogistic")) {
    fit <- quietly(survreg(y ~ 1, dist = name, control = survreg.control(maxiter = 200, rel.tolerance = 1e-13)))
    values[name] <- if (failed(fit)) NA else fit$loglik[2]
  }
  data.frame(set = d$set[1], method = names(values), log_likelihood = unname(values))
}
small_tests <- function(d) {
  pair <- matrix(c(9, d$lost, d$gained, 9), 2)
  chi <- function(correct) if (d$lost + d$gained == 0) 1 else mcnemar.test(pair, correct = correct)$p.value
  score <- suppressWarnings(prop.test(d$events, d$n, correct = FALSE))$conf.int
  exact <- binom.test(d$events, d$n)$conf.int
  data.frame(set = d$set, wilson_low = score[1], wilson_high = score[2], clopper_low = exact[1],
             clopper_high = exact[2], uncorrected = chi(FALSE), corrected = chi(TRUE),
             exact = if (d$lost + d$gained == 0) 1 else binom.test(d$lost, d$lost + d$gained)$p.value)
}
if ("pooling" %in% wanted) put(by_set("sets.csv.gz", pooled), "reference.csv.gz")
if ("counts" %in% wanted) put(by_set("counts.csv.gz", binomial_normal), "reference_counts.csv.gz")
if ("durations" %in% wanted) put(by_set("durations.csv.gz", fitted), "reference_durations.csv.gz")
if ("pairs" %in% wanted) put(by_set("pairs.csv.gz", small_tests), "reference_pairs.csv.gz")
writeLines(c(R.version.string, sapply(c("metafor", "lme4", "npsurv", "survival"), function(name)
  paste(name, packageVersion(name)))), "versions.txt")
