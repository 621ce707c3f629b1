# Rscript read_csv.R FILE.csv FOLDER: what readr makes of a plain file with the call that docs/exports.md names.
given <- commandArgs(TRUE)
table <- readr::read_csv(given[1], na = c("", ".n", ".w", ".s"), show_col_types = FALSE)
write <- function(table, name) {
  write.csv(table, file.path(given[2], paste0(name, ".csv")), row.names = FALSE, na = "", fileEncoding = "UTF-8")
}
write(data.frame(
  name = names(table),
  kind = sapply(table, function(column) class(column)[1]),
  blank = sapply(table, function(column) sum(is.na(column)))
), "columns")
write(as.data.frame(lapply(table, as.character), optional = TRUE), "cells")
write(data.frame(problems = nrow(readr::problems(table))), "problems")
