//! What the calls about imports and their jobs take and answer.

use crate::http::api::offers::{OfferBody, PercentNumber, Worth};
use crate::http::fields::{check_name, parse_future};
use crate::http::mistakes::Mistakes;
use crate::http::problem::Problem;
use crate::http::words;
use crate::shared::Shared;
use actors::Id;
use actors::domain::coupons::rack::Spelling;
use actors::domain::imports::{ImportPass, ImportState, ImportView, OnDuplicate, WhyFailed};
use base::calendar::wire_time;
use products::imports::WantedImport;
use products::imports::mark::RowFate;
use products::imports::report::{ReportLine, ReportPlace};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    name: Option<String>,
    expires_at: Option<String>,
    discount_percent: Option<PercentNumber>,
    discount_amount: Option<u64>,
    min_amount: Option<u64>,
    #[serde(default)]
    no_discount: bool,
    max_discount: Option<u64>,
    on_duplicate: Option<String>,
    cancel_by: Option<String>,
    spelling: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobBody {
    pub id: String,
    /// `coupon_import`.
    #[schema(value_type = words::JobKinds)]
    pub kind: &'static str,
    /// `checking`, `importing`, `cancelling`, `finished`, `failed` or `cancelled`.
    #[schema(value_type = words::JobStates)]
    pub state: &'static str,
    /// Why it failed.
    pub why: Option<String>,
    pub name: Option<String>,
    /// SHA-256 of the file.
    pub file: String,
    /// `skip` or `fail`.
    #[schema(value_type = words::Duplicates)]
    pub on_duplicate: &'static str,
    /// `exact` or `loose`.
    #[schema(value_type = words::Spellings)]
    pub spelling: &'static str,
    pub dry_run: bool,
    pub offer: OfferBody,
    pub expires_at: String,
    pub progress: ProgressBody,
    pub rows: RowsBody,
    /// The batch that has the imported codes. Null until the first is to be imported, and for a dry
    /// run.
    pub batch: Option<String>,
    pub created_at: String,
    pub ended_at: Option<String>,
}

/// How far it has come in the pass that it is in. What was imported stays, also when a job fails or
/// is cancelled.
#[derive(Serialize, ToSchema)]
#[schema(as = JobProgress)]
pub struct ProgressBody {
    pub rows: u64,
    pub bytes: u64,
    pub of_bytes: u64,
}

/// The rows so far, by what became of them. In a dry run or while it checks, `imported` is what
/// would be.
#[derive(Serialize, ToSchema)]
#[schema(as = JobRows)]
pub struct RowsBody {
    pub imported: u64,
    /// Nothing was wrong with them, but the job ended before anything was imported.
    pub not_imported: u64,
    pub duplicate: u64,
    pub invalid: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = JobRow)]
pub struct RowBody {
    /// The first row after the header is 1; blank lines do not count.
    pub row: u64,
    /// As it stands in the file; empty if it cannot be read, and not longer than 100 characters.
    pub code: String,
    /// `imported`, `not_imported`, `duplicate` or `invalid`.
    #[schema(value_type = words::RowStates)]
    pub state: &'static str,
    pub why: Option<&'static str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowsQuery {
    pub state: Option<String>,
    pub limit: Option<usize>,
    pub cursor: Option<String>,
}

pub fn parse_wanted(shared: &Shared, query: ImportQuery) -> Result<WantedImport, Problem> {
    let ImportQuery {
        name,
        expires_at,
        discount_percent,
        discount_amount,
        min_amount,
        max_discount,
        no_discount,
        cancel_by,
        on_duplicate,
        spelling,
        dry_run,
    } = query;
    let invalid = |name: &str, why: &str| Problem::invalid(&format!("?{name}"), why);
    let mut mistakes = Mistakes::default();
    mistakes.check(name.as_deref().map_or(Ok(()), |name| check_name(name, "?name")));
    let worth = Worth {
        discount_percent,
        discount_amount,
        no_discount,
        min_amount,
        max_discount,
        cancel_by,
    };
    let offer = mistakes.check(worth.checked('?'));
    let expires_at = expires_at.ok_or_else(|| invalid("expires_at", "when do the coupons expire?"));
    let expires_at = expires_at
        .and_then(|expires_at| parse_future(&expires_at, "?expires_at", shared.imports.now()));
    let expires_at = mistakes.check(expires_at);
    let on_duplicate = mistakes.check(match on_duplicate.as_deref() {
        None | Some("skip") => Ok(OnDuplicate::Skip),
        Some("fail") => Ok(OnDuplicate::Fail),
        Some(_) => Err(invalid("on_duplicate", "skip or fail")),
    });
    let spelling = mistakes.check(match spelling.as_deref() {
        None | Some("exact") => Ok(Spelling::Exact),
        Some("loose") => Ok(Spelling::Loose),
        Some(_) => Err(invalid("spelling", "exact or loose")),
    });
    let (Some(offer), Some(expires_at), Some(on_duplicate), Some(spelling)) =
        (offer, expires_at, on_duplicate, spelling)
    else {
        return Err(mistakes.into());
    };
    mistakes.end()?;
    Ok(WantedImport { name, offer, expires_at, on_duplicate, dry_run, spelling })
}

