//! Words of registries and papers to the codes of a study file.
//!
//! A word is mapped only where it means one thing; the rest is left to a person.

use crate::study::{Lymphodepletion, Modality, Platform};
use crate::vocabulary::{Area, Vocabulary};

/// Text in small letters, everything that is neither letter nor digit as one blank, a blank at both ends:
/// a phrase is in it if ` phrase ` is.
pub fn words(text: &str) -> String {
    let mut out = String::from(" ");
    for c in text.chars() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

/// True if `words` (see [`words`]) holds one of the phrases; a plural counts.
pub fn has(words: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| {
        words.contains(&format!(" {phrase} ")) || words.contains(&format!(" {phrase}s "))
    })
}

/// Codes of the diseases that a term of a registry names, in the order of the disease table.
///
/// A short capital synonym (`MG`, `MS`) must be the whole term: inside a text it means other things.
pub fn diseases_of_term(term: &str, vocabulary: &Vocabulary) -> Vec<String> {
    diseases(&[term], true, vocabulary)
}

/// Codes of the diseases that a title names.
pub fn diseases_of_text(text: &str, vocabulary: &Vocabulary) -> Vec<String> {
    diseases(&[text], false, vocabulary)
}

fn diseases(texts: &[&str], is_term: bool, vocabulary: &Vocabulary) -> Vec<String> {
    let found = vocabulary.disease_order.iter().filter(|code| {
        let disease = &vocabulary.diseases[*code];
        disease.area != Area::None
            && disease.synonyms.iter().any(|synonym| {
                texts.iter().any(|text| {
                    let acronym = synonym.chars().all(|c| !c.is_lowercase());
                    if acronym && synonym.len() < 4 {
                        is_term && text.trim() == synonym
                    } else if acronym {
                        text.split(|c: char| !c.is_alphanumeric())
                            .any(|word| word == synonym)
                    } else {
                        has(&words(text), &[words(synonym).trim()])
                    }
                })
            })
    });
    found.cloned().collect()
}

/// A heading of MeSH in the order of speech: `Lymphoma, Large B-Cell, Diffuse` is `Diffuse Large B-Cell Lymphoma`.
pub fn spoken(heading: &str) -> String {
    let parts: Vec<&str> = heading.rsplit(", ").collect();
    parts.join(" ")
}

/// True if the text is about T cells with a chimeric antigen receptor.
pub fn names_car_t(text: &str) -> bool {
    let words = words(text);
    has(
        &words,
        &[
            "chimeric antigen receptor",
            "car t",
            "cart",
            "car t cell",
            "cart cell",
        ],
    ) || words
        .split(' ')
        .any(|w| w.ends_with("autoleucel") || w.ends_with("cel") && w.ends_with("leucel"))
}

/// Kind of treatment that the names and descriptions of the interventions speak of.
pub fn modality(text: &str) -> Option<Modality> {
    let words = words(text);
    let is_word = |end: &str| words.split(' ').any(|w| w.ends_with(end));
    if has(
        &words,
        &[
            "chimeric autoantibody receptor",
            "caar t",
            "caart",
            "regulatory t cell",
            "car treg",
        ],
    ) {
        Some(Modality::OtherEngineeredCells)
    } else if names_car_t(text) {
        Some(Modality::CarT)
    } else if has(
        &words,
        &["t cell engager", "bispecific t cell engager", "bite"],
    ) || ["teclistamab", "blinatumomab", "mosunetuzumab"]
        .iter()
        .any(|drug| has(&words, &[drug]))
    {
        Some(Modality::TCellEngager)
    } else if has(
        &words,
        &[
            "stem cell transplantation",
            "stem cell transplant",
            "hsct",
            "ahsct",
        ],
    ) {
        Some(Modality::StemCellTransplantation)
    } else if is_word("mab") || is_word("gimod") || has(&words, &["monoclonal antibody"]) {
        Some(Modality::Antibody)
    } else {
        None
    }
}

/// Antigens of cell products and antibodies, with how they are written.
const TARGETS: [(&str, &[&str]); 12] = [
    ("CD19", &["cd19"]),
    ("BCMA", &["bcma", "b cell maturation antigen"]),
    ("CD20", &["cd20"]),
    ("CD22", &["cd22"]),
    ("CD7", &["cd7"]),
    ("CD70", &["cd70"]),
    ("CD6", &["cd6"]),
    ("BAFF-R", &["baff r", "baff receptor"]),
    ("CD38", &["cd38"]),
    ("IL-6R", &["il 6r", "interleukin 6 receptor"]),
    ("C5", &["complement c5", "c5"]),
    ("FcRn", &["fcrn", "neonatal fc receptor"]),
];

