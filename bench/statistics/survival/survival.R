# R's half of the survival benchmark, with the package survival.
#
#   Rscript survival.R generate DIR      writes the data that both read
#   Rscript survival.R measure DIR       prints the lines that report.py reads
suppressMessages(library(survival))
arguments <- commandArgs(TRUE)
directory <- arguments[2]

if (arguments[1] == "generate") {
  set.seed(20261124)
  n <- 100000
  arm <- rep(0:1, n / 2)
  age <- round(rnorm(n, 42, 11))
  score <- round(rnorm(n), 3)
  onset <- rexp(n, 0.05 * exp(-0.5 * arm + 0.02 * (age - 42) + 0.3 * score))
  censored <- runif(n, 12, 60)
  time <- pmin(onset, censored)
  # At least 2e-6 apart: survfit takes times that are nearly the same for the same.
  time[order(time)] <- signif(sort(time) + 2e-6 * seq_len(n), 12)
  status <- as.integer(onset <= censored)
  write <- function(name, time) write.csv(data.frame(time, status, arm, age, score),
    file.path(directory, name), row.names = FALSE, quote = FALSE)
  write("survival_untied.csv", time)
  write("survival_tied.csv", ceiling(2 * time) / 2)
  quit(save = "no")
}

# Processor seconds of one call: the mean of five after one unmeasured.
measure <- function(analysis, data, call) {
  result <- call()
  gc()
  start <- proc.time()
  for (i in 1:5) call()
  used <- proc.time() - start
  cat(sprintf("time,%s,%s,%.9f\n", analysis, data, (used[["user.self"]] + used[["sys.self"]]) / 5))
  result
}
value <- function(analysis, data, name, number) cat(sprintf("value,%s,%s,%s,%.17e\n", analysis, data, name, number))

for (data in c("untied", "tied")) {
  d <- read.csv(file.path(directory, sprintf("survival_%s.csv", data)))

  curves <- measure("Kaplan-Meier", data, function() survfit(Surv(time, status) ~ arm, data = d, conf.type = "log-log"))
  medians <- quantile(curves, 0.5)
  last <- cumsum(curves$strata)
  for (k in 0:1) {
    value("Kaplan-Meier", data, sprintf("median in arm %d", k), medians$quantile[k + 1])
    value("Kaplan-Meier", data, sprintf("lower limit of the median in arm %d", k), medians$lower[k + 1])
    value("Kaplan-Meier", data, sprintf("last survival in arm %d", k), curves$surv[last[k + 1]])
    value("Kaplan-Meier", data, sprintf("its lower limit in arm %d", k), curves$lower[last[k + 1]])
  }

  test <- measure("log-rank", data, function() survdiff(Surv(time, status) ~ arm, data = d))
  value("log-rank", data, "chi-square", test$chisq)

  fit <- measure("Cox", data, function() coxph(Surv(time, status) ~ arm + age + score, data = d))
  for (j in 1:3) {
    value("Cox", data, sprintf("coefficient %d", j - 1), coef(fit)[[j]])
    value("Cox", data, sprintf("standard error %d", j - 1), sqrt(vcov(fit)[j, j]))
  }
  value("Cox", data, "log-likelihood", fit$loglik[2])
  value("Cox", data, "concordance", fit$concordance[["concordance"]])

  # The fitting routine alone: matrices in, no formula, no concordance.
  x <- as.matrix(d[c("arm", "age", "score")])
  y <- Surv(d$time, d$status)
  control <- coxph.control()
  fit <- measure("Cox without concordance", data, function() coxph.fit(x, y, NULL, NULL, NULL, control, NULL, "efron", NULL))
  for (j in 1:3) value("Cox without concordance", data, sprintf("coefficient %d", j - 1), fit$coefficients[[j]])
}
