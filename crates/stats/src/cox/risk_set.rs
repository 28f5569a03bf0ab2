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

/// Sums over a set of subjects with risk scores r: of r, r x and r x x' (lower triangle).
pub(super) struct Sums {
    pub s0: f64,
    pub s1: Vec<f64>,
    pub s2: Vec<f64>,
}

impl Sums {
    fn new(p: usize) -> Sums {
        Sums {
            s0: 0.0,
            s1: vec![0.0; p],
            s2: vec![0.0; p * p],
        }
    }

    fn clear(&mut self) {
        self.s0 = 0.0;
        self.s1.fill(0.0);
        self.s2.fill(0.0);
    }

    #[inline(always)]
    fn add(&mut self, p: usize, risk: f64, x: &[f64]) {
        let (s1, s2) = (&mut self.s1[..p], &mut self.s2[..p * p]);
        self.s0 += risk;
        for i in 0..p {
            let weighted = risk * x[i];
            s1[i] += weighted;
            for j in 0..=i {
                s2[i * p + j] += weighted * x[j];
            }
        }
    }

    /// As `add`, carrying what rounding loses in `lost`. Rows that leave are added with a negative
    /// risk score; what they leave behind must not drown the few that stay.
    fn add_compensated(&mut self, lost: &mut Sums, p: usize, risk: f64, x: &[f64]) {
        two_sum(&mut self.s0, &mut lost.s0, risk);
        for i in 0..p {
            let weighted = risk * x[i];
            two_sum(&mut self.s1[i], &mut lost.s1[i], weighted);
            for (j, x) in x[..=i].iter().enumerate() {
                let at = i * p + j;
                two_sum(&mut self.s2[at], &mut lost.s2[at], weighted * x);
            }
        }
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
    /// events. `p` is the number of covariates, an argument so that the compiler may know it.
    #[inline(always)]
    pub fn walk(&self, p: usize, risk: &[f64], mut at_event: impl FnMut(&Run, &Sums, &Sums)) {
        let (mut all, mut dying, mut lost) = (Sums::new(p), Sums::new(p), Sums::new(p));
        let row = |i: usize| (risk[i], &self.x[i * p..(i + 1) * p]);
        let mut stay = self
            .lingering
            .as_ref()
            .map(|l| Stay::new(l, p, risk, &self.x));
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
            if run.events > 1 {
                dying.clear();
                for i in run.start..run.end {
                    if self.event[i] {
                        let (risk, x) = row(i);
                        dying.add(p, risk, x);
                    }
                }
            }
            match &mut stay {
                None => at_event(run, &all, &dying),
                Some(stay) => at_event(run, stay.with(&all, number), &dying),
            }
        }
    }

    /// Whether a row seen so far in the walk is at risk at `run`.
    pub fn at_risk(&self, row: usize, run: &Run) -> bool {
        self.entry.as_ref().is_none_or(|e| e.start[row] < run.time)
    }
}

/// Sums over the rows that linger at a time, in the walk.
struct Stay<'a> {
    lingering: &'a Lingering,
    sums: Sums,
    lost: Sums,
    together: Sums,
}

impl Stay<'_> {
    /// All of them, as after the last time.
    fn new<'a>(lingering: &'a Lingering, p: usize, risk: &[f64], x: &[f64]) -> Stay<'a> {
        let mut stay = Stay {
            lingering,
            sums: Sums::new(p),
            lost: Sums::new(p),
            together: Sums::new(p),
        };
        for (i, x) in x.chunks_exact(p).enumerate() {
            let weighted = risk[i] * lingering.weight[i];
            stay.sums.add_compensated(&mut stay.lost, p, weighted, x);
        }
        stay
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

    /// The sums over those at risk in the ordinary sense and those that linger.
    fn with(&mut self, all: &Sums, run: usize) -> &Sums {
        let w = self.lingering.at_run[run];
        self.together.s0 = all.s0 + w * self.sums.s0;
        let ordinary = all.s1.iter().chain(&all.s2);
        let staying = self.sums.s1.iter().chain(&self.sums.s2);
        let together = self.together.s1.iter_mut().chain(&mut self.together.s2);
        for ((sum, a), b) in together.zip(ordinary).zip(staying) {
            *sum = a + w * b;
        }
        &self.together
    }
}
