//! Subjects in the order of risk sets, and the sums over the risk set at each event time.
//!
//! A risk set at time t holds the rows with start < t <= stop; without start times everyone is
//! under observation from the beginning. One walk from the last time to the first of each stratum
//! serves the likelihood, the residuals, the baseline hazard and the test of proportionality.

/// Rows in the order the walk needs: by stratum, then from the last time to the first.
pub(super) struct Subjects {
    /// Number of covariates.
    pub covariates: usize,
    /// Covariates, centred and scaled, one row per subject.
    pub x: Vec<f64>,
    /// Whether the subject had the event.
    pub event: Vec<bool>,
    /// Weight of each row; none where all weigh one. The risk scores given to the walk include it.
    pub weight: Option<Vec<f64>>,
    /// The rows that share a stratum and a time.
    pub runs: Vec<Run>,
    /// When each row comes under observation; none where all do so at the beginning.
    pub entry: Option<Entry>,
    /// Rows that stay in the risk set after their time; none in an ordinary Cox model.
    pub lingering: Option<Lingering>,
}

/// Rows of one stratum with the same time.
pub(super) struct Run {
    pub start: usize,
    pub end: usize,
    pub time: f64,
    pub events: usize,
    /// Mean weight of the rows with events.
    pub event_weight: f64,
    /// First row of the stratum.
    pub stratum_start: usize,
}

impl Run {
    /// Whether this is the first run of its stratum, which has its last time.
    pub fn starts_stratum(&self) -> bool {
        self.start == self.stratum_start
    }
}

/// Delayed entry.
pub(super) struct Entry {
    /// Start time of each row.
    pub start: Vec<f64>,
    /// Rows by stratum, then from the last start to the first: a stratum takes the same places
    /// here as among the rows.
    pub order: Vec<u32>,
}

/// Rows that stay in the risk set after their time t with a weight w(t') / w(t) at a later time t':
/// those with a competing event, in the model of Fine and Gray. One stratum, no delayed entry.
pub(super) struct Lingering {
    /// 1 / w at its time of each row that stays, zero for the others.
    pub weight: Vec<f64>,
    /// w at the time of each run.
    pub at_run: Vec<f64>,
}

/// Sums over a set of subjects with risk scores r: of r, of r x, of the lower triangle of r x x', one
/// after the other. The storage is an array where the number of covariates is known when compiling,
/// which keeps the sums in registers, or else a vector.
pub(super) struct Sums<S>(pub S);

/// Length of the storage for `p` covariates.
pub(super) const fn width(p: usize) -> usize {
    1 + p + p * (p + 1) / 2
}

impl<S: AsRef<[f64]> + AsMut<[f64]>> Sums<S> {
    #[inline(always)]
    pub fn s0(&self) -> f64 {
        self.0.as_ref()[0]
    }

    #[inline(always)]
    pub fn s1(&self, i: usize) -> f64 {
        self.0.as_ref()[1 + i]
    }

    /// Row `i`, column `j` of the lower triangle.
    #[inline(always)]
    pub fn s2(&self, p: usize, i: usize, j: usize) -> f64 {
        self.0.as_ref()[1 + p + i * (i + 1) / 2 + j]
    }

    fn clear(&mut self) {
        self.0.as_mut().fill(0.0);
    }

    #[inline(always)]
    fn add(&mut self, p: usize, risk: f64, x: &[f64]) {
        let (sums, x) = (&mut self.0.as_mut()[..width(p)], &x[..p]);
        sums[0] += risk;
        let mut at = 1 + p;
        for i in 0..p {
            let weighted = risk * x[i];
            sums[1 + i] += weighted;
            for x in &x[..=i] {
                sums[at] += weighted * x;
                at += 1;
            }
        }
    }

    /// As `add`, carrying what rounding loses in `lost`. Rows that leave are added with a negative
    /// risk score; what they leave behind must not drown the few that stay.
    fn add_compensated(&mut self, lost: &mut Sums<S>, p: usize, risk: f64, x: &[f64]) {
        let (sums, lost) = (self.0.as_mut(), lost.0.as_mut());
        two_sum(&mut sums[0], &mut lost[0], risk);
        let mut at = 1 + p;
        for i in 0..p {
            let weighted = risk * x[i];
            two_sum(&mut sums[1 + i], &mut lost[1 + i], weighted);
            for x in &x[..=i] {
                two_sum(&mut sums[at], &mut lost[at], weighted * x);
                at += 1;
            }
        }
    }

    /// These sums and `factor` times others.
    #[inline(always)]
    pub fn plus(&self, factor: f64, other: &Sums<S>, mut zero: S) -> Sums<S> {
        let terms = self.0.as_ref().iter().zip(other.0.as_ref());
        for (sum, (a, b)) in zero.as_mut().iter_mut().zip(terms) {
            *sum = a + factor * b;
        }
        Sums(zero)
    }
}

