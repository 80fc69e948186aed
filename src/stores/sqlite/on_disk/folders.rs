//! The folder: its one owner, what lies in it, and who may read it.

use super::*;
use ports::Directory;
use ports::directory::ServiceKey;
use ports::scopes::Scopes;

#[test]
fn a_second_owner_of_the_folder_is_refused() {
    let disk = OnDisk::new();
    let folder = disk.scratch.at("data");
    let refused = SqliteStore::open(&folder, &rows_of).err().unwrap();
    assert_eq!(
        refused.to_string(),
        format!("the folder {} is in use by another stampede", folder.display())
    );
    drop(disk.store);
    drop(open(&folder));
}

#[cfg(unix)]
#[test]
fn a_second_owner_is_refused_although_somebody_removed_the_lock() {
    let disk = OnDisk::new();
    let folder = disk.scratch.at("data");
    std::fs::remove_file(folder.join("lock")).unwrap();
    assert!(matches!(SqliteStore::open(&folder, &rows_of), Err(Error::InUse(_))));
    drop(disk.store);
    drop(open(&folder));
}

#[test]
fn where_the_rest_of_an_installation_lies_no_new_one_is_made_and_nothing_is_lost() {
    for database in ["gone", "empty"] {
        for (left, named) in [
            ("stampede.db-wal", "stampede.db-wal"),
            ("stampede.db-shm", "stampede.db-shm"),
            ("imports/9", "imports/"),
        ] {
            let scratch = Scratch::new();
            std::fs::create_dir_all(scratch.at("imports")).unwrap();
            std::fs::write(scratch.at(left), "precious").unwrap();
            if database == "empty" {
                std::fs::write(scratch.at("stampede.db"), "").unwrap();
            }
            for refused in [
                SqliteStore::open(&scratch.0, &rows_of),
                SqliteStore::open_existing(&scratch.0, &rows_of),
            ] {
                let said = refused.err().unwrap().to_string();
                assert!(
                    said.contains(&format!("holds {named}, but its stampede.db is {database}")),
                    "{said}"
                );
            }
            assert_eq!(std::fs::read(scratch.at(left)).unwrap(), b"precious");
        }
    }
}

#[test]
fn an_empty_folder_has_nothing_to_carry_away() {
    let scratch = Scratch::new();
    assert!(matches!(SqliteStore::open_existing(&scratch.0, &rows_of), Err(Error::NoDatabase(_))));
    std::fs::create_dir_all(scratch.at("imports")).unwrap();
    drop(open(&scratch.0));
    drop(SqliteStore::open_existing(&scratch.0, &rows_of).unwrap());
}

#[test]
fn a_newer_database_is_refused_and_a_foreign_one_too() {
    let scratch = Scratch::new();
    drop(open(&scratch.0));
    let database = scratch.at("stampede.db");
    let alter = |sql: &str| Connection::open(&database).unwrap().execute_batch(sql).unwrap();
    alter("PRAGMA user_version = 99");
    assert!(matches!(SqliteStore::open(&scratch.0, &rows_of), Err(Error::Newer { found: 99, .. })));
    assert!(matches!(
        SqliteHistory::open(&scratch.0, &rows_of),
        Err(Error::Newer { found: 99, .. })
    ));
    alter("PRAGMA user_version = 1");
    assert!(matches!(SqliteStore::open(&scratch.0, &rows_of), Err(Error::Older { found: 1 })));
    alter("PRAGMA application_id = 5");
    assert!(matches!(SqliteStore::open(&scratch.0, &rows_of), Err(Error::Foreign(_))));
    std::fs::write(&database, [b'x'; 5000]).unwrap();
    assert!(matches!(SqliteStore::open(&scratch.0, &rows_of), Err(Error::Foreign(_))));
}

