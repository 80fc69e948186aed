//! Streaming the codes of a batch, for as long as they are read. Memory stays flat: a chunk is
//! made when the one before it was taken.
//!
//! Codes of our own are computed, on the threads for blocking work, so that no request waits for
//! them. Imported ones are read from their racks.

use crate::coupons::Coupons;
use crate::coupons::batches::parts;
use crate::failure::Error;
use crate::promotions::Promotion;
use actix_rt::task::spawn_blocking;
use actors::domain::coupons::RackName;
use actors::domain::coupons::catalogue::BatchKind;
use base::cells::Cell;
use base::export_form::ExportForm;
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use std::sync::Arc;

/// Codes in a chunk: a millisecond or two of work, and what a stream that nobody reads holds in
/// memory.
const CHUNK: u64 = 2048;

fn head(form: ExportForm) -> &'static str {
    match form {
        ExportForm::Ndjson => "",
        ExportForm::Csv => "index,code\n",
    }
}

fn write_line(form: ExportForm, index: u64, code: &str, text: &mut String) {
    use std::fmt::Write;
    let written = match form {
        // Codes of our own are plain; an imported one may have to be escaped.
        ExportForm::Ndjson => {
            writeln!(text, "{{\"index\":{index},\"code\":{}}}", serde_json::Value::from(code))
        }
        ExportForm::Csv => writeln!(text, "{index},{}", Cell(code)),
    };
    written.expect("a text takes whatever is written to it");
}

/// How far a stream has come.
struct Reading {
    coupons: Arc<Coupons>,
    batch: Arc<Promotion>,
    form: ExportForm,
    next: u64,
    left: u64,
    /// The rack that an imported batch is read from, and its next slot.
    rack: (u8, u64),
    begun: bool,
}

pub fn stream(
    coupons: Arc<Coupons>,
    batch: Arc<Promotion>,
    form: ExportForm,
    from: u64,
    limit: u64,
) -> impl Stream<Item = std::io::Result<Bytes>> {
    let reading =
        Reading { coupons, batch, form, next: from, left: limit, rack: (0, 0), begun: false };
    Box::pin(stream::try_unfold(reading, |reading| async {
        reading.chunk().await.map_err(broken_off)
    }))
}

/// The status was sent long ago, so all that can be done is to end without an end.
fn broken_off(error: Error) -> std::io::Error {
    std::io::Error::other(format!("the codes cannot be read on: {error}"))
}

impl Reading {
    async fn chunk(mut self) -> Result<Option<(Bytes, Reading)>, Error> {
        let codes = match self.batch.batch().map(|plan| plan.what) {
            Some(BatchKind::Made { count, .. }) => self.made(count).await,
            Some(BatchKind::Imported { .. }) => self.imported().await?,
            None => Vec::new(),
        };
        let mut text = if self.begun { String::new() } else { head(self.form).to_owned() };
        self.begun = true;
        for code in &codes {
            write_line(self.form, self.next, code, &mut text);
            self.next += 1;
        }
        self.left -= codes.len() as u64;
        Ok((!text.is_empty()).then(|| (text.into(), self)))
    }

    async fn made(&self, count: u64) -> Vec<String> {
        let (coupons, batch, from, most) =
            (self.coupons.clone(), self.batch.clone(), self.next, self.left.min(CHUNK));
        // The threads are only gone when the process ends, and with it the reader.
        spawn_blocking(move || coupons.codes(&batch, count, from, most)).await.unwrap_or_default()
    }

    /// Imported codes have no order but that of their racks; `from` passes over so many of them.
    async fn imported(&mut self) -> Result<Vec<String>, Error> {
        let Some(plan) = self.batch.batch() else { return Ok(Vec::new()) };
        let mut skipped = if self.begun { 0 } else { self.next };
        while (self.rack.0 as usize) < parts(self.batch.serial, plan).len() && self.left > 0 {
            let (rack, slot) = self.rack;
            let most = CHUNK.min(if skipped > 0 { CHUNK } else { self.left });
            let slots = (slot..slot + most).collect();
            let found =
                self.coupons.imported_codes(RackName(rack), self.batch.serial, slots).await?;
            let mut codes: Vec<String> = found.into_iter().flatten().collect();
            self.rack =
                if (codes.len() as u64) < most { (rack + 1, 0) } else { (rack, slot + most) };
            let passed_over = skipped.min(codes.len() as u64);
            skipped -= passed_over;
            codes.drain(..passed_over as usize);
            codes.truncate(self.left as usize);
            if !codes.is_empty() {
                return Ok(codes);
            }
        }
        Ok(Vec::new())
    }
}
