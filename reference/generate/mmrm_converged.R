# The optimum that the fits of mmrm.csv, mmrm_covariance.csv and mmrm_ml_coefficients.csv approach:
# those stop where the log-likelihood is up to 1.2e-6 short of its maximum. Base R, dense matrices, every
# derivative by differences of sixth order; nothing is shared with the package or with the program tested.
# Run in reference/: Rscript generate/mmrm_converged.R > mmrm_converged.csv
d <- read.csv("mgadl_long.csv"); d <- d[!is.na(d$chg), ]
weeks <- sort(unique(d$week)); m <- length(weeks)
X <- model.matrix(~ base + factor(arm) * factor(week), d); colnames(X)[3] <- "arm1"
colnames(X) <- gsub("factor\\((arm|week)\\)", "\\1", colnames(X))
y <- d$chg; n <- nrow(X); p <- ncol(X); visit <- match(d$week, weeks)
rows <- split(seq_len(n), d$id)

rho <- function(x) x / sqrt(1 + x^2)
lag <- abs(outer(1:m, 1:m, "-"))
scaled <- function(theta, k, R) { s <- exp(if (k == 1) rep(theta[1], m) else theta[1:m]); R * outer(s, s) }
structures <- list(
  us = list(10, function(t) { L <- diag(m); L[upper.tri(L)] <- t[-(1:m)]; scaled(t, m, t(L) %*% L) }),
  cs = list(2, function(t) scaled(t, 1, ifelse(lag == 0, 1, rho(t[2])))),
  csh = list(5, function(t) scaled(t, m, ifelse(lag == 0, 1, rho(t[5])))),
  ar1 = list(2, function(t) scaled(t, 1, rho(t[2])^lag)),
  ar1h = list(5, function(t) scaled(t, m, rho(t[5])^lag)),
  toep = list(4, function(t) scaled(t, 1, matrix(c(1, rho(t[2:4]))[lag + 1], m))),
  toeph = list(7, function(t) scaled(t, m, matrix(c(1, rho(t[5:7]))[lag + 1], m))),
  ad = list(4, function(t) scaled(t, 1, ante(rho(t[2:4])))),
  adh = list(7, function(t) scaled(t, m, ante(rho(t[5:7])))))
ante <- function(r) outer(1:m, 1:m, Vectorize(function(i, j) if (i == j) 1 else prod(r[min(i, j):(max(i, j) - 1)])))

sums <- function(f) { out <- 0; for (r in rows) out <- out + f(X[r, , drop = FALSE], y[r], visit[r]); out }
information <- function(S) sums(function(x, y, v) t(x) %*% solve(S[v, v], x))
deviance <- function(S, reml) {
  A <- information(S); b <- solve(A, sums(function(x, y, v) t(x) %*% solve(S[v, v], y)))
  value <- sums(function(x, y, v) { e <- y - x %*% b; as.numeric(determinant(S[v, v, drop = FALSE])$modulus) + sum(e * solve(S[v, v], e)) })
  if (reml) value + as.numeric(determinant(A)$modulus) + (n - p) * log(2 * pi) else value + n * log(2 * pi)
}
# Differences of sixth order.
first <- function(f, x, e, h = 1e-3) (45 * (f(x + h * e) - f(x - h * e)) - 9 * (f(x + 2 * h * e) - f(x - 2 * h * e)) + f(x + 3 * h * e) - f(x - 3 * h * e)) / (60 * h)
second <- function(f, x, e, h = 2.5e-3) (-490 * f(x) + 270 * (f(x + h * e) + f(x - h * e)) - 27 * (f(x + 2 * h * e) + f(x - 2 * h * e)) + 2 * (f(x + 3 * h * e) + f(x - 3 * h * e))) / (180 * h^2)
unit <- function(k, i) replace(numeric(k), i, 1)
mixed <- function(f, x, i, j) { e <- unit(length(x), i); g <- unit(length(x), j)
  if (i == j) second(f, x, e) else (second(f, x, e + g) - second(f, x, e - g)) / 4 }