/// Antigens of a disease: named as a target only by the receptor that carries them.
const DISEASE_ANTIGENS: [(&str, &str); 4] = [
    ("MuSK", "musk"),
    ("MOG", "mog"),
    ("NMDAR", "nmdar"),
    ("AQP4", "aqp4"),
];

/// Antigens that a text about the treatment names, in the order of the list of antigens.
///
/// `near_receptor`: only where the receptor is named beside the antigen or the antigen is called a
/// target; for running text, which also tells of earlier drugs and of markers.
pub fn targets(text: &str, near_receptor: bool) -> Vec<&'static str> {
    let mut words = words(text).replace(" cd 19 ", " cd19 ");
    for (_, names) in TARGETS {
        // `CD19CAR` and `CD19-CART` are one word to some registries.
        words = words.replace(&format!(" {}car", names[0]), &format!(" {} car", names[0]));
    }
    let mut found = Vec::new();
    for (antigen, names) in TARGETS {
        let named = names.iter().any(|name| {
            words
                .match_indices(&format!(" {name} "))
                .any(|(place, matched)| {
                    !near_receptor
                        || is_called_target(&words[..=place], &words[place + matched.len() - 1..])
                })
        });
        if named {
            found.push(antigen);
        }
    }
    for (antigen, name) in DISEASE_ANTIGENS {
        let with = |receptor: &str| words.contains(&format!(" {name} {receptor}"));
        if with("car ") || with("car t") || with("caar") || with("chimeric") {
            found.push(antigen);
        }
    }
    found
}

/// True if the words around an antigen speak of a receptor that binds it.
fn is_called_target(before: &str, after: &str) -> bool {
    let near_after: Vec<&str> = after.split_whitespace().take(3).collect();
    let near_before: Vec<&str> = before.split_whitespace().rev().take(3).collect();
    near_after
        .iter()
        .any(|w| ["car", "cart", "chimeric"].contains(w))
        || near_before
            .iter()
            .any(|w| w.starts_with("target") || *w == "against" || *w == "directed")
        || near_after
            .first()
            .is_some_and(|w| w.starts_with("target") || *w == "directed" || *w == "specific")
}

/// True if the text says that one product binds several antigens.
pub fn is_one_product_for_several(text: &str) -> bool {
    has(
        &words(text),
        &[
            "bispecific",
            "dual",
            "tandem",
            "compound",
            "dual target",
            "dual targeting",
            "bicistronic",
        ],
    )
}

/// How a cell product is made, as far as the text says; the words that contradict each other otherwise.
pub fn platform(text: &str) -> Result<Option<Platform>, String> {
    let words = words(text);
    let autologous = has(&words, &["autologous"]) || words.contains("autoleucel ");
    let allogeneic = has(
        &words,
        &[
            "allogeneic",
            "allogenic",
            "universal",
            "off the shelf",
            "healthy donor",
            "donor derived",
        ],
    );
    let in_vivo = [
        "in vivo car",
        "in vivo generat",
        "in vivo engineer",
        "in vivo transduc",
        "in vivo deliver",
        "in situ car",
    ]
    .iter()
    .any(|start| words.contains(&format!(" {start}")));
    let mrna = has(&words, &["mrna", "messenger rna", "rna"]) || words.contains(" rna ");
    let lentiviral = words.contains(" lentivir");
    let retroviral = words.contains(" retrovir") || words.contains(" gammaretrovir");
    let edited = ["crispr", "gene edited", "talen", "knockout", "base edited"]
        .iter()
        .any(|w| has(&words, &[w]));
    match (autologous, allogeneic, in_vivo) {
        (true, true, _) => Err("the record says autologous and allogeneic".into()),
        (true, _, true) => Err("the record says autologous and in vivo".into()),
        (_, true, true) => Err("the record says allogeneic and in vivo".into()),
        (true, false, false) => Ok(Some(match (mrna, lentiviral, retroviral) {
            (true, false, false) => Platform::AutologousMrna,
            (false, true, false) => Platform::AutologousLentiviral,
            (false, false, true) => Platform::AutologousRetroviral,
            (false, true, true) => Platform::AutologousViral,
            _ => Platform::Autologous,
        })),
        (false, true, false) if has(&words, &["nk cell", "car nk", "natural killer cell"]) => {
            Ok(Some(Platform::AllogeneicNkCells))
        }
        (false, true, false) if edited => Ok(Some(Platform::AllogeneicGeneEdited)),
        (false, true, false) => Ok(Some(Platform::Allogeneic)),
        (false, false, true) if mrna || has(&words, &["lipid nanoparticle", "lnp"]) => {
            Ok(Some(Platform::InVivoMrna))
        }
        (false, false, true) if lentiviral || retroviral => Ok(Some(Platform::InVivoViral)),
        (false, false, true) => Ok(Some(Platform::InVivo)),
        (false, false, false) => Ok(None),
    }
}

