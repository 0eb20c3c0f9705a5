# Reference values for tests/test_statistics_summaries.py. Run in this folder: Rscript reference.R
# Needs R with the package metafor, version 4.0 or newer (conv.fivenum). The tests do not run R.
suppressPackageStartupMessages(library(metafor))
set.seed(2020)
rows <- list()
for (n in c(5, 8, 12, 20, 33, 48, 100, 201, 1000)) for (shape in c("normal", "skewed")) {
  x <- round(if (shape == "normal") rnorm(n, 6, 1.7) else rexp(n, 1 / 4), 2)
  f <- unname(quantile(x, c(0, 0.25, 0.5, 0.75, 1)))
  estimate <- function(...) unlist(conv.fivenum(..., n = n, method = "luo/wan/shi", dist = "norm", test = FALSE))
  from_range <- estimate(min = f[1], median = f[3], max = f[5])
  from_quartiles <- estimate(q1 = f[2], median = f[3], q3 = f[4])
  from_five <- estimate(min = f[1], q1 = f[2], median = f[3], q3 = f[4], max = f[5])
  rows[[length(rows) + 1]] <- data.frame(n, shape, low = f[1], q1 = f[2], median = f[3], q3 = f[4], high = f[5],
    mean_range = from_range[["mean"]], sd_range = from_range[["sd"]],
    mean_quartiles = from_quartiles[["mean"]], sd_quartiles = from_quartiles[["sd"]],
    mean_five = from_five[["mean"]], sd_five = from_five[["sd"]])
}
table <- do.call(rbind, rows)
write.csv(format(table, digits = 15, trim = TRUE), "five_numbers.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("metafor", packageVersion("metafor"))), "versions.txt")
