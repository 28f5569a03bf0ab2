//! What a text says about a treatment: its kind, target, platform and lymphodepletion.

use super::{has, words};
use crate::study::{Lymphodepletion, Modality, Platform};

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
    ) || words.split(' ').any(|w| w.ends_with("leucel"))
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
    let mrna = has(&words, &["mrna", "rna"]);
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
