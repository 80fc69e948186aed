//! Lists taken out whole, as CSV or NDJSON: page after page of the very list, for as long as
//! somebody reads. Memory stays flat: a page is read when the one before it was taken.
//!
//! What breaks off has no end: the last chunk, which HTTP wants, never comes. So no client takes
//! what came for all there is.

use super::caller::stay;
use super::page::{Items, Paging};
use super::problem::Problem;
use super::reply;
use super::streams::download;
use crate::shared::Shared;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use base::cells::Cell;
use base::export_form::ExportForm;
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::Write;
use std::io;

pub const FORMS: &[&str] = &["json", "csv", "ndjson"];

/// The columns of a table, each with its name, and where its value stands in the JSON of a line;
/// what is not there is an empty cell.
pub type TableColumns = &'static [(&'static str, &'static str)];

/// A line of a list that can be a table.
pub trait TableLine: Serialize {
    const COLUMNS: TableColumns;
}

/// How a list is asked for: a page of it, or all that comes behind a cursor.
pub enum ListForm {
    Page(Paging),
    Whole(ExportForm, Paging),
}

impl ListForm {
    pub fn of(
        format: Option<&str>,
        limit: Option<usize>,
        cursor: Option<String>,
    ) -> Result<ListForm, Problem> {
        let Some(form) = parse_form(format)? else {
            let paging = Paging::of(limit, cursor);
            return paging.limit().map(|_| ListForm::Page(paging));
        };
        if limit.is_some() {
            return Err(Problem::invalid("?limit", "only a page has one; an export has all lines"));
        }
        let paging = Paging::of_export(cursor);
        paging.after().map(|_| ListForm::Whole(form, paging))
    }
}

/// None for JSON.
pub fn parse_form(format: Option<&str>) -> Result<Option<ExportForm>, Problem> {
    match format {
        None | Some("json") => Ok(None),
        Some("csv") => Ok(Some(ExportForm::Csv)),
        Some("ndjson") => Ok(Some(ExportForm::Ndjson)),
        Some(_) => Err(Problem::invalid("?format", "`json`, `csv` or `ndjson`")),
    }
}

/// Answers a page, or begins to answer all. `page` reads any page of the list.
pub async fn answer<T, P>(
    shared: &Shared,
    request: &HttpRequest,
    form: ListForm,
    page: P,
) -> Result<HttpResponse, Problem>
where
    T: TableLine + 'static,
    P: AsyncFn(Paging) -> Result<Items<T>, Problem> + 'static,
{
    let (form, paging) = match form {
        ListForm::Page(paging) => return Ok(reply::ok(&page(paging).await?)),
        ListForm::Whole(form, paging) => (form, paging),
    };
    let seat = shared.streams.exports.take(stay(shared, request)?)?;
    // What is wrong is mostly wrong with the first page, and that can still be said.
    let Items { items, next_cursor } = page(paging).await?;
    let mut text = String::new();
    write_head::<T>(form, &mut text);
    items.iter().for_each(|line| write_line(form, line, &mut text));
    let rest = Reading { page, form, next: next_cursor, first: Some(text) }.lines();
    Ok(HttpResponse::Ok().content_type(form.content_type()).streaming(download(seat, rest)))
}

/// Few lines, which are there already.
pub fn answer_few<T: TableLine>(
    form: ExportForm,
    lines: impl IntoIterator<Item = T>,
) -> HttpResponse {
    HttpResponse::Ok().content_type(form.content_type()).body(written(form, lines))
}

pub fn written<T: TableLine>(form: ExportForm, lines: impl IntoIterator<Item = T>) -> String {
    let mut text = String::new();
    write_head::<T>(form, &mut text);
    lines.into_iter().for_each(|line| write_line(form, &line, &mut text));
    text
}

/// One figure of each kind: JSON as ever, or a table of one line.
pub fn answer_one<T: TableLine>(format: Option<&str>, body: T) -> Result<HttpResponse, Problem> {
    Ok(match parse_form(format)? {
        None => reply::ok(&body),
        Some(form) => answer_few(form, [body]),
    })
}

/// For lists that take a page or a form, and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<usize>,
    cursor: Option<String>,
    format: Option<String>,
}

impl ListQuery {
    pub fn read(self) -> Result<ListForm, Problem> {
        ListForm::of(self.format.as_deref(), self.limit, self.cursor)
    }
}

/// For calls that take a form and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormQuery {
    pub format: Option<String>,
}

