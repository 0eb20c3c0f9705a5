# Reference values for analysis.statistics.decline from lme4.
#
#   cd tests/reference/decline && Rscript reference.R
#
# needs r-base-core and r-cran-lme4. Writes the CSV files and versions.txt of this folder; the tests read those only. The
# case `published` holds counts of the kind that data/durations.csv held when this was written; the others are made up.
suppressMessages(library(lme4))
options(warn = 1, digits = 17)

put <- function(frame, name) {
  for (column in names(frame)) if (is.double(frame[[column]])) frame[[column]] <- sprintf("%.17g", frame[[column]])
  write.csv(frame, name, row.names = FALSE, quote = FALSE)
}
drawn <- function(seed, studies, times, a, b, tau, size, shift = 0) {
  set.seed(seed)
  rows <- list()
  for (s in seq_len(studies)) {
    own <- rnorm(1, 0, tau); g <- if (s %% 3 == 0) "b" else "a"
    for (w in sort(sample(times, sample(1:3, 1)))) {
      n <- sample(size, 1)
      rows[[length(rows) + 1]] <- data.frame(
        study = paste0("s", s), group = g, weeks = w, n = n,
        events = rbinom(1, n, plogis(a + b * log1p(w) + own + shift * (g == "b"))))
    }
  }
  do.call(rbind, rows)
}
cases <- list(
  published = data.frame(
    study = c("kie", "coh", "cor", "cor", "dom", "goe", "gol", "man", "man"),
    group = c("b", "c", rep("a", 7)), weeks = c(13, 3, 0, 13, 0, 13, 13, 0, 4),
    n = c(20, 71, 33, 33, 65, 5, 16, 48, 48), events = c(13, 33, 25, 18, 25, 1, 10, 30, 23)),
  many_studies = drawn(1, 25, c(0, 1, 4, 8, 12, 26, 52), 1.2, -0.5, 0.7, 10:60, -0.6),
  no_heterogeneity = drawn(2, 15, c(0, 4, 12, 26), 0.8, -0.4, 0, 30:80),
  much_heterogeneity = drawn(3, 18, c(0, 2, 6, 12, 26, 52), 0.5, -0.6, 1.4, 15:50, 0.5),
  empty_and_full_cells = data.frame(
    study = c("a", "a", "b", "b", "c", "c", "d", "e", "f"), group = c("a", "a", "a", "a", "b", "b", "b", "a", "a"),
    weeks = c(0, 12, 0, 26, 0, 4, 12, 4, 26), n = c(12, 12, 20, 20, 9, 9, 15, 30, 14),
    events = c(12, 7, 18, 0, 9, 6, 5, 21, 3)),
  small_studies = drawn(5, 30, c(0, 1, 3, 6, 12), 0.9, -0.7, 0.5, 3:9, 0.4),
  rising = drawn(6, 12, c(0, 4, 12, 26), -0.8, 0.3, 0.4, 20:40))
put(do.call(rbind, lapply(names(cases), function(case) cbind(case = case, cases[[case]]))), "cases.csv")

fits <- list(); coefficients <- list(); covariances <- list()
for (case in names(cases)) for (moderated in c(FALSE, TRUE)) {
  data <- cases[[case]]
  # the group with the most studies first
  sizes <- tapply(data$study, data$group, function(s) length(unique(s)))
  data$group <- factor(data$group, names(sizes)[order(-sizes, names(sizes))])
  model <- cbind(events, n - events) ~ log1p(weeks) + (1 | study)
  if (moderated) model <- update(model, . ~ . + group)
  best <- NULL
  # several optimisers and starts, each polished: the highest end counts
  for (optimizer in c("bobyqa", "Nelder_Mead", "nlminbwrap")) for (start in c(0.3, 1)) {
    fit <- suppressMessages(suppressWarnings(try(glmer(
      model, data, binomial, nAGQ = 25, start = list(theta = start),
      control = glmerControl(optimizer = optimizer, calc.derivs = TRUE,
                             optCtrl = if (optimizer == "bobyqa") list(rhoend = 1e-10, maxfun = 1e6)
                                       else if (optimizer == "Nelder_Mead") list(FtolAbs = 1e-14, XtolRel = 1e-12, maxfun = 1e6)
                                       else list(rel.tol = 1e-14, x.tol = 1e-12))), silent = TRUE)))
    if (inherits(fit, "try-error")) next
    if (is.null(best) || logLik(fit) > logLik(best)) best <- fit
  }
  # the log-likelihood of glmer with nAGQ > 1 lacks the binomial coefficients
  constant <- sum(lchoose(data$n, data$events))
  fits[[length(fits) + 1]] <- data.frame(case, moderated, k = length(unique(data$study)), rows = nrow(data),
                                         tau = getME(best, "theta")[[1]], log_likelihood = as.numeric(logLik(best)),
                                         constant)
  table <- summary(best)$coefficients
  coefficients[[length(coefficients) + 1]] <- data.frame(
    case, moderated, name = rownames(table), estimate = table[, 1], se = table[, 2])
}
put(do.call(rbind, fits), "fits.csv")
put(do.call(rbind, coefficients), "coefficients.csv")
writeLines(c(R.version.string, paste("lme4", packageVersion("lme4"))), "versions.txt")
