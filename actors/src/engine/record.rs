//! The bytes of the log: records, and the frames that chain them.
//!
//! A record is its length, then postcard: version, caller, stamp, key, entry. The place of a
//! variant in its enum is the event's tag, so variants are only ever added at the end. A frame is
//! what one commit wrote of one partition.

use super::keys::Key;
use crate::id::Id;
use crate::plain;
use crate::store::{Frame, Head, Position};
use crate::time::Time;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Version 1 was never released; its events did not say all that they changed.
pub const VERSION: u8 = 2;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record<E> {
    pub version: u8,
    pub caller: Id,
    pub at: Time,
    pub key: Option<Key>,
    pub entry: Entry<E>,
}

/// What a record says. All but `Fact` are the engine's own notes about a keyed request that may be
/// had elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Entry<E> {
    Fact(E),
    /// This home sent the request on to the partition at that place of the resource's list.
    Passed {
        to: u16,
    },
    /// This guest was asked and had nothing: the key will never be granted here.
    Declined,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("the chain of hashes breaks at sequence {0}")]
    Chain(u64),
    #[error("sequence {found} follows {expected}")]
    Sequence { expected: u64, found: u64 },
    #[error("record {seq} cannot be read: {why}; a newer version may have written it")]
    Record { seq: u64, why: String },
    #[error("the snapshot at sequence {0} is damaged")]
    Snapshot(u64),
    #[error("the snapshot at sequence {0} was written by another version")]
    Layout(u64),
    #[error("the snapshot at sequence {0} does not say what the log says")]
    Disagrees(u64),
    #[error("the name {0:?} is not one of this kind of partition")]
    Name(String),
}

pub fn entry_bytes<E: Serialize>(entry: &Entry<E>) -> Vec<u8> {
    plain::bytes_of(entry)
}

