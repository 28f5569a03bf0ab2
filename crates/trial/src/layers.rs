//! The stochastic layers of a disease with their numbers from the parameter table.

use neurocart_library::Problem;

use crate::attack::AttackParameters;
use crate::disability::DisabilityParameters;
use crate::disease::{AttackLayer, Disease, WalkingDriver};
use crate::error::Error;
use crate::incat::IncatParameters;
use crate::lesion::LesionParameters;
use crate::myasthenia::MyastheniaParameters;
use crate::parameters::{Distribution, Override, Parameter, Parameters};
use crate::scenario::Used;
use crate::toxicity::{GradeCurve, ToxicityParameters};
use crate::walking::{Course as WalkingCourse, WalkingParameters};

/// The layers of a disease. A layer that the disease does not have is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct Layers {
    /// Relapses or attacks.
    pub attacks: Option<AttackParameters>,
    /// EDSS.
    pub disability: Option<DisabilityParameters>,
    /// MG-ADL, QMG and MGC.
    pub myasthenia: Option<MyastheniaParameters>,
    /// Timed 25-foot walk.
    pub walking: Option<WalkingParameters>,
    /// INCAT disability score.
    pub incat: Option<IncatParameters>,
    /// MRI lesions.
    pub lesions: Option<LesionParameters>,
    /// CRS and ICANS, drawn where the therapy is a CAR T product.
    pub toxicity: ToxicityParameters,
    /// Cells of the autoreactive clone in the untreated disease.
    pub clone_cells: f64,
    /// Coefficient of variation of the blood pools about what the tissue pools give.
    pub blood_pool_cv: f64,
    /// CAR T peaks of plausible patients, cells/uL.
    pub plausible_peak: (f64, f64),
    /// Baseline IgG of plausible patients, g/L.
    pub plausible_igg: (f64, f64),
    /// The rows in use.
    pub used: Vec<Used>,
}

struct Reader<'a> {
    table: &'a Parameters,
    scopes: [&'a str; 2],
    overrides: &'a [Override],
    used: Vec<Used>,
}

impl Reader<'_> {
    fn value(&mut self, symbol: &str) -> Result<f64, Error> {
        let mut parameter: Parameter = self.table.get(symbol, &self.scopes)?;
        if let Some(change) = self.overrides.iter().find(|o| o.symbol == symbol) {
            parameter = self.table.overridden(&parameter, change)?;
        }
        let value = parameter.value;
        self.used.push(Used {
            name: symbol.to_owned(),
            parameter,
        });
        Ok(value)
    }

    fn curves(&mut self, syndrome: &str, grades: &[u8]) -> Result<Vec<GradeCurve>, Error> {
        let curve = |&grade: &u8| {
            let intercept = self.value(&format!("{syndrome}_intercept_{grade}"))?;
            let slope = self.value(&format!("{syndrome}_slope_{grade}"))?;
            Ok(GradeCurve {
                grade,
                intercept,
                slope,
            })
        };
        grades.iter().map(curve).collect()
    }
}

