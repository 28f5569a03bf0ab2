//! Simon's two-stage designs: optimal, minimax and admissible.
//!
//! Treat n1; stop if X1 <= r1; else treat n - n1 more and call the treatment promising if X > r.
//! PET(p) = P(X1 <= r1), EN(p) = n1 + (1 - PET)(n - n1), and the design rejects with probability
//! P(X1 > r1, X > r). It is feasible if that is at most alpha at p0 and at least 1 - beta at p1.
//! Minimax: least n, then least EN(p0). Optimal: least EN(p0), then least n.
//! Simon 1989, doi:10.1016/0197-2456(89)90015-9.
//! Admissible: least q n + (1 - q) EN(p0) for some weight q in [0, 1]; these are the corners of the
//! lower convex hull of (n, EN(p0)) between optimal and minimax. Jung, Lee, Kim and George 2004,
//! doi:10.1002/sim.1600.
//!
//! The search visits every n1 < n and r1 < n1 that could still matter, and stops with a proof: power
//! needs P(X1 > r1 | p1) >= 1 - beta, which bounds r1 and so PET from above for each n1, and EN from
//! below by a line that rises with n. Once that line is above the best EN found for every n1, no
//! larger n can be better. For given n, n1 and r1 the smallest r that holds alpha has the most power.

use super::{check_closed_probability, check_requirement, check_trial_size};
use crate::distribution::{binomial_cdf, binomial_pmf, binomial_sf};
use crate::{Estimate, InputError};

/// The search refuses requirements that need more subjects than this; at this size it takes seconds.
const LARGEST_SEARCH: usize = 500;

/// What a design must satisfy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimonRequirement {
    /// Response probability of no interest.
    pub p0: f64,
    /// Response probability worth finding, above `p0`.
    pub p1: f64,
    /// Largest probability of calling the treatment promising at `p0`; one-sided.
    pub alpha: f64,
    /// Largest probability of missing it at `p1`.
    pub beta: f64,
}

/// A two-stage design. Build your own to evaluate it; [`SimonDesign::check`] says what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimonDesign {
    /// Stop after the first stage with this many responders or fewer.
    pub r1: u64,
    /// Subjects of the first stage.
    pub n1: u64,
    /// Not promising with this many responders of all subjects or fewer.
    pub r: u64,
    /// Subjects of both stages.
    pub n: u64,
}

impl SimonDesign {
    /// Whether r1 < n1 < n and r1 < r < n hold and the trial is of a size that can be enumerated.
    pub fn check(&self) -> Result<(), InputError> {
        check_trial_size("n", self.n)?;
        let ordered = |name, value: u64, below: u64, expected| {
            if value < below {
                Ok(())
            } else {
                Err(InputError::Range {
                    name,
                    value: value as f64,
                    expected,
                })
            }
        };
        ordered(
            "n1",
            self.n1,
            self.n,
            "below n, so that there is a second stage",
        )?;
        ordered(
            "r1",
            self.r1,
            self.n1,
            "below n1, or the trial always stops",
        )?;
        ordered(
            "r1",
            self.r1,
            self.r,
            "below r, or the second stage decides nothing",
        )?;
        ordered("r", self.r, self.n, "below n, or the trial never succeeds")
    }

    /// Whether the trial goes on after `responders` of the first stage's n1.
    pub fn continues(&self, responders: u64) -> bool {
        responders > self.r1
    }

    /// Whether the treatment is promising after `responders` of all n.
    pub fn is_promising(&self, responders: u64) -> bool {
        responders > self.r
    }
}

/// What a design does at one true response probability; exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimonCharacteristics {
    /// PET: probability of stopping after the first stage.
    pub early_termination: f64,
    /// EN: expected number of subjects.
    pub expected_subjects: f64,
    /// Probability of calling the treatment promising: alpha at p0, power at p1.
    pub rejection: f64,
}

/// PET, EN and probability of rejection of `design` at response probability `p`.
pub fn simon_characteristics(design: &SimonDesign, p: f64) -> Estimate<SimonCharacteristics> {
    design.check()?;
    check_closed_probability("p", p)?;
    let goes_on = binomial_sf(design.r1, design.n1, p);
    Ok(SimonCharacteristics {
        early_termination: binomial_cdf(design.r1, design.n1, p),
        expected_subjects: design.n1 as f64 + goes_on * (design.n - design.n1) as f64,
        rejection: rejection(design.r1, design.n1, design.r, design.n - design.n1, p),
    })
}