/// Appends a record to `bytes`, preceded by its length. The entry comes as bytes because the
/// answered keys hold the same ones.
pub fn push(bytes: &mut Vec<u8>, caller: Id, at: Time, key: Option<Key>, entry: &[u8]) {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; 4]);
    plain::append(&(VERSION, caller, at, key), bytes);
    bytes.extend_from_slice(entry);
    let length = (bytes.len() - start - 4) as u32;
    bytes[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

pub fn head_after(from: &Position, to_seq: u64, records: &[u8]) -> Head {
    let mut sha = Sha256::new();
    sha.update(from.head);
    sha.update(from.seq.to_le_bytes());
    sha.update(to_seq.to_le_bytes());
    sha.update(records);
    sha.finalize().into()
}

/// Without records it adds nothing to the chain: it only asks whether `from` is still the end.
pub fn frame(from: Position, count: u64, records: Vec<u8>) -> Frame {
    if count == 0 {
        return Frame { from, to: from, records };
    }
    let seq = from.seq + count;
    let head = head_after(&from, seq, &records);
    Frame { from, to: Position { seq, head }, records }
}

/// The records of a frame, after the frame was checked to be the one that follows `from`.
pub fn read<E: DeserializeOwned>(from: &Position, frame: &Frame) -> Result<Vec<Record<E>>, Broken> {
    if frame.from.seq != from.seq {
        return Err(Broken::Sequence { expected: from.seq + 1, found: frame.from.seq + 1 });
    }
    if frame.from.head != from.head
        || head_after(from, frame.to.seq, &frame.records) != frame.to.head
    {
        return Err(Broken::Chain(frame.to.seq));
    }
    records(frame)
}

/// When the first record of a frame happened, whatever kind it is of.
pub fn began_at(frame: &Frame) -> Option<Time> {
    let (_, body) = frame.records.split_first_chunk::<4>()?;
    time_of(body)
}

/// When its last record happened.
pub fn ended_at(frame: &Frame) -> Option<Time> {
    let (mut rest, mut last) = (frame.records.as_slice(), None);
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (body, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        (last, rest) = (Some(body), after);
    }
    time_of(last?)
}

fn time_of(body: &[u8]) -> Option<Time> {
    let ((_, _, at), _) = postcard::take_from_bytes::<(u8, Id, Time)>(body).ok()?;
    Some(at)
}

/// The records of a frame as they stand.
pub fn records<E: DeserializeOwned>(frame: &Frame) -> Result<Vec<Record<E>>, Broken> {
    let mut rest = frame.records.as_slice();
    let mut found = Vec::new();
    for seq in frame.from.seq + 1..=frame.to.seq {
        let broken = |why: &str| Broken::Record { seq, why: why.into() };
        let (length, after) =
            rest.split_first_chunk::<4>().ok_or_else(|| broken("it is cut off"))?;
        let (body, after) = after
            .split_at_checked(u32::from_le_bytes(*length) as usize)
            .ok_or_else(|| broken("it is cut off"))?;
        if body.first() != Some(&VERSION) {
            return Err(broken("its version is unknown"));
        }
        found.push(postcard::from_bytes(body).map_err(|e| broken(&e.to_string()))?);
        rest = after;
    }
    match rest {
        [] => Ok(found),
        _ => Err(Broken::Record { seq: frame.to.seq, why: "bytes follow the last record".into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(entry: Entry<u32>) -> Record<u32> {
        Record {
            version: VERSION,
            caller: Id([7; 16]),
            at: Time(1_800_000_000_000),
            key: Some(Key { hash: Id([9; 16]), command: 5 }),
            entry,
        }
    }

    fn framed(entries: Vec<Entry<u32>>) -> Frame {
        let mut bytes = Vec::new();
        let count = entries.len() as u64;
        for entry in entries {
            let Record { caller, at, key, entry, .. } = record(entry);
            push(&mut bytes, caller, at, key, &entry_bytes(&entry));
        }
        frame(Position::default(), count, bytes)
    }

    #[test]
    fn a_frame_reads_back_what_was_pushed() {
        let frame = framed(vec![Entry::Fact(3), Entry::Passed { to: 4 }, Entry::Declined]);
        let read: Vec<Record<u32>> = read(&Position::default(), &frame).unwrap();
        assert_eq!(
            read,
            [record(Entry::Fact(3)), record(Entry::Passed { to: 4 }), record(Entry::Declined)]
        );
    }

    #[test]
    fn a_frame_says_when_it_began_and_ended_without_being_read() {
        let mut bytes = Vec::new();
        for time in [7, 8, 9] {
            push(&mut bytes, Id::SYSTEM, Time(time), None, &entry_bytes(&Entry::Fact(3)));
        }
        let whole = frame(Position::default(), 3, bytes);
        assert_eq!((began_at(&whole), ended_at(&whole)), (Some(Time(7)), Some(Time(9))));
        let nothing = framed(vec![]);
        assert_eq!((began_at(&nothing), ended_at(&nothing)), (None, None));
        let mut cut = whole;
        cut.records.pop();
        assert_eq!(ended_at(&cut), None);
    }

    #[test]
    fn any_flipped_bit_breaks_the_chain() {
        let whole = framed(vec![Entry::Fact(3), Entry::Declined]);
        for byte in 0..whole.records.len() {
            for bit in 0..8 {
                let mut bad = whole.clone();
                bad.records[byte] ^= 1 << bit;
                assert_eq!(read::<u32>(&Position::default(), &bad), Err(Broken::Chain(2)));
            }
        }
    }

    #[test]
    fn a_frame_behind_a_gap_is_told_by_what_should_come_and_what_does() {
        let mut late = framed(vec![Entry::Fact(3)]);
        late.from.seq = 4;
        let at = Position { seq: 2, ..Position::default() };
        let read = read::<u32>(&at, &late);
        assert_eq!(read, Err(Broken::Sequence { expected: 3, found: 5 }));
    }

    #[test]
    fn every_cut_is_noticed_without_the_chain_too() {
        let whole = framed(vec![Entry::Fact(3), Entry::Declined]);
        for length in 0..whole.records.len() {
            let mut cut = whole.clone();
            cut.records.truncate(length);
            assert!(records::<u32>(&cut).is_err(), "cut to {length}");
        }
    }

    #[test]
    fn a_tag_from_the_future_is_named_and_not_skipped() {
        #[derive(Serialize)]
        enum Newer {
            #[allow(dead_code)]
            Known,
            Unknown,
        }
        #[derive(Debug, Deserialize, PartialEq)]
        enum Older {
            Known,
        }
        let mut bytes = Vec::new();
        push(&mut bytes, Id::SYSTEM, Time(0), None, &entry_bytes(&Entry::Fact(Newer::Unknown)));
        let read = read::<Older>(&Position::default(), &frame(Position::default(), 1, bytes));
        assert!(matches!(read, Err(Broken::Record { seq: 1, .. })), "{read:?}");
    }
}
