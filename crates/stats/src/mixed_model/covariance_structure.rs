//! Residual covariance structures: from free parameters to the matrix and its derivatives.
//!
//! Every structure is Sigma = D C D. D is diagonal with exp(theta) on it, one value for all visits
//! or, in the heterogeneous structures, one for each. C depends on the parameters psi:
//!
//! | structure | C |
//! |---|---|
//! | unstructured | L L', L unit lower triangular with the psi below its diagonal |
//! | compound symmetry | rho off the diagonal |
//! | AR(1) | rho^|i-j| |
//! | Toeplitz | rho_|i-j| |
//! | ante-dependence | product of rho_k over k = i .. j-1 |
//!
//! with rho = psi / sqrt(1 + psi^2), so that the optimisation is free of bounds. These are the
//! parameters of R's `mmrm`; the full Kenward-Roger adjustment depends on that choice.
//! Pinheiro and Bates 1996, doi:10.1007/BF00140873; Zimmerman and Nunez-Anton 2010 (ante-dependence).

/// Structure of the covariance of one subject's residuals over the visits, in visit order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CovarianceStructure {
    /// A variance for each visit and a covariance for each pair.
    #[default]
    Unstructured,
    /// One variance, one correlation.
    CompoundSymmetry,
    /// A variance for each visit, one correlation.
    CompoundSymmetryHeterogeneous,
    /// One variance, correlation rho^lag with the lag counted in visits.
    Ar1,
    /// A variance for each visit, correlation rho^lag.
    Ar1Heterogeneous,
    /// One variance, a correlation for each lag.
    Toeplitz,
    /// A variance for each visit, a correlation for each lag.
    ToeplitzHeterogeneous,
    /// One variance, a correlation for each pair of neighbouring visits; others are products.
    AnteDependence,
    /// A variance for each visit, a correlation for each pair of neighbouring visits.
    AnteDependenceHeterogeneous,
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Unstructured,
    CompoundSymmetry,
    Ar1,
    Toeplitz,
    AnteDependence,
}

impl CovarianceStructure {
    /// Every structure.
    pub const ALL: [CovarianceStructure; 9] = [
        CovarianceStructure::Unstructured,
        CovarianceStructure::CompoundSymmetry,
        CovarianceStructure::CompoundSymmetryHeterogeneous,
        CovarianceStructure::Ar1,
        CovarianceStructure::Ar1Heterogeneous,
        CovarianceStructure::Toeplitz,
        CovarianceStructure::ToeplitzHeterogeneous,
        CovarianceStructure::AnteDependence,
        CovarianceStructure::AnteDependenceHeterogeneous,
    ];

