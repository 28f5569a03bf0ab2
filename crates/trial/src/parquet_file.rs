//! Rows of a [`Table`] in memory and in a Parquet file.
//!
//! The bytes of a file depend on its content only: no time, no host, a fixed name of the writer.

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

use crate::table::Kind::{Flag, Integer, Number, Text};
use crate::table::{Column, Table};

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
impl From<Option<u32>> for Value {
    fn from(value: Option<u32>) -> Value {
        Value::Integer(value.map(i64::from))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::column;
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