/// Adds to a sum kept as two numbers, of which the first is the sum as rounded.
/// Knuth, The Art of Computer Programming 2, 4.2.2.
fn two_sum(sum: &mut f64, lost: &mut f64, add: f64) {
    let s = *sum + add;
    let z = s - *sum;
    let error = (*sum - (s - z)) + (add - z);
    let rest = *lost + error;
    *sum = s + rest;
    *lost = rest - (*sum - s);
}

impl Subjects {
    /// Weight of one row.
    #[inline(always)]
    pub fn weight_of(&self, row: usize) -> f64 {
        self.weight.as_ref().map_or(1.0, |weight| weight[row])
    }

    /// Calls `at_event` for every run with events with the sums over its risk set and over its
    /// events (of which one alone has none). `p` is the number of covariates and `zero` an empty
    /// storage, arguments so that the compiler may know them.
    #[inline(always)]
    pub fn walk<S: AsRef<[f64]> + AsMut<[f64]>>(
        &self,
        p: usize,
        zero: impl Fn() -> S,
        risk: &[f64],
        mut at_event: impl FnMut(&Run, &Sums<S>, &Sums<S>),
    ) {
        let (mut all, mut dying, mut lost) = (Sums(zero()), Sums(zero()), Sums(zero()));
        let row = |i: usize| (risk[i], &self.x[i * p..(i + 1) * p]);
        let mut stay = self
            .lingering
            .as_ref()
            .map(|l| Stay::new(l, p, [zero(), zero()], risk, &self.x));
        let mut left = 0;
        for (number, run) in self.runs.iter().enumerate() {
            if run.starts_stratum() {
                all.clear();
                lost.clear();
                left = run.start;
            }
            match &self.entry {
                None => {
                    for i in run.start..run.end {
                        let (risk, x) = row(i);
                        all.add(p, risk, x);
                    }
                }
                Some(entry) => {
                    // Those under observation only from this time on are not at risk at it. Their
                    // own times are later, so they have been added.
                    while left < run.start && entry.start[entry.order[left] as usize] >= run.time {
                        let (risk, x) = row(entry.order[left] as usize);
                        all.add_compensated(&mut lost, p, -risk, x);
                        left += 1;
                    }
                    if left == run.start {
                        all.clear();
                        lost.clear();
                    }
                    for i in run.start..run.end {
                        let (risk, x) = row(i);
                        all.add_compensated(&mut lost, p, risk, x);
                    }
                }
            }
            if let Some(stay) = &mut stay {
                stay.drop(p, risk, &self.x, run);
            }
            if run.events == 0 {
                continue;
            }
            // One event alone needs no sums over the events.
            dying.clear();
            if run.events > 1 {
                for i in run.start..run.end {
                    if self.event[i] {
                        let (risk, x) = row(i);
                        dying.add(p, risk, x);
                    }
                }
            }
            match &stay {
                None => at_event(run, &all, &dying),
                Some(stay) => {
                    let w = stay.lingering.at_run[number];
                    at_event(run, &all.plus(w, &stay.sums, zero()), &dying)
                }
            }
        }
    }

    /// Whether a row seen so far in the walk is at risk at `run`.
    pub fn at_risk(&self, row: usize, run: &Run) -> bool {
        self.entry.as_ref().is_none_or(|e| e.start[row] < run.time)
    }
}

/// Sums over the rows that linger at a time, in the walk.
struct Stay<'a, S> {
    lingering: &'a Lingering,
    sums: Sums<S>,
    lost: Sums<S>,
}

impl<'a, S: AsRef<[f64]> + AsMut<[f64]>> Stay<'a, S> {
    /// All of them, as after the last time.
    fn new(lingering: &'a Lingering, p: usize, zero: [S; 2], risk: &[f64], x: &[f64]) -> Self {
        let [mut sums, mut lost] = zero.map(Sums);
        for (i, x) in x.chunks_exact(p).enumerate() {
            sums.add_compensated(&mut lost, p, risk[i] * lingering.weight[i], x);
        }
        Stay {
            lingering,
            sums,
            lost,
        }
    }

    /// At its own time a row is in the risk set as any other.
    fn drop(&mut self, p: usize, risk: &[f64], x: &[f64], run: &Run) {
        for (i, x) in (run.start..run.end).zip(x[run.start * p..].chunks_exact(p)) {
            let weighted = risk[i] * self.lingering.weight[i];
            if weighted > 0.0 {
                self.sums.add_compensated(&mut self.lost, p, -weighted, x);
            }
        }
    }
}
