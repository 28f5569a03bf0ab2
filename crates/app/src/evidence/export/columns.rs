//! Columns of the exported tables, as the data dictionary describes them.

/// A column of an export: name, type, meaning.
pub type Field = (&'static str, &'static str, &'static str);

/// The tables in the order in which they are written; the registry is the last.
pub const TABLES: &[(&str, &[Field])] = &[
    ("studies", STUDIES),
    ("arms", ARMS),
    ("outcomes", OUTCOMES),
    ("patients", PATIENTS),
    ("findings", FINDINGS),
    ("overlaps", OVERLAPS),
    ("appraisal", APPRAISAL),
    ("registry", REGISTRY),
];

pub const STUDIES: &[Field] = &[
    (
        "id",
        "text",
        "name of the study; the key of all other tables",
    ),
    ("title", "text", "what it is about"),
    ("year", "number", "year of the report that is cited"),
    (
        "state",
        "code",
        "found, screened, included, extracted, appraised or superseded",
    ),
    ("citation", "text", "what to cite, in a line"),
    ("source_kind", "code", "kind of publication"),
    ("doi", "text", "digital object identifier"),
    ("pmid", "text", "PubMed number"),
    ("pmcid", "text", "PubMed Central number"),
    ("trials", "list", "numbers of trial registries"),
    (
        "reference",
        "text",
        "journal and page, or congress and abstract",
    ),
    (
        "grade",
        "code",
        "seen: the record stood in a text that was read; recalled: from memory",
    ),
    (
        "tier",
        "code",
        "A: paper, abstract, registry, label; B: company, news; C: blog; R: recalled",
    ),
    (
        "recalled_fields",
        "list",
        "fields that are recalled though the record was seen",
    ),
    ("addresses", "list", "where it was read; no citation"),
    ("design", "code", "class of the design"),
    ("design_description", "text", "the design in words"),
    ("comparator", "text", "with what it was compared"),
    ("patients", "number", "patients treated, or randomised"),
    ("follow_up_months", "number", "median follow-up, months"),
    ("diseases", "list", "codes of diseases"),
    ("population", "text", "who was studied"),
    ("species", "text", "animal, for preclinical work"),
    ("modality", "code", "kind of treatment"),
    ("product", "text", "name of the product"),
    ("target", "text", "what it binds"),
    ("platform", "code", "how it is made"),
    ("costimulation", "text", "costimulatory domain"),
    (
        "lymphodepletion",
        "code",
        "given, none, not_reported or not_applicable",
    ),
    ("lymphodepletion_regimen", "text", "agents, doses and days"),
    (
        "dose",
        "number",
        "dose in dose_unit; the highest of several",
    ),
    ("dose_unit", "text", "unit of the dose"),
    ("dose_description", "text", "dose levels"),
    ("infusions", "text", "number of infusions"),
    (
        "risk_of_bias",
        "code",
        "judgement over all items; empty where not judged",
    ),
    ("note", "text", "what else a reader must know"),
];

pub const ARMS: &[Field] = &[
    ("study", "text", "id of the study"),
    ("name", "text", "name of the arm; outcomes refer to it"),
    (
        "role",
        "code",
        "treated, control, analysis_set, subgroup or contrast",
    ),
    ("part_of", "text", "the arm of which it is a part"),
    ("patients", "number", "patients"),
    (
        "diseases",
        "list",
        "diseases of this arm, where not those of the study",
    ),
];

pub const OUTCOMES: &[Field] = &[
    ("study", "text", "id of the study"),
    (
        "outcome",
        "code",
        "outcome, as in outcomes.csv of the library",
    ),
    ("arm", "text", "arm"),
    ("contrast", "text", "arm with which it is compared"),
    (
        "definition",
        "text",
        "variant of the outcome, analysis set or window",
    ),
    (
        "time_months",
        "number",
        "months after the first dose; empty: at any time, or not stated",
    ),
    (
        "time_weeks",
        "number",
        "weeks after the first dose, where the report counts in weeks",
    ),
    ("statistic", "code", "what the number is"),
    ("events", "number", "patients with the event"),
    (
        "total",
        "number",
        "patients, or events where the unit says so",
    ),
    (
        "exposure_patient_years",
        "number",
        "patient-years behind the events of a rate",
    ),
    ("value", "number", "the number as printed, in unit"),
    ("text", "text", "what was found, where it is no number"),
    (
        "standard_deviation",
        "number",
        "standard deviation between patients, in unit",
    ),
    ("standard_error", "number", "standard error, in unit"),
    ("lower", "number", "lower end of the interval, in unit"),
    ("upper", "number", "upper end of the interval, in unit"),
    (
        "interval",
        "code",
        "CI90, CI95, CI97.5, CrI95, IQR or range",
    ),
    ("unit", "text", "unit of the number"),
    ("grading", "text", "scale by which a toxicity was graded"),
    ("cite", "text", "what to cite for this number"),
    ("locator", "text", "where in it"),
    ("grade", "code", "seen or recalled"),
    ("tier", "code", "tier of the text in which it was read"),
    (
        "address",
        "text",
        "where it was read, where not at the addresses of the study",
    ),
    ("note", "text", "what a reader must know about it"),
];

pub const PATIENTS: &[Field] = &[
    ("study", "text", "id of the study"),
    ("patient", "text", "name of the patient in the source"),
    (
        "disease",
        "code",
        "disease of the patient; empty in a basket that does not say",
    ),
    (
        "variable",
        "code",
        "what was seen, as in outcomes.csv of the library",
    ),
    (
        "day",
        "number",
        "days after infusion; 0 is before it; empty: not stated",
    ),
    (
        "value",
        "number",
        "the number, in unit; 0 or 1 for no and yes",
    ),
    ("text", "text", "what was found, where it is no number"),
    (
        "bound",
        "code",
        "below or above: the number is only a bound",
    ),
    ("unit", "text", "unit of the number"),
    ("locator", "text", "where in the source"),
    ("grade", "code", "seen or recalled"),
    ("tier", "code", "tier of the text in which it was read"),
    ("note", "text", "what a reader must know about it"),
];

pub const FINDINGS: &[Field] = &[
    ("study", "text", "id of the study"),
    ("outcome", "text", "what was looked at"),
    ("model", "text", "animal model or cells"),
    ("intervention", "text", "what was given"),
    ("target", "text", "what it binds"),
    (
        "direction",
        "code",
        "improves, worsens, falls, none or safe",
    ),
    ("animals", "number", "animals"),
    ("value", "number", "the number, in unit"),
    ("unit", "text", "unit of the number"),
    ("text", "text", "what was found, in words"),
    (
        "cite",
        "text",
        "what to cite, where not the source of the study",
    ),
    ("locator", "text", "where in the source"),
    ("grade", "code", "seen or recalled"),
    ("tier", "code", "tier of the text in which it was read"),
    ("note", "text", "what a reader must know about it"),
];

pub const OVERLAPS: &[Field] = &[
    ("study", "text", "id of the study that declares it"),
    ("other_study", "text", "id of the other study"),
    ("relation", "code", "contains, within, shares or distinct"),
    ("note", "text", "what is known about it"),
];

pub const APPRAISAL: &[Field] = &[
    ("study", "text", "id of the study"),
    ("instrument", "code", "instrument for the risk of bias"),
    ("read", "text", "what was read for it"),
    ("item", "text", "item of the instrument"),
    ("answer", "code", "answer to the item"),
    ("why", "text", "reason"),
    ("overall", "code", "judgement over all items"),
];

pub const REGISTRY: &[Field] = &[
    (
        "trial",
        "text",
        "number of the registry; empty where only an announcement was seen",
    ),
    ("acronym", "text", "short name"),
    (
        "title",
        "text",
        "what it is about, where product and diseases do not say it",
    ),
    ("sponsor", "text", "who runs it"),
    ("product", "text", "name of the product"),
    ("target", "text", "what it binds"),
    ("platform", "code", "how the product is made"),
    ("diseases", "list", "codes of diseases"),
    (
        "relevance",
        "code",
        "neuro, neuro_adjacent, myositis, unspecified or contrast",
    ),
    ("phase", "code", "phase"),
    (
        "planned_patients",
        "number",
        "patients planned, or enrolled where actual",
    ),
    (
        "actual",
        "boolean",
        "the number of patients is that enrolled",
    ),
    ("design", "text", "allocation, masking, number of diseases"),
    ("status", "code", "how far the trial is"),
    ("status_as_of", "date", "when the status was read"),
    (
        "record_updated",
        "date",
        "when the sponsor last changed the record",
    ),
    ("start", "date", "first day, planned or actual"),
    ("country", "list", "countries"),
    ("published", "list", "ids of the studies that report it"),
    ("note", "text", "what else a reader must know"),
    ("cite", "text", "what to cite"),
    ("address", "list", "where it was read; no citation"),
    ("grade", "code", "seen or recalled"),
];
