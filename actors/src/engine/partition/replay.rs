//! How a partition is made again from its log, and the snapshots that shorten the way.

use super::{Partition, Saved};
use crate::engine::record::{self, Broken, Entry, Record};
use crate::engine::snapshot::{self, PartitionMemory, PartitionState, Suspect};
use crate::machine::Machine;
use crate::store::{Frame, Position, Snapshot};
use crate::time::Time;

impl<M: Machine, W> Partition<M, W> {
    /// Whether the store's snapshot would say something else than one made now.
    pub fn has_changed_since_snapshot(&self) -> bool {
        self.saved.map_or(self.written.seq > 0, |saved| {
            saved != Saved { seq: self.written.seq, due: self.wake_at() }
        })
    }

    /// When to wake this partition if it sleeps: when something is due. While it remembers keys, it
    /// is woken at every start, because only then does its node know what they stand for.
    fn wake_at(&self) -> Option<Time> {
        match self.answered.since(self.horizon()) {
            Some(_) => Some(self.time),
            None => self.machine.due(),
        }
    }

    /// The head as of the last append. Only durable if nothing is under way.
    pub fn snapshot(&self) -> Snapshot {
        let horizon = self.horizon();
        let keys_after = self.answered.since(horizon).unwrap_or(self.written.seq);
        snapshot::seal(
            &self.id,
            self.written,
            keys_after,
            self.wake_at(),
            &PartitionState {
                known: PartitionMemory { time: self.time, horizon },
                machine: &self.machine,
            },
        )
    }

    pub fn snapshot_was_saved(&mut self, snapshot: &Snapshot) {
        self.saved = Some(Saved { seq: snapshot.at.seq, due: snapshot.due });
    }

    /// Says where the snapshot stands. What is read of the log begins with `first`, which may be
    /// before that.
    pub(super) fn restore(
        &mut self,
        snapshot: &Snapshot,
        first: Option<&Frame>,
    ) -> Result<Position, Broken> {
        let PartitionState { known, machine } = snapshot::open(&self.id, snapshot)?;
        self.machine = machine;
        self.time = known.time;
        self.floor = known.horizon;
        self.written = first.map_or(snapshot.at, |frame| frame.from);
        self.snapshot_was_saved(snapshot);
        Ok(snapshot.at)
    }

    /// Reads a frame whose facts are in the head already, for the keys in it.
    pub(super) fn hear(&mut self, frame: &Frame) -> Result<(), Broken> {
        let records = record::read::<M::Event>(&self.written, frame)?;
        for (record, seq) in records.into_iter().zip(frame.from.seq + 1..) {
            self.remember_record(&record, seq);
        }
        self.written = frame.to;
        Ok(())
    }

    fn remember_record(&mut self, record: &Record<M::Event>, seq: u64) {
        if let Some(key) = record.key {
            self.window.bind(&key, record.at);
            self.remember(key, record.at, seq, record::entry_bytes(&record.entry).into());
        }
    }

    /// Applies one more frame of the log.
    pub fn replay(&mut self, frame: &Frame) -> Result<(), Broken> {
        self.replay_and_show(frame, |_| ())
    }

    /// The same, and shows what is in it.
    pub fn replay_and_show(
        &mut self,
        frame: &Frame,
        mut show: impl FnMut(&Record<M::Event>),
    ) -> Result<(), Broken> {
        let records = record::read::<M::Event>(&self.written, frame)?;
        for (record, seq) in records.into_iter().zip(frame.from.seq + 1..) {
            show(&record);
            self.time = self.time.max(record.at);
            self.remember_record(&record, seq);
            if let Entry::Fact(event) = &record.entry {
                self.machine.apply(event, record.at);
            }
        }
        // It was for those who waited then.
        drop(self.machine.take_witness());
        self.written = frame.to;
        Ok(())
    }

    /// Whether a snapshot that was taken here says what this replay of the log says.
    pub fn agrees_with(&self, suspect: &Suspect) -> bool {
        suspect.agrees(&self.machine, self.time)
    }
}
