# R's half of the benchmark of negative binomial regression; run by `run`.
#   negative_binomial.R simulate FOLDER COUNT   trials of 60 patients: arm, relapses of the last year, follow-up
#   negative_binomial.R fit FOLDER              MASS::glm.nb on each, timed; then again to convergence, not timed
#   negative_binomial.R compare FOLDER          estimates and times of both
suppressMessages(library(MASS))
arguments <- commandArgs(TRUE)
folder <- arguments[2]
file_in <- function(name) file.path(folder, name)

if (arguments[1] == "simulate") {
  set.seed(60)
  trials <- do.call(rbind, lapply(seq_len(as.integer(arguments[3])), function(trial) {
    arm <- rep(0:1, 30)
    prior <- rpois(60, 1.5)
    years <- round(runif(60, 0.5, 2), 3)
    relapses <- rnbinom(60, size = 1 / 0.7, mu = years * exp(-0.1 - 0.8 * arm + 0.2 * prior))
    data.frame(trial, arm, prior, years, relapses)
  }))
  write.csv(trials, file_in("trials.csv"), row.names = FALSE, quote = FALSE)
}

if (arguments[1] == "fit") {
  trials <- split(read.csv(file_in("trials.csv")), read.csv(file_in("trials.csv"))$trial)
  fit <- function(data, ...) suppressWarnings(tryCatch(
    glm.nb(relapses ~ arm + prior + offset(log(years)), data = data, ...), error = function(e) NULL))
  seconds <- system.time(for (data in trials) fit(data))[["elapsed"]]
  cat(seconds, file = file_in("r_seconds"))
  converged <- lapply(trials, fit, control = glm.control(epsilon = 1e-12, maxit = 200))
  estimates <- do.call(rbind, lapply(converged, function(f) {
    if (is.null(f)) return(rep(NA, 5))
    c(coef(f), f$theta, sqrt(vcov(f)["arm", "arm"]))
  }))
  write.csv(estimates, file_in("r.csv"), row.names = FALSE)
}

if (arguments[1] == "compare") {
  r <- as.matrix(read.csv(file_in("r.csv")))
  ours <- as.matrix(read.csv(file_in("ours.csv")))
  theta <- 4
  # Without overdispersion the likelihood rises to theta infinite: ours says so, R stops somewhere.
  poisson <- is.infinite(ours[, theta])
  both <- !poisson & !is.na(ours[, 1]) & !is.na(r[, 1])
  off <- abs(ours - r)[both, ] / pmax(1, abs(r[both, ]))
  cat(sprintf("trials %d, compared %d, without overdispersion %d, no answer: ours %d, R %d\n", nrow(r), sum(both), sum(poisson), sum(is.na(ours[, 1])), sum(is.na(r[, 1]))))
  cat(sprintf("largest difference: coefficients %.1e, theta (relative) %.1e, standard error of the arm %.1e\n", max(off[, 1:3]), max(off[, 4]), max(off[, 5])))
  cat(sprintf("smallest theta of R where ours is Poisson: %.3g; largest difference of the coefficients there %.1e\n", min(r[poisson, theta], na.rm = TRUE), max(abs(ours - r)[poisson, 1:3], na.rm = TRUE)))
  seconds <- c(scan(file_in("r_seconds"), quiet = TRUE), scan(file_in("ours_seconds"), quiet = TRUE))
  cat(sprintf("MASS::glm.nb %.3f s, ours %.4f s, ratio %.0f\n", seconds[1], seconds[2], seconds[1] / seconds[2]))
}
