//! `stampede verify-draw`: reads the files it is given and nothing else, so it works on any
//! machine.

use super::{Findings, Known, verify};
use crate::bundle::Document;
use crate::fraud::FraudKind;
use crate::{QUICKNET, Receipt};
use anyhow::Context;
use base::Hex;
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

fn receipt(file: &Path) -> anyhow::Result<(String, Receipt)> {
    let name = file.display().to_string();
    match serde_json::from_reader(BufReader::new(opened(file)?.take(RECEIPT_BYTES))) {
        Ok(receipt) => Ok((name, receipt)),
        Err(error) if error.is_io() => {
            Err(anyhow::Error::new(error).context(format!("{name} cannot be read to its end")))
        }
        Err(error) => Err(FraudKind::ReceiptMalformed
            .because(format!("{name} is no receipt: {error}"))
            .into()),
    }
}
