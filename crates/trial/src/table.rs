//! The tables of a run: their columns with meaning and unit, written and read as Parquet.
//!
//! The definitions here are the only ones: the files, their metadata and the reference page
//! `docs/reference/tables.md` are made from them. The bytes of a file depend on its content only.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::column::reader::ColumnReader;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers.
    Integer,
    /// Numbers.
    Number,
    /// Text.
    Text,
    /// True or false.
    Flag,
}

/// One column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name, with the unit where it has one.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a value can be missing.
    pub optional: bool,
    /// What it means.
    pub meaning: &'static str,
}

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Name of the file without its ending.
    pub name: &'static str,
    /// What a row is.
    pub meaning: &'static str,
    /// The columns, in order.
    pub columns: &'static [Column],
}

const fn column(name: &'static str, kind: Kind, optional: bool, meaning: &'static str) -> Column {
    Column {
        name,
        kind,
        optional,
        meaning,
    }
}

use Kind::{Flag, Integer, Number, Text};

/// One row per scenario, replicate, analysis and arm.
pub const REPLICATES: Table = Table {
    name: "replicates",
    meaning: "One row per scenario, replicate, analysis and arm (of a comparison: per treated arm).",
    columns: &[
        column(
            "scenario",
            Text,
            false,
            "`as_designed`, or `null`: every arm has the therapy of the reference arm.",
        ),
        column(
            "replicate",
            Integer,
            false,
            "Number of the replicate, from 0.",
        ),
        column(
            "analysis",
            Integer,
            false,
            "Number of the analysis in the trial file, from 1.",
        ),
        column("endpoint", Text, false, "Name of the endpoint."),
        column("method", Text, false, "Statistical method."),
        column(
            "arm",
            Text,
            false,
            "Name of the arm; of a comparison, the treated one.",
        ),
        column(
            "subjects",
            Integer,
            false,
            "Subjects of the arm in the analysis.",
        ),
        column(
            "events",
            Integer,
            false,
            "Events, responders or attacks of the arm; 0 for a change of a score.",
        ),
        column(
            "estimate",
            Number,
            true,
            "Probability free of the event, hazard ratio, rate ratio, proportion, or difference (treated minus reference), as the method says.",
        ),
        column(
            "standard_error",
            Number,
            true,
            "Standard error of the estimate; of its logarithm for `cox` and `negative_binomial`.",
        ),
        column(
            "interval_lower",
            Number,
            true,
            "Lower end of the interval at the confidence of the analysis.",
        ),
        column(
            "interval_upper",
            Number,
            true,
            "Upper end of the interval; infinite where the data give no limit.",
        ),
        column(
            "p_value",
            Number,
            true,
            "p value of the stated alternative.",
        ),
        column(
            "rejected",
            Flag,
            true,
            "Whether the p value is at most alpha.",
        ),
        column(
            "favours_treatment",
            Flag,
            true,
            "Whether the treated arm did better than its comparator.",
        ),
        column(
            "not_estimable_reason",
            Text,
            true,
            "Why there is no estimate, interval or p value.",
        ),
    ],
};

