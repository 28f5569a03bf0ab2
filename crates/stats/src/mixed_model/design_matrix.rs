//! The mean model and the sums over subjects that the likelihood needs.
//!
//! All covariates belong to the subject, so the rows of subject i at the visits of its pattern are
//! z_i' B: z_i holds the arm indicators, baseline, covariates and strata, B a coefficient for each
//! component and visit, or one for all visits. With H = V^-1 for a pattern of visits, the sum of
//! X_i' H X_i over its subjects is the sum of z_i z_i' times elements of H. A fit therefore costs
//! the same for 60 and for 60,000 subjects with the same patterns.
//!
//! Columns: one for each arm and visit, baseline (one, or one for each visit), one for each further
//! covariate, and for strata the indicator of each but the first, minus 1 / number of strata, so
//! that at zero every stratum has equal weight. This spans the model of R's
//! `outcome ~ baseline + arm * visit + ...` with a change of basis of determinant one, so the REML
//! likelihood, which depends on the basis, is the same.

use super::RepeatedMeasures;
use crate::cholesky::Cholesky;
use crate::error::check_length;
use crate::standardise::{centre_and_spread, check_size};
use crate::{Estimate, InputError, NotEstimable};

/// More visits are refused: the cost of a fit grows with the sixth power of their number.
pub(super) const MOST_VISITS: usize = 24;
/// More mean parameters are refused for the same reason.
const MOST_COLUMNS: usize = 400;

/// A column of the design: component `component` of z at one visit, or at all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) component: usize,
    pub(super) visit: Option<usize>,
}

/// The subjects seen at the same visits.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    /// Positions of the visits, rising.
    pub(super) visits: Vec<usize>,
    /// Number of subjects.
    pub(super) subjects: usize,
    /// Sum of z z', q by q.
    pub(super) zz: Vec<f64>,
    /// Sum of z y', q by number of visits.
    pub(super) zy: Vec<f64>,
    /// Sum of y y', square.
    pub(super) yy: Vec<f64>,
    /// Columns of the design that are not zero in this pattern, with the position of their visit
    /// in `visits`, or the number of visits for a column of all visits.
    pub(super) columns: Vec<(usize, usize)>,
}

/// Centre and spread by which a covariate is scaled inside.
pub(super) type Scaling = (f64, f64);

/// Data and mean model, with the outcome replaced by its least-squares residual over `spread`.
#[derive(Debug, Clone)]
pub(super) struct Design {
    pub(super) arms: Vec<usize>,
    pub(super) visits: Vec<usize>,
    /// Baseline, then covariates.
    pub(super) scaling: Vec<Scaling>,
    pub(super) columns: Vec<Column>,
    pub(super) components: usize,
    pub(super) patterns: Vec<Pattern>,
    pub(super) subjects: usize,
    pub(super) observations: usize,
    /// Subjects of each visit and arm, visit by visit.
    pub(super) cells: Vec<usize>,
    /// Residual standard deviation of least squares, the unit of the outcome inside.
    pub(super) spread: f64,
    /// Coefficients of least squares, to which those of the residual are added.
    pub(super) least_squares: Vec<f64>,
}

struct Table {
    z: Vec<f64>,
    y: Vec<f64>,
    seen: Vec<u32>,
}

