# Reference values of the Bayesian models by quadrature in R. Run in this folder: Rscript quadrature.R (a minute).
# The prior of the mean logit is normal(0, 1.5), that of a mean estimate flat, that of tau half-normal(0, scale).
source("cases.R")

# ---------------------------------------------------------------- quadrature
gauss_legendre <- function(n) {
  i <- seq_len(n - 1); m <- matrix(0, n, n)
  m[cbind(i, i + 1)] <- m[cbind(i + 1, i)] <- i / sqrt(4 * i^2 - 1)
  e <- eigen(m, symmetric = TRUE)
  list(z = e$values, w = 2 * e$vectors[1, ]^2)
}
gauss_hermite <- function(n) {
  i <- seq_len(n - 1); m <- matrix(0, n, n)
  m[cbind(i, i + 1)] <- m[cbind(i + 1, i)] <- sqrt(i)
  e <- eigen(m, symmetric = TRUE)
  list(z = e$values, w = e$vectors[1, ]^2)
}
# 8 panels of 12 nodes for tau
legendre <- gauss_legendre(12); ends <- c(0, 0.125, 0.25, 0.5, 1, 1.5, 2.5, 4, 7)
tau <- unlist(lapply(1:8, function(j) (ends[j] + ends[j + 1]) / 2 + legendre$z * (ends[j + 1] - ends[j]) / 2))
weight <- unlist(lapply(1:8, function(j) legendre$w * (ends[j + 1] - ends[j]) / 2))
# of a density at the points `at`, by a spline and the trapezoidal rule on a grid ten times as fine
quantiles <- function(at, density) {
  fine <- seq(at[1], tail(at, 1), length.out = 10 * length(at))
  f <- pmax(spline(at, density, xout = fine, method = "fmm")$y, 0)
  mass <- cumsum(c(0, (head(f, -1) + tail(f, -1)) / 2))
  approx(mass / tail(mass, 1), fine, probabilities, ties = "ordered")$y
}
of_logit <- function(x, n, t) exp(dbinom(x, n, plogis(t), log = TRUE))
hermite <- gauss_hermite(60)
# one study's likelihood at each mu: over its logit, by the trapezoidal rule, for small tau by Gauss-Hermite
of_study <- function(x, n, mus, tau) {
  if (tau < 0.05) return(as.vector(matrix(of_logit(x, n, outer(mus, tau * hermite$z, "+")), length(mus)) %*% hermite$w))
  step <- if (max(n) > 200) 0.002 else 0.01
  t <- seq(-18, 18, by = step)
  t <- t[of_logit(x, n, t) > 1e-16 * max(of_logit(x, n, t))]
  as.vector(outer(mus, t, function(m, t) dnorm(t, m, tau)) %*% (of_logit(x, n, t) * step))
}
rows <- list()
for (case in names(counts)) {
  x <- counts[[case]][[1]]; n <- counts[[case]][[2]]
  mus <- seq(-9, 7, length.out = 641)
  surface <- sapply(tau, function(t) Reduce(`*`, Map(function(x, n) of_study(x, n, mus, t), x, n)))
  for (scale in scales) rows[[length(rows) + 1]] <- data.frame(model = "counts", case, scale, probability = probabilities,
    value = quantiles(mus, dnorm(mus, 0, 1.5) * as.vector(surface %*% (weight * dnorm(tau, 0, scale)))))
  cat(case, "\n")
}
for (case in names(estimates)) {
  y <- estimates[[case]][[1]]; s <- estimates[[case]][[2]]
  mus <- seq(-14, 12, length.out = 5201)
  surface <- sapply(tau, function(t) Reduce(`*`, Map(function(y, s) dnorm(y, mus, sqrt(s^2 + t^2)), y, s)))
  for (scale in scales) rows[[length(rows) + 1]] <- data.frame(model = "estimates", case, scale, probability = probabilities,
    value = quantiles(mus, as.vector(surface %*% (weight * dnorm(tau, 0, scale)))))
}
put(do.call(rbind, rows), "quadrature.csv")
writeLines(R.version.string, "versions.txt")
