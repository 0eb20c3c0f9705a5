# Turnbull's estimate by survival::survfit. Run in this folder: Rscript survfit.R (Debian: r-cran-survival)
# Cases whose intervals do not touch at their ends: survfit closes them on both sides. It stops its self-consistency
# steps early, so jumps agree to about 1e-3; npsurv (reference.R) is the exact one.
library(survival)
cases <- read.csv("cases.csv")
rows <- list()
for (name in c("cosmesis_radiotherapy", "cosmesis_chemotherapy", "cosmesis_both", "exact_and_right",
               "exact_and_interval", "intervals", "current_status")) {
  d <- cases[cases$case == name, ]
  left <- ifelse(d$lower == 0, NA, d$lower); right <- ifelse(is.finite(d$upper), d$upper, NA)
  fit <- survfit(Surv(left, right, type = "interval2") ~ 1, weights = d$weight)
  jumps <- -diff(c(1, fit$surv))
  rows[[name]] <- data.frame(case = name, time = fit$time, jump = jumps)[jumps > 1e-6, ]
}
table <- do.call(rbind, rows)
table$time <- sprintf("%.9g", table$time); table$jump <- sprintf("%.9g", table$jump)
write.csv(table, "survfit.csv", row.names = FALSE, quote = FALSE)
