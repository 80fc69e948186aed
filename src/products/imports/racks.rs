//! The codes of a chunk, and the racks that own them: who takes what in, and what is there already.

use crate::failure::Error;
use crate::table::Engine;
use actors::domain::coupons::rack::{
    Answer, CodeLine, Command, Event, Question, RackTerms, Refusal,
};
use actors::domain::coupons::{RackName, Serial};
use actors::engine::{By, Failure};
use futures_util::future::try_join_all;
use std::collections::BTreeMap;

/// The places of lines, by the rack that owns their codes.
fn by_rack(lines: &[CodeLine]) -> Vec<(RackName, Vec<usize>)> {
    let mut racks: BTreeMap<RackName, Vec<usize>> = BTreeMap::new();
    lines
        .iter()
        .enumerate()
        .for_each(|(at, (_, code))| racks.entry(RackName::of(code)).or_default().push(at));
    racks.into_iter().collect()
}

/// Takes the codes in. True for each line that brought its code, now or when the same was done
/// before.
pub async fn import(
    engine: &Engine,
    batch: Serial,
    terms: RackTerms,
    lines: &[CodeLine],
) -> Result<Vec<bool>, Error> {
    let racks = by_rack(lines);
    let ask = racks
        .iter()
        .map(|(name, places)| import_on(engine, name, batch, terms, pick(lines, places)));
    Ok(spread(lines.len(), &racks, try_join_all(ask).await?))
}

async fn import_on(
    engine: &Engine,
    name: &RackName,
    batch: Serial,
    terms: RackTerms,
    lines: Vec<CodeLine>,
) -> Result<Vec<bool>, Error> {
    let command = Command::Import { batch, terms, lines: lines.clone() };
    let mut new = Vec::new();
    match engine.racks.command(name, command, By::SYSTEM).await {
        Ok(done) => {
            if let Event::Imported { lines, .. } = done.event {
                new = lines;
            }
        }
        Err(Failure::Refused(Refusal::NothingNew)) => {}
        Err(failure) => return Err(failure.into()),
    }
    // The new ones come in the order of the lines.
    let mut new = new.iter().map(|(row, _)| *row).peekable();
    let mut taken: Vec<bool> = lines.iter().map(|(row, _)| new.next_if_eq(row).is_some()).collect();
    let others: Vec<usize> = (0..lines.len()).filter(|at| !taken[*at]).collect();
    if !others.is_empty() {
        let question = Question::Brought { batch, lines: pick(&lines, &others) };
        for (at, brought) in others.into_iter().zip(flags(engine, name, question).await?) {
            taken[at] = brought;
        }
    }
    Ok(taken)
}

/// True for each line whose code is free, or was brought by that very line of the batch. Changes
/// nothing.
pub async fn check(
    engine: &Engine,
    batch: Option<Serial>,
    lines: &[CodeLine],
) -> Result<Vec<bool>, Error> {
    let racks = by_rack(lines);
    let ask = racks.iter().map(|(name, places)| check_on(engine, name, batch, pick(lines, places)));
    Ok(spread(lines.len(), &racks, try_join_all(ask).await?))
}

async fn check_on(
    engine: &Engine,
    name: &RackName,
    batch: Option<Serial>,
    lines: Vec<CodeLine>,
) -> Result<Vec<bool>, Error> {
    let codes = lines.iter().map(|(_, code)| code.clone()).collect();
    let known = flags(engine, name, Question::Known(codes)).await?;
    let own = match batch {
        Some(batch) => flags(engine, name, Question::Brought { batch, lines }).await?,
        None => vec![false; known.len()],
    };
    Ok(known.into_iter().zip(own).map(|(known, own)| !known || own).collect())
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

/// What each rack said, in the order of the lines.
fn spread(count: usize, racks: &[(RackName, Vec<usize>)], said: Vec<Vec<bool>>) -> Vec<bool> {
    let mut all = vec![false; count];
    for ((_, places), said) in racks.iter().zip(said) {
        places.iter().zip(said).for_each(|(at, said)| all[*at] = said);
    }
    all
}
