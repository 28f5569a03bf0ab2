//! A PubMed record (XML) as a draft.
//!
//! An abstract tells its figures in sentences, and a sentence does not say of whom it counts. So none is
//! entered here: the sentences are listed with the outcome that they may report, for a person.

use neurocart_library::Problem;
use roxmltree::{Document, Node, ParsingOptions};

use super::draft::Draft;
use super::treatment::{TreatmentText, map_treatment};
use super::{Import, mapping, outside_of_the_evidence_base, placed};
use crate::codes::{self, code};
use crate::study::*;

/// More nodes than the largest page that PubMed gives (10 000 records of a few hundred).
const LARGEST_DOCUMENT_NODES: u32 = 8_000_000;

/// The drafts of a text. Errors: not XML, not of PubMed, a record without its number.
pub(super) fn drafts(text: &str, file: &str, import: &Import) -> Result<Vec<Draft>, Vec<Problem>> {
    let document = document(text, file).map_err(|problem| vec![*problem])?;
    let root = document.root_element();
    let articles: Vec<Node> = match root.tag_name().name() {
        "PubmedArticleSet" => children(root, "PubmedArticle").collect(),
        "PubmedArticle" => vec![root],
        "html" => return Err(vec![super::web_page(file)]),
        other => return Err(vec![wrong_root(other, root, text, file)]),
    };
    if articles.is_empty() {
        let what = match children(root, "PubmedBookArticle").next() {
            Some(_) => "the file holds book chapters and no article",
            None => "the file holds no article",
        };
        return Err(vec![
            Problem::new(file, what)
                .hint("save the record of a journal article from PubMed as XML"),
        ]);
    }
    let mut drafts = Vec::new();
    let mut problems = Vec::new();
    for article in articles {
        match draft(article, text, file, import) {
            Ok(draft) => drafts.push(draft),
            Err(problem) => problems.push(*problem),
        }
    }
    if problems.is_empty() {
        Ok(drafts)
    } else {
        Err(problems)
    }
}

fn document<'a>(text: &'a str, file: &str) -> Result<Document<'a>, Box<Problem>> {
    // A record of PubMed names its DTD and declares no entity. Declared entities can blow a small file up
    // to any size, and none is needed.
    if let Some(place) = text.find("<!ENTITY") {
        return Err(placed(
            Problem::new(file, "the file declares entities"),
            text,
            place,
        )
        .hint("a record of PubMed declares none: save it again, unchanged")
        .into());
    }
    let options = ParsingOptions {
        allow_dtd: true,
        nodes_limit: LARGEST_DOCUMENT_NODES,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options)
        .map_err(|error| Box::new(not_xml(&error, text, file)))
}

fn not_xml(error: &roxmltree::Error, text: &str, file: &str) -> Problem {
    use roxmltree::Error;
    let cut = matches!(
        error,
        Error::UnexpectedEndOfStream | Error::UnclosedRootNode
    );
    if cut {
        return placed(
            Problem::new(file, "the file ends before the record does"),
            text,
            text.trim_end().len(),
        )
        .hint("it was cut off: save the record again");
    }
    let place = error.pos();
    let line_start: usize = text
        .split_inclusive('\n')
        .take((place.row as usize).saturating_sub(1))
        .map(str::len)
        .sum();
    let in_line: usize = text[line_start.min(text.len())..]
        .chars()
        .take((place.col as usize).saturating_sub(1))
        .map(char::len_utf8)
        .sum();
    let message = error.to_string();
    let message = message
        .rsplit_once(" at ")
        .map_or(message.as_str(), |(what, _)| what);
    placed(
        Problem::new(file, format!("not XML: {message}")),
        text,
        line_start + in_line,
    )
    .hint("save the record from PubMed again, unchanged")
}