/// Agents of lymphodepletion that a text names, and whether it says that none is given.
#[derive(Clone, Debug, PartialEq)]
pub struct LymphodepletionWords {
    /// Whether it is given; none where the text contradicts itself or says nothing.
    pub given: Option<Lymphodepletion>,
    /// Agents, `fludarabine, cyclophosphamide`.
    pub agents: String,
    /// The text says both.
    pub contradiction: bool,
}

/// What a text says about lymphodepletion.
pub fn lymphodepletion(text: &str) -> LymphodepletionWords {
    let words = words(text);
    let agents: Vec<&str> = ["fludarabine", "cyclophosphamide", "bendamustine"]
        .into_iter()
        .filter(|agent| has(&words, &[agent]))
        .collect();
    let without = [
        "without lymphodeplet",
        "no lymphodeplet",
        "lymphodepletion free",
        "without preconditioning",
        "without prior lymphodeplet",
        "not require lymphodeplet",
        "without the need for lymphodeplet",
    ]
    .iter()
    .any(|w| words.contains(&format!(" {w}")));
    let named = ["lymphodeplet", "lymphocyte depletion"]
        .iter()
        .any(|w| words.contains(w));
    let given = match (!agents.is_empty(), without) {
        (true, true) => None,
        (false, true) => Some(Lymphodepletion::None),
        (true, false) => Some(Lymphodepletion::Given),
        (false, false) => named.then_some(Lymphodepletion::Given),
    };
    LymphodepletionWords {
        given,
        contradiction: without && !agents.is_empty(),
        agents: agents.join(", "),
    }
}

/// Phrases of adverse events, scores and other results, and the outcome that they may report.
const OUTCOMES: [(&[&str], &str); 27] = [
    (&["cytokine release syndrome", "crs"], "crs"),
    (
        &[
            "icans",
            "immune effector cell associated neurotoxicity",
            "immune effector cell associated neurotoxicity syndrome",
        ],
        "icans",
    ),
    (&["infection"], "infection"),
    (&["neutropenia"], "neutropenia_g3plus"),
    (&["thrombocytopenia"], "thrombocytopenia_g3plus"),
    (&["anemia", "anaemia"], "anaemia_g3plus"),
    (&["cytopenia"], "cytopenia_g3plus"),
    (
        &["dose limiting toxicity", "dose limiting toxicitie", "dlt"],
        "dlt",
    ),
    (&["death", "died"], "death"),
    (
        &["mg adl", "myasthenia gravis activities of daily living"],
        "mg_adl_change",
    ),
    (&["qmg", "quantitative myasthenia gravis"], "qmg_change"),
    (&["mgc", "myasthenia gravis composite"], "mgc_change"),
    (&["mg qol15r", "mg qol 15r", "mg qol"], "mgqol15r_change"),
    (
        &["edss", "expanded disability status scale"],
        "edss_improved",
    ),
    (
        &[
            "relapse free",
            "free of relapse",
            "without relapse",
            "no relapse",
        ],
        "relapse_free",
    ),
    (
        &[
            "drug free",
            "treatment free",
            "free of immunosuppression",
            "off immunosuppression",
            "discontinued immunosuppression",
            "without immunosuppression",
        ],
        "treatment_free",
    ),
    (
        &["b cell aplasia", "b cell depletion"],
        "b_cell_aplasia_duration_days",
    ),
    (
        &[
            "b cell reconstitution",
            "b cell recovery",
            "b cells returned",
        ],
        "b_cell_reconstitution_days",
    ),
    (
        &[
            "autoantibody",
            "autoantibodie",
            "antibody titer",
            "antibody titre",
            "aqp4 igg",
            "aqp4 antibodie",
        ],
        "antibody_change_pct",
    ),
    (&["sledai", "sledai 2k"], "sledai"),
    (&["sri 4", "sri4"], "sri4"),
    (&["doris"], "doris_remission"),
    (&["cmax", "peak expansion"], "cart_cmax"),
    (&["persistence", "persisted"], "cart_persistence_days"),
    (&["follow up"], "followup_months"),
    (&["25 foot walk", "t25fw"], "t25fw_change_pct"),
    (&["graft versus host disease", "gvhd"], "gvhd"),
];

