//! Recursive numerical integration over the paths that no boundary has stopped yet.
//!
//! On the scale B = Z sqrt(I), a Brownian motion with drift delta, the density of the paths still
//! under way at look k is f_k(b) = integral over the continuation region of look k - 1 of
//! f_{k-1}(a) phi((b - a - delta D) / sqrt D) / sqrt D da, D = I_k - I_{k-1}; a crossing
//! probability is the same integral with a tail of the normal distribution in place of its
//! density. Armitage, McPherson and Rowe 1969, doi:10.2307/2343787.
//!
//! Gauss-Legendre rules of 12 points on panels. A panel is narrow where the density bends: cutting
//! at a look and adding an increment of variance D leaves an edge of width sqrt D, so looks that
//! nearly coincide leave narrow edges, and the panels are halved until each edge is resolved. Where
//! the normal kernel is narrower than a panel, the panel is divided and the density interpolated by
//! its polynomial. Paths further than nine standard deviations out are left aside (1e-19).

use crate::normal::{normal_cdf, normal_sf};

/// Points of the rule on a panel.
const POINTS: usize = 12;
/// Standard deviations of the normal distribution that are integrated.
pub(super) const REACH: f64 = 9.0;
/// Half-width, in units of the narrowest standard deviation, of a panel that twelve points
/// integrate to about 1e-11.
const RESOLVED: f64 = 2.0;
/// Half-width, in units of its width, of a panel at an edge, and how far the edge reaches: there the
/// density must follow a polynomial through the points, to about 1e-8.
const EDGE_RESOLVED: f64 = 1.0;
const EDGE_REACH: f64 = 5.0;
/// Nodes and weights of the rule on [-1, 1], the positive half. Abramowitz and Stegun, 25.4.30.
const HALF_RULE: [(f64, f64); POINTS / 2] = [
    (0.125_233_408_511_468_9, 0.249_147_045_813_402_8),
    (0.367_831_498_998_180_2, 0.233_492_536_538_354_8),
    (0.587_317_954_286_617_5, 0.203_167_426_723_065_93),
    (0.769_902_674_194_304_7, 0.160_078_328_543_346_22),
    (0.904_117_256_370_474_9, 0.106_939_325_995_318_43),
    (0.981_560_634_246_719_2, 0.047_175_336_386_511_83),
];
/// 1 / sqrt(2 pi).
const NORMAL_FACTOR: f64 = 0.398_942_280_401_432_7;

/// Node and weight number `i`, from below.
fn rule(i: usize) -> (f64, f64) {
    if i < POINTS / 2 {
        let (x, w) = HALF_RULE[POINTS / 2 - 1 - i];
        (-x, w)
    } else {
        HALF_RULE[i - POINTS / 2]
    }
}

/// Barycentric weight of node `i` for interpolation on a panel. Wang and Xiang 2012,
/// doi:10.1090/S0025-5718-2011-02549-4.
fn barycentric(i: usize) -> f64 {
    let (x, w) = rule(i);
    let size = ((1.0 - x * x) * w).sqrt();
    if i.is_multiple_of(2) { size } else { -size }
}

/// The paths not stopped up to some look: their density in B, which integrates to the probability
/// of being still under way.
#[derive(Debug, Clone)]
pub(super) struct Continuing {
    drift: f64,
    /// Information and B where all paths start: the origin, or an interim result.
    origin: (f64, f64),
    /// Information of the look that the density belongs to.
    information: f64,
    /// None at the origin, where the density is a point.
    panels: Option<Vec<Panel>>,
    /// Ends of the continuation regions so far: information and B.
    cuts: Vec<(f64, f64)>,
}

#[derive(Debug, Clone)]
struct Panel {
    middle: f64,
    half: f64,
    /// Nodes in B, the density there, and the density times the weight of the rule.
    nodes: [f64; POINTS],
    density: [f64; POINTS],
    weighted: [f64; POINTS],
}

