//! The schema is made once, whoever makes it and however many at once.

use cql::{Error, SchemaMode};
use harness::database::{connect, database, wait};

#[test]
fn many_migrate_at_once_and_all_find_the_schema_as_it_should_be() {
    let Some(database) = database() else { return };
    let settings = database.unmade();
    std::thread::scope(|threads| {
        let migrating: Vec<_> = (0..4).map(|_| threads.spawn(|| connect(&settings))).collect();
        migrating.into_iter().for_each(|one| drop(one.join().unwrap()));
    });
    wait(cql::connect(settings.clone(), SchemaMode::Check)).unwrap();
}

#[test]
fn without_a_schema_it_does_not_start_and_says_what_to_do() {
    let Some(database) = database() else { return };
    let refused = wait(cql::connect(database.unmade(), SchemaMode::Check)).map(|_| ()).unwrap_err();
    assert!(
        matches!(refused, Error::NoKeyspace(_)) && refused.to_string().contains("stampede migrate"),
        "{refused}"
    );
}

#[test]
fn a_schema_of_a_newer_binary_is_refused() {
    let Some(database) = database() else { return };
    let settings = database.unmade();
    let cql = connect(&settings);
    wait(cql.session().query_unpaged("INSERT INTO schema_steps (number) VALUES (1000)", ()))
        .unwrap();
    let refused = wait(cql::connect(settings.clone(), SchemaMode::Check)).map(|_| ()).unwrap_err();
    assert!(matches!(refused, Error::Newer { found: 1000, .. }), "{refused}");
}