#[test]
fn a_database_of_the_version_before_is_read_as_it_is_and_brought_up_to_date_when_it_is_written() {
    let scratch = Scratch::new();
    drop(open(&scratch.0));
    let database = scratch.at("stampede.db");
    let alter = |sql: &str| Connection::open(&database).unwrap().execute_batch(sql).unwrap();
    alter("DROP TABLE scoped_keys; DROP TABLE deeds; DROP TABLE partings; PRAGMA user_version = 4");
    SqliteHistory::open(&scratch.0, &rows_of).unwrap().check_the_rest().unwrap();
    crate::backup(&scratch.0, &scratch.at("before.db")).unwrap();
    let key = "INSERT INTO service_keys (id, name, digest, created_at) VALUES (zeroblob(16), \
               'shop', zeroblob(32), 7)";
    let store = open(&scratch.0);
    wait(store.write(move |connection| connection.execute(key, []))).unwrap();
    let keys = wait(store.service_keys()).unwrap();
    assert_eq!((keys[0].name.as_str(), keys[0].scopes), ("shop", Scopes::MEMBERS));
    let again = ServiceKey { name: "bank".into(), ..keys[0].clone() };
    assert_eq!(wait(store.create_service_key(again)).unwrap(), (keys[0].clone(), true));
    assert!(wait(store.revoke_service_key(keys[0].id, Time(9))).unwrap());
    assert_eq!(wait(store.service_keys()).unwrap()[0].revoked_at, Some(Time(9)));
    drop(store);
    let restored = scratch.at("restored");
    crate::restore(&scratch.at("before.db"), &restored).unwrap();
    assert_eq!(wait(open(&restored).service_keys()).unwrap(), []);
}

#[test]
fn a_database_that_knows_no_deeds_is_read_as_it_is_and_gets_them_when_it_is_opened() {
    let scratch = Scratch::new();
    drop(open(&scratch.0));
    let database = scratch.at("stampede.db");
    let alter = |sql: &str| Connection::open(&database).unwrap().execute_batch(sql).unwrap();
    alter("DROP TABLE deeds; DROP TABLE partings; PRAGMA user_version = 5");
    SqliteHistory::open(&scratch.0, &rows_of).unwrap().check_the_rest().unwrap();
    let store = open(&scratch.0);
    let found = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(store.deed(Id([1; 16])));
    assert_eq!(found, Ok(None));
    SqliteHistory::open(&scratch.0, &rows_of).unwrap().check_the_rest().unwrap();
}

#[test]
fn a_clean_end_leaves_one_file_and_the_lock() {
    let scratch = Scratch::new();
    let store = open(&scratch.0);
    append(&store, &mut Script::new("p"), &[ticket(1, Some("x"))]);
    drop(store);
    let mut names: Vec<_> =
        std::fs::read_dir(&scratch.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["lock", "stampede.db"]);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn paths_need_not_be_text() {
        let scratch = Scratch::new();
        let folder = scratch.0.join(std::ffi::OsStr::from_bytes(b"\xff data ?x=1#\xfe"));
        let mut p = Script::new("p");
        assert_eq!(append(&open(&folder), &mut p, &[]), AppendOutcome::Durable);
        assert_eq!(frames(&open(&folder), "p").len(), 1);
        let copy = scratch.0.join(std::ffi::OsStr::from_bytes(b"\xff copy"));
        backup(&folder, &copy).unwrap();
        restore(&copy, &folder.join(std::ffi::OsStr::from_bytes(b"\xfe"))).unwrap();
    }

    #[test]
    fn only_the_owner_may_read_what_holds_secrets() {
        let scratch = Scratch::new();
        let folder = scratch.at("data");
        let store = open(&folder);
        append(&store, &mut Script::new("p"), &[]);
        backup(&folder, &scratch.at("copy.db")).unwrap();
        restore(&scratch.at("copy.db"), &scratch.at("restored")).unwrap();
        for file in ["data/stampede.db", "data/stampede.db-wal", "copy.db", "restored/stampede.db"]
        {
            let mode = std::fs::metadata(scratch.at(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }
}