    /// Short name of the field: `us`, `cs`, `csh`, `ar1`, `ar1h`, `toep`, `toeph`, `ad`, `adh`.
    pub fn abbreviation(self) -> &'static str {
        match self {
            CovarianceStructure::Unstructured => "us",
            CovarianceStructure::CompoundSymmetry => "cs",
            CovarianceStructure::CompoundSymmetryHeterogeneous => "csh",
            CovarianceStructure::Ar1 => "ar1",
            CovarianceStructure::Ar1Heterogeneous => "ar1h",
            CovarianceStructure::Toeplitz => "toep",
            CovarianceStructure::ToeplitzHeterogeneous => "toeph",
            CovarianceStructure::AnteDependence => "ad",
            CovarianceStructure::AnteDependenceHeterogeneous => "adh",
        }
    }

    /// Number of covariance parameters for so many visits.
    pub fn parameters(self, visits: usize) -> usize {
        self.scales(visits) + self.shape_parameters(visits)
    }

    fn shape(self) -> Shape {
        match self {
            CovarianceStructure::Unstructured => Shape::Unstructured,
            CovarianceStructure::CompoundSymmetry
            | CovarianceStructure::CompoundSymmetryHeterogeneous => Shape::CompoundSymmetry,
            CovarianceStructure::Ar1 | CovarianceStructure::Ar1Heterogeneous => Shape::Ar1,
            CovarianceStructure::Toeplitz | CovarianceStructure::ToeplitzHeterogeneous => {
                Shape::Toeplitz
            }
            CovarianceStructure::AnteDependence
            | CovarianceStructure::AnteDependenceHeterogeneous => Shape::AnteDependence,
        }
    }

    /// Number of scale parameters, which come before the shape parameters.
    pub(super) fn scales(self, visits: usize) -> usize {
        match self {
            CovarianceStructure::CompoundSymmetry
            | CovarianceStructure::Ar1
            | CovarianceStructure::Toeplitz
            | CovarianceStructure::AnteDependence => 1,
            _ => visits,
        }
    }

    fn shape_parameters(self, visits: usize) -> usize {
        let pairs_in_a_row = visits.saturating_sub(1);
        match self.shape() {
            Shape::Unstructured => visits * pairs_in_a_row / 2,
            Shape::CompoundSymmetry | Shape::Ar1 => pairs_in_a_row.min(1),
            Shape::Toeplitz | Shape::AnteDependence => pairs_in_a_row,
        }
    }

    /// The parameters whose matrix comes near the given standard deviations and correlations
    /// (row-major), with the correlations multiplied by `shrink`.
    pub(super) fn start(self, deviations: &[f64], correlations: &[f64], shrink: f64) -> Vec<f64> {
        let m = deviations.len();
        let r = |i: usize, j: usize| shrink * correlations[i * m + j];
        let mean_over = |keep: &dyn Fn(usize, usize) -> bool| {
            let (mut sum, mut pairs) = (0.0, 0);
            for i in 0..m {
                for j in (0..i).filter(|&j| keep(i, j)) {
                    sum += r(i, j);
                    pairs += 1;
                }
            }
            sum / f64::from(pairs.max(1))
        };
        let rho: Vec<f64> = match self.shape() {
            Shape::Unstructured => return unstructured_start(deviations, &r),
            Shape::CompoundSymmetry => vec![mean_over(&|_, _| true)],
            Shape::Ar1 => vec![mean_over(&|i, j| i - j == 1)],
            Shape::Toeplitz => (1..m).map(|lag| mean_over(&|i, j| i - j == lag)).collect(),
            Shape::AnteDependence => (1..m).map(|i| r(i, i - 1)).collect(),
        };
        let mut theta: Vec<f64> = if self.scales(m) == m {
            deviations.iter().map(|s| libm::log(*s)).collect()
        } else {
            let mean = deviations.iter().map(|s| s * s).sum::<f64>() / m as f64;
            vec![0.5 * libm::log(mean)]
        };
        let shapes = self.shape_parameters(m);
        theta.extend(rho.iter().take(shapes).map(|r| r / (1.0 - r * r).sqrt()));
        theta
    }
}

fn unstructured_start(deviations: &[f64], r: &dyn Fn(usize, usize) -> f64) -> Vec<f64> {
    let m = deviations.len();
    let mut l = vec![0.0; m * m];
    for i in 0..m {
        for j in 0..=i {
            let mut sum = if i == j { 1.0 } else { r(i, j) };
            for k in 0..j {
                sum -= l[i * m + k] * l[j * m + k];
            }
            l[i * m + j] = if i == j {
                // Pairwise correlations need not fit together; the caller shrinks them if so.
                sum.max(0.01).sqrt()
            } else {
                sum / l[j * m + j]
            };
        }
    }
    let mut theta: Vec<f64> = (0..m)
        .map(|i| libm::log(deviations[i] * l[i * m + i]))
        .collect();
    for i in 0..m {
        theta.extend((0..i).map(|j| l[i * m + j] / l[i * m + i]));
    }
    theta
}

/// The covariance matrix at one value of the parameters, with its first derivatives.
#[derive(Debug, Clone)]
pub(super) struct Covariance {
    structure: CovarianceStructure,
    m: usize,
    scale: Vec<f64>,
    psi: Vec<f64>,
    /// Sigma, row-major, m by m.
    pub(super) matrix: Vec<f64>,
    /// The derivative of Sigma by each parameter, row-major, one after the other.
    pub(super) first: Vec<f64>,
}

impl Covariance {
    pub(super) fn new(structure: CovarianceStructure, m: usize, theta: &[f64]) -> Covariance {
        let scales = structure.scales(m);
        let scale = (0..m)
            .map(|i| libm::exp(theta[if scales == m { i } else { 0 }]))
            .collect();
        let mut covariance = Covariance {
            structure,
            m,
            scale,
            psi: theta[scales..].to_vec(),
            matrix: vec![0.0; m * m],
            first: vec![0.0; theta.len() * m * m],
        };
        let mut matrix = vec![0.0; m * m];
        covariance.shape(&mut matrix);
        covariance.rescale(&mut matrix);
        for h in 0..theta.len() {
            let out = &mut covariance.first[h * m * m..(h + 1) * m * m];
            if h < scales {
                by_scale(h, scales == m, m, &matrix, out);
            } else {
                shape_first(structure.shape(), m, &covariance.psi, h - scales, out);
                for i in 0..m {
                    for j in 0..m {
                        out[i * m + j] *= covariance.scale[i] * covariance.scale[j];
                    }
                }
            }
        }
        covariance.matrix = matrix;
        covariance
    }

