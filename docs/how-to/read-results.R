# Read the answers of a report and its tables into R.
#   Rscript docs/how-to/read-results.R reports/output/evidence-report
# Needs the package jsonlite.

folder <- commandArgs(trailingOnly = TRUE)[1]
results <- jsonlite::fromJSON(file.path(folder, "results.json"), simplifyVector = FALSE)
stopifnot(results$format == "ketamine-crps-results/1")

# one row for each answer; what is not printed is NA
number <- function(value) if (is.null(value)) NA_real_ else as.numeric(value)
answers <- data.frame(
  id = vapply(results$answers, function(a) a$id, ""),
  what = vapply(results$answers, function(a) a$what, ""),
  value = vapply(results$answers, function(a) number(a$value), 0),
  low = vapply(results$answers, function(a) number(a$low), 0),
  high = vapply(results$answers, function(a) number(a$high), 0),
  unit = vapply(results$answers, function(a) a$unit, ""),
  n = vapply(results$answers, function(a) number(a$n), 0),
  rows = vapply(results$answers, function(a) paste(unlist(a$rows), collapse = "; "), "")
)
cat(results$report$title, "\n", results$disclaimer, "\n\n", sep = "")
shown <- answers[!is.na(answers$value), c("id", "value", "low", "high", "unit", "n")]
shown[c("value", "low", "high")] <- lapply(shown[c("value", "low", "high")], sprintf, fmt = "%.4g")
print(shown, row.names = FALSE)

# the tables behind the figures
files <- list.files(file.path(folder, "tables"), pattern = "[.]csv$", full.names = TRUE)
tables <- lapply(setNames(files, sub("[.]csv$", "", basename(files))), read.csv, encoding = "UTF-8")
cat("\n", length(tables), " tables with ", sum(vapply(tables, nrow, 0L)), " rows\n", sep = "")
