//! What holds on several nodes, shown on a real Cassandra.

mod database;

mod schema;
