//! How access tokens are signed.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenAlgorithm {
    /// With a secret: who can verify a token can make one.
    Hs256,
    /// With a pair of keys: anybody can verify a token with the half that is published.
    EdDsa,
}

impl TokenAlgorithm {
    const ALL: [TokenAlgorithm; 2] = [TokenAlgorithm::Hs256, TokenAlgorithm::EdDsa];

    /// As headers of tokens and settings have it.
    pub fn name(self) -> &'static str {
        match self {
            TokenAlgorithm::Hs256 => "HS256",
            TokenAlgorithm::EdDsa => "EdDSA",
        }
    }

    pub fn of_name(name: &str) -> Option<TokenAlgorithm> {
        TokenAlgorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}