impl Design {
    pub(super) fn new(data: &RepeatedMeasures, baseline_by_visit: bool) -> Estimate<Design> {
        let rows = data.outcome.len();
        check_size("outcome", data.outcome)?;
        check_length("subject", data.subject.len(), rows)?;
        check_length("visit", data.visit.len(), rows)?;
        check_length("arm", data.arm.len(), rows)?;
        check_length("baseline", data.baseline.len(), rows)?;
        let strata = match data.strata {
            None => Vec::new(),
            Some(strata) => {
                check_length("strata", strata.len(), rows)?;
                distinct(strata)
            }
        };
        let (arms, visits) = (distinct(data.arm), distinct(data.visit));
        if arms.len() < 2 {
            return Err(NotEstimable::EmptyArm);
        }
        let (k, m) = (arms.len(), visits.len());
        if m > MOST_VISITS {
            return Err(InputError::Range {
                name: "visits",
                value: m as f64,
                expected: "at most 24 different visits",
            }
            .into());
        }
        let slopes = 1 + data.covariates.len();
        let components = k + slopes + strata.len().saturating_sub(1);
        let columns = columns(k, m, components, baseline_by_visit);
        if columns.len() > MOST_COLUMNS {
            return Err(InputError::Range {
                name: "mean parameters",
                value: columns.len() as f64,
                expected: "at most 400 (arms times visits, covariates and strata)",
            }
            .into());
        }
        let mut scaling = Vec::with_capacity(slopes);
        for (j, covariate) in std::iter::once(&data.baseline)
            .chain(data.covariates)
            .enumerate()
        {
            let name = if j == 0 { "baseline" } else { "covariates" };
            scaling.push(centre_and_spread(name, j, covariate, rows)?);
        }

        let order = order_of_rows(data)?;
        let mut table = Table {
            z: Vec::new(),
            y: Vec::new(),
            seen: Vec::new(),
        };
        let mut cells = vec![0; k * m];
        for of_subject in order.chunk_by(|&a, &b| data.subject[a] == data.subject[b]) {
            same_within_subject(data, of_subject)?;
            let first = of_subject[0];
            let arm = position(&arms, data.arm[first]);
            let start = table.z.len();
            table.z.resize(start + components, 0.0);
            let z = &mut table.z[start..];
            z[arm] = 1.0;
            z[k] = (data.baseline[first] - scaling[0].0) / scaling[0].1;
            for (j, covariate) in data.covariates.iter().enumerate() {
                z[k + 1 + j] = (covariate[first] - scaling[1 + j].0) / scaling[1 + j].1;
            }
            if let Some(labels) = data.strata {
                z[k + slopes..].fill(-1.0 / strata.len() as f64);
                if let Some(s) = position(&strata, labels[first]).checked_sub(1) {
                    z[k + slopes + s] += 1.0;
                }
            }
            let start = table.y.len();
            table.y.resize(start + m, 0.0);
            let mut seen = 0;
            for &row in of_subject {
                let visit = position(&visits, data.visit[row]);
                table.y[start + visit] = data.outcome[row];
                seen |= 1 << visit;
                cells[visit * k + arm] += 1;
            }
            table.seen.push(seen);
        }
        if let Some(empty) = cells.iter().position(|&n| n == 0) {
            return Err(NotEstimable::ArmWithoutVisit {
                arm: arms[empty % k],
                visit: visits[empty / k],
            });
        }
        let mut design = Design {
            arms,
            visits,
            scaling,
            components,
            patterns: Vec::new(),
            subjects: table.seen.len(),
            observations: rows,
            cells,
            spread: 1.0,
            least_squares: vec![0.0; columns.len()],
            columns,
        };
        if design.subjects <= components {
            return Err(NotEstimable::TooFewSubjects {
                subjects: design.subjects,
                needed: components + 1,
            });
        }
        design.replace_by_residuals(&mut table)?;
        design.patterns = design.sums(&table);
        Ok(design)
    }

    fn replace_by_residuals(&mut self, table: &mut Table) -> Estimate<()> {
        let (m, p) = (self.visits.len(), self.columns.len());
        let mut product = vec![0.0; p * p];
        let mut solution = vec![0.0; p];
        for pattern in self.sums(table) {
            let v = pattern.visits.len();
            let mut identity = vec![0.0; v * v];
            (0..v).for_each(|i| identity[i * v + i] = 1.0);
            let identity = pattern.with_totals(&identity);
            pattern.add_quadratic(&self.columns, self.components, &identity, &mut product);
            let zy = &pattern.zy;
            pattern.add_linear(&self.columns, &identity, zy, &mut solution);
        }
        let factor = Cholesky::new(&product, p, 1e-10).map_err(|column| {
            let component = self.columns[column].component;
            NotEstimable::Collinear {
                covariate: component.saturating_sub(self.arms.len()),
            }
        })?;
        factor.solve(&mut solution);
        let mut squares = vec![0.0; m];
        let mut largest = 0.0_f64;
        for (i, z) in table.z.chunks_exact(self.components).enumerate() {
            let y = &mut table.y[i * m..(i + 1) * m];
            let seen = table.seen[i];
            for (column, beta) in self.columns.iter().zip(&solution) {
                let part = z[column.component] * beta;
                match column.visit {
                    Some(visit) if seen >> visit & 1 == 1 => {
                        largest = largest.max(y[visit].abs()).max(part.abs());
                        y[visit] -= part;
                    }
                    Some(_) => {}
                    None => (0..m)
                        .filter(|t| seen >> t & 1 == 1)
                        .for_each(|t| y[t] -= part),
                }
            }
            (0..m).for_each(|t| squares[t] += y[t] * y[t]);
        }
        let total: f64 = squares.iter().sum();
        let spread = (total / self.observations as f64).sqrt();
        // What is left at a visit is rounding error, or nothing beside the other visits.
        let fitted = |&s: &f64| !(s.sqrt() > 1e-12 * largest && s > 1e-12 * total);
        if !spread.is_finite() || spread <= 0.0 || squares.iter().any(fitted) {
            return Err(NotEstimable::NoVariation);
        }
        table.y.iter_mut().for_each(|y| *y /= spread);
        self.spread = spread;
        self.least_squares = solution;
        Ok(())
    }

