# Rscript read_spss.R FILE.sav FOLDER: what haven reads, as CSV files: variables, values, cells, and blanks for who does
# not ask for user-missing values.
given <- commandArgs(TRUE)
write <- function(table, name) {
  write.csv(table, file.path(given[2], paste0(name, ".csv")), row.names = FALSE, na = "", fileEncoding = "UTF-8")
}
number <- function(values) ifelse(is.na(values), "", sprintf("%.17g", values))
missing <- function(variable) {
  range <- attr(variable, "na_range")
  if (!is.null(range)) return(paste(number(range), collapse = " to "))
  paste(attr(variable, "na_values"), collapse = ",")
}
values <- function(name, variable) {
  labels <- attr(variable, "labels")
  if (is.null(labels)) return(NULL)
  data.frame(variable = name, value = number(unname(labels)), label = names(labels))
}

table <- haven::read_sav(given[1], user_na = TRUE)
write(data.frame(
  name = names(table),
  label = sapply(table, function(variable) attr(variable, "label")),
  missing = sapply(table, missing)
), "variables")
write(do.call(rbind, Map(values, names(table), table)), "values")
cells <- lapply(table, function(variable) {
  if (is.numeric(variable)) number(as.vector(unclass(variable))) else as.vector(unclass(variable))
})
write(as.data.frame(cells, optional = TRUE), "cells")
plain <- haven::read_sav(given[1])
write(data.frame(name = names(plain), blank = sapply(plain, function(variable) sum(is.na(variable)))), "blanks")
