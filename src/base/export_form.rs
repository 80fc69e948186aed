//! The forms in which many lines leave in one answer.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportForm {
    /// A JSON object on each line.
    Ndjson,
    /// A table with a head.
    Csv,
}

impl ExportForm {
    pub fn content_type(self) -> &'static str {
        match self {
            ExportForm::Ndjson => "application/x-ndjson",
            ExportForm::Csv => "text/csv; charset=utf-8",
        }
    }
}