fn wrong_root(name: &str, root: Node, text: &str, file: &str) -> Problem {
    let hint = match name {
        "eSearchResult" | "eSummaryResult" | "eFetchResult" => {
            "this is an answer of the E-utilities without records: ask `efetch` with `retmode=xml`"
        }
        "article" | "pmc-articleset" => {
            "this is the full text of PubMed Central; save the PubMed record of the paper"
        }
        "clinical_study" => {
            "this is the old XML of ClinicalTrials.gov; save the record as JSON of API version 2"
        }
        _ => "a PubMed record has `PubmedArticleSet` or `PubmedArticle` at its root",
    };
    placed(
        Problem::new(
            file,
            format!("the root element is `{name}`, not one of PubMed"),
        ),
        text,
        root.range().start,
    )
    .hint(hint)
}

fn children<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children()
        .filter(move |child| child.has_tag_name(name))
}

/// The first element at a path of child names.
fn at<'a, 'i>(node: Node<'a, 'i>, path: &[&str]) -> Option<Node<'a, 'i>> {
    path.iter().try_fold(node, |node, name| {
        node.children().find(|child| child.has_tag_name(*name))
    })
}

/// The text of an element and of all inside it (titles hold `<i>` and `<sub>`).
fn text_of(node: Node) -> String {
    let all: String = node
        .descendants()
        .filter(Node::is_text)
        .filter_map(|text| text.text())
        .collect();
    let words: Vec<&str> = all.split_whitespace().collect();
    words.join(" ")
}

fn text_at(node: Node, path: &[&str]) -> Option<String> {
    at(node, path).map(text_of).filter(|text| !text.is_empty())
}

fn all_at<'a, 'i>(node: Node<'a, 'i>, path: &[&str], name: &'static str) -> Vec<Node<'a, 'i>> {
    at(node, path).map_or(Vec::new(), |list| children(list, name).collect())
}

fn draft(node: Node, text: &str, file: &str, import: &Import) -> Result<Draft, Box<Problem>> {
    let head = node.range().start;
    let citation = at(node, &["MedlineCitation"]);
    let pmid = citation.and_then(|c| text_at(c, &["PMID"]));
    let (Some(citation), Some(pmid)) = (citation, pmid) else {
        return Err(
            placed(Problem::new(file, "the record has no `PMID`"), text, head)
                .hint("it stands in `MedlineCitation`; save the record from PubMed again")
                .into(),
        );
    };
    if !(pmid.len() <= 9 && pmid.bytes().all(|b| b.is_ascii_digit())) {
        return Err(placed(
            Problem::new(
                file,
                format!("`PMID` is `{pmid}`, which is no PubMed number"),
            ),
            text,
            head,
        )
        .hint("it has digits alone; save the record from PubMed again")
        .into());
    }
    let Some(article) = at(citation, &["Article"]) else {
        return Err(placed(
            Problem::new(file, format!("PMID {pmid} has no `Article`")),
            text,
            head,
        )
        .hint("save the record from PubMed again")
        .into());
    };
    let title = text_at(article, &["ArticleTitle"]).unwrap_or_default();
    let sections = all_at(article, &["Abstract"], "AbstractText");
    let whole_abstract: Vec<String> = sections.iter().map(|s| text_of(*s)).collect();
    let whole_abstract = whole_abstract.join(" ");
    let types: Vec<String> = all_at(article, &["PublicationTypeList"], "PublicationType")
        .into_iter()
        .map(text_of)
        .collect();
    let headings: Vec<String> = all_at(citation, &["MeshHeadingList"], "MeshHeading")
        .into_iter()
        .filter_map(|heading| text_at(heading, &["DescriptorName"]))
        .collect();
    let keywords: Vec<String> = all_at(citation, &["KeywordList"], "Keyword")
        .into_iter()
        .map(text_of)
        .collect();

    let mut draft = Draft::new(
        format!("PubMed {pmid}: {title}"),
        source(node, article, &pmid, &types, &whole_abstract),
    );
    draft.study.state = State::Screened;
    let dates = [
        at(article, &["Journal", "JournalIssue", "PubDate"]),
        at(article, &["ArticleDate"]),
    ];
    match dates.into_iter().flatten().find_map(year_of) {
        Some(year) => draft.study.year = year,
        None => draft.decide("year", "the record gives no date of publication"),
    }
    map_diseases(&mut draft, &title, &keywords, &headings, import);
    let about = format!("{title}. {}", keywords.join(". "));
    if draft.study.population.diseases.is_empty()
        && !mapping::names_car_t(&format!(
            "{about}. {whole_abstract}. {}",
            headings.join(". ")
        ))
        && !import.anyway
    {
        let named: Vec<String> = match headings.is_empty() {
            true => vec![title.clone()],
            false => headings.iter().take(6).cloned().collect(),
        };
        let record = format!("PMID {pmid}");
        return Err(outside_of_the_evidence_base(
            &record,
            &named,
            file,
            &import.evidence.vocabulary,
        )
        .into());
    }
    map_design(
        &mut draft,
        &types,
        &headings,
        &format!("{title}. {whole_abstract}"),
    );
    if draft.study.design.kind != DesignKind::Review {
        let products = products(&format!("{title}. {whole_abstract}"), import);
        let text = TreatmentText {
            about_treatment: &about,
            running: &whole_abstract,
            source: if whole_abstract.is_empty() {
                "record"
            } else {
                "abstract"
            },
        };
        map_treatment(&mut draft, &products, &text);
    }
    draft.study.id = id(article, &pmid, &draft.study);
    draft.study.title = super::title(&draft.study, &title);
    map_corrections(&mut draft, citation, &types);
    for section in sections {
        list_figures(&mut draft, section, import);
    }
    draft.compare(import.evidence, &[]);
    Ok(draft)
}

