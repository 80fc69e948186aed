//! Where a request comes from, as far as accounts and budgets ask.

#[derive(Clone, Debug, Default)]
pub struct RequestOrigin {
    pub address: String,
    /// What the client calls itself.
    pub agent: Option<String>,
}
