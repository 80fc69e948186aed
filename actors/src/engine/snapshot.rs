//! The bytes of a snapshot: a partition's state, and a digest that says whether it is still what
//! was written.
//!
//! The first byte names the layout. Then follows SHA-256 over the partition, the position, from
//! where on keys are remembered, when it wants to be woken, the layout and the state. A snapshot is
//! a cache, so one whose digest does not hold is never believed: its log says the same. A digest
//! cannot tell that a faulty version wrote a wrong state, so `Suspect` compares a snapshot with a
//! replay.

use super::record::{Broken, Record};
use crate::machine::Machine;
use crate::store::{Position, Snapshot};
use crate::time::Time;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// The shape of what snapshots hold, raised whenever any machine's state gets another. A snapshot
/// of another shape is forgotten, never read.
pub const LAYOUT: u8 = 12;
/// Where the state begins: behind the layout and the digest.
const STATE: usize = 1 + 32;

#[derive(Serialize, Deserialize)]
pub struct PartitionState<M> {
    pub known: PartitionMemory,
    pub machine: M,
}

/// What a partition knows beside its machine.
#[derive(Serialize, Deserialize)]
pub struct PartitionMemory {
    pub time: Time,
    /// Keys answered before this instant may be missing, whatever the node that reads this
    /// remembers.
    pub horizon: Time,
}

/// Writes a state down, under a digest.
pub fn seal<M: Serialize>(
    partition: &str,
    at: Position,
    keys_after: u64,
    due: Option<Time>,
    state: &PartitionState<M>,
) -> Snapshot {
    let mut bytes = vec![0; STATE];
    postcard::to_io(state, &mut bytes).expect("state is plain data and a Vec takes all bytes");
    bytes[0] = LAYOUT;
    let mut snapshot = Snapshot { at, keys_after, due, state: bytes };
    reseal(partition, &mut snapshot);
    snapshot
}

/// Puts the digest over whatever the snapshot says now.
pub fn reseal(partition: &str, snapshot: &mut Snapshot) {
    let digest = digest(partition, snapshot);
    snapshot.state[1..STATE].copy_from_slice(&digest);
}

/// Reads what `seal` wrote, or says why it cannot be used.
pub fn open<M: DeserializeOwned>(
    partition: &str,
    snapshot: &Snapshot,
) -> Result<PartitionState<M>, Broken> {
    let state = check(partition, snapshot)?.ok_or(Broken::Layout(snapshot.at.seq))?;
    postcard::from_bytes(state).map_err(|_| Broken::Snapshot(snapshot.at.seq))
}

/// The bytes of the state, if they are as they were written. None if another version wrote them.
fn check<'a>(partition: &str, snapshot: &'a Snapshot) -> Result<Option<&'a [u8]>, Broken> {
    match snapshot.state.split_at_checked(STATE) {
        Some((before, state)) if before[1..] == digest(partition, snapshot) => {
            Ok((before[0] == LAYOUT).then_some(state))
        }
        _ => Err(Broken::Snapshot(snapshot.at.seq)),
    }
}

fn digest(partition: &str, snapshot: &Snapshot) -> [u8; 32] {
    let mut sha = Sha256::new();
    sha.update((partition.len() as u64).to_le_bytes());
    sha.update(partition);
    sha.update(snapshot.at.seq.to_le_bytes());
    sha.update(snapshot.at.head);
    sha.update(snapshot.keys_after.to_le_bytes());
    sha.update([u8::from(snapshot.due.is_some()), snapshot.state[0]]);
    sha.update(snapshot.due.unwrap_or_default().0.to_le_bytes());
    sha.update(&snapshot.state[STATE..]);
    sha.finalize().into()
}

/// A snapshot that is compared with its log: hears every record up to where it was taken, and is
/// then asked.
pub struct Suspect {
    snapshot: Snapshot,
    known: PartitionMemory,
    /// Where the machine begins in its bytes.
    machine: usize,
    /// The first record that the snapshot lets its reader forget, although the key in it counts.
    forgotten: Option<u64>,
    remembers_any: bool,
    seq: u64,
}

impl Suspect {
    /// None if another version wrote it: it will never be read.
    pub fn new(partition: &str, snapshot: Snapshot) -> Result<Option<Suspect>, Broken> {
        let broken = Broken::Snapshot(snapshot.at.seq);
        let Some(state) = check(partition, &snapshot)? else { return Ok(None) };
        let (known, machine) =
            postcard::take_from_bytes::<PartitionMemory>(state).map_err(|_| broken)?;
        let machine = snapshot.state.len() - machine.len();
        let (forgotten, remembers_any, seq) = (None, false, 0);
        Ok(Some(Suspect { snapshot, known, machine, forgotten, remembers_any, seq }))
    }

    pub fn at(&self) -> Position {
        self.snapshot.at
    }

    /// A record from before the snapshot was taken; the first of the log comes first.
    pub fn hear<E>(&mut self, record: &Record<E>) {
        self.seq += 1;
        if record.key.is_some() && record.at >= self.known.horizon {
            self.remembers_any = true;
            if self.seq <= self.snapshot.keys_after {
                self.forgotten.get_or_insert(self.seq);
            }
        }
    }

    /// Whether it says what a replay says that has just come to where it was taken.
    pub fn agrees<M: Machine>(&self, machine: &M, time: Time) -> bool {
        let due = if self.remembers_any { Some(self.known.time) } else { machine.due() };
        due == self.snapshot.due
            && time <= self.known.time
            && self.forgotten.is_none()
            && self.holds(machine)
    }

    fn holds<M: Serialize>(&self, machine: &M) -> bool {
        let mut rest = Same(&self.snapshot.state[self.machine..]);
        postcard::to_io(machine, &mut rest).is_ok() && rest.0.is_empty()
    }
}

/// Takes exactly these bytes, and fails at the first that is another. So a machine is compared
/// without a second copy of it.
struct Same<'a>(&'a [u8]);

impl Write for Same<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.strip_prefix(bytes).ok_or(io::ErrorKind::InvalidData)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