    /// Number of parameters.
    pub(super) fn parameters(&self) -> usize {
        self.first.len() / (self.m * self.m)
    }

    /// The derivative of Sigma by parameter `h`.
    pub(super) fn first(&self, h: usize) -> &[f64] {
        &self.first[h * self.m * self.m..(h + 1) * self.m * self.m]
    }

    /// The only row and column in which the derivative by parameter `h` is not zero, if so.
    pub(super) fn line(&self, h: usize) -> Option<usize> {
        let scales = self.structure.scales(self.m);
        if h < scales {
            (scales == self.m).then_some(h)
        } else {
            let unstructured = self.structure.shape() == Shape::Unstructured;
            unstructured.then(|| place(h - scales).0)
        }
    }

    /// The second derivative of Sigma by parameters `h` >= `k`, written to `out`.
    pub(super) fn second(&self, h: usize, k: usize, out: &mut [f64]) {
        let m = self.m;
        let scales = self.structure.scales(m);
        if k < scales {
            // One of the two is a scale: it multiplies rows and columns of the other's derivative.
            by_scale(k, scales == m, m, self.first(h), out);
        } else {
            let shape = self.structure.shape();
            shape_second(shape, m, &self.psi, h - scales, k - scales, out);
            self.rescale(out);
        }
    }

    fn rescale(&self, matrix: &mut [f64]) {
        for i in 0..self.m {
            for j in 0..self.m {
                matrix[i * self.m + j] *= self.scale[i] * self.scale[j];
            }
        }
    }

    fn shape(&self, out: &mut [f64]) {
        let (m, psi) = (self.m, &self.psi);
        for i in 0..m {
            for j in 0..=i {
                let value = match self.structure.shape() {
                    Shape::Unstructured => (0..=j).map(|k| unit(psi, i, k) * unit(psi, j, k)).sum(),
                    _ if i == j => 1.0,
                    Shape::CompoundSymmetry => correlation(psi[0]),
                    Shape::Ar1 => power(correlation(psi[0]), i - j),
                    Shape::Toeplitz => correlation(psi[i - j - 1]),
                    Shape::AnteDependence => psi[j..i].iter().map(|p| correlation(*p)).product(),
                };
                out[i * m + j] = value;
                out[j * m + i] = value;
            }
        }
    }
}

/// Multiplies `matrix` by the number of times that scale `h` enters each element.
fn by_scale(h: usize, heterogeneous: bool, m: usize, matrix: &[f64], out: &mut [f64]) {
    for i in 0..m {
        for j in 0..m {
            let times = if heterogeneous {
                f64::from(u8::from(i == h) + u8::from(j == h))
            } else {
                2.0
            };
            out[i * m + j] = times * matrix[i * m + j];
        }
    }
}

fn correlation(psi: f64) -> f64 {
    psi / (1.0 + psi * psi).sqrt()
}

/// First and second derivative of the correlation by psi.
fn correlation_derivatives(psi: f64) -> (f64, f64) {
    let s = 1.0 / (1.0 + psi * psi);
    let first = s * s.sqrt();
    (first, -3.0 * psi * s * first)
}

fn power(base: f64, exponent: usize) -> f64 {
    (0..exponent).fold(1.0, |product, _| product * base)
}

/// Element of the unit lower triangular matrix whose free elements are `psi`, row by row.
fn unit(psi: &[f64], row: usize, column: usize) -> f64 {
    match row.cmp(&column) {
        std::cmp::Ordering::Less => 0.0,
        std::cmp::Ordering::Equal => 1.0,
        std::cmp::Ordering::Greater => psi[row * (row - 1) / 2 + column],
    }
}

/// Row and column of free element `a` of a unit lower triangular matrix.
fn place(a: usize) -> (usize, usize) {
    let mut row = 1;
    while row * (row + 1) / 2 <= a {
        row += 1;
    }
    (row, a - row * (row - 1) / 2)
}

fn shape_first(shape: Shape, m: usize, psi: &[f64], a: usize, out: &mut [f64]) {
    out.fill(0.0);
    if shape == Shape::Unstructured {
        let (row, column) = place(a);
        for t in column..m {
            let value = unit(psi, t, column);
            out[row * m + t] += value;
            out[t * m + row] += value;
        }
        return;
    }
    let rho = correlation(psi[a]);
    let first = correlation_derivatives(psi[a]).0;
    fill_lower(m, out, |i, j| match shape {
        Shape::CompoundSymmetry => first,
        Shape::Ar1 => (i - j) as f64 * power(rho, i - j - 1) * first,
        Shape::Toeplitz if i - j - 1 == a => first,
        Shape::AnteDependence if (j..i).contains(&a) => first * others(psi, j, i, &[a]),
        _ => 0.0,
    });
}