/// P(X1 > r1, X1 + X2 > r) with n1 and then n2 subjects.
pub(crate) fn rejection(r1: u64, n1: u64, r: u64, n2: u64, p: f64) -> f64 {
    let sum: f64 = (r1 + 1..=n1)
        .map(|x| {
            let second = if x > r {
                1.0
            } else {
                binomial_sf(r - x, n2, p)
            };
            binomial_pmf(x, n1, p) * second
        })
        .sum();
    sum.min(1.0)
}

/// An admissible design and the weights on the maximum sample size for which it is the best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdmissibleDesign {
    /// The design.
    pub design: SimonDesign,
    /// Expected number of subjects at p0.
    pub expected_subjects: f64,
    /// Best for weights q on n, and 1 - q on EN(p0), from this one,
    pub weight_from: f64,
    /// up to this one.
    pub weight_to: f64,
}

/// The designs that meet a requirement and are best in some sense.
#[derive(Debug, Clone, PartialEq)]
pub struct SimonDesigns {
    /// Least maximum number of subjects.
    pub minimax: SimonDesign,
    /// Least expected number of subjects at p0.
    pub optimal: SimonDesign,
    /// From minimax to optimal, both included.
    pub admissible: Vec<AdmissibleDesign>,
}

/// The minimax, optimal and admissible designs of `requirement`.
///
/// Errors: probabilities out of range, or no proof of the optimum with at most 500 subjects.
pub fn simon_designs(requirement: &SimonRequirement) -> Estimate<SimonDesigns> {
    let SimonRequirement {
        p0,
        p1,
        alpha,
        beta,
    } = *requirement;
    check_requirement(p0, p1, alpha, beta)?;
    let frontier = search(requirement).ok_or(InputError::Unsupported {
        problem: "a two-stage design with these error rates needs more than 500 subjects",
        fix: "take p0 and p1 further apart, or allow larger error rates",
    })?;
    let admissible = admissible(&frontier);
    Ok(SimonDesigns {
        minimax: frontier[0].design,
        optimal: frontier[frontier.len() - 1].design,
        admissible,
    })
}

/// A feasible design with its expected size at p0.
struct Candidate {
    design: SimonDesign,
    expected: f64,
}

/// Designs of rising n, each with a smaller EN(p0) than all before; the first is minimax, the last
/// optimal. None if the end is not proved within the largest search.
fn search(requirement: &SimonRequirement) -> Option<Vec<Candidate>> {
    let mut tables = Tables {
        null: Binomials::new(requirement.p0),
        alternative: Binomials::new(requirement.p1),
        alpha: requirement.alpha,
        power: 1.0 - requirement.beta,
        largest_r1: Vec::new(),
    };
    let mut frontier: Vec<Candidate> = Vec::new();
    for n in 0..=LARGEST_SEARCH {
        tables.extend();
        if !tables.most_powerful_test_suffices(n) {
            continue;
        }
        let mut best = frontier.last().map_or(f64::INFINITY, |c| c.expected);
        let mut found = None;
        let mut could_improve = false;
        for (n1, &r1) in tables.largest_r1[..n].iter().enumerate() {
            let Some(r1) = r1 else { continue };
            if tables.expected(n1, r1, n) >= best {
                continue;
            }
            could_improve = true;
            if let Some((r1, r)) = tables.feasible(n1, r1, n, best) {
                best = tables.expected(n1, r1, n);
                found = Some([r1, n1, r, n].map(|count| count as u64));
            }
        }
        if let Some([r1, n1, r, n]) = found {
            frontier.push(Candidate {
                design: SimonDesign { r1, n1, r, n },
                expected: best,
            });
        }
        if !could_improve && !frontier.is_empty() {
            return Some(frontier);
        }
    }
    None
}

/// Probabilities of every first stage so far, and what is asked for.
struct Tables {
    null: Binomials,
    alternative: Binomials,
    alpha: f64,
    power: f64,
    /// The largest r1 that leaves enough power after the first stage, by n1; none if even 0 does not.
    largest_r1: Vec<Option<usize>>,
}

impl Tables {
    /// Adds the next n.
    fn extend(&mut self) {
        self.null.extend();
        self.alternative.extend();
        let above = &self.alternative.above[self.largest_r1.len()];
        let enough = above.iter().take_while(|&&a| a >= self.power).count();
        self.largest_r1.push(enough.checked_sub(1));
    }

    /// EN(p0).
    fn expected(&self, n1: usize, r1: usize, n: usize) -> f64 {
        n1 as f64 + self.null.above[n1][r1] * (n - n1) as f64
    }

