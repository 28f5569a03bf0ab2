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
        let (p, m) = (design.columns.len(), design.visits.len());
        let n = self.covariance.parameters();
        // What the derivatives of V are contracted with: the sum of P - H r r' H over subjects.
        let mut weight = vec![0.0; m * m];
        let mut slopes = vec![vec![0.0; p * p]; n];
        // X' H V_h H r.
        let mut mixed = vec![vec![0.0; p]; n];
        let mut traces = vec![0.0; n * n];
        for (pattern, part) in design.patterns.iter().zip(&self.parts) {
            let v = pattern.visits.len();
            let (h, subjects) = (&part.h, pattern.subjects as f64);
            let hrrh = product(&product(h, &part.rr, v), h, v);
            let mut both = hrrh;
            if self.reml {
                let mean = self.spread_of_mean(pattern, part, design);
                both.iter_mut().zip(&mean).for_each(|(b, x)| *b += x);
            }
            for (i, &s) in pattern.visits.iter().enumerate() {
                for (j, &t) in pattern.visits.iter().enumerate() {
                    weight[s * m + t] += subjects * h[i * v + j] - both[i * v + j];
                }
            }
            let slopes_of_v = self.slopes_of(pattern, part, design);
            for slope in &slopes_of_v {
                let totals = pattern.with_totals(&slope.hvh);
                let k = slope.parameter;
                pattern.add_quadratic(&design.columns, design.components, &totals, &mut slopes[k]);
                pattern.add_linear(&design.columns, &totals, &part.zr, &mut mixed[k]);
            }
            add_traces(&slopes_of_v, &both, subjects, v, n, &mut traces);
        }
        let gradient = (0..n)
            .map(|a| dot(&weight, self.covariance.first(a)))
            .collect();
        let mut hessian = vec![0.0; n * n];
        let mut second = vec![0.0; m * m];
        let of_mean = self.traces_of_mean(&slopes, p);
        for a in 0..n {
            let solved = times_vector(&self.phi, &mixed[a]);
            for b in 0..=a {
                self.covariance.second(a, b, &mut second);
                let value = dot(&weight, &second)
                    - 2.0 * dot(&solved, &mixed[b])
                    - traces[a * n + b]
                    - of_mean[a * n + b];
                hessian[a * n + b] = value;
                hessian[b * n + a] = value;
            }
        }
        Derivatives {
            gradient,
            hessian,
            information_slopes: slopes,
        }
    }

    /// The expectation of the Hessian, tr(P V_h P V_k): never indefinite.
    pub(super) fn expected_hessian(&self, design: &Design, derivatives: &Derivatives) -> Vec<f64> {
        let n = self.covariance.parameters();
        let mut traces = vec![0.0; n * n];
        for (pattern, part) in design.patterns.iter().zip(&self.parts) {
            let v = pattern.visits.len();
            let mean = if self.reml {
                self.spread_of_mean(pattern, part, design)
            } else {
                vec![0.0; v * v]
            };
            let slopes_of_v = self.slopes_of(pattern, part, design);
            let subjects = pattern.subjects as f64;
            add_traces(&slopes_of_v, &mean, subjects, v, n, &mut traces);
        }
        let of_mean = self.traces_of_mean(&derivatives.information_slopes, design.columns.len());
        for a in 0..n {
            for b in 0..=a {
                traces[a * n + b] += of_mean[a * n + b];
                traces[b * n + a] = traces[a * n + b];
            }
        }
        traces
    }

    /// H X Phi X' H summed over the subjects of a pattern.
    fn spread_of_mean(&self, pattern: &Pattern, part: &Part, design: &Design) -> Vec<f64> {
        let v = pattern.visits.len();
        let xx = pattern.spread_of(&design.columns, design.components, &self.phi);
        product(&product(&part.h, &xx, v), &part.h, v)
    }

    fn slopes_of(&self, pattern: &Pattern, part: &Part, design: &Design) -> Vec<Slope> {
        let v = pattern.visits.len();
        let mut slopes = Vec::with_capacity(self.covariance.parameters());
        for parameter in 0..self.covariance.parameters() {
            let line = match self.covariance.line(parameter) {
                None => None,
                Some(visit) => match pattern.visits.binary_search(&visit) {
                    Ok(at) => Some(at),
                    // The parameter does not touch the visits of this pattern.
                    Err(_) => continue,
                },
            };
            let first = restrict(self.covariance.first(parameter), pattern, design);
            let hv = product(&part.h, &first, v);
            let hvh = product(&hv, &part.h, v);
            slopes.push(Slope {
                parameter,
                line,
                first,
                hv,
                hvh,
            });
        }
        slopes
    }

    /// tr(Phi P_h Phi P_k) for h >= k under REML, where X' H V_h H X = P_h; zero under ML.
    fn traces_of_mean(&self, slopes: &[Vec<f64>], p: usize) -> Vec<f64> {
        let n = slopes.len();
        let mut traces = vec![0.0; n * n];
        if self.reml {
            let with_phi: Vec<Vec<f64>> = slopes.iter().map(|s| product(&self.phi, s, p)).collect();
            for a in 0..n {
                let turned = transpose(&with_phi[a], p);
                for b in 0..=a {
                    traces[a * n + b] = dot(&turned, &with_phi[b]);
                }
            }
        }
        traces
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

/// The derivative of a pattern's covariance by one parameter.
struct Slope {
    parameter: usize,
    /// The only row and column that are not zero, if so.
    line: Option<usize>,
    /// V_h.
    first: Vec<f64>,
    /// H V_h.
    hv: Vec<f64>,
    /// H V_h H.
    hvh: Vec<f64>,
}

/// Adds subjects * tr(H V_h H V_k) - 2 tr(A V_h H V_k), for h >= k, with a symmetric A.
fn add_traces(slopes: &[Slope], a: &[f64], subjects: f64, v: usize, n: usize, out: &mut [f64]) {
    for (at, h) in slopes.iter().enumerate() {
        // (A V_h H)', symmetrised, since V_k is symmetric.
        let product = product(&h.hv, a, v);
        let mut with = vec![0.0; v * v];
        for i in 0..v {
            for j in 0..v {
                with[i * v + j] =
                    subjects * h.hvh[i * v + j] - product[i * v + j] - product[j * v + i];
            }
        }
        for k in &slopes[..=at] {
            let trace = match k.line {
                None => dot(&with, &k.first),
                // Row and column hold the same, and cross in one element.
                Some(line) => {
                    let row = line * v..(line + 1) * v;
                    let diagonal = line * v + line;
                    2.0 * dot(&with[row.clone()], &k.first[row])
                        - with[diagonal] * k.first[diagonal]
                }
            };
            out[h.parameter * n + k.parameter] += trace;
        }
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