impl Continuing {
    /// All paths at `b` when the information is `information`: (0, 0) at the start of a trial.
    pub(super) fn from_point(information: f64, b: f64, drift: f64) -> Continuing {
        Continuing {
            drift,
            origin: (information, b),
            information,
            panels: None,
            cuts: Vec::new(),
        }
    }

    /// Probability of being still under way and then above `z` at `information`.
    pub(super) fn above(&self, information: f64, z: f64) -> f64 {
        self.tail(information, z, [0.0, 1.0], normal_cdf)
    }

    /// Probability of being still under way and then below `z` at `information`.
    pub(super) fn below(&self, information: f64, z: f64) -> f64 {
        self.tail(information, z, [1.0, 0.0], normal_sf)
    }

    fn tail(&self, information: f64, z: f64, ends: [f64; 2], tail: fn(f64) -> f64) -> f64 {
        if z.is_infinite() {
            let end = usize::from(z < 0.0);
            return if ends[end] == 0.0 { 0.0 } else { self.mass() };
        }
        let step = information - self.information;
        // The path goes beyond z when it is now beyond `centre`, up to noise of this width.
        let centre = z * information.sqrt() - self.drift * step;
        let width = step.sqrt();
        match &self.panels {
            None => tail((self.origin.1 - centre) / width),
            // Interpolation leaves 1e-15 below 0 where there is nothing.
            Some(panels) => convolved(panels, centre, width, ends, tail).clamp(0.0, 1.0),
        }
    }

    /// Mean of z at `information` if nothing had stopped.
    pub(super) fn mean(&self, information: f64) -> f64 {
        let (i0, b0) = self.origin;
        (b0 + self.drift * (information - i0)) / information.sqrt()
    }

    /// Probability of being still under way.
    fn mass(&self) -> f64 {
        match &self.panels {
            None => 1.0,
            Some(panels) => panels.iter().map(Panel::mass).sum(),
        }
    }

    fn density(&self, information: f64, b: f64) -> f64 {
        let step = information - self.information;
        let width = step.sqrt();
        let centre = b - self.drift * step;
        let normal = |x: f64| NORMAL_FACTOR * libm::exp(-0.5 * x * x);
        let density = match &self.panels {
            None => normal((self.origin.1 - centre) / width),
            Some(panels) => convolved(panels, centre, width, [0.0, 0.0], normal),
        };
        density / width
    }

    /// The paths that stay between `lower` and `upper` (in z) at the look with `information`.
    pub(super) fn advance(&self, information: f64, lower: f64, upper: f64) -> Continuing {
        let (i0, b0) = self.origin;
        let elapsed = information - i0;
        let (mean, spread) = (b0 + self.drift * elapsed, elapsed.sqrt());
        let (lower, upper) = (lower * information.sqrt(), upper * information.sqrt());
        let from = lower.max(mean - REACH * spread);
        let to = upper.min(mean + REACH * spread);
        let edges: Vec<Edge> = self
            .cuts
            .iter()
            .map(|&(i, b)| {
                // Given where it is now, the path was at the cut by the Brownian bridge.
                let stretch = elapsed / (i - i0);
                Edge {
                    centre: b0 + (b - b0) * stretch,
                    width: ((information - i) * stretch).sqrt(),
                }
            })
            .collect();
        // The density of all paths is normal with this spread; cuts only narrow it.
        let parts = if from < to {
            ((to - from) / (RESOLVED * spread)).ceil().max(1.0)
        } else {
            0.0
        };
        let length = (to - from) / parts;
        let mut panels = Vec::new();
        for part in 0..parts as usize {
            let start = from + length * part as f64;
            divide(start, start + length, &edges, &mut |from, to| {
                panels.push(Panel::new(from, to, |b| self.density(information, b)));
            });
        }
        let mut cuts = self.cuts.clone();
        cuts.extend(
            [lower, upper]
                .into_iter()
                .filter(|cut| cut.is_finite())
                .map(|cut| (information, cut)),
        );
        Continuing {
            drift: self.drift,
            origin: self.origin,
            information,
            panels: Some(panels),
            cuts,
        }
    }
}

