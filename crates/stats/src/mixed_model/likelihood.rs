//! Deviance (-2 log-likelihood) of the mixed model with its exact gradient and Hessian.
//!
//! With H = V^-1, Phi = (X' H X)^-1, beta = Phi X' H y and r = y - X beta:
//!
//! ML:   n log 2 pi + log|V| + r' H r
//! REML: (n - p) log 2 pi + log|V| + log|X' H X| + r' H r
//!
//! Derivatives by theta_h and theta_k, with V_h, V_hk those of V and P = H - H X Phi X' H:
//!
//! gradient: tr(P V_h) - r' H V_h H r
//! Hessian:  tr(P V_hk) - r' H V_hk H r - tr(P V_h P V_k) + 2 r' H V_h P V_k H r
//!
//! and for ML the traces with H in place of P. All are sums over the patterns of visits.
//! Harville 1977, doi:10.1080/01621459.1977.10480998; Lindstrom and Bates 1988,
//! doi:10.1080/01621459.1988.10478693.

use super::covariance_structure::Covariance;
use super::design_matrix::{Design, Pattern};
use crate::cholesky::Cholesky;

/// Less of a variance than this after the earlier visits is rounding.
const RANK_TOLERANCE: f64 = 1e-13;

/// The model at one value of the covariance parameters.
pub(super) struct Fitted {
    pub(super) covariance: Covariance,
    pub(super) deviance: f64,
    /// Coefficients of the least-squares residual in units of `spread`.
    pub(super) beta: Vec<f64>,
    /// (X' H X)^-1.
    pub(super) phi: Vec<f64>,
    parts: Vec<Part>,
    reml: bool,
}

/// What each pattern keeps for the derivatives.
struct Part {
    /// Inverse of the pattern's covariance.
    h: Vec<f64>,
    /// Sum of z r'.
    zr: Vec<f64>,
    /// Sum of r r'.
    rr: Vec<f64>,
}

/// Derivatives of the deviance by the covariance parameters.
pub(super) struct Derivatives {
    pub(super) gradient: Vec<f64>,
    pub(super) hessian: Vec<f64>,
    /// Expectation of the Hessian: never indefinite.
    pub(super) expected: Vec<f64>,
    /// X' H V_h H X for each parameter: minus the derivative of the inverse of Phi.
    pub(super) information_slopes: Vec<Vec<f64>>,
}

impl Fitted {
    /// None where the parameters give no positive definite matrix.
    pub(super) fn new(design: &Design, covariance: Covariance, reml: bool) -> Option<Fitted> {
        let (p, q) = (design.columns.len(), design.components);
        let mut information = vec![0.0; p * p];
        let mut beta = vec![0.0; p];
        let mut parts = Vec::with_capacity(design.patterns.len());
        let mut deviance = 0.0;
        for pattern in &design.patterns {
            let v = pattern.visits.len();
            let factor = Cholesky::new(
                &restrict(&covariance.matrix, pattern, design),
                v,
                RANK_TOLERANCE,
            )
            .ok()?;
            deviance += pattern.subjects as f64 * factor.log_determinant();
            let h = factor.inverse();
            let totals = pattern.with_totals(&h);
            pattern.add_quadratic(&design.columns, q, &totals, &mut information);
            pattern.add_linear(&design.columns, &totals, &pattern.zy, &mut beta);
            parts.push(Part {
                h,
                zr: Vec::new(),
                rr: Vec::new(),
            });
        }
        let factor = Cholesky::new(&information, p, RANK_TOLERANCE).ok()?;
        factor.solve(&mut beta);
        for (pattern, part) in design.patterns.iter().zip(&mut parts) {
            (part.zr, part.rr) = residual_sums(pattern, design, &beta);
            deviance += dot(&part.h, &part.rr);
        }
        let mut count = design.observations as f64;
        if reml {
            deviance += factor.log_determinant();
            count -= p as f64;
        }
        deviance += count * libm::log(2.0 * std::f64::consts::PI);
        deviance.is_finite().then(|| Fitted {
            covariance,
            deviance,
            beta,
            phi: factor.inverse(),
            parts,
            reml,
        })
    }