fn shape_second(shape: Shape, m: usize, psi: &[f64], a: usize, b: usize, out: &mut [f64]) {
    out.fill(0.0);
    if shape == Shape::Unstructured {
        let ((i, j), (k, l)) = (place(a), place(b));
        if j == l {
            out[i * m + k] += 1.0;
            out[k * m + i] += 1.0;
        }
        return;
    }
    let rho = correlation(psi[a]);
    let (first, second) = correlation_derivatives(psi[a]);
    fill_lower(m, out, |i, j| match shape {
        Shape::CompoundSymmetry => second,
        Shape::Ar1 => {
            let lag = i - j;
            let curved = if lag > 1 {
                (lag * (lag - 1)) as f64 * power(rho, lag - 2) * first * first
            } else {
                0.0
            };
            curved + lag as f64 * power(rho, lag - 1) * second
        }
        Shape::Toeplitz if a == b && i - j - 1 == a => second,
        Shape::AnteDependence if (j..i).contains(&a) && (j..i).contains(&b) => {
            if a == b {
                second * others(psi, j, i, &[a])
            } else {
                first * correlation_derivatives(psi[b]).0 * others(psi, j, i, &[a, b])
            }
        }
        _ => 0.0,
    });
}

/// Product of the correlations from `from` to `to`, without those in `without`.
fn others(psi: &[f64], from: usize, to: usize, without: &[usize]) -> f64 {
    (from..to)
        .filter(|k| !without.contains(k))
        .map(|k| correlation(psi[k]))
        .product()
}

fn fill_lower(m: usize, out: &mut [f64], value: impl Fn(usize, usize) -> f64) {
    for i in 0..m {
        for j in 0..i {
            let v = value(i, j);
            out[i * m + j] = v;
            out[j * m + i] = v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_those_of_central_differences() {
        for structure in CovarianceStructure::ALL {
            for m in 1..5 {
                let theta: Vec<f64> = (0..structure.parameters(m))
                    .map(|h| 0.3 + 0.17 * h as f64 - 0.05 * (h * h) as f64)
                    .collect();
                let at = Covariance::new(structure, m, &theta);
                let step = 1e-5;
                for h in 0..theta.len() {
                    let moved = |by: f64| {
                        let mut theta = theta.clone();
                        theta[h] += by;
                        Covariance::new(structure, m, &theta)
                    };
                    let (up, down) = (moved(step), moved(-step));
                    let near = |exact: f64, up: f64, down: f64| {
                        let numeric = (up - down) / (2.0 * step);
                        assert!(
                            (exact - numeric).abs() < 1e-8 * (1.0 + exact.abs()),
                            "{structure:?} {m} {h}: {exact} {numeric}"
                        );
                    };
                    for e in 0..m * m {
                        near(at.first(h)[e], up.matrix[e], down.matrix[e]);
                        let outside = |line| e / m != line && e % m != line;
                        assert!(!at.line(h).is_some_and(outside) || at.first(h)[e] == 0.0);
                    }
                    let mut second = vec![0.0; m * m];
                    for k in 0..=h {
                        at.second(h, k, &mut second);
                        for (e, exact) in second.iter().enumerate() {
                            near(*exact, up.first(k)[e], down.first(k)[e]);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_start_reproduces_what_it_can() {
        let deviations = [1.0, 2.0, 3.0];
        let correlations = [1.0, 0.5, 0.25, 0.5, 1.0, 0.5, 0.25, 0.5, 1.0];
        for structure in [
            CovarianceStructure::Unstructured,
            CovarianceStructure::Ar1Heterogeneous,
            CovarianceStructure::ToeplitzHeterogeneous,
            CovarianceStructure::AnteDependenceHeterogeneous,
        ] {
            let theta = structure.start(&deviations, &correlations, 1.0);
            let matrix = Covariance::new(structure, 3, &theta).matrix;
            for i in 0..3 {
                for j in 0..3 {
                    let expected = correlations[i * 3 + j] * deviations[i] * deviations[j];
                    assert!(
                        (matrix[i * 3 + j] - expected).abs() < 1e-12,
                        "{structure:?}"
                    );
                }
            }
        }
    }
}