    /// Sums over the subjects of each pattern, patterns by their visits.
    fn sums(&self, table: &Table) -> Vec<Pattern> {
        let (m, q) = (self.visits.len(), self.components);
        let mut by_pattern: Vec<usize> = (0..self.subjects).collect();
        by_pattern.sort_by_key(|&i| table.seen[i]);
        let mut patterns = Vec::new();
        for group in by_pattern.chunk_by(|&a, &b| table.seen[a] == table.seen[b]) {
            let seen = table.seen[group[0]];
            let visits: Vec<usize> = (0..m).filter(|t| seen >> t & 1 == 1).collect();
            let v = visits.len();
            let columns = self
                .columns
                .iter()
                .enumerate()
                .filter_map(|(j, column)| match column.visit {
                    None => Some((j, v)),
                    Some(t) => visits.binary_search(&t).ok().map(|at| (j, at)),
                })
                .collect();
            let mut pattern = Pattern {
                subjects: group.len(),
                zz: vec![0.0; q * q],
                zy: vec![0.0; q * v],
                yy: vec![0.0; v * v],
                visits,
                columns,
            };
            let mut y = vec![0.0; v];
            for &i in group {
                let z = &table.z[i * q..(i + 1) * q];
                for (at, &t) in pattern.visits.iter().enumerate() {
                    y[at] = table.y[i * m + t];
                }
                add_outer(z, z, &mut pattern.zz);
                add_outer(z, &y, &mut pattern.zy);
                add_outer(&y, &y, &mut pattern.yy);
            }
            patterns.push(pattern);
        }
        patterns
    }

    /// The contrast on the columns that gives the mean of an arm at a visit, with the baseline
    /// `shift` spreads above its mean.
    pub(super) fn cell_mean(&self, arm: usize, visit: usize, shift: f64) -> Vec<f64> {
        let baseline = self.arms.len();
        self.columns
            .iter()
            .map(|column| {
                let here = column.visit.is_none_or(|t| t == visit);
                match column.component {
                    c if c == arm && here => 1.0,
                    c if c == baseline && here => shift,
                    _ => 0.0,
                }
            })
            .collect()
    }
}

impl Pattern {
    /// A square matrix over the visits with a further row and column of totals.
    pub(super) fn with_totals(&self, a: &[f64]) -> Vec<f64> {
        let v = self.visits.len();
        let w = v + 1;
        let mut out = vec![0.0; w * w];
        let mut all = 0.0;
        for i in 0..v {
            let mut row = 0.0;
            for j in 0..v {
                let value = a[i * v + j];
                out[i * w + j] = value;
                out[v * w + j] += value;
                row += value;
            }
            out[i * w + v] = row;
            all += row;
        }
        out[v * w + v] = all;
        out
    }

    /// Adds the sum of X' A X; `a` with totals.
    pub(super) fn add_quadratic(
        &self,
        columns: &[Column],
        components: usize,
        a: &[f64],
        out: &mut [f64],
    ) {
        let (w, p) = (self.visits.len() + 1, columns.len());
        for &(j, at_j) in &self.columns {
            let zz = &self.zz[columns[j].component * components..];
            let a = &a[at_j * w..(at_j + 1) * w];
            for &(k, at_k) in &self.columns {
                out[j * p + k] += zz[columns[k].component] * a[at_k];
            }
        }
    }

