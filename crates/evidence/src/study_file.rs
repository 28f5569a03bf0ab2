//! A study as the text of its file, in the order and spelling of the files that ship.

use serde::Serialize;

use crate::study::{Entry, Observation, Patient, Study};

/// A line that tells a person who reads the file what is left to do at a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    /// The field, as `treatment.target` or `arm`; empty for the file as a whole.
    pub field: String,
    /// What to say; one line.
    pub text: String,
}

/// The text of a study file.
pub fn render(study: &Study) -> String {
    render_with_remarks(study, &[])
}

/// The text of a study file with remarks as comments: at the head of the file, above the field or above the
/// first block of that name; below the block where it lacks the field, at the end where there is neither.
pub fn render_with_remarks(study: &Study, remarks: &[Remark]) -> String {
    let mut file = File {
        text: String::new(),
        remarks,
        written: vec![false; remarks.len()],
    };
    file.head(study);
    file.block("source", "[source]", &study.source);
    file.block("design", "[design]", &study.design);
    let mut population = study.population.clone();
    let entry = population.entry.take();
    file.block("population", "[population]", &population);
    if let Some(entry) = entry.filter(|entry| *entry != Entry::default()) {
        file.block("population.entry", "[population.entry]", &entry);
    }
    if let Some(treatment) = &study.treatment {
        file.block("treatment", "[treatment]", treatment);
    }
    file.blocks("overlap", &study.overlaps);
    file.blocks("arm", &study.arms);
    file.blocks("outcome", &study.outcomes);
    for patient in &study.patients {
        file.patient(patient);
    }
    file.blocks("finding", &study.findings);
    file.blocks("model_parameter", &study.model_parameters);
    if let Some(appraisal) = &study.appraisal {
        let mut head = appraisal.clone();
        let items = std::mem::take(&mut head.items);
        let lines = lines(&head).into_iter().filter(|line| line != "item = []");
        file.open("appraisal", "[appraisal]");
        for line in lines {
            file.line("appraisal", &line);
        }
        file.blocks("appraisal.item", &items);
    }
    let left: Vec<String> = remarks
        .iter()
        .zip(&file.written)
        .filter(|(remark, written)| !remark.field.is_empty() && !**written)
        .map(|(remark, _)| comment(&remark.text))
        .collect();
    let gap = if left.is_empty() { "" } else { "\n" };
    file.text + gap + &left.concat()
}

struct File<'a> {
    text: String,
    remarks: &'a [Remark],
    written: Vec<bool>,
}

impl File<'_> {
    fn head(&mut self, study: &Study) {
        for remark in self.remarks.iter().filter(|remark| remark.field.is_empty()) {
            self.text += &comment(&remark.text);
        }
        #[derive(Serialize)]
        struct Head<'a> {
            id: &'a str,
            title: &'a str,
            year: u16,
            state: crate::study::State,
            #[serde(skip_serializing_if = "str::is_empty")]
            note: &'a str,
        }
        let head = Head {
            id: &study.id,
            title: &study.title,
            year: study.year,
            state: study.state,
            note: &study.note,
        };
        for line in lines(&head) {
            self.line("", &line);
        }
    }

    fn remarks_where(&mut self, fits: impl Fn(&str) -> bool) {
        for (remark, written) in self.remarks.iter().zip(&mut self.written) {
            if !*written && fits(&remark.field) {
                *written = true;
                self.text += &comment(&remark.text);
            }
        }
    }

    fn open(&mut self, table: &str, heading: &str) {
        self.text.push('\n');
        self.remarks_where(|field| field == table);
        self.text += heading;
        self.text.push('\n');
    }

    fn line(&mut self, table: &str, line: &str) {
        if let Some((key, _)) = line.split_once(" = ") {
            let field = if table.is_empty() {
                key.to_owned()
            } else {
                format!("{table}.{key}")
            };
            self.remarks_where(|remark| remark == field);
        }
        self.text += line;
        self.text.push('\n');
    }

    fn block(&mut self, table: &str, heading: &str, value: &impl Serialize) {
        self.open(table, heading);
        for line in lines(value) {
            self.line(table, &line);
        }
        let inside = format!("{table}.");
        self.remarks_where(|field| field.starts_with(&inside));
    }

    fn blocks<T: Serialize>(&mut self, table: &str, values: &[T]) {
        for value in values {
            self.block(table, &format!("[[{table}]]"), value);
        }
    }

    /// Observations stand one a line, so that a series reads as a table.
    fn patient(&mut self, patient: &Patient) {
        let mut head = patient.clone();
        let observations: Vec<Observation> = std::mem::take(&mut head.observations);
        self.open("patient", "[[patient]]");
        for line in lines(&head)
            .iter()
            .filter(|line| *line != "observations = []")
        {
            self.line("patient", line);
        }
        if observations.is_empty() {
            return;
        }
        self.text += "observations = [\n";
        for observation in &observations {
            self.text += &format!("  {{ {} }},\n", lines(observation).join(", "));
        }
        self.text += "]\n";
    }
}

/// `key = value` lines of a flat table; whole numbers without a point.
fn lines(value: &impl Serialize) -> Vec<String> {
    let text = toml::to_string(value).expect("a block of a study file is a flat table");
    text.lines()
        .map(|line| whole_number(line).to_owned())
        .collect()
}

fn whole_number(line: &str) -> &str {
    // A whole number of TOML has at most 18 digits to be sure of.
    let digits =
        |whole: &str| whole.len() - whole.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    match line.strip_suffix(".0") {
        Some(whole) if (1..=18).contains(&digits(whole)) => whole,
        _ => line,
    }
}

fn comment(text: &str) -> String {
    let one_line: Vec<&str> = text.split_whitespace().collect();
    format!("# {}\n", one_line.join(" "))
}

#[cfg(test)]
mod tests {
    use neurocart_library::Library;

    use super::*;
    use crate::evidence::{STUDIES, parse};

    #[test]
    fn every_shipped_study_is_the_same_after_writing_and_reading() {
        let library = Library::embedded();
        for id in library.ids(STUDIES) {
            let file = library.item(STUDIES, "study", id).unwrap();
            let study = parse(file.text, file.name).unwrap();
            let text = render(&study);
            let again = parse(&text, id).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(again, study, "{id}");
        }
    }

    #[test]
    fn text_of_any_kind_comes_back() {
        let library = Library::embedded();
        let file = library.item(STUDIES, "study", "castle2026").unwrap();
        let mut study = parse(file.text, file.name).unwrap();
        for text in [
            "two\nlines",
            "a \"quote\" and '''",
            "back\\slash",
            "x = 5.0",
            "\u{1}\u{7f}\r\n",
            "\u{feff}µ",
        ] {
            study.design.follow_up_months = Some(1e30);
            study.note = text.into();
            study.arms[0].description = text.into();
            let written = render(&study);
            assert_eq!(parse(&written, "x").unwrap(), study, "{written}");
        }
    }
}
