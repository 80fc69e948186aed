//! What can go wrong with the database, and how it is told to the engine.

use actors::store::StoreError;
use std::fmt;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database cannot be reached at {nodes}: {why}")]
    Unreachable { nodes: String, why: String },
    #[error(
        "{0} is no name of a keyspace: letters, digits and _, 48 at most, beginning with a letter"
    )]
    BadKeyspace(String),
    #[error("the database has no keyspace {0} yet; stampede migrate makes it")]
    NoKeyspace(String),
    #[error(
        "the schema in the keyspace {keyspace} is at step {found} and this stampede needs \
         {needed}; stampede migrate brings it there"
    )]
    Behind { keyspace: String, found: i32, needed: i32 },
    #[error(
        "the keyspace {keyspace} was written by a newer stampede (its schema is at step {found}, \
         this one knows {known})"
    )]
    Newer { keyspace: String, found: i32, known: i32 },
    #[error("the schema: {0}")]
    Schema(String),
    #[error("the database: {0}")]
    Failed(String),
}

/// The answer was lost: it may or may not have been done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LostAnswer(pub String);

pub fn unavailable(error: impl fmt::Display) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

pub fn broken(error: impl fmt::Display) -> StoreError {
    StoreError::Broken(error.to_string())
}