    /// Adds the sum of X' A b, given the sum of z b'; `a` with totals.
    pub(super) fn add_linear(&self, columns: &[Column], a: &[f64], zb: &[f64], out: &mut [f64]) {
        let v = self.visits.len();
        for &(j, at) in &self.columns {
            let zb = &zb[columns[j].component * v..];
            let a = &a[at * (v + 1)..];
            out[j] += (0..v).map(|s| a[s] * zb[s]).sum::<f64>();
        }
    }

    /// Sum of X M X' over the subjects, for a p by p matrix M.
    pub(super) fn spread_of(&self, columns: &[Column], components: usize, m: &[f64]) -> Vec<f64> {
        let (v, p) = (self.visits.len(), columns.len());
        let w = v + 1;
        let mut parts = vec![0.0; w * w];
        for &(j, at_j) in &self.columns {
            let zz = &self.zz[columns[j].component * components..];
            for &(k, at_k) in &self.columns {
                parts[at_j * w + at_k] += m[j * p + k] * zz[columns[k].component];
            }
        }
        let mut out = vec![0.0; v * v];
        for i in 0..v {
            for j in 0..v {
                out[i * v + j] =
                    parts[i * w + j] + parts[i * w + v] + parts[v * w + j] + parts[v * w + v];
            }
        }
        out
    }
}

fn add_outer(a: &[f64], b: &[f64], out: &mut [f64]) {
    for (x, row) in a.iter().zip(out.chunks_exact_mut(b.len())) {
        for (o, y) in row.iter_mut().zip(b) {
            *o += x * y;
        }
    }
}

fn columns(arms: usize, visits: usize, components: usize, baseline_by_visit: bool) -> Vec<Column> {
    let mut columns = Vec::new();
    for component in 0..components {
        if component < arms || (component == arms && baseline_by_visit) {
            columns.extend((0..visits).map(|visit| Column {
                component,
                visit: Some(visit),
            }));
        } else {
            columns.push(Column {
                component,
                visit: None,
            });
        }
    }
    columns
}

/// Rows by subject and visit; a visit twice is an error.
fn order_of_rows(data: &RepeatedMeasures) -> Result<Vec<usize>, InputError> {
    let key = |&i: &usize| (data.subject[i], data.visit[i]);
    let mut order: Vec<usize> = (0..data.outcome.len()).collect();
    order.sort_by_key(key);
    match order.windows(2).find(|w| key(&w[0]) == key(&w[1])) {
        None => Ok(order),
        Some(twice) => Err(InputError::Value {
            name: "visit",
            index: twice[1],
            value: data.visit[twice[1]] as f64,
            expected: "given once for each subject",
        }),
    }
}

fn same_within_subject(data: &RepeatedMeasures, rows: &[usize]) -> Result<(), InputError> {
    let first = rows[0];
    for &row in &rows[1..] {
        let differs = |name, value: f64, same: bool| {
            if same {
                return Ok(());
            }
            Err(InputError::Value {
                name,
                index: row,
                value,
                expected: "the same in all rows of a subject",
            })
        };
        let arm = data.arm[row];
        differs("arm", arm as f64, arm == data.arm[first])?;
        let baseline = data.baseline[row];
        differs("baseline", baseline, baseline == data.baseline[first])?;
        for covariate in data.covariates {
            differs(
                "covariates",
                covariate[row],
                covariate[row] == covariate[first],
            )?;
        }
        if let Some(strata) = data.strata {
            differs("strata", strata[row] as f64, strata[row] == strata[first])?;
        }
    }
    Ok(())
}

fn position(labels: &[usize], label: usize) -> usize {
    labels.binary_search(&label).unwrap_or(0)
}

/// The distinct labels, in order; no more than one beyond the largest number that is accepted.
fn distinct(labels: &[usize]) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    for &label in labels {
        if let Err(at) = found.binary_search(&label) {
            found.insert(at, label);
            if found.len() > MOST_COLUMNS {
                break;
            }
        }
    }
    found
}