/// One row per randomised subject of the detailed replicates.
pub const SUBJECTS: Table = Table {
    name: "subjects",
    meaning: "One row per randomised subject of the first replicates (`simulation.detail_replicates`) of the trial as designed.",
    columns: &[
        column(
            "replicate",
            Integer,
            false,
            "Number of the replicate, from 0.",
        ),
        column(
            "subject",
            Integer,
            false,
            "Number of the subject in the replicate, from 1, in the order of randomisation.",
        ),
        column(
            "patient",
            Integer,
            false,
            "Number of the virtual patient in the bank, from 0.",
        ),
        column("arm", Text, false, "Name of the arm."),
        column(
            "entry_days",
            Number,
            false,
            "Calendar day of entry, from the opening of the trial.",
        ),
        column(
            "observed_days",
            Number,
            false,
            "End of observation, in days from the first treatment.",
        ),
        column(
            "end_of_observation",
            Text,
            false,
            "`completed`, `lost_to_follow_up` or `data_cut`.",
        ),
        column(
            "rescue_days",
            Number,
            true,
            "Start of rescue treatment, in days from the first treatment.",
        ),
        column("baseline_edss", Number, true, "EDSS at day 0, 0 to 10."),
        column("baseline_mg_adl", Number, true, "MG-ADL at day 0, 0 to 24."),
        column("baseline_qmg", Number, true, "QMG at day 0, 0 to 39."),
        column(
            "attacks",
            Integer,
            false,
            "Relapses or attacks until the end of observation.",
        ),
        column(
            "serious_infections",
            Integer,
            false,
            "Serious infections until the end of observation.",
        ),
        column(
            "crs_grade",
            Integer,
            true,
            "Highest grade of cytokine release syndrome (ASTCT 2019), 0 to 4; missing without CAR T cells.",
        ),
        column(
            "crs_onset_days",
            Number,
            true,
            "Onset of cytokine release syndrome, in days from the first treatment.",
        ),
        column(
            "icans_grade",
            Integer,
            true,
            "Highest grade of neurotoxicity (ICANS, ASTCT 2019), 0 to 4; missing without CAR T cells.",
        ),
        column(
            "icans_onset_days",
            Number,
            true,
            "Onset of neurotoxicity, in days from the first treatment.",
        ),
        column(
            "clone_extinct_days",
            Number,
            true,
            "When the autoreactive clone fell below one cell.",
        ),
        column(
            "clone_refounded_days",
            Number,
            true,
            "When new founders re-established the clone.",
        ),
    ],
};

/// One row per visit of the detailed replicates.
pub const VISITS: Table = Table {
    name: "visits",
    meaning: "One row per visit until the end of observation, for the subjects of `subjects`.",
    columns: &[
        column(
            "replicate",
            Integer,
            false,
            "Number of the replicate, from 0.",
        ),
        column(
            "subject",
            Integer,
            false,
            "Number of the subject in the replicate, from 1.",
        ),
        column("arm", Text, false, "Name of the arm."),
        column(
            "time_days",
            Number,
            false,
            "Day of the visit, from the first treatment; 0 is the baseline.",
        ),
        column(
            "edss",
            Number,
            true,
            "Expanded Disability Status Scale, 0 to 10 by 0.5.",
        ),
        column(
            "mg_adl",
            Number,
            true,
            "Myasthenia Gravis Activities of Daily Living, 0 to 24.",
        ),
        column(
            "qmg",
            Number,
            true,
            "Quantitative Myasthenia Gravis score, 0 to 39.",
        ),
        column(
            "b_cells_per_ul",
            Number,
            false,
            "B cells in blood, per microlitre.",
        ),
        column(
            "autoantibody_percent",
            Number,
            false,
            "Autoantibody, percent of the patient's own baseline.",
        ),
        column("igg_g_per_l", Number, false, "Total IgG, grams per litre."),
        column(
            "car_t_cells_per_ul",
            Number,
            false,
            "CAR T cells in blood, per microlitre.",
        ),
        column(
            "snfl_pg_per_ml",
            Number,
            false,
            "Serum neurofilament light, picograms per millilitre.",
        ),
        column(
            "sgfap_pg_per_ml",
            Number,
            false,
            "Serum GFAP, picograms per millilitre.",
        ),
    ],
};

/// One row per event of the detailed replicates.
pub const EVENTS: Table = Table {
    name: "events",
    meaning: "One row per event until the end of observation, for the subjects of `subjects`.",
    columns: &[
        column(
            "replicate",
            Integer,
            false,
            "Number of the replicate, from 0.",
        ),
        column(
            "subject",
            Integer,
            false,
            "Number of the subject in the replicate, from 1.",
        ),
        column("arm", Text, false, "Name of the arm."),
        column(
            "event",
            Text,
            false,
            "`attack`, `serious_infection`, `crs`, `icans`, `rescue`, or `endpoint` for the event of a time-to-event endpoint.",
        ),
        column(
            "endpoint",
            Text,
            true,
            "Name of the endpoint, for `endpoint`.",
        ),
        column(
            "time_days",
            Number,
            false,
            "Onset, in days from the first treatment.",
        ),
        column(
            "grade",
            Integer,
            true,
            "Grade of `crs` and `icans`, 1 to 4.",
        ),
        column(
            "edss_jump",
            Number,
            true,
            "Rise of the EDSS at the peak of an attack, in points.",
        ),
        column(
            "edss_residual",
            Number,
            true,
            "Part of the rise that stays, in points.",
        ),
    ],
};

