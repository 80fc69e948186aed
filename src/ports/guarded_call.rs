//! The calls that may ask for a proof of work, because a crowd of machines could make them.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardedCall {
    Register,
    Login,
    Claim,
    Ballot,
}

impl GuardedCall {
    pub const ALL: [GuardedCall; 4] =
        [GuardedCall::Register, GuardedCall::Login, GuardedCall::Claim, GuardedCall::Ballot];

    /// As settings, challenges and addresses have it.
    pub fn name(self) -> &'static str {
        match self {
            GuardedCall::Register => "register",
            GuardedCall::Login => "login",
            GuardedCall::Claim => "claim",
            GuardedCall::Ballot => "ballot",
        }
    }

    pub fn of_name(name: &str) -> Option<GuardedCall> {
        GuardedCall::ALL.into_iter().find(|call| call.name() == name)
    }

    /// Whether a password is said with it. Nothing that is kept may depend on that.
    pub fn says_a_password(self) -> bool {
        matches!(self, GuardedCall::Register | GuardedCall::Login)
    }
}