/// The states that a filter names.
pub fn parse_states(state: Option<&str>) -> Result<&'static [&'static str], Problem> {
    Ok(match state {
        None => words::RowStates::ALL,
        Some("rejected") => &["duplicate", "invalid"],
        Some(state) => {
            let named = words::RowStates::ALL.iter().find(|word| **word == state);
            let why = "imported, not_imported, duplicate, invalid or rejected";
            std::slice::from_ref(named.ok_or_else(|| Problem::invalid("?state", why))?)
        }
    })
}

/// What became of a row of a job that stands so.
pub fn row_state(view: &ImportView, fate: RowFate) -> &'static str {
    match fate {
        RowFate::Imported if has_imported_nothing(view) => "not_imported",
        fate => fate.name(),
    }
}

/// Whether the job has ended before it began to import.
fn has_imported_nothing(view: &ImportView) -> bool {
    let has_broken_off = matches!(view.state, ImportState::Failed(_) | ImportState::Cancelled);
    has_broken_off && view.pass == ImportPass::Checking
}

/// Where a page begins, as a cursor has it: the rows before it, and where in the file the next one
/// begins.
pub fn write_place(place: ReportPlace) -> Vec<u8> {
    [place.rows.to_be_bytes(), place.offset.to_be_bytes()].concat()
}

/// A place behind the end of the file is none that this list has handed out. A row has a byte at
/// least.
pub fn parse_place(key: &[u8], of_bytes: u64) -> Result<ReportPlace, Problem> {
    let number = |bytes: &[u8]| bytes.try_into().map(u64::from_be_bytes);
    match (number(key.get(..8).unwrap_or_default()), number(key.get(8..).unwrap_or_default())) {
        (Ok(rows), Ok(offset)) if (1..=of_bytes).contains(&offset) && rows <= offset => {
            Ok(ReportPlace { rows, offset })
        }
        _ => Err(Problem::invalid("?cursor", "not a cursor of this list")),
    }
}

impl JobBody {
    pub fn of(job: Id, view: &ImportView) -> JobBody {
        let ImportView { plan, progress, .. } = view;
        let (imported, not_imported) = match has_imported_nothing(view) {
            true => (0, progress.imported),
            false => (progress.imported, 0),
        };
        JobBody {
            id: job.to_string(),
            kind: "coupon_import",
            state: state(view),
            why: why(view),
            name: plan.name.clone(),
            file: plan.file.iter().map(|byte| format!("{byte:02x}")).collect(),
            on_duplicate: match plan.on_duplicate {
                OnDuplicate::Skip => "skip",
                OnDuplicate::Fail => "fail",
            },
            spelling: match plan.spelling {
                Spelling::Exact => "exact",
                Spelling::Loose => "loose",
            },
            dry_run: plan.dry_run,
            offer: plan.offer.into(),
            expires_at: wire_time(plan.expires_at),
            progress: ProgressBody {
                rows: progress.rows,
                bytes: progress.offset,
                of_bytes: plan.bytes,
            },
            rows: RowsBody {
                imported,
                not_imported,
                duplicate: progress.duplicate,
                invalid: progress.invalid,
            },
            batch: view.batch.map(|batch| batch.to_string()),
            created_at: wire_time(view.created_at),
            ended_at: view.ended_at.map(wire_time),
        }
    }
}

fn state(view: &ImportView) -> &'static str {
    match (view.state, view.pass) {
        (ImportState::Running, ImportPass::Checking) => "checking",
        (ImportState::Running, ImportPass::Importing) => "importing",
        (ImportState::Cancelling, _) => "cancelling",
        (ImportState::Finished, _) => "finished",
        (ImportState::Failed(_), _) => "failed",
        (ImportState::Cancelled, _) => "cancelled",
    }
}

fn why(view: &ImportView) -> Option<String> {
    let ImportState::Failed(why) = view.state else { return None };
    Some(match (why, view.pass) {
        (WhyFailed::Duplicate { row }, ImportPass::Checking) => format!(
            "row {row} is a duplicate; nothing was \
            imported"
        ),
        (WhyFailed::Duplicate { row }, ImportPass::Importing) => {
            format!(
                "row {row} became a duplicate while the file was imported; what was imported \
                before stays"
            )
        }
        (WhyFailed::FileMissing, _) => {
            "its file is no longer in the data folder; send it again and the \
            job goes on"
                .into()
        }
        (WhyFailed::FileChanged, _) => {
            "its file in the data folder is not the one that was sent; send \
            it again and the job goes on"
                .into()
        }
    })
}

impl RowBody {
    pub fn of(view: &ImportView, line: ReportLine) -> RowBody {
        RowBody {
            row: line.row,
            code: line.code,
            state: row_state(view, line.mark.fate()),
            why: line.mark.why(),
        }
    }
}