/// Every table of a run.
pub const TABLES: [Table; 4] = [SUBJECTS, VISITS, EVENTS, REPLICATES];

/// The values of one column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Whole numbers.
    Integer(Vec<Option<i64>>),
    /// Numbers.
    Number(Vec<Option<f64>>),
    /// Texts.
    Text(Vec<Option<String>>),
    /// Flags.
    Flag(Vec<Option<bool>>),
}

/// One value, for building rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Integer(Option<i64>),
    /// A number.
    Number(Option<f64>),
    /// A text.
    Text(Option<String>),
    /// A flag.
    Flag(Option<bool>),
}

impl From<u32> for Value {
    fn from(value: u32) -> Value {
        Value::Integer(Some(i64::from(value)))
    }
}
impl From<usize> for Value {
    fn from(value: usize) -> Value {
        Value::Integer(Some(value as i64))
    }
}
impl From<Option<u8>> for Value {
    fn from(value: Option<u8>) -> Value {
        Value::Integer(value.map(i64::from))
    }
}
impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Number(Some(value))
    }
}
impl From<Option<f64>> for Value {
    fn from(value: Option<f64>) -> Value {
        Value::Number(value)
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(Some(value.to_owned()))
    }
}
impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Value {
        Value::Text(value.map(str::to_owned))
    }
}
impl From<Option<bool>> for Value {
    fn from(value: Option<bool>) -> Value {
        Value::Flag(value)
    }
}

/// Rows of a table, column by column.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// One entry per column of the table.
    pub columns: Vec<Values>,
}

impl Rows {
    /// No rows yet.
    pub fn new(table: &Table) -> Rows {
        let empty = |column: &Column| match column.kind {
            Integer => Values::Integer(Vec::new()),
            Number => Values::Number(Vec::new()),
            Text => Values::Text(Vec::new()),
            Flag => Values::Flag(Vec::new()),
        };
        Rows {
            columns: table.columns.iter().map(empty).collect(),
        }
    }

    /// Adds a row.
    ///
    /// # Panics
    ///
    /// If the values are not those of the table's columns: a mistake of the program, not of a user.
    pub fn push<const N: usize>(&mut self, row: [Value; N]) {
        assert_eq!(N, self.columns.len(), "a row has a value for every column");
        for (column, value) in self.columns.iter_mut().zip(row) {
            match (column, value) {
                (Values::Integer(list), Value::Integer(value)) => list.push(value),
                (Values::Number(list), Value::Number(value)) => list.push(value),
                (Values::Text(list), Value::Text(value)) => list.push(value),
                (Values::Flag(list), Value::Flag(value)) => list.push(value),
                (column, value) => panic!("{value:?} does not belong in {column:?}"),
            }
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self.columns.first() {
            Some(Values::Integer(list)) => list.len(),
            Some(Values::Number(list)) => list.len(),
            Some(Values::Text(list)) => list.len(),
            Some(Values::Flag(list)) => list.len(),
            None => 0,
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn schema_text(table: &Table) -> String {
    let mut text = format!("message {} {{\n", table.name);
    for column in table.columns {
        let repetition = if column.optional {
            "OPTIONAL"
        } else {
            "REQUIRED"
        };
        let (kind, note) = match column.kind {
            Integer => ("INT64", ""),
            Number => ("DOUBLE", ""),
            Text => ("BYTE_ARRAY", " (STRING)"),
            Flag => ("BOOLEAN", ""),
        };
        text.push_str(&format!("  {repetition} {kind} {}{note};\n", column.name));
    }
    text.push('}');
    text
}

/// A Parquet file in the making; each batch of rows becomes a row group.
pub struct Writer<W: Write + Send> {
    file: SerializedFileWriter<W>,
}

impl<W: Write + Send> Writer<W> {
    /// Starts a file. Every column's meaning and `facts` go into the file's metadata.
    pub fn new(out: W, table: &Table, facts: &[(&str, String)]) -> Result<Writer<W>, ParquetError> {
        let mut metadata = vec![KeyValue::new(
            "description".to_owned(),
            table.meaning.to_owned(),
        )];
        metadata.extend(
            facts
                .iter()
                .map(|(k, v)| KeyValue::new((*k).to_owned(), v.clone())),
        );
        metadata.extend(
            table
                .columns
                .iter()
                .map(|c| KeyValue::new(format!("column.{}", c.name), c.meaning.to_owned())),
        );
        let properties = WriterProperties::builder()
            .set_created_by("neurocart".to_owned())
            .set_compression(Compression::SNAPPY)
            .set_key_value_metadata(Some(metadata))
            .build();
        let schema = parse_message_type(&schema_text(table))?;
        let file = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))?;
        Ok(Writer { file })
    }

    /// Writes rows as one row group.
    pub fn write(&mut self, rows: &Rows) -> Result<(), ParquetError> {
        let mut group = self.file.next_row_group()?;
        for values in &rows.columns {
            match values {
                Values::Integer(list) => write_column::<Int64Type, _>(&mut group, list, |v| *v)?,
                Values::Number(list) => write_column::<DoubleType, _>(&mut group, list, |v| *v)?,
                Values::Flag(list) => write_column::<BoolType, _>(&mut group, list, |v| *v)?,
                Values::Text(list) => {
                    write_column::<ByteArrayType, _>(&mut group, list, |v: &String| {
                        ByteArray::from(v.as_str())
                    })?;
                }
            }
        }
        group.close()?;
        Ok(())
    }

    /// Ends the file and gives the writer back.
    pub fn finish(self) -> Result<W, ParquetError> {
        self.file.into_inner()
    }
}

fn write_column<T, V>(
    group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    list: &[Option<V>],
    value: impl Fn(&V) -> T::T,
) -> Result<(), ParquetError>
where
    T: parquet::data_type::DataType,
{
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General(
            "more columns than the table has".to_owned(),
        ));
    };
    let values: Vec<T::T> = list.iter().flatten().map(value).collect();
    let levels: Vec<i16> = list.iter().map(|v| i16::from(v.is_some())).collect();
    // Required columns have no levels; the schema decides which of the two is read.
    column
        .typed::<T>()
        .write_batch(&values, Some(&levels), None)?;
    column.close()
}