fn source(node: Node, article: Node, pmid: &str, types: &[String], whole_abstract: &str) -> Source {
    let ids = all_at(node, &["PubmedData", "ArticleIdList"], "ArticleId");
    let id = |kind: &str| {
        let of_kind = ids.iter().find(|id| id.attribute("IdType") == Some(kind));
        of_kind
            .map(|id| text_of(*id))
            .filter(|text| !text.is_empty())
    };
    let location = children(article, "ELocationID")
        .find(|e| e.attribute("EIdType") == Some("doi"))
        .map(text_of);
    let is_doi = |doi: &String| doi.starts_with("10.") && doi.contains('/') && !doi.contains(' ');
    let is_pmcid = |id: &String| {
        id.strip_prefix("PMC")
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut trials = Vec::new();
    for bank in all_at(article, &["DataBankList"], "DataBank") {
        for number in all_at(bank, &["AccessionNumberList"], "AccessionNumber") {
            trials.push(text_of(number));
        }
    }
    trials.extend(mapping::trial_numbers(whole_abstract));
    trials.retain(|number| crate::rules::is_trial_number(number));
    let mut once: Vec<String> = Vec::new();
    for number in trials {
        if !once.contains(&number) {
            once.push(number);
        }
    }
    let is_preprint = types.iter().any(|t| t == "Preprint");
    Source {
        kind: if is_preprint {
            SourceKind::Preprint
        } else {
            SourceKind::JournalArticle
        },
        doi: id("doi").or(location).filter(is_doi),
        pmid: Some(pmid.to_owned()),
        pmcid: id("pmc").filter(is_pmcid),
        trials: once,
        reference: reference(article),
        addresses: vec![format!("https://pubmed.ncbi.nlm.nih.gov/{pmid}/")],
        ..Source::default()
    }
}

/// Year of a date, which PubMed gives in parts (`Year`, `Month`) or in words (`MedlineDate`).
fn year_of(date: Node) -> Option<u16> {
    let parts = ["Year", "MedlineDate"];
    parts
        .iter()
        .find_map(|part| super::year(&text_at(date, &[part])?))
}

/// Journal, year, volume, issue and page.
fn reference(article: Node) -> Option<String> {
    let journal = text_at(article, &["Journal", "ISOAbbreviation"])
        .or_else(|| text_at(article, &["Journal", "Title"]))?;
    let issue = at(article, &["Journal", "JournalIssue"]);
    let of_issue = |name: &str| issue.and_then(|i| text_at(i, &[name]));
    let year = issue.and_then(|i| at(i, &["PubDate"])).and_then(year_of);
    let mut text = journal;
    if let Some(year) = year {
        text += &format!(" {year}");
    }
    if let Some(volume) = of_issue("Volume") {
        text += &format!(";{volume}");
    }
    if let Some(number) = of_issue("Issue") {
        text += &format!("({number})");
    }
    if let Some(page) = text_at(article, &["Pagination", "MedlinePgn"]) {
        text += &format!(":{page}");
    }
    Some(text)
}

fn map_diseases(
    draft: &mut Draft,
    title: &str,
    keywords: &[String],
    headings: &[String],
    import: &Import,
) {
    let vocabulary = &import.evidence.vocabulary;
    let mut codes = mapping::diseases_of_text(title, vocabulary);
    if codes.is_empty() {
        let terms = keywords.iter().cloned();
        let terms = terms.chain(headings.iter().map(|h| mapping::spoken(h)));
        let found: Vec<String> = terms
            .flat_map(|term| mapping::diseases_of_term(&term, vocabulary))
            .collect();
        let order = vocabulary.disease_order.iter();
        codes = order.filter(|code| found.contains(code)).cloned().collect();
        if codes.len() > 1 {
            draft.decide(
                "population.diseases",
                format!(
                    "keywords and MeSH name {}: which were treated?",
                    codes.join(", ")
                ),
            );
        }
    }
    if codes.is_empty() {
        draft.decide(
            "population.diseases",
            "title, keywords and MeSH name no disease of evidence/diseases.csv",
        );
    }
    draft.study.population.diseases = codes;
}

fn map_design(draft: &mut Draft, types: &[String], headings: &[String], text: &str) {
    let is = |name: &str| types.iter().any(|t| t == name);
    let words = mapping::words(text);
    let says = |phrase: &str| mapping::has(&words, &[phrase]);
    let heading = |name: &str| headings.iter().any(|h| h == name);
    let phase = types
        .iter()
        .find_map(|t| t.strip_prefix("Clinical Trial, Phase "));
    let kind = if is("Meta-Analysis") || is("Systematic Review") || is("Review") {
        Some(DesignKind::Review)
    } else if is("Randomized Controlled Trial") {
        Some(DesignKind::RandomisedTrial)
    } else if is("Case Reports") {
        Some(DesignKind::CaseReport)
    } else if (heading("Mice") || heading("Disease Models, Animal")) && !heading("Humans") {
        Some(DesignKind::Preclinical)
    } else if says("single arm") {
        Some(DesignKind::SingleArmTrial)
    } else if says("case series") {
        Some(DesignKind::CaseSeries)
    } else if is("Observational Study") {
        Some(DesignKind::Cohort)
    } else {
        None
    };
    let mut parts: Vec<String> = phase
        .map(|phase| {
            let roman = [("IV", "4"), ("III", "3"), ("II", "2"), ("I", "1")];
            let number = roman
                .iter()
                .find(|(r, _)| *r == phase)
                .map_or(phase, |(_, n)| n);
            format!("phase {number}")
        })
        .into_iter()
        .collect();
    for (phrase, shown) in [
        ("open label", "open label"),
        ("double blind", "double-blind"),
        ("single arm", "single arm"),
        ("dose escalation", "dose escalation"),
        ("multicenter", "several centres"),
        ("multicentre", "several centres"),
        ("retrospective", "retrospective"),
    ] {
        if says(phrase) {
            parts.push(shown.to_owned());
        }
    }
    match kind {
        Some(kind) => draft.study.design.kind = kind,
        None => {
            let is_trial =
                phase.is_some() || is("Clinical Trial") || !draft.study.source.trials.is_empty();
            let guess = if is_trial {
                DesignKind::SingleArmTrial
            } else {
                DesignKind::CaseSeries
            };
            draft.study.design.kind = guess;
            draft.decide(
                "design.kind",
                format!("PubMed does not say; `{}` is a guess", code(&guess)),
            );
        }
    }
    if parts.is_empty() {
        parts.push(codes::words(&draft.study.design.kind));
    }
    draft.study.design.description = parts.join(", ");
    if draft.study.design.kind == DesignKind::RandomisedTrial && says("placebo") {
        draft.study.design.comparator = Some("placebo".into());
    }
    if draft.study.design.kind == DesignKind::Preclinical && heading("Mice") {
        draft.study.population.species = Some("mouse".into());
    }
    if draft.study.design.kind != DesignKind::Review {
        draft.decide(
            "design.patients",
            "enter the number of patients treated, and the arms",
        );
    }
}

/// Products that the text names: those that the library knows, else words that end as names of cell
/// products and antibodies do.
fn products(text: &str, import: &Import) -> Vec<String> {
    let words = mapping::words(text);
    let mut found: Vec<(usize, &str)> = Vec::new();
    for study in import.evidence.studies.values() {
        let product = study.treatment.as_ref().map_or("", |t| t.product.as_str());
        for name in product.split(['(', ')', '/', ',', ';']) {
            let plain = mapping::words(name);
            // `CD19 CAR-T` and other descriptions are no names.
            let has_number = plain.trim().len() > 4 && plain.contains(|c: char| c.is_ascii_digit());
            let is_name = has_number && !mapping::has(&plain, &["car t", "car", "cart"])
                || plain.ends_with("leucel ");
            if let Some(place) = words.find(&plain).filter(|_| is_name) {
                found.push((place, name.trim()));
            }
        }
    }
    found.sort();
    let mut products: Vec<String> = Vec::new();
    for (_, name) in found {
        if !products
            .iter()
            .any(|p| mapping::words(p) == mapping::words(name))
        {
            products.push(name.to_owned());
        }
    }
    if products.is_empty() {
        for word in words.split_whitespace() {
            let is_name = word.ends_with("leucel") || word.len() > 6 && word.ends_with("mab");
            if is_name && !products.iter().any(|p| p == word) {
                products.push(word.to_owned());
            }
        }
    }
    products
}

/// First author, year and disease, as the ids of the library are made.
fn id(article: Node, pmid: &str, study: &Study) -> String {
    let author = all_at(article, &["AuthorList"], "Author")
        .into_iter()
        .next()
        .and_then(|author| {
            text_at(author, &["LastName"]).or_else(|| text_at(author, &["CollectiveName"]))
        });
    let author: String = mapping::slug(&author.unwrap_or_default())
        .chars()
        .take(30)
        .collect();
    if author.is_empty() || study.year == 0 {
        return format!("pubmed-{pmid}");
    }
    let mut id = format!("{author}{}", study.year);
    if let [disease] = study.population.diseases.as_slice() {
        id += &format!("-{}", disease.to_lowercase());
    }
    id
}

fn map_corrections(draft: &mut Draft, citation: Node, types: &[String]) {
    let mut kinds: Vec<&str> = all_at(
        citation,
        &["CommentsCorrectionsList"],
        "CommentsCorrections",
    )
    .iter()
    .filter_map(|c| c.attribute("RefType"))
    .collect();
    kinds.sort();
    kinds.dedup();
    if kinds.contains(&"RetractionIn") || types.iter().any(|t| t == "Retracted Publication") {
        draft.decide(
            "state",
            "the paper was retracted: leave it out, or say why it stays",
        );
    }
    if kinds.contains(&"ErratumIn") {
        draft.decide(
            "state",
            "a correction of the paper was published: read it before entering figures",
        );
    }
    if kinds.contains(&"UpdateIn") {
        draft.decide(
            "state",
            "a later version of the paper was published: import that one instead?",
        );
    }
}

/// Lists the sentences of a section that tell a number, with the outcomes that they may report.
fn list_figures(draft: &mut Draft, section: Node, import: &Import) {
    let category = section.attribute("NlmCategory").unwrap_or_default();
    if ["BACKGROUND", "OBJECTIVE", "METHODS"].contains(&category) {
        return;
    }
    for sentence in mapping::sentences(&text_of(section)) {
        if !mapping::tells_number(&sentence) {
            continue;
        }
        let codes = mapping::outcomes(&sentence, &import.evidence.vocabulary);
        let codes = match codes.is_empty() {
            true => "which outcome?".to_owned(),
            false => codes.join(" or ") + "?",
        };
        draft.decide("outcome", format!("{codes} {sentence:?}"));
    }
}