/// Outcomes of which a text may report a figure, in the order of [`OUTCOMES`], as far as the library
/// has them. Toxicities are of grade 3 or worse where the text says so, else of any grade.
pub fn outcomes(text: &str, vocabulary: &Vocabulary) -> Vec<String> {
    let words = words(text);
    let graded = is_grade_3(text);
    let mut codes: Vec<String> = Vec::new();
    for (phrases, code) in OUTCOMES {
        if !has(&words, phrases) {
            continue;
        }
        let code = match code {
            "crs" | "icans" | "infection" if graded => format!("{code}_g3plus"),
            "crs" | "icans" | "infection" => format!("{code}_any"),
            _ => code.to_owned(),
        };
        if vocabulary.outcomes.contains_key(&code) {
            codes.push(code);
        }
    }
    if codes.is_empty()
        && has(
            &words,
            &[
                "neurotoxicity",
                "neurologic toxicity",
                "neurological toxicity",
            ],
        )
    {
        codes.push(if graded { "icans_g3plus" } else { "icans_any" }.into());
    }
    codes
}

/// True if the text speaks of grade 3 or worse.
pub fn is_grade_3(text: &str) -> bool {
    let words = words(text);
    ["grade 3", "grades 3", "grade iii", "grade 3 4"]
        .iter()
        .any(|w| words.contains(&format!(" {w} ")))
        && !words.contains(" grade 3 or lower ")
        && !words.contains(" than grade 3 ")
        && !text.contains("< grade 3")
        && !text.contains("grade <3")
        && !text.contains("grade < 3")
}

/// A time after the first dose, in the unit of the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Time {
    /// Weeks.
    Weeks(f64),
    /// Months.
    Months(f64),
}

/// The one time that a text names, `Week 12`, `baseline and 3 months`; none if it names several, none or
/// a window (`up to 24 months`).
pub fn time(text: &str) -> Option<Time> {
    let words = words(text);
    if ["up to", "through", "within", "until", "from"]
        .iter()
        .any(|w| words.contains(&format!(" {w} ")))
        || text.contains('.')
    {
        return None;
    }
    let tokens: Vec<&str> = words.split_whitespace().collect();
    let mut times = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let Some(per) = unit_of_time(token) else {
            continue;
        };
        let number = |i: Option<usize>| {
            let number: f64 = tokens.get(i?)?.parse().ok()?;
            (number.is_finite() && number < 1200.0).then_some(number)
        };
        // `Week 12` or `12 weeks`; `Day 0` is the start and no time after it.
        let after = number(index.checked_add(1)).filter(|_| !token.ends_with('s'));
        if let Some(time) = after.or(number(index.checked_sub(1))).map(per)
            && time != Some(Time::Weeks(0.0))
            && time != Some(Time::Months(0.0))
        {
            times.push(time?);
        }
    }
    match times.as_slice() {
        [time] => Some(*time),
        _ => None,
    }
}

fn unit_of_time(word: &str) -> Option<fn(f64) -> Option<Time>> {
    Some(match word {
        "day" | "days" => |n| (n % 7.0 == 0.0).then_some(Time::Weeks(n / 7.0)),
        "week" | "weeks" => |n| Some(Time::Weeks(n)),
        "month" | "months" => |n| Some(Time::Months(n)),
        "year" | "years" => |n| Some(Time::Months(12.0 * n)),
        _ => return None,
    })
}

