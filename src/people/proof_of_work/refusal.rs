//! What may be wrong with a proof of work.

use ports::GuardedCall;

/// A call was refused for its proof of work. Nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{flaw}")]
pub struct WorkRefusal {
    pub call: GuardedCall,
    pub flaw: WorkFlaw,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkFlaw {
    #[error("the header Proof-Of-Work is missing")]
    Missing,
    #[error("it is no base64 of {{algorithm, challenge, number, salt, signature}} in JSON")]
    Unreadable,
    #[error("its challenge was not made here")]
    Foreign,
    #[error("its number is not the solution of its challenge")]
    Wrong,
    #[error("its challenge was made for another call")]
    OtherCall,
    #[error("its challenge has expired")]
    Expired,
    #[error("it was used before")]
    Used,
}