impl Layers {
    /// The layers of `disease`, with the user's values.
    pub fn of(
        table: &Parameters,
        disease: &Disease,
        overrides: &[Override],
    ) -> Result<Layers, Error> {
        let scopes = ["stochastic", disease.parameter_scope.as_str()];
        let mut r = Reader {
            table,
            scopes,
            overrides,
            used: Vec::new(),
        };
        let attacks = match &disease.attacks {
            None => None,
            Some(layer) => Some(AttackParameters {
                frailty_cv: hazard(table, disease, layer)?.cv(),
                jump_mean: r.value("Jm")?,
                jump_cv: r.value("Jcv")?,
                residual_mean: r.value("rmean")?,
                residual_shape: r.value("residual_beta_shape")?,
                refractory_days: r.value("attack_refractory_days")?,
                neurofilament_jump: r.value("Nf_jump")?,
                gfap_jump: r.value("GF_jump")?,
            }),
        };
        let disability = match disease.disability {
            None => None,
            Some(_) => Some(DisabilityParameters {
                baseline_mean: r.value("EDSS0_mean")?,
                baseline_sd: r.value("EDSS0_sd")?,
                scale: r.value("GD")?,
                noise_sd: r.value("sdE")?,
            }),
        };
        let myasthenia = match disease.myasthenia {
            None => None,
            Some(_) => Some(MyastheniaParameters {
                mg_adl_noise_sd: r.value("mgadl_noise_sd")?,
                qmg_noise_sd: r.value("qmg_noise_sd")?,
                mgc_noise_sd: r.value("mgc_noise_sd")?,
                mgc_per_mg_adl: r.value("mgc_per_mg_adl")?,
                placebo_response: r.value("placebo_MGADL")?,
                placebo_days: r.value("placebo_time_constant_days")?,
            }),
        };
        let walking = match disease.walking {
            None => None,
            Some(layer) => Some(WalkingParameters {
                healthy_seconds: r.value("t25fw_healthy_seconds")?,
                course: match layer.follows {
                    WalkingDriver::Disability => WalkingCourse::Disability {
                        slope_per_point: r.value("t25fw_edss_slope")?,
                    },
                    WalkingDriver::Target => WalkingCourse::Target,
                },
                noise_sd: r.value("t25fw_noise_sd")?,
            }),
        };
        let incat = match disease.incat {
            None => None,
            Some(_) => Some(IncatParameters {
                slope: r.value("incat_slope")?,
                noise_sd: r.value("incat_noise_sd")?,
            }),
        };
        let lesions = match (disease.lesions, &disease.attacks) {
            (Some(_), Some(_)) => Some(LesionParameters {
                per_attack: r.value("lesions_per_relapse")?,
                enhancement_days: r.value("gadolinium_days")?,
            }),
            (Some(_), None) => {
                let message = format!("`{}` has `[lesions]` but no `[attacks]`", disease.id);
                return Err(Problem::new("library/diseases", message)
                    .hint("lesions follow the hazard of the attacks; add that heading")
                    .into());
            }
            (None, _) => None,
        };
        let toxicity = ToxicityParameters {
            crs: r.curves("crs", &[1, 2, 3, 4])?,
            icans: r.curves("icans", &[1, 3])?,
            onset_il6_pg_per_ml: r.value("crs_onset_il6_signal")?,
            window_days: r.value("crs_window_days")?,
        };
        Ok(Layers {
            attacks,
            disability,
            myasthenia,
            walking,
            incat,
            lesions,
            toxicity,
            clone_cells: r.value("Nclone")?,
            blood_pool_cv: r.value("blood_pool_cv")?,
            plausible_peak: (r.value("filter_cmax_low")?, r.value("filter_cmax_high")?),
            plausible_igg: (r.value("filter_igg_low")?, r.value("filter_igg_high")?),
            used: r.used,
        })
    }
}

/// The row of the hazard that a disease's attacks follow: gamma, its variability the frailty.
fn hazard(table: &Parameters, disease: &Disease, layer: &AttackLayer) -> Result<Parameter, Error> {
    let row = table.get(&layer.hazard, &["core", &disease.parameter_scope])?;
    match row.distribution {
        Some(Distribution::Gamma) => Ok(row),
        _ => {
            let message = format!(
                "`{}`, the hazard of the attacks, is not `gamma`",
                layer.hazard
            );
            let hint = "its `cv` is the frailty between patients; write `gamma` in the column `distribution`";
            Err(Problem::new("library/parameters.csv", message)
                .hint(hint)
                .into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use neurocart_library::Library;

    #[test]
    fn every_disease_finds_the_numbers_of_its_layers() {
        let library = Library::embedded();
        let table = Parameters::of(&library).unwrap();
        for id in library.disease_ids() {
            let disease = Disease::load(&library, id).unwrap();
            let layers = Layers::of(&table, &disease, &[]).unwrap_or_else(|e| panic!("{id}: {e}"));
            assert_eq!(layers.attacks.is_some(), disease.attacks.is_some());
            assert!(
                layers.attacks.is_some()
                    || layers.myasthenia.is_some()
                    || layers.walking.is_some()
                    || layers.incat.is_some(),
                "{id} has no layer"
            );
        }
    }
}