    /// The largest feasible r1, at most `start`, with an EN(p0) below `best`, and its r.
    fn feasible(&self, n1: usize, start: usize, n: usize, best: f64) -> Option<(usize, usize)> {
        let n2 = n - n1;
        let mut r = start + 1;
        let mut size = self.null.rejection(start, n1, r, n2);
        for r1 in (0..=start).rev() {
            if self.expected(n1, r1, n) >= best {
                return None;
            }
            if r1 < start {
                if r == r1 + 2 {
                    // r was held up by r1 < r and not by alpha, so that it may fall with r1.
                    r = r1 + 1;
                    size = self.null.rejection(r1, n1, r, n2);
                } else {
                    let more = r as isize - r1 as isize - 1;
                    size += self.null.at[n1][r1 + 1] * self.null.above(n2, more);
                }
            }
            while size > self.alpha {
                r += 1;
                if r >= n {
                    return None;
                }
                size = self.null.rejection(r1, n1, r, n2);
            }
            if self.alternative.rejection(r1, n1, r, n2) >= self.power {
                return Some((r1, r));
            }
        }
        None
    }

    /// Whether even the most powerful test of size alpha on n subjects, randomised, reaches the
    /// power: by Neyman and Pearson no two-stage design on n subjects has more.
    fn most_powerful_test_suffices(&self, n: usize) -> bool {
        let (null, alternative) = (&self.null, &self.alternative);
        let tail = null.above[n].iter().position(|&a| a <= self.alpha);
        let r = tail.unwrap_or(n);
        let share = (self.alpha - null.above[n][r]) / null.at[n][r];
        // The factor covers rounding, in favour of searching.
        let most = alternative.above[n][r] + share.min(1.0) * alternative.at[n][r];
        most >= self.power * (1.0 - 1e-9)
    }
}

/// Binomial probabilities at one p for n = 0, 1, 2, ... by Pascal's rule, sums of positive terms.
struct Binomials {
    p: f64,
    /// P(X = x) by n, x.
    at: Vec<Vec<f64>>,
    /// P(X > x) by n, x.
    above: Vec<Vec<f64>>,
}

impl Binomials {
    fn new(p: f64) -> Binomials {
        Binomials {
            p,
            at: Vec::new(),
            above: Vec::new(),
        }
    }

    /// Adds the next n.
    fn extend(&mut self) {
        let at = match self.at.last() {
            None => vec![1.0],
            Some(last) => {
                let before = |x: usize| last.get(x).copied().unwrap_or(0.0);
                (0..=last.len())
                    .map(|x| {
                        let success = if x == 0 { 0.0 } else { self.p * before(x - 1) };
                        success + (1.0 - self.p) * before(x)
                    })
                    .collect()
            }
        };
        let mut above = vec![0.0; at.len()];
        for x in (0..at.len() - 1).rev() {
            above[x] = above[x + 1] + at[x + 1];
        }
        self.at.push(at);
        self.above.push(above);
    }

    /// P(X > x) of n subjects, for any x.
    fn above(&self, n: usize, x: isize) -> f64 {
        match usize::try_from(x) {
            Err(_) => 1.0,
            Ok(x) => self.above[n].get(x).copied().unwrap_or(0.0),
        }
    }

    /// P(X1 > r1, X1 + X2 > r).
    fn rejection(&self, r1: usize, n1: usize, r: usize, n2: usize) -> f64 {
        (r1 + 1..=n1)
            .map(|x| self.at[n1][x] * self.above(n2, r as isize - x as isize))
            .sum()
    }
}

/// Corners of the lower convex hull of (n, EN(p0)).
fn admissible(frontier: &[Candidate]) -> Vec<AdmissibleDesign> {
    // The weight q at which two designs are equally good: q (n_b - n_a) = (1 - q)(EN_a - EN_b).
    let indifferent = |a: &Candidate, b: &Candidate| {
        let (size, gain) = ((b.design.n - a.design.n) as f64, a.expected - b.expected);
        gain / (size + gain)
    };
    let mut hull: Vec<&Candidate> = Vec::new();
    for candidate in frontier {
        while let [.., before, last] = hull[..] {
            if indifferent(last, candidate) >= indifferent(before, last) {
                hull.pop();
            } else {
                break;
            }
        }
        hull.push(candidate);
    }
    (0..hull.len())
        .map(|i| AdmissibleDesign {
            design: hull[i].design,
            expected_subjects: hull[i].expected,
            weight_from: hull
                .get(i + 1)
                .map_or(0.0, |next| indifferent(hull[i], next)),
            weight_to: if i == 0 {
                1.0
            } else {
                indifferent(hull[i - 1], hull[i])
            },
        })
        .collect()
}
