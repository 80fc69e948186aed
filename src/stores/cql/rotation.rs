//! Beginning a new generation, so that no CQL partition grows without end.
//!
//! First the old generation is closed, by one conditional statement that names the next and raises
//! the epoch above everybody's. Then the next one's sentinel is made, from what the closed one
//! says: by whoever comes first, and it is the same whoever does. A crash between the two is
//! finished by whoever opens. Nothing is ever removed.

use super::claim::Claim;
use super::tables::Tables;

impl Tables {
    pub fn is_full(&self, claim: &Claim) -> bool {
        claim.at.seq - claim.began >= self.tuning.generation_records
            || claim.bytes >= self.tuning.generation_bytes
    }

    /// Moves the claim to the next generation. None when it cannot be known to be still one's own:
    /// then it must be taken over again.
    pub async fn rotate(&self, name: &str, claim: Claim) -> Option<Claim> {
        let next = claim.generation + 1;
        if !self.close(name, &claim).await || !self.begin(name, next, claim.epoch, claim.at).await {
            return None;
        }
        self.hint(name, next).await;
        Some(claim.moved_to(next))
    }

    /// True if it was closed by this very attempt.
    pub async fn close(&self, name: &str, claim: &Claim) -> bool {
        let Claim { generation, epoch, at, .. } = claim;
        let row = (generation + 1, epoch, name, generation, epoch, at.seq as i64, &at.head[..]);
        self.cql.decide(&self.close, row, false).await.is_ok_and(|verdict| verdict.applied)
    }

    /// Where to begin to look for the newest generation. Without it, whoever opens follows the
    /// generations from the first.
    pub async fn hint(&self, name: &str, generation: i32) {
        let _ = self.cql.write(&self.hint_generation, (name, generation, generation as i64)).await;
    }
}
