# Reference values of the Bayesian models by brms (Hamiltonian Monte Carlo). Run in this folder: Rscript brms.R
# (about ten minutes). Priors as in quadrature.R; mcse is the Monte Carlo standard error of each quantile.
suppressMessages(library(brms))
rstan::rstan_options(boost_lib = "/usr/include")
source("cases.R")
counts$large <- NULL  # one fit to studies of 1,037 to 3,291 patients takes more than six minutes
sampled <- function(model, formula, family, mean_prior, table) {
  scale_of <- function(scale) stanvar(scale, name = "scale", scode = "real scale;")
  priors <- c(set_prior(mean_prior, class = "Intercept"), set_prior("normal(0, scale)", class = "sd"))
  compiled <- brm(formula, table(1), family, priors, stanvars = scale_of(1), chains = 0, refresh = 0)
  rows <- list()
  for (case in names(model)) for (scale in scales) {
    fit <- update(compiled, newdata = table(case), stanvars = scale_of(scale), recompile = FALSE, chains = 4,
      cores = 1, iter = 6000, warmup = 1000, seed = 20, refresh = 0, control = list(adapt_delta = 0.995))
    draws <- as_draws_matrix(fit, variable = c("b_Intercept", "sd_study__Intercept"))
    for (term in 1:2) {
      one <- matrix(draws[, term], ncol = 4)
      rows[[length(rows) + 1]] <- data.frame(case, scale, term = c("mean", "tau")[term], probability = probabilities,
        value = as.vector(quantile(one, probabilities)), mcse = as.vector(posterior::mcse_quantile(one, probabilities)),
        rhat = posterior::rhat(one))
    }
    cat(case, scale, rstan::get_num_divergent(fit$fit), "divergent\n")
  }
  do.call(rbind, rows)
}
counts_of <- function(case) data.frame(x = counts[[case]][[1]], n = counts[[case]][[2]], study = seq_along(counts[[case]][[1]]))
estimates_of <- function(case) data.frame(y = estimates[[case]][[1]], s = estimates[[case]][[2]], study = seq_along(estimates[[case]][[1]]))
put(rbind(
  cbind(model = "counts", sampled(counts, x | trials(n) ~ 1 + (1 | study), binomial(), "normal(0, 1.5)", counts_of)),
  cbind(model = "estimates", sampled(estimates, y | se(s) ~ 1 + (1 | study), gaussian(), "", estimates_of))), "brms.csv")
versions <- sapply(c("brms", "rstan"), function(name) as.character(packageVersion(name)))
writeLines(c(R.version.string, paste(names(versions), versions)), "versions_brms.txt")