/// Where an earlier cut, blurred by the increments since, bends the density.
struct Edge {
    centre: f64,
    width: f64,
}

/// Halves [from, to] until every part resolves the edges within it.
fn divide(from: f64, to: f64, edges: &[Edge], part: &mut impl FnMut(f64, f64)) {
    let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
    let resolved = edges.iter().all(|edge| {
        let distance = (edge.centre - middle).abs() - half;
        half <= EDGE_RESOLVED * edge.width || distance > EDGE_REACH * edge.width
    });
    // Rounding ends the halving at the latest.
    if resolved || !(from < middle && middle < to) {
        part(from, to);
    } else {
        divide(from, middle, edges, part);
        divide(middle, to, edges, part);
    }
}

impl Panel {
    fn new(from: f64, to: f64, density: impl Fn(f64) -> f64) -> Panel {
        let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
        let nodes: [f64; POINTS] = std::array::from_fn(|i| middle + half * rule(i).0);
        let density = nodes.map(density);
        Panel {
            middle,
            half,
            nodes,
            density,
            weighted: std::array::from_fn(|i| half * rule(i).1 * density[i]),
        }
    }

    fn mass(&self) -> f64 {
        self.weighted.iter().sum()
    }

    /// The density at `b` by the polynomial through the nodes.
    fn interpolated(&self, b: f64) -> f64 {
        let x = (b - self.middle) / self.half;
        let (mut numerator, mut denominator) = (0.0, 0.0);
        for i in 0..POINTS {
            let away = x - rule(i).0;
            if away == 0.0 {
                return self.density[i];
            }
            let share = barycentric(i) / away;
            numerator += share * self.density[i];
            denominator += share;
        }
        numerator / denominator
    }

    /// Integral over [from, to], a part of the panel, of the density times a factor.
    fn part(&self, from: f64, to: f64, factor: impl Fn(f64) -> f64) -> f64 {
        let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
        let sum: f64 = (0..POINTS)
            .map(|i| {
                let (x, w) = rule(i);
                let b = middle + half * x;
                w * self.interpolated(b) * factor(b)
            })
            .sum();
        half * sum
    }
}

/// Integral of the density times `kernel((b - centre) / width)`, a function that has reached the
/// values `ends` nine widths below and above the centre.
fn convolved(
    panels: &[Panel],
    centre: f64,
    width: f64,
    ends: [f64; 2],
    kernel: impl Fn(f64) -> f64,
) -> f64 {
    let (near, far) = (centre - REACH * width, centre + REACH * width);
    let mut sum = 0.0;
    for panel in panels {
        let (from, to) = (panel.middle - panel.half, panel.middle + panel.half);
        if to <= near || far <= from {
            let end = ends[usize::from(far <= from)];
            if end != 0.0 {
                sum += end * panel.mass();
            }
        } else if panel.half <= RESOLVED * width {
            for (b, weighted) in panel.nodes.iter().zip(&panel.weighted) {
                sum += weighted * kernel((b - centre) / width);
            }
        } else {
            if ends[0] != 0.0 && from < near {
                sum += panel.part(from, near, |_| ends[0]);
            }
            if ends[1] != 0.0 && far < to {
                sum += panel.part(far, to, |_| ends[1]);
            }
            let (from, to) = (from.max(near), to.min(far));
            // At most 2 REACH / (2 RESOLVED) pieces, because [near, far] is that long.
            let pieces = ((to - from) / (2.0 * RESOLVED * width)).ceil().max(1.0);
            let length = (to - from) / pieces;
            for piece in 0..pieces as usize {
                let start = from + length * piece as f64;
                sum += panel.part(start, start + length, |b| kernel((b - centre) / width));
            }
        }
    }
    sum
}
