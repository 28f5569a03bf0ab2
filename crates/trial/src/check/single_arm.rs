//! A single arm in two stages.

use super::Meaning;
use super::Step::{Item, Key};
use crate::adaptive::characteristics::two_stage;

impl Meaning<'_> {
    pub(super) fn single_arm(&mut self) {
        let Some(section) = &self.specification.single_arm else {
            return;
        };
        let path = |field| [Key("single_arm"), Key(field)];
        if self.specification.dose_finding.is_none() {
            if self.specification.arms.len() > 1 {
                self.error(
                    &[Key("arm"), Item(1)],
                    format!("a single arm, and {} arms", self.specification.arms.len()),
                    "keep one, or let `[dose_finding]` choose among them",
                );
            }
            if section.include_dose_finding {
                self.error(
                    &path("include_dose_finding"),
                    "there is no dose finding to include",
                    "remove it, or add `[dose_finding]`",
                );
            }
        }
        let endpoint = section.endpoint.clone();
        self.yes_or_no(&endpoint, &path("endpoint"));
        let probability = |value: f64| value > 0.0 && value < 1.0;
        let mut sound = true;
        for (field, value) in [
            ("p0", Some(section.p0)),
            ("p1", section.p1),
            ("alpha", Some(section.alpha)),
            ("beta", section.beta),
        ] {
            if let Some(value) = value.filter(|&value| !probability(value)) {
                self.error(
                    &path(field),
                    format!("`{field}` is {value}"),
                    "give a probability above 0 and below 1",
                );
                sound = false;
            }
        }
        if let Some(p1) = section.p1.filter(|&p1| p1 <= section.p0) {
            self.error(
                &path("p1"),
                format!("`p1` is {p1} and `p0` is {}", section.p0),
                "`p1` is the probability worth finding, above `p0`",
            );
            sound = false;
        }
        let numbers = [
            ("n1", section.n1),
            ("r1", section.r1),
            ("n", section.n),
            ("r", section.r),
        ];
        let given = numbers
            .iter()
            .filter(|(_, number)| number.is_some())
            .count();
        if given > 0 && given < 4 {
            let missing: Vec<String> = numbers
                .iter()
                .filter(|(_, number)| number.is_none())
                .map(|(name, _)| format!("`{name}`"))
                .collect();
            self.error(
                &[Key("single_arm")],
                format!("the two stages lack {}", missing.join(", ")),
                "give `n1`, `r1`, `n` and `r`, or none of them and let the design be found",
            );
            sound = false;
        }
        if given == 4 && section.optimality.is_some() {
            self.error(
                &path("optimality"),
                "the design is given, and is also to be found",
                "remove `optimality`, or the four numbers",
            );
        }
        if let (Some(n1), Some(n)) = (section.n1, section.n)
            && n1 >= n
        {
            self.error(
                &path("n1"),
                format!("the first stage of {n1} is not smaller than the trial of {n}"),
                "`n` counts the subjects of both stages",
            );
            sound = false;
        }
        if given == 0 && (section.p1.is_none() || section.beta.is_none()) {
            self.error(
                &[Key("single_arm")],
                "the single-arm design is not complete",
                "give `n1`, `r1`, `n` and `r`, or `p1`, `beta` and `optimality`",
            );
            sound = false;
        }
        if let Some(rule) = &section.toxicity {
            let path = |field| [Key("single_arm"), Key("toxicity"), Key(field)];
            for (field, value) in [("threshold", rule.threshold), ("cutoff", rule.cutoff)] {
                if !probability(value) {
                    self.error(
                        &path(field),
                        format!("`{field}` is {value}"),
                        "give a probability above 0 and below 1",
                    );
                }
            }
            if rule.prior.iter().any(|&a| !(a > 0.0 && a <= 1e6)) {
                self.error(
                    &path("prior"),
                    "a beta prior needs two numbers above 0",
                    "`prior = [1, 1]` is uniform",
                );
            }
            let event = rule.event;
            let before = self.found.errors.len();
            self.dose_limiting_toxicity(&event, &path("event"));
            if self.found.errors.len() > before {
                return;
            }
        }
        if !sound {
            return;
        }
        match two_stage(section) {
            Err(error) => self.error(
                &[Key("single_arm")],
                error.to_string(),
                "take `p0` and `p1` further apart, or allow larger error rates",
            ),
            Ok(design) if given == 4 && design.worst.promising > section.alpha => self.warn(
                &path("alpha"),
                format!(
                    "the type I error at `p0` is {:.4}, above alpha {}",
                    design.worst.promising, section.alpha
                ),
                "raise `r`, or state the level that the design has",
            ),
            Ok(_) => {}
        }
    }
}