/// How far an export has come.
struct Reading<P> {
    page: P,
    form: ExportForm,
    next: Option<String>,
    /// What was read before the answer began.
    first: Option<String>,
}

impl<P> Reading<P> {
    fn lines<T>(self) -> impl Stream<Item = io::Result<Bytes>> + 'static
    where
        T: TableLine + 'static,
        P: AsyncFn(Paging) -> Result<Items<T>, Problem> + 'static,
    {
        stream::try_unfold(self, async |mut reading| {
            if let Some(first) = reading.first.take() {
                return Ok(Some((first.into(), reading)));
            }
            let Some(next) = reading.next.take() else { return Ok(None) };
            let read = (reading.page)(Paging::of_export(Some(next))).await;
            let Items { items, next_cursor } = read.map_err(broken_off)?;
            let mut text = String::new();
            items.iter().for_each(|line| write_line(reading.form, line, &mut text));
            reading.next = next_cursor;
            Ok(Some((text.into(), reading)))
        })
    }
}

/// The status was sent long ago, so all that can be done is to end without an end.
fn broken_off(problem: Problem) -> io::Error {
    io::Error::other(format!("the list cannot be read on: {}", problem.detail))
}

fn write_head<T: TableLine>(form: ExportForm, text: &mut String) {
    if form == ExportForm::Csv {
        write_names(T::COLUMNS, text);
    }
}

fn write_line<T: TableLine>(form: ExportForm, line: &T, text: &mut String) {
    let line = serde_json::to_value(line).expect("answers are plain data");
    match form {
        ExportForm::Ndjson => {
            // A text takes whatever is written to it.
            let _ = writeln!(text, "{line}");
        }
        ExportForm::Csv => write_cells(T::COLUMNS, &line, text),
    }
}

/// The table of such lines.
pub fn table(columns: TableColumns, lines: impl IntoIterator<Item = Value>) -> String {
    let mut text = String::new();
    write_names(columns, &mut text);
    lines.into_iter().for_each(|line| write_cells(columns, &line, &mut text));
    text
}

fn write_names(columns: TableColumns, text: &mut String) {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    text.push_str(&names.join(","));
    text.push('\n');
}

fn write_cells(columns: TableColumns, line: &Value, text: &mut String) {
    let cells: Vec<String> = columns.iter().map(|(_, at)| cell(line.pointer(at))).collect();
    text.push_str(&cells.join(","));
    text.push('\n');
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => Cell(text).to_string(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;

    #[derive(Serialize)]
    struct Sale {
        code: &'static str,
        of: Option<Place>,
        amount: i64,
    }

    #[derive(Serialize)]
    struct Place {
        name: &'static str,
    }

    impl TableLine for Sale {
        const COLUMNS: &'static [(&'static str, &'static str)] =
            &[("code", "/code"), ("place", "/of/name"), ("amount", "/amount")];
    }

    fn sales() -> [Sale; 2] {
        let one = Sale { code: "=1", of: Some(Place { name: "a,b" }), amount: -5 };
        [one, Sale { code: "x", of: None, amount: 7 }]
    }

    #[test]
    fn a_table_has_a_head_and_nothing_that_a_spreadsheet_would_run() {
        let table = written(ExportForm::Csv, sales());
        assert_eq!(table, "code,place,amount\n'=1,\"a,b\",-5\nx,,7\n");
    }

    #[test]
    fn lines_of_json_have_everything_as_it_is() {
        let lines = written(ExportForm::Ndjson, sales());
        let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(first, serde_json::json!({"code": "=1", "of": {"name": "a,b"}, "amount": -5}));
        assert_eq!(lines.lines().count(), 2);
    }

    #[actix_rt::test]
    async fn an_export_that_cannot_be_read_on_has_no_end() {
        let page = async |paging: Paging| match paging.after()? {
            None => Ok(Items { items: sales().into(), next_cursor: Some("eA".to_owned()) }),
            Some(_) => Err(Problem::no_such("page")),
        };
        let reading = Reading { page, form: ExportForm::Csv, next: Some("eA".into()), first: None };
        let mut read = Box::pin(reading.lines::<Sale>());
        assert!(read.next().await.unwrap().is_err());
        let reading = Reading { page, form: ExportForm::Csv, next: None, first: Some("x".into()) };
        let read: Vec<_> = reading.lines::<Sale>().map(|chunk| chunk.unwrap()).collect().await;
        assert_eq!(read, ["x"]);
    }
}