emit <- function(...) cat(paste(vapply(list(...), function(x) if (is.numeric(x)) sprintf("%.12g", x) else x, ""), collapse = ","), "\n", sep = "")
cat("covariance,likelihood,term,estimate,se,se_kenward_roger,se_kenward_roger_linear,df,loglik\n")
baseline <- mean(d$base)
contrasts <- function(ml) {
  if (ml) { K <- diag(p); rownames(K) <- colnames(X); return(K) }
  K <- NULL; for (w in weeks) for (a in 0:1) { new <- data.frame(base = baseline, arm = factor(a, 0:1), week = factor(w, weeks)); r <- model.matrix(~ base + arm * week, new); K <- rbind(K, r) }
  rownames(K) <- paste0("mean ", rep(weeks, each = 2), " ", 0:1)
  D <- K[2 * (1:m), ] - K[2 * (1:m) - 1, ]; rownames(D) <- paste0("difference ", weeks); rbind(D, K)
}
for (name in c(names(structures), "us_ml")) {
  ml <- name == "us_ml"; s <- structures[[if (ml) "us" else name]]; k <- s[[1]]; S <- s[[2]]
  f <- function(t) deviance(S(t), !ml)
  theta <- c(rep(log(2.4), if (k %in% c(2, 4)) 1 else m)); theta <- c(theta, c(1.2, 0.6, 0.3, 0.3, 0.3, 0.3)[seq_len(k - length(theta))])
  inside <- function(t) if (min(eigen(S(t), only.values = TRUE)$values) > 1e-6) f(t) else Inf
  theta <- nlminb(theta, inside, control = list(rel.tol = 1e-12))$par
  hessian <- function(t) { H <- matrix(0, k, k); for (i in 1:k) for (j in 1:i) H[i, j] <- H[j, i] <- mixed(f, t, i, j); H }
  H <- hessian(theta)
  for (i in 1:4) theta <- theta - solve(H, vapply(1:k, function(i) first(f, theta, unit(k, i)), 0))
  H <- hessian(theta); W <- 2 * solve(H)
  A <- information(S(theta)); Phi <- solve(A)
  b <- Phi %*% sums(function(x, y, v) t(x) %*% solve(S(theta)[v, v], y))
  dS <- lapply(1:k, function(i) first(S, theta, unit(k, i)))
  P <- lapply(dS, function(D) sums(function(x, y, v) { z <- solve(S(theta)[v, v], x); t(z) %*% D[v, v] %*% z }))
  full <- linear <- 0
  for (i in 1:k) for (j in 1:k) {
    Q <- sums(function(x, y, v) { V <- S(theta)[v, v, drop = FALSE]; z <- solve(V, x); t(z) %*% dS[[i]][v, v] %*% solve(V, dS[[j]][v, v] %*% z) })
    D2 <- mixed(S, theta, i, j)
    R <- sums(function(x, y, v) { z <- solve(S(theta)[v, v], x); t(z) %*% D2[v, v] %*% z })
    one <- Q - P[[i]] %*% Phi %*% P[[j]]
    linear <- linear + W[i, j] * one; full <- full + W[i, j] * (one - R / 4)
  }
  adjusted <- Phi + 2 * Phi %*% full %*% Phi; adjusted_linear <- Phi + 2 * Phi %*% linear %*% Phi
  K <- contrasts(ml); ll <- -f(theta) / 2; what <- c(if (ml) "us" else name, if (ml) "ML" else "REML")
  for (i in seq_len(nrow(K))) { c <- K[i, ]; v <- c(c %*% Phi %*% c); g <- vapply(P, function(M) c(c %*% Phi %*% M %*% Phi %*% c), 0)
    emit(what[1], what[2], rownames(K)[i], sum(c * b), sqrt(v), sqrt(c(c %*% adjusted %*% c)), sqrt(c(c %*% adjusted_linear %*% c)), 2 * v^2 / c(g %*% W %*% g), ll) }
  V <- S(theta); for (i in 1:m) for (j in i:m) emit(what[1], what[2], paste("covariance", weeks[i], weeks[j]), V[i, j], "", "", "", "", ll)
}
