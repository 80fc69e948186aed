//! The codes of a chunk, and the racks that own them: who takes what in, and what is there already.
//!
//! A code that is there in the other spelling is a duplicate, too: whoever types it would get the
//! coupon of the other.

use crate::failure::Error;
use crate::imports::code::{CodePast, PastUse};
use crate::table::Engine;
use actors::domain::coupons::rack::{
    Answer, CodeLine, Command, Question, RackTerms, Refusal, Spelling,
};
use actors::domain::coupons::{CodeTerms, RackName, Serial, range, redeem};
use actors::engine::{By, Failure};
use futures_util::future::try_join_all;
use std::collections::{BTreeMap, HashMap};

/// What some rows of a file have otherwise than their batch, by row.
pub type TermsOfRows = HashMap<u64, CodeTerms>;

/// Takes the codes in. True for each line that brought its code, now or when the same was done
/// before.
pub async fn import(
    engine: &Engine,
    batch: Serial,
    terms: RackTerms,
    spelling: Spelling,
    lines: &[CodeLine],
    own: &TermsOfRows,
) -> Result<Vec<bool>, Error> {
    let elsewhere = known(engine, spelling.other(), lines).await?;
    let free: Vec<usize> = (0..lines.len()).filter(|at| !elsewhere[*at]).collect();
    let import_some = |name, lines: Vec<CodeLine>| async move {
        let command = import_command(batch, terms, spelling, &lines, own);
        let new = match engine.racks.command(&name, command, By::SYSTEM).await {
            Ok(done) => done.event.imported().map(|(_, rows)| rows).unwrap_or_default(),
            Err(Failure::Refused(Refusal::NothingNew)) => Vec::new(),
            Err(failure) => return Err(failure.into()),
        };
        // The new ones come in the order of the lines.
        let mut new = new.into_iter().peekable();
        Ok(lines.iter().map(|(row, _)| new.next_if_eq(row).is_some()).collect())
    };
    let some = on_racks(spelling, &pick(lines, &free), import_some).await?;
    let mut taken = vec![false; lines.len()];
    free.iter().zip(some).for_each(|(at, is_new)| taken[*at] = is_new);
    let others: Vec<usize> = (0..lines.len()).filter(|at| !taken[*at]).collect();
    if !others.is_empty() {
        let before = brought(engine, batch, spelling, &pick(lines, &others)).await?;
        others.into_iter().zip(before).for_each(|(at, brought)| taken[at] = brought);
    }
    Ok(taken)
}

/// What has no terms of its own is written as it always was.
fn import_command(
    batch: Serial,
    terms: RackTerms,
    spelling: Spelling,
    lines: &[CodeLine],
    own: &TermsOfRows,
) -> Command {
    if !lines.iter().any(|(row, _)| own.contains_key(row)) {
        return Command::Import { batch, terms, spelling, lines: lines.to_vec() };
    }
    let own = |row: &u64| own.get(row).copied().unwrap_or_default();
    let lines = lines.iter().map(|line| (line.clone(), own(&line.0))).collect();
    Command::ImportWithTerms { batch, terms, spelling, lines }
}

/// Gives a code of the batch its past: its owner, and its use. What somebody has done with it
/// meanwhile stays so; a repeat comes to the same.
pub async fn relive(
    engine: &Engine,
    batch: Serial,
    spelling: Spelling,
    code: &str,
    past: &CodePast,
) -> Result<(), Error> {
    let name = spelling.rack(code);
    let found = engine.racks.look(&name, Question::Find(spelling, code.into())).await?.answer;
    let Answer::Found(Some((at, slot))) = found else { return Ok(()) };
    if at != batch {
        return Ok(());
    }
    command(engine, &name, batch, range::Command::Give { slot, member: past.owner }).await?;
    if let Some(PastUse { amount, reference }) = past.used.clone() {
        let used = redeem::Command::Use { slot, amount, reference, hold_s: None };
        command(engine, &name, batch, range::Command::Redeem(used)).await?;
    }
    Ok(())
}

/// A refusal says that the coupon is beyond that step.
async fn command(
    engine: &Engine,
    name: &RackName,
    batch: Serial,
    command: range::Command,
) -> Result<(), Error> {
    match engine.racks.command(name, Command::In { batch, command }, By::SYSTEM).await {
        Ok(_) | Err(Failure::Refused(_)) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

/// True for each line whose code is free, or was brought by that very line of the batch. Changes
/// nothing.
pub async fn check(
    engine: &Engine,
    batch: Option<Serial>,
    spelling: Spelling,
    lines: &[CodeLine],
) -> Result<Vec<bool>, Error> {
    let here = known(engine, spelling, lines).await?;
    let elsewhere = known(engine, spelling.other(), lines).await?;
    let own = match batch {
        Some(batch) => brought(engine, batch, spelling, lines).await?,
        None => vec![false; lines.len()],
    };
    let is_free = |at: usize| own[at] || !(here[at] || elsewhere[at]);
    Ok((0..lines.len()).map(is_free).collect())
}

async fn known(
    engine: &Engine,
    spelling: Spelling,
    lines: &[CodeLine],
) -> Result<Vec<bool>, Error> {
    on_racks(spelling, lines, |name, lines| async move {
        let codes = lines.into_iter().map(|(_, code)| code).collect();
        flags(engine, &name, Question::Known(spelling, codes)).await
    })
    .await
}

async fn brought(
    engine: &Engine,
    batch: Serial,
    spelling: Spelling,
    lines: &[CodeLine],
) -> Result<Vec<bool>, Error> {
    on_racks(spelling, lines, |name, lines| async move {
        flags(engine, &name, Question::Brought { batch, spelling, lines }).await
    })
    .await
}

/// What each rack says of the lines whose codes it owns, in the order of the lines.
async fn on_racks<F: Future<Output = Result<Vec<bool>, Error>>>(
    spelling: Spelling,
    lines: &[CodeLine],
    ask: impl Fn(RackName, Vec<CodeLine>) -> F,
) -> Result<Vec<bool>, Error> {
    let mut racks: BTreeMap<RackName, Vec<usize>> = BTreeMap::new();
    for (at, (_, code)) in lines.iter().enumerate() {
        racks.entry(spelling.rack(code)).or_default().push(at);
    }
    let asked = racks.iter().map(|(name, places)| ask(*name, pick(lines, places)));
    let said = try_join_all(asked).await?;
    let mut all = vec![false; lines.len()];
    for (places, said) in racks.values().zip(said) {
        places.iter().zip(said).for_each(|(at, said)| all[*at] = said);
    }
    Ok(all)
}

async fn flags(engine: &Engine, name: &RackName, question: Question) -> Result<Vec<bool>, Error> {
    match engine.racks.look(name, question).await?.answer {
        Answer::Flags(flags) => Ok(flags),
        _ => Err(Error(Failure::Unavailable("a rack has not answered what it was asked".into()))),
    }
}

fn pick(lines: &[CodeLine], places: &[usize]) -> Vec<CodeLine> {
    places.iter().map(|at| lines[*at].clone()).collect()
}
