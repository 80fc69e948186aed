//! The things that are handed out, each a rule book of its own.
