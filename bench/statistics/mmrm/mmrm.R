# The same trials in R, and the comparison.  Rscript mmrm.R trials.csv ours.csv SAMPLE
# nlme::gls with corSymm and varIdent is the unstructured residual covariance by REML. It gives no
# Satterthwaite degrees of freedom; ours are computed within the time shown. lme4 reaches the same
# likelihood with a random effect for each visit and, redundantly, a residual variance.
suppressMessages({library(nlme); library(lme4)})
arguments <- commandArgs(TRUE)
d <- read.csv(arguments[1]); ours <- read.csv(arguments[2]); sample <- as.integer(arguments[3])
d$visit <- match(d$week, sort(unique(d$week))); d$week <- factor(d$week); d$arm <- factor(d$arm); d$id <- factor(d$id)
last <- paste0("arm1:week", tail(levels(d$week), 1))
# Tolerances below gls's own, so that both are at the same optimum.
control <- glsControl(maxIter = 200, msMaxIter = 200, tolerance = 1e-8, msTol = 1e-9)
default <- glsControl()
time <- function(f) { start <- sum(proc.time()[1:2]); fit <- suppressWarnings(suppressMessages(f())); list(fit = fit, seconds = sum(proc.time()[1:2]) - start) }
rows <- do.call(rbind, lapply(seq_len(sample) - 1, function(number) {
  x <- d[d$trial == number, ]
  gls_with <- function(control) function() tryCatch(gls(chg ~ base + arm * week, x, correlation = corSymm(form = ~ visit | id),
    weights = varIdent(form = ~ 1 | week), method = "REML", control = control), error = function(e) NULL)
  g <- time(gls_with(control)); g0 <- time(gls_with(default))
  l <- time(function() tryCatch(lmer(chg ~ base + arm * week + (0 + week | id), x,
    control = lmerControl(check.nobs.vs.nRE = "ignore", check.nobs.vs.nlev = "ignore", check.conv.singular = "ignore")), error = function(e) NULL))
  effect <- function(b) unname(b["arm1"] + b[last])
  e <- if (is.null(g$fit)) c(NA, NA, NA) else { v <- vcov(g$fit); c(effect(coef(g$fit)), sqrt(v["arm1", "arm1"] + v[last, last] + 2 * v["arm1", last]), logLik(g$fit)) }
  m <- if (is.null(l$fit)) c(NA, NA) else c(effect(fixef(l$fit)), logLik(l$fit))
  data.frame(trial = number, gls = e[1], gls_se = e[2], gls_loglik = e[3], gls_seconds = g$seconds, gls_default_seconds = g0$seconds,
    lmer = m[1], lmer_loglik = m[2], lmer_seconds = l$seconds)
}))
both <- merge(ours, rows); largest <- function(x) max(abs(x), na.rm = TRUE)
cat(sprintf("R %s, nlme %s, lme4 %s\n", getRversion(), packageVersion("nlme"), packageVersion("lme4")))
cat(sprintf("trials: %d fitted by us, the first %d of them by R; gls failed on %d, lmer on %d\n", nrow(ours), sample, sum(is.na(both$gls)), sum(is.na(both$lmer))))
cat(sprintf("ours - gls, largest: estimate %.1e, standard error %.1e, REML log-likelihood %.1e (ours lower by at most %.1e)\n",
  largest(both$estimate - both$gls), largest(both$se - both$gls_se), largest(both$loglik - both$gls_loglik), max(0, both$gls_loglik - both$loglik, na.rm = TRUE)))
cat(sprintf("ours - lmer, largest: estimate %.1e, REML log-likelihood %.1e (ours lower by at most %.1e)\n",
  largest(both$estimate - both$lmer), largest(both$loglik - both$lmer_loglik), max(0, both$lmer_loglik - both$loglik, na.rm = TRUE)))
m <- c(ours = median(ours$seconds), gls = median(both$gls_seconds), `gls, default tolerance` = median(both$gls_default_seconds), lmer = median(both$lmer_seconds))
# Ours in elapsed time, which counts what others take from the core; R's in processor time.
cat("median seconds of a fit, and ratio to ours:\n")
for (name in names(m)) cat(sprintf("  %-24s %9.6f  %8.0f\n", name, m[name], m[name] / m["ours"]))
cat(sprintf("all %d of ours: %.2f s\n", nrow(ours), sum(ours$seconds)))
