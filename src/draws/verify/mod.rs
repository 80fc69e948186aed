//! Verifies what others claim about a draw, from files alone: the proof first, then whatever was
//! known before it.
//!
//! The first thing that is wrong ends it. What is in order is told, and so is what a proof cannot
//! show however much it is in order.

mod anchored;
mod beacon;
mod findings;
mod proof;
mod request;

pub use findings::Findings;
pub use request::VerifyRequest;

use super::Receipt;
use super::beacon::Chain;
use super::bundle::{Bundle, Document};
use super::fraud::{Fraud, FraudKind};
use super::inclusion::Inclusion;
use actors::domain::draw::Hash;

/// What the reader of a proof knew before the draw.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// As it was published when the lottery was created.
    pub commitment: Option<Hash>,
    /// The published key under which receipts are signed.
    pub key: Option<[u8; 32]>,
    /// With a name for each, under which it is spoken of.
    pub receipts: Vec<(String, Receipt)>,
}

pub fn verify(document: &Document, known: &Known, chain: &Chain) -> Result<Findings, Fraud> {
    match document {
        Document::Draw(bundle) => draw(bundle, known, chain),
        Document::Inclusion(inclusion) => one_ballot(inclusion, known),
    }
}

pub fn draw(bundle: &Bundle, known: &Known, chain: &Chain) -> Result<Findings, Fraud> {
    let mut findings = Findings::of_draw(bundle);
    proof::name(bundle)?;
    proof::ballots(bundle)?;
    proof::roots(bundle)?;
    findings.ballots_are_in_order(bundle);
    proof::seed(bundle)?;
    findings.seed_is_the_committed_one();
    if let Some(round) = &bundle.head.beacon {
        beacon::check(bundle.pool(), round, chain)?;
        findings.beacon_is_signed(round, chain);
    }
    proof::lots(bundle)?;
    findings.lots_are_those_drawn(bundle);
    if let Some(commitment) = &known.commitment {
        FraudKind::CommitmentDiffers.unless(bundle.head.commitment.0 == *commitment, || {
            format!("the proof's commitment is {}, and another was given", bundle.head.commitment)
        })?;
        findings.commitment_is_the_given_one();
    }
    for (name, receipt) in &known.receipts {
        anchored::signed(name, receipt, known.key)?;
        anchored::promised(name, receipt, bundle)?;
        anchored::ballots(name, receipt, bundle)?;
        findings.receipt_holds(name, receipt);
        findings.own_ballot_is_in_the_box(receipt, bundle);
    }
    findings.not_proved_by_draw(bundle, known);
    Ok(findings)
}

fn one_ballot(inclusion: &Inclusion, known: &Known) -> Result<Findings, Fraud> {
    let mut findings = Findings::of_inclusion(inclusion);
    proof::path(inclusion)?;
    findings.ballot_is_included(inclusion);
    for (name, receipt) in &known.receipts {
        anchored::signed(name, receipt, known.key)?;
        anchored::same_ballot(name, receipt, inclusion)?;
        findings.receipt_is_of_this_ballot(name);
    }
    findings.not_proved_by_inclusion(known);
    Ok(findings)
}
