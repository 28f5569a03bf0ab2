//! Correlations between the patients' parameters, on the scale on which they are normal.
//!
//! `library/correlations.csv` has the columns `first,second,correlation`. Without the file all
//! parameters are independent, the default: nothing is known about their correlations.

use std::collections::HashMap;

use neurocart_library::{CORRELATIONS, Library, Problem, nearest};
use neurocart_numeric::elementary::sqrt1;

use crate::error::Error;
use crate::parameters::Parameters;

/// A correlation matrix as the factor that makes correlated normals of independent ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Correlations {
    /// Position of a symbol in the matrix.
    index: HashMap<String, usize>,
    symbols: Vec<String>,
    /// Lower triangle L with L L' the matrix, row by row.
    factor: Vec<Vec<f64>>,
}

impl Correlations {
    /// The matrix of a library, empty if it has none.
    pub fn of(library: &Library) -> Result<Correlations, Error> {
        let Some(file) = library.find(CORRELATIONS) else {
            return Ok(Correlations::default());
        };
        let table = Parameters::of(library)?;
        Correlations::parse(
            file.text,
            file.name,
            table.rows().iter().map(|r| r.symbol.as_str()),
        )
    }

    /// Reads a table; `file` is how messages call it.
    pub fn parse<'a>(
        text: &str,
        file: &str,
        known: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<Correlations, Error> {
        let mut result = Correlations::default();
        let mut entries: HashMap<(usize, usize), f64> = HashMap::new();
        for (i, line) in text.lines().enumerate() {
            let fields: Vec<&str> = line.split(',').map(str::trim).collect();
            let problem = |message: String| Problem::new(file, message).on_line(text, i + 1);
            if i == 0 {
                if fields != ["first", "second", "correlation"] {
                    return Err(
                        problem("the columns are not `first,second,correlation`".into()).into(),
                    );
                }
                continue;
            }
            if line.trim().is_empty() {
                continue;
            }
            let [first, second, value] = fields[..] else {
                return Err(problem(format!("{} columns, expected 3", fields.len())).into());
            };
            let mut at = [0; 2];
            for (slot, symbol) in at.iter_mut().zip([first, second]) {
                if !known.clone().any(|k| k == symbol) {
                    let problem = problem(format!("unknown parameter `{symbol}`"));
                    return Err(match nearest(symbol, known.clone()) {
                        Some(near) => problem.hint(format!("did you mean `{near}`?")).into(),
                        None => problem.into(),
                    });
                }
                *slot = *result.index.entry(symbol.to_owned()).or_insert_with(|| {
                    result.symbols.push(symbol.to_owned());
                    result.symbols.len() - 1
                });
            }
            let value = value.parse::<f64>().ok().filter(|v| v.abs() < 1.0);
            let value =
                value.ok_or_else(|| problem("a correlation lies between -1 and 1".to_owned()))?;
            let (i0, i1) = (at[0].max(at[1]), at[0].min(at[1]));
            if i0 == i1 {
                return Err(problem(format!("`{first}` with itself"))
                    .hint("leave the diagonal out: it is 1")
                    .into());
            }
            if entries
                .insert((i0, i1), value)
                .is_some_and(|old| old != value)
            {
                let message = format!("`{first}` and `{second}` have two different correlations");
                return Err(problem(message)
                    .hint("the matrix is symmetric: give each pair once")
                    .into());
            }
        }
        result.factorise(&entries, file)?;
        Ok(result)
    }

    /// Cholesky factor of the matrix with ones on the diagonal.
    fn factorise(
        &mut self,
        entries: &HashMap<(usize, usize), f64>,
        file: &str,
    ) -> Result<(), Error> {
        let n = self.symbols.len();
        let mut l: Vec<Vec<f64>> = (0..n).map(|i| vec![0.0; i + 1]).collect();
        for i in 0..n {
            for j in 0..=i {
                let a = if i == j {
                    1.0
                } else {
                    entries.get(&(i, j)).copied().unwrap_or(0.0)
                };
                let dot: f64 = (0..j).map(|k| l[i][k] * l[j][k]).sum();
                if i == j {
                    let pivot = a - dot;
                    if pivot <= 1e-10 {
                        let message = format!(
                            "the correlation matrix is not positive definite, seen at `{}`",
                            self.symbols[i]
                        );
                        let hint = "no patients can have these correlations all at once: make those of this parameter weaker";
                        return Err(Problem::new(file, message).hint(hint).into());
                    }
                    l[i][i] = sqrt1(pivot);
                } else {
                    l[i][j] = (a - dot) / l[j][j];
                }
            }
        }
        self.factor = l;
        Ok(())
    }

    /// The standard normal draw of `symbol`, from `independent` draws by name.
    pub fn normal(&self, symbol: &str, independent: impl Fn(&str) -> f64) -> f64 {
        match self.index.get(symbol) {
            None => independent(symbol),
            Some(&i) => self.factor[i]
                .iter()
                .zip(&self.symbols)
                .map(|(l, s)| l * independent(s))
                .sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(rows: &str) -> Result<Correlations, Error> {
        let known = ["rho", "KA19", "dE"];
        Correlations::parse(
            &format!("first,second,correlation\n{rows}"),
            "correlations.csv",
            known.into_iter(),
        )
    }

    #[test]
    fn correlated_draws_have_the_correlation() {
        let c = parse("rho,KA19,0.6\nKA19,dE,-0.3\n").unwrap();
        let at = |hot: &str, of: &str| c.normal(of, |s| f64::from(u8::from(s == hot)));
        let dot = |a: &str, b: &str| {
            ["rho", "KA19", "dE"]
                .iter()
                .map(|h| at(h, a) * at(h, b))
                .sum::<f64>()
        };
        for (a, b, r) in [
            ("rho", "KA19", 0.6),
            ("KA19", "dE", -0.3),
            ("rho", "dE", 0.0),
            ("dE", "dE", 1.0),
        ] {
            assert!((dot(a, b) - r).abs() < 1e-14, "{a} {b}");
        }
        assert_eq!(c.normal("kup", |_| 0.7), 0.7);
    }

    #[test]
    fn impossible_correlations_are_explained() {
        insta::assert_snapshot!(parse("rho,KA19,0.9\nKA19,dE,0.9\nrho,dE,-0.9\n").unwrap_err(), @r"
        the correlation matrix is not positive definite, seen at `dE`
          --> correlations.csv
             = hint: no patients can have these correlations all at once: make those of this parameter weaker
        ");
        insta::assert_snapshot!(parse("rho,KA91,0.9\n").unwrap_err(), @r"
        unknown parameter `KA91`
          --> correlations.csv:2
           2 | rho,KA91,0.9
             = hint: did you mean `KA19`?
        ");
        insta::assert_snapshot!(parse("rho,KA19,0.9\nKA19,rho,0.8\n").unwrap_err(), @r"
        `KA19` and `rho` have two different correlations
          --> correlations.csv:3
           3 | KA19,rho,0.8
             = hint: the matrix is symmetric: give each pair once
        ");
        insta::assert_snapshot!(parse("rho,KA19,1.2\n").unwrap_err(), @r"
        a correlation lies between -1 and 1
          --> correlations.csv:2
           2 | rho,KA19,1.2
        ");
    }
}
