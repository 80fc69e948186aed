//! `stampede verify-draw`: reads the files it is given and nothing else, so it works on any
//! machine.

use super::{Findings, Known, verify};
use crate::bundle::Document;
use crate::fraud::FraudKind;
use crate::{QUICKNET, Receipt, Text};
use actors::domain::ballots::BallotId;
use anyhow::Context;
use base::Hex;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::error::Category;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyRequest {
    /// `-` is what comes in.
    pub file: PathBuf,
    pub commitment: Option<Hex<32>>,
    pub key: Option<Hex<32>>,
    pub receipts: Vec<PathBuf>,
}

/// A receipt is read whole: no honest commit has so many ballots that it would be longer.
const RECEIPT_BYTES: u64 = 1 << 24;

impl VerifyRequest {
    /// What is in order, or a `Fraud` as the error.
    pub fn run(&self) -> anyhow::Result<Findings> {
        let receipts = self.receipts.iter().map(|file| receipt(file)).collect::<Result<_, _>>()?;
        let known = Known {
            commitment: self.commitment.map(|hex| hex.0),
            key: self.key.map(|hex| hex.0),
            receipts,
        };
        let document = if self.file == Path::new("-") {
            read(std::io::stdin().lock())?
        } else {
            read(opened(&self.file)?)?
        };
        Ok(verify(&document, &known, &QUICKNET)?)
    }
}

fn opened(file: &Path) -> anyhow::Result<File> {
    File::open(file).with_context(|| format!("cannot read {}", file.display()))
}

/// The proof, if it is one at all.
fn read(from: impl Read) -> anyhow::Result<Document> {
    Document::read(BufReader::with_capacity(1 << 16, from)).map_err(|error| {
        match error.classify() {
            Category::Io => {
                anyhow::Error::new(error).context("the proof cannot be read to its end")
            }
            Category::Eof => FraudKind::Truncated
                .because(format!("the file ends before the proof does: {error}"))
                .into(),
            Category::Syntax | Category::Data => {
                FraudKind::Malformed.because(error.to_string()).into()
            }
        }
    })
}

/// The answer that a receipt came in, as it was saved: it may say more than is read here.
#[derive(Deserialize)]
struct Answered {
    id: Text<BallotId>,
    receipt: Receipt,
}

/// What tells such an answer from a receipt.
#[derive(Deserialize)]
struct Outline {
    #[serde(rename = "receipt")]
    _receipt: IgnoredAny,
}

fn receipt(file: &Path) -> anyhow::Result<(String, Receipt)> {
    let (name, mut text) = (file.display().to_string(), Vec::new());
    let unread = || format!("{name} cannot be read to its end");
    opened(file)?.take(RECEIPT_BYTES).read_to_end(&mut text).with_context(unread)?;
    let no_receipt = |error: serde_json::Error| {
        FraudKind::ReceiptMalformed.because(format!("{name} is no receipt: {error}"))
    };
    if serde_json::from_slice::<Outline>(&text).is_err() {
        let receipt = serde_json::from_slice(&text).map_err(no_receipt)?;
        return Ok((name, receipt));
    }
    let Answered { id, receipt } = serde_json::from_slice(&text).map_err(no_receipt)?;
    FraudKind::ReceiptMalformed.unless(id == receipt.ballot, || {
        format!("{name} is about {}, and its receipt is of {}", id.0, receipt.ballot.0)
    })?;
    Ok((name, receipt))
}