/// Reads the whole of a file of this table, and the facts in its metadata.
pub fn read(path: &Path, table: &Table) -> Result<(Rows, Vec<(String, String)>), ParquetError> {
    let reader = SerializedFileReader::new(File::open(path)?)?;
    let metadata = reader.metadata().file_metadata();
    let found: Vec<&str> = metadata
        .schema_descr()
        .columns()
        .iter()
        .map(|c| c.name())
        .collect();
    let wanted: Vec<&str> = table.columns.iter().map(|c| c.name).collect();
    if found != wanted {
        return Err(ParquetError::General(format!(
            "the columns are {}, not {}",
            found.join(", "),
            wanted.join(", ")
        )));
    }
    let facts = metadata
        .key_value_metadata()
        .into_iter()
        .flatten()
        .map(|kv| (kv.key.clone(), kv.value.clone().unwrap_or_default()))
        .collect();
    let mut rows = Rows::new(table);
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        let count = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        for (index, (column, values)) in table.columns.iter().zip(&mut rows.columns).enumerate() {
            let reader = group.get_column_reader(index)?;
            match (reader, values) {
                (ColumnReader::Int64ColumnReader(mut reader), Values::Integer(list)) => {
                    read_column(
                        column,
                        count,
                        list,
                        |n, levels, out| reader.read_records(n, levels, None, out),
                        |v: i64| Ok(v),
                    )?;
                }
                (ColumnReader::DoubleColumnReader(mut reader), Values::Number(list)) => {
                    read_column(
                        column,
                        count,
                        list,
                        |n, levels, out| reader.read_records(n, levels, None, out),
                        |v: f64| Ok(v),
                    )?;
                }
                (ColumnReader::BoolColumnReader(mut reader), Values::Flag(list)) => {
                    read_column(
                        column,
                        count,
                        list,
                        |n, levels, out| reader.read_records(n, levels, None, out),
                        |v: bool| Ok(v),
                    )?;
                }
                (ColumnReader::ByteArrayColumnReader(mut reader), Values::Text(list)) => {
                    read_column(
                        column,
                        count,
                        list,
                        |n, levels, out| reader.read_records(n, levels, None, out),
                        |v: ByteArray| v.as_utf8().map(str::to_owned),
                    )?;
                }
                _ => {
                    return Err(ParquetError::General(format!(
                        "column `{}` has another type",
                        column.name
                    )));
                }
            }
        }
    }
    Ok((rows, facts))
}

