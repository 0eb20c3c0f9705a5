# Reference values of the stress test. Run in this folder after sets.py: Rscript reference.R (some minutes)
# Needs R with the package metafor (Debian: r-cran-metafor).
suppressPackageStartupMessages(library(metafor))
sets <- read.csv(gzfile("sets.csv.gz"))
fit_of <- function(d, method) {
  fit <- suppressWarnings(try(rma(estimate, variance, data = d, method = method, test = "knha",
                                  control = list(threshold = 1e-12, maxiter = 2000, tol = 1e-12)), silent = TRUE))
  if (inherits(fit, "try-error")) return(data.frame(set = d$set[1], method, estimate = NA, se = NA, tau2 = NA))
  data.frame(set = d$set[1], method, estimate = fit$beta[[1]], se = fit$se, tau2 = fit$tau2)
}
rows <- lapply(split(sets, sets$set), function(d) do.call(rbind, lapply(c("REML", "PM", "DL", "ML"), fit_of, d = d)))
file <- gzfile("reference.csv.gz", "w")
write.csv(format(do.call(rbind, rows), digits = 12, trim = TRUE), file, row.names = FALSE, quote = FALSE)
close(file)
writeLines(c(R.version.string, paste("metafor", packageVersion("metafor"))), "versions.txt")
