//! What each random stream of a patient is for. Numbers are never changed or reused: the draws of
//! every result hang on them. The trial's own streams (allocation, dropout, ...) start at 100.

use neurocart_numeric::{Key, Stream};

/// Parameters of the immune model; the scenario of the key is the hash of the symbol.
pub const PARAMETERS: u32 = 1;
/// Frailty of the attack hazard.
pub const ATTACK_FRAILTY: u32 = 2;
/// EDSS at baseline.
pub const BASELINE_EDSS: u32 = 3;
/// Attack times, jumps and recoveries.
pub const ATTACKS: u32 = 10;
/// Noise of the EDSS at a visit.
pub const EDSS_NOISE: u32 = 11;
/// Noise of the myasthenia scores at a visit.
pub const MYASTHENIA_NOISE: u32 = 12;
/// Grade of cytokine release syndrome.
pub const CYTOKINE_RELEASE: u32 = 13;
/// Grade of neurotoxicity.
pub const NEUROTOXICITY: u32 = 14;
/// Times of serious infections.
pub const INFECTIONS: u32 = 15;
/// Founders of a new clone.
pub const CLONE: u32 = 16;

/// Attacks in the year before enrolment.
pub const EARLIER_ATTACKS: u32 = 17;
/// Onsets of MRI lesions.
pub const LESIONS: u32 = 18;
/// Noise of the MG Composite at a visit.
pub const MG_COMPOSITE_NOISE: u32 = 19;
/// Noise of the timed 25-foot walk at a visit.
pub const WALKING_NOISE: u32 = 20;
/// Noise of the INCAT disability score at a visit.
pub const INCAT_NOISE: u32 = 21;

/// The subject of a replicate whose draws are wanted. Arms are not part of it: a subject's draws
/// are the same under every treatment (common random numbers).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubjectKey {
    /// Root seed of the run.
    pub seed: u64,
    /// Replicate of the trial.
    pub replicate: u32,
    /// Number of the subject in the replicate.
    pub subject: u64,
}

impl SubjectKey {
    /// The stream of this subject for one purpose.
    #[inline]
    pub fn stream(self, purpose: u32) -> Stream {
        let SubjectKey {
            seed,
            replicate,
            subject,
        } = self;
        Stream::new(Key {
            seed,
            purpose,
            scenario: 0,
            replicate,
            patient: subject,
        })
    }
}