fn read_column<T, V>(
    column: &Column,
    count: usize,
    list: &mut Vec<Option<V>>,
    mut records: impl FnMut(
        usize,
        Option<&mut Vec<i16>>,
        &mut Vec<T>,
    ) -> Result<(usize, usize, usize), ParquetError>,
    value: impl Fn(T) -> Result<V, ParquetError>,
) -> Result<(), ParquetError> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let mut found = 0;
    while found < count {
        let wanted = column.optional.then_some(&mut levels);
        let (read, ..) = records(count - found, wanted, &mut values)?;
        if read == 0 {
            break;
        }
        found += read;
    }
    let mut values = values.into_iter();
    if !column.optional {
        levels = vec![1; values.len()];
    }
    if levels.len() != count {
        return Err(ParquetError::General(format!(
            "column `{}` has {} of {count} rows",
            column.name,
            levels.len()
        )));
    }
    for level in levels {
        let entry = if level > 0 { values.next() } else { None };
        list.push(entry.map(&value).transpose()?);
    }
    Ok(())
}

/// The reference page of the tables, in Markdown.
pub fn reference_page() -> String {
    let mut page = String::from(
        "# Tables of a run\n\n\
         A run directory holds these Parquet files. Names and meanings of the columns also stand in \
         each file's metadata (`column.NAME`). Times are in days from the first treatment unless the \
         column says otherwise; an empty cell is a missing value, never zero.\n",
    );
    for table in TABLES {
        page.push_str(&format!(
            "\n## `{}.parquet`\n\n{}\n\n",
            table.name, table.meaning
        ));
        page.push_str("| column | type | meaning |\n|---|---|---|\n");
        for column in table.columns {
            let kind = match column.kind {
                Integer => "integer",
                Number => "number",
                Text => "text",
                Flag => "true or false",
            };
            let missing = if column.optional {
                ", can be missing"
            } else {
                ""
            };
            page.push_str(&format!(
                "| `{}` | {kind}{missing} | {} |\n",
                column.name, column.meaning
            ));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PROBE: Table = Table {
        name: "probe",
        meaning: "A table for tests.",
        columns: &[
            column("count", Integer, false, "A whole number."),
            column("value", Number, true, "A number."),
            column("word", Text, true, "A text."),
            column("flag", Flag, true, "A flag."),
        ],
    };

    fn write(rows: &[Rows]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), &PROBE, &[("seed", "7".to_owned())]).unwrap();
        for rows in rows {
            writer.write(rows).unwrap();
        }
        writer.finish().unwrap()
    }

    #[test]
    fn the_reference_page_is_up_to_date() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/reference/tables.md"
        );
        if std::env::var_os("NEUROCART_UPDATE").is_some() {
            std::fs::create_dir_all(Path::new(path).parent().unwrap()).unwrap();
            std::fs::write(path, reference_page()).unwrap();
        }
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            found == reference_page(),
            "docs/reference/tables.md is out of date: run the tests once with NEUROCART_UPDATE=1"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(rows in proptest::collection::vec(
            (any::<u32>(), proptest::option::of(-1e300f64..1e300), proptest::option::of("\\PC{0,8}"), any::<Option<bool>>()), 1..40
        ), groups in 1usize..3) {
            let mut batch = Rows::new(&PROBE);
            for (count, value, word, flag) in &rows {
                batch.push([(*count).into(), (*value).into(), word.as_deref().into(), (*flag).into()]);
            }
            let bytes = write(&vec![batch.clone(); groups]);
            prop_assert_eq!(&bytes, &write(&vec![batch.clone(); groups]), "equal content, equal bytes");
            let path = std::env::temp_dir().join(format!("neurocart-table-{}.parquet", std::process::id()));
            std::fs::write(&path, &bytes).unwrap();
            let (found, facts) = read(&path, &PROBE).unwrap();
            std::fs::remove_file(&path).unwrap();
            prop_assert_eq!(found.len(), batch.len() * groups);
            prop_assert!(facts.contains(&("seed".to_owned(), "7".to_owned())));
            prop_assert!(facts.contains(&("column.value".to_owned(), "A number.".to_owned())));
            if groups == 1 {
                prop_assert_eq!(found, batch);
            }
        }
    }
}