/// Trial numbers in a running text, each once, in the order of the text.
pub fn trial_numbers(text: &str) -> Vec<String> {
    let mut numbers: Vec<String> = Vec::new();
    for start in ["NCT", "ChiCTR", "ISRCTN", "ACTRN", "jRCT"] {
        for (place, _) in text.match_indices(start) {
            let rest = &text[place + start.len()..];
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let long_enough = match start {
                "NCT" => digits.len() == 8,
                _ => digits.len() >= 8,
            };
            let number = format!("{start}{digits}");
            if long_enough && !numbers.contains(&number) {
                numbers.push(number);
            }
        }
    }
    numbers
}

/// Sentences of a running text. A full stop ends one if a blank and a capital letter or a digit follow,
/// and no abbreviation stands before it.
pub fn sentences(text: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (place, _) in text.match_indices(['.', '?', '!']) {
        let rest = &text[place + 1..];
        let next = rest.trim_start();
        let ends = rest.starts_with(char::is_whitespace)
            && next.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
        let before = text[start..place]
            .rsplit(|c: char| c.is_whitespace() || c == '(')
            .next()
            .unwrap_or_default();
        let abbreviation =
            ["vs", "e.g", "i.e", "approx", "no", "Fig", "al", "ca"].contains(&before);
        if ends && !abbreviation {
            sentences.push(text[start..=place].trim().to_owned());
            start = place + 1;
        }
    }
    sentences.push(text[start..].trim().to_owned());
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// True if a sentence tells a number, in digits or in words.
pub fn tells_number(sentence: &str) -> bool {
    const NUMBER_WORDS: [&str; 18] = [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "all patients",
        "no patient",
        "none",
        "all participants",
        "no participant",
        "half",
    ];
    let words = words(sentence);
    // A digit inside of a name (`CD19`, `KYV-101`) is no figure.
    let figure = sentence
        .split(|c: char| c.is_whitespace() || "()[],;=/".contains(c))
        .any(|word| {
            let bare = word.trim_start_matches(['<', '>', '≤', '≥', '~', '±', '-', '−', '+']);
            bare.starts_with(|c: char| c.is_ascii_digit())
        });
    figure || has(&words, &NUMBER_WORDS)
}

/// A family name as the start of an id: small Latin letters, `Müller` as `mueller`.
pub fn slug(name: &str) -> String {
    let mut out = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'ä' => out.push_str("ae"),
            'ö' | 'ø' | 'œ' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'å' => out.push_str("aa"),
            'á' | 'à' | 'â' | 'ã' | 'ă' | 'ą' => out.push('a'),
            'é' | 'è' | 'ê' | 'ë' | 'ę' | 'ě' => out.push('e'),
            'í' | 'ì' | 'î' | 'ï' | 'ı' => out.push('i'),
            'ó' | 'ò' | 'ô' | 'õ' | 'ő' => out.push('o'),
            'ú' | 'ù' | 'û' | 'ů' | 'ű' => out.push('u'),
            'ç' | 'ć' | 'č' => out.push('c'),
            'ñ' | 'ń' | 'ň' => out.push('n'),
            'ś' | 'š' | 'ş' => out.push('s'),
            'ź' | 'ż' | 'ž' => out.push('z'),
            'ł' => out.push('l'),
            'ř' => out.push('r'),
            'ý' => out.push('y'),
            'ğ' => out.push('g'),
            'đ' | 'ď' => out.push('d'),
            'ţ' | 'ť' => out.push('t'),
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use neurocart_library::Library;

    use super::*;

    fn vocabulary() -> Vocabulary {
        Vocabulary::of(&Library::embedded()).unwrap()
    }

    #[test]
    fn a_disease_is_known_by_any_of_its_names_and_a_short_name_only_alone() {
        let v = vocabulary();
        assert_eq!(
            diseases_of_term("Generalized Myasthenia Gravis", &v),
            ["MG"]
        );
        assert_eq!(diseases_of_term("MG", &v), ["MG"]);
        assert_eq!(
            diseases_of_text("30 MG of a drug in MS-like disease", &v),
            [""; 0]
        );
        assert_eq!(diseases_of_text("CAR T cells in NMOSD", &v), ["NMOSD"]);
        assert_eq!(diseases_of_term("Stiff-Person Syndrome", &v), ["SPS"]);
        assert_eq!(
            diseases_of_term(&spoken("Lymphoma, Large B-Cell, Diffuse"), &v),
            ["LBCL"]
        );
        assert_eq!(diseases_of_term("Healthy Volunteers", &v), [""; 0]);
        assert_eq!(diseases_of_term("Asthma", &v), [""; 0]);
    }

    #[test]
    fn every_outcome_that_is_suggested_is_in_the_library() {
        let v = vocabulary();
        for (phrases, code) in OUTCOMES {
            let found = outcomes(phrases[0], &v);
            assert!(
                found.iter().any(|f| f.starts_with(code)),
                "{code}: {found:?}"
            );
            let found = outcomes(&format!("grade 3 {}", phrases[0]), &v);
            assert!(
                found.iter().any(|f| f.starts_with(code)),
                "{code}: {found:?}"
            );
        }
    }

    #[test]
    fn an_antigen_in_running_text_is_a_target_only_beside_its_receptor() {
        let text = "Patients had failed anti-CD20 therapy. CT103A, a BCMA-targeting CAR T product, was given; CD19+ B cells fell.";
        assert_eq!(targets(text, true), ["BCMA"]);
        assert_eq!(targets(text, false), ["CD19", "BCMA", "CD20"]);
        assert_eq!(targets("MuSK-CAART", false), ["MuSK"]);
        assert_eq!(
            targets("AQP4-IgG positive disease, CD19CAR-T", false),
            ["CD19"]
        );
    }

    #[test]
    fn the_platform_is_told_by_its_words_and_a_contradiction_is_told_as_one() {
        let ok = |text| platform(text).unwrap();
        assert_eq!(
            ok("autologous T cells, lentiviral vector"),
            Some(Platform::AutologousLentiviral)
        );
        assert_eq!(
            ok("autologous CAR T cells electroporated with mRNA"),
            Some(Platform::AutologousMrna)
        );
        assert_eq!(
            ok("healthy donor CRISPR-edited CAR T"),
            Some(Platform::AllogeneicGeneEdited)
        );
        assert_eq!(
            ok("in vivo CAR T by mRNA in lipid nanoparticles"),
            Some(Platform::InVivoMrna)
        );
        assert_eq!(ok("CAR T cells that expand in vivo"), None);
        assert!(platform("autologous or allogeneic cells").is_err());
    }

    #[test]
    fn lymphodepletion_is_given_by_its_agents_unless_the_text_says_without() {
        let given = lymphodepletion("fludarabine 30 mg/m2 and cyclophosphamide");
        assert_eq!(given.given, Some(Lymphodepletion::Given));
        assert_eq!(given.agents, "fludarabine, cyclophosphamide");
        assert_eq!(
            lymphodepletion("infused without lymphodepletion").given,
            Some(Lymphodepletion::None)
        );
        assert!(
            lymphodepletion("without lymphodepletion; cohort B: cyclophosphamide").contradiction
        );
        assert_eq!(lymphodepletion("one infusion").given, None);
    }

    #[test]
    fn a_time_is_taken_only_where_the_text_names_one() {
        assert_eq!(time("Baseline, Week 12"), Some(Time::Weeks(12.0)));
        assert_eq!(time("Day 1 and 12 weeks"), None);
        assert_eq!(time("day 28"), Some(Time::Weeks(4.0)));
        assert_eq!(time("Month 6"), Some(Time::Months(6.0)));
        assert_eq!(time("Up to 24 months"), None);
        assert_eq!(time("Weeks 4, 8, 12"), None);
        assert_eq!(time("1 year"), Some(Time::Months(12.0)));
    }

    #[test]
    fn a_sentence_ends_at_its_full_stop_and_not_at_a_decimal_point() {
        assert_eq!(
            sentences("Median follow-up was 5.5 months (e.g. in 12 patients vs. 10). All had CRS."),
            [
                "Median follow-up was 5.5 months (e.g. in 12 patients vs. 10).",
                "All had CRS."
            ]
        );
        assert!(tells_number("No patient had ICANS."));
        assert!(tells_number("7 (58%) patients"));
        assert!(!tells_number("CD19 CAR T cells and KYV-101 were given."));
    }

    #[test]
    fn a_name_becomes_plain_letters() {
        assert_eq!(slug("Müller"), "mueller");
        assert_eq!(slug("Cabrera-Maqueda"), "cabreramaqueda");
        assert_eq!(slug("秦"), "");
    }
}
