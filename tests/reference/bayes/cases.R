# The cases of quadrature.R.
counts <- list(
  any_relief = list(c(31, 10, 0, 5), c(33, 16, 4, 5)),
  two_apart = list(c(25, 25), c(33, 65)),
  two_alike = list(c(18, 13), c(33, 20)),
  none_at_all = list(c(0, 0, 0), c(8, 5, 11)),
  large = list(c(123, 1882, 9), c(2025, 3291, 1037)))
estimates <- list(
  two_apart = list(c(-2.77, -0.6), c(0.5, 0.4)),
  three = list(c(-1.8, -2.4, -0.2), c(0.6, 0.9, 0.35)),
  alike = list(c(1, 1.1, 0.9, 1), c(0.4, 0.3, 0.5, 0.4)))
scales <- c(0.5, 1)
probabilities <- c(0.025, 0.5, 0.975)
put <- function(table, file) write.csv(format(table, digits = 10, trim = TRUE), file, row.names = FALSE, quote = FALSE)

