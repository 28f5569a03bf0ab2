//! How counts and priors are written on the command line: `12/43` and `1,1`.

use std::str::FromStr;

use neurocart_stats::bayes::beta_mixture::Beta;

/// Responders of subjects, written `12/43`.
#[derive(Clone, Copy, Debug)]
pub struct Fraction {
    pub responders: u64,
    pub subjects: u64,
}

impl FromStr for Fraction {
    type Err = String;

    fn from_str(text: &str) -> Result<Fraction, String> {
        let wrong = || "expected responders/subjects, for example 12/43".to_owned();
        let (responders, subjects) = text.split_once('/').ok_or_else(wrong)?;
        let whole = |part: &str| part.trim().parse::<u64>().map_err(|_| wrong());
        let fraction = Fraction {
            responders: whole(responders)?,
            subjects: whole(subjects)?,
        };
        if fraction.responders > fraction.subjects {
            return Err("there cannot be more responders than subjects".to_owned());
        }
        Ok(fraction)
    }
}

/// A beta prior, written `a,b`: as many responders and non-responders as it is worth.
#[derive(Clone, Copy, Debug)]
pub struct BetaPrior(pub Beta);

impl FromStr for BetaPrior {
    type Err = String;

    fn from_str(text: &str) -> Result<BetaPrior, String> {
        let wrong = || "expected a,b of a beta distribution, for example 1,1".to_owned();
        let (a, b) = text.split_once(',').ok_or_else(wrong)?;
        let number = |part: &str| part.trim().parse::<f64>().map_err(|_| wrong());
        let beta = Beta {
            a: number(a)?,
            b: number(b)?,
        };
        beta.check().map_err(|error| error.to_string())?;
        Ok(BetaPrior(beta))
    }
}