    pub(super) fn derivatives(&self, design: &Design) -> Derivatives {
        let (p, q, m) = (design.columns.len(), design.components, design.visits.len());
        let n = self.covariance.parameters();
        // What the derivatives of V are contracted with: the sum of P - H r r' H over subjects.
        let mut weight = vec![0.0; m * m];
        let mut slopes = vec![vec![0.0; p * p]; n];
        // X' H V_h H r.
        let mut mixed = vec![vec![0.0; p]; n];
        let mut hessian = vec![0.0; n * n];
        let mut expected = vec![0.0; n * n];
        for (pattern, part) in design.patterns.iter().zip(&self.parts) {
            let v = pattern.visits.len();
            let h = &part.h;
            let xx = pattern.spread_of(&design.columns, q, &self.phi);
            let hxxh = product(&product(h, &xx, v), h, v);
            let hrrh = product(&product(h, &part.rr, v), h, v);
            let subjects = pattern.subjects as f64;
            let reml = if self.reml { 1.0 } else { 0.0 };
            for (i, &s) in pattern.visits.iter().enumerate() {
                for (j, &t) in pattern.visits.iter().enumerate() {
                    let e = i * v + j;
                    weight[s * m + t] += subjects * h[e] - reml * hxxh[e] - hrrh[e];
                }
            }
            let first: Vec<Vec<f64>> = (0..n)
                .map(|k| restrict(self.covariance.first(k), pattern, design))
                .collect();
            for a in 0..n {
                let hv = product(h, &first[a], v);
                let hvh = product(&hv, h, v);
                let totals = pattern.with_totals(&hvh);
                pattern.add_quadratic(&design.columns, q, &totals, &mut slopes[a]);
                pattern.add_linear(&design.columns, &totals, &part.zr, &mut mixed[a]);
                // Transposed, so that the trace with V_k is a plain dot product.
                let from_mean = product(&hxxh, &transpose(&hv, v), v);
                let from_data = product(&hrrh, &transpose(&hv, v), v);
                for b in 0..=a {
                    let trace = subjects * dot(&hvh, &first[b]);
                    let mean = 2.0 * reml * dot(&from_mean, &first[b]);
                    let data = 2.0 * dot(&from_data, &first[b]);
                    hessian[a * n + b] += -trace + mean + data;
                    expected[a * n + b] += trace - mean;
                }
            }
        }
        let gradient = (0..n)
            .map(|a| dot(&weight, self.covariance.first(a)))
            .collect();
        let phi_slopes: Vec<Vec<f64>> = slopes.iter().map(|s| product(&self.phi, s, p)).collect();
        let mut second = vec![0.0; m * m];
        for a in 0..n {
            let turned = transpose(&phi_slopes[a], p);
            let solved = times_vector(&self.phi, &mixed[a]);
            for b in 0..=a {
                self.covariance.second(a, b, &mut second);
                let mut value = dot(&weight, &second) - 2.0 * dot(&solved, &mixed[b]);
                if self.reml {
                    let trace = dot(&turned, &phi_slopes[b]);
                    value -= trace;
                    expected[a * n + b] += trace;
                }
                hessian[a * n + b] += value;
                hessian[b * n + a] = hessian[a * n + b];
                expected[b * n + a] = expected[a * n + b];
            }
        }
        Derivatives {
            gradient,
            hessian,
            expected,
            information_slopes: slopes,
        }
    }

    /// X' A X summed over subjects, where `a` gives each pattern's A from its H.
    pub(super) fn sandwich(
        &self,
        design: &Design,
        a: impl Fn(&Pattern, &[f64]) -> Vec<f64>,
    ) -> Vec<f64> {
        let p = design.columns.len();
        let mut out = vec![0.0; p * p];
        for (pattern, part) in design.patterns.iter().zip(&self.parts) {
            let totals = pattern.with_totals(&a(pattern, &part.h));
            pattern.add_quadratic(&design.columns, design.components, &totals, &mut out);
        }
        out
    }
}

/// Sum of z r' and of r r'.
fn residual_sums(pattern: &Pattern, design: &Design, beta: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (q, v) = (design.components, pattern.visits.len());
    // The coefficients of each component at each visit.
    let mut b = vec![0.0; q * v];
    for &(j, at) in &pattern.columns {
        let row = design.columns[j].component * v;
        if at < v {
            b[row + at] += beta[j];
        } else {
            (0..v).for_each(|s| b[row + s] += beta[j]);
        }
    }
    let mut zr = pattern.zy.clone();
    for c in 0..q {
        for d in 0..q {
            let zz = pattern.zz[c * q + d];
            if zz != 0.0 {
                for s in 0..v {
                    zr[c * v + s] -= zz * b[d * v + s];
                }
            }
        }
    }
    // r r' = y y' - b' z y' - r z' b.
    let mut rr = pattern.yy.clone();
    for c in 0..q {
        for s in 0..v {
            for t in 0..v {
                rr[s * v + t] -=
                    b[c * v + s] * pattern.zy[c * v + t] + zr[c * v + s] * b[c * v + t];
            }
        }
    }
    (zr, rr)
}

/// The rows and columns of a matrix over all visits that a pattern has.
pub(super) fn restrict(matrix: &[f64], pattern: &Pattern, design: &Design) -> Vec<f64> {
    let m = design.visits.len();
    pattern
        .visits
        .iter()
        .flat_map(|&s| pattern.visits.iter().map(move |&t| matrix[s * m + t]))
        .collect()
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Product of two square matrices.
pub(super) fn product(a: &[f64], b: &[f64], n: usize) -> Vec<f64> {
    let mut out = vec![0.0; n * n];
    for (row, a) in out.chunks_exact_mut(n).zip(a.chunks_exact(n)) {
        for (x, b) in a.iter().zip(b.chunks_exact(n)) {
            for (o, y) in row.iter_mut().zip(b) {
                *o += x * y;
            }
        }
    }
    out
}

pub(super) fn times_vector(a: &[f64], x: &[f64]) -> Vec<f64> {
    a.chunks_exact(x.len()).map(|row| dot(row, x)).collect()
}

fn transpose(a: &[f64], n: usize) -> Vec<f64> {
    let mut out = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            out[j * n + i] = a[i * n + j];
        }
    }
    out
}
