//! What a service key may do: its scopes.

/// One thing that a service key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All that members may, for members of its own: what the five after this one may together.
    Members,
    Claim,
    Redeem,
    Assign,
    Tickets,
    Ballots,
    /// What a viewer may.
    View,
    /// What an operator may, and so a viewer.
    Operate,
}

impl Scope {
    pub const ALL: [Scope; 8] = [
        Scope::Members,
        Scope::Claim,
        Scope::Redeem,
        Scope::Assign,
        Scope::Tickets,
        Scope::Ballots,
        Scope::View,
        Scope::Operate,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Scope::Members => "members",
            Scope::Claim => "claim",
            Scope::Redeem => "redeem",
            Scope::Assign => "assign",
            Scope::Tickets => "tickets",
            Scope::Ballots => "ballots",
            Scope::View => "view",
            Scope::Operate => "operate",
        }
    }

    pub fn of_name(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// As every directory keeps it, for ever.
    fn bit(self) -> i64 {
        1 << match self {
            Scope::Members => 0,
            Scope::Claim => 1,
            Scope::Redeem => 2,
            Scope::Assign => 3,
            Scope::Tickets => 4,
            Scope::Ballots => 5,
            Scope::View => 6,
            Scope::Operate => 7,
        }
    }
}

/// All that one key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes(i64);

impl Scopes {
    /// What a key may that says nothing of scopes, and every key that was made before there were
    /// any.
    pub const MEMBERS: Scopes = Scopes(1);

    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Scopes {
        Scopes(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }

    /// What cannot be read allows nothing.
    pub fn of_bits(bits: i64) -> Scopes {
        Scopes(bits)
    }

    pub fn bits(self) -> i64 {
        self.0
    }

    pub fn is_empty(self) -> bool {
        self.list().next().is_none()
    }

    pub fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    pub fn list(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }

    pub fn names(self) -> Vec<&'static str> {
        self.list().map(Scope::name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_kept_as_bits_that_never_change() {
        let bits: Vec<i64> =
            Scope::ALL.into_iter().map(|scope| Scopes::of([scope]).bits()).collect();
        assert_eq!(bits, [1, 2, 4, 8, 16, 32, 64, 128]);
        let some = Scopes::of([Scope::View, Scope::Claim]);
        assert_eq!(Scopes::of_bits(some.bits()), some);
        assert_eq!(some.names(), ["claim", "view"]);
        assert!(some.has(Scope::View) && !some.has(Scope::Operate) && !some.is_empty());
        assert!(Scopes::of_bits(1 << 40).is_empty());
        assert_eq!(Scopes::MEMBERS.names(), ["members"]);
    }

    #[test]
    fn every_scope_is_read_by_its_name() {
        for scope in Scope::ALL {
            assert_eq!(Scope::of_name(scope.name()), Some(scope));
        }
        assert_eq!(Scope::of_name("admin"), None);
    }
}
