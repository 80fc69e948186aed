//! Every bit of the rows of people flipped, in the file itself: each is found, or changes nothing
//! that is read.

use super::{accounts, leaving, secrets, sessions};
use crate::on_disk::{Scratch, open};
use crate::{backup, folder, schema, sums};
use actors::{Id, Time};
use ports::directory::{AccountRole, Begin, Directory, Member, NewMember, NewSession, ServiceKey};
use ports::profile::{Identifier, IdentifierKind, Profile};
use ports::scopes::Scopes;
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const ADA: Id = Id([0xad; 16]);
const SESSION: Id = Id([0x5e; 16]);
const KEY: Id = Id([0x4b; 16]);
const NAME: &str = "ada-of-the-rows";
const HASH: &str = "$2b$04$not-a-hash-but-as-long-as-one";
const AGENT: &str = "a browser of its own kind";

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// A folder with one member, a session, a secret and a service key, closed.
fn people() -> Scratch {
    let scratch = Scratch::new();
    let store = open(&scratch.0);
    let username = Some(Identifier::stored(IdentifierKind::Username, NAME.to_owned()));
    let profile = Profile { username, ..Profile::default() };
    let member = Member {
        id: ADA,
        role: AccountRole::Member,
        profile,
        created_at: Time(5),
        first_login_at: None,
        last_login_at: None,
    };
    let new = NewMember {
        member,
        password_hash: HASH.into(),
        registration: None,
        session: None,
        keys_since: Time(0),
    };
    wait(store.create_member(new)).unwrap();
    let session = NewSession { id: SESSION, at: Time(7), agent: Some(AGENT.into()) };
    let begin = Begin {
        member: ADA,
        knew: HASH.into(),
        session,
        login: true,
        owed: Some(vec![1, 2, 3]),
        rehashed: None,
        dead_before: Time(0),
        home: Some(Id([9; 16])),
    };
    wait(store.begin_session(begin)).unwrap().unwrap();
    wait(store.secret("seal-of-receipts", vec![0xa7; 32])).unwrap();
    let key = ServiceKey {
        id: KEY,
        name: "shop".into(),
        purpose: None,
        scopes: Scopes::MEMBERS,
        digest: [0x77; 32],
        created_at: Time(9),
        expires_at: None,
        revoked_at: None,
    };
    wait(store.create_service_key(key)).unwrap();
    scratch
}

/// Whatever is read of people.
fn read(connection: &Connection) -> rusqlite::Result<String> {
    let people = leaving::people(connection, None, 10)?;
    let named = accounts::named(connection, NAME)?;
    let living = sessions::page(connection, ADA, None, 10, Time(0))?;
    let ended = sessions::ended_since(connection, Time(0))?;
    let owing = accounts::owing(connection, None, 10)?;
    let keys = secrets::service_keys(connection)?;
    let count = accounts::count(connection, AccountRole::Member)?;
    let secrets = leaving::secrets(connection)?
        .into_iter()
        .map(|secret| (secret.name, secret.value))
        .collect::<Vec<_>>();
    Ok(format!("{people:?} {named:?} {living:?} {ended:?} {owing:?} {keys:?} {count} {secrets:?}"))
}

/// What `verify` asks of the file.
fn check(connection: &Connection) -> Result<(), crate::error::Error> {
    schema::check_pages(connection)?;
    sums::check(connection)
}

fn look<T>(file: &Path, look: impl FnOnce(&Connection) -> T) -> T {
    look(&folder::connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap())
}

/// Where these bytes stand in the file, with what is before them in their row and its sum behind
/// them, if that is there.
fn places(file: &Path, bytes: &[u8], before: usize) -> Vec<std::ops::Range<usize>> {
    let all = std::fs::read(file).unwrap();
    let found = all.windows(bytes.len()).enumerate().filter(|(_, window)| *window == bytes);
    let end_of_page = |at: usize| (at / 4096 + 1) * 4096;
    found
        .map(|(at, _)| at.saturating_sub(before)..(at + bytes.len() + 8).min(end_of_page(at)))
        .collect()
}

fn database(scratch: &Scratch) -> PathBuf {
    scratch.at("stampede.db")
}

/// Flips each bit in turn and back again. Says how many flips a check named.
fn flip_all(file: &Path, bytes: &[u8], before: usize) -> usize {
    let truth = look(file, read).unwrap();
    look(file, check).unwrap();
    let (places, opened) =
        (places(file, bytes, before), File::options().read(true).write(true).open(file).unwrap());
    assert!(!places.is_empty());
    let mut named = 0;
    for (byte, bit) in
        places.into_iter().flatten().flat_map(|byte| (0..8).map(move |bit| (byte, bit)))
    {
        let mut was = [0];
        opened.read_exact_at(&mut was, byte as u64).unwrap();
        opened.write_all_at(&[was[0] ^ 1 << bit], byte as u64).unwrap();
        let found = look(file, check).is_err();
        named += usize::from(found);
        match look(file, read) {
            Err(_) => {}
            // A row that is not where it was asked for is not there; but then a check must say so.
            Ok(seen) => {
                assert!(seen == truth || found, "byte {byte} bit {bit} was believed: {seen}")
            }
        }
        opened.write_all_at(&was, byte as u64).unwrap();
    }
    look(file, check).unwrap();
    named
}

#[test]
fn every_flipped_bit_of_a_member_is_found() {
    let scratch = people();
    let row = [ADA.0.as_slice(), NAME.as_bytes(), HASH.as_bytes()].concat();
    assert_eq!(
        flip_all(&database(&scratch), &row[..16 + NAME.len()], 24).min(1_000 / 3),
        1_000 / 3
    );
    flip_all(&database(&scratch), HASH.as_bytes(), 8);
}

#[test]
fn every_flipped_bit_of_a_session_is_found() {
    let scratch = people();
    flip_all(&database(&scratch), AGENT.as_bytes(), 48);
}

#[test]
fn every_flipped_bit_of_a_secret_or_a_service_key_is_found() {
    let scratch = people();
    assert!(flip_all(&database(&scratch), &[0xa7; 32], 24) > 32 * 8);
    flip_all(&database(&scratch), &[0x77; 32], 28);
}

#[test]
fn damage_is_not_sealed_anew_by_a_later_change_and_is_in_no_backup() {
    let scratch = people();
    let raw = Connection::open(database(&scratch)).unwrap();
    raw.execute("UPDATE members SET role = 1 WHERE id = ?1", [ADA.0]).unwrap();
    drop(raw);
    let store = open(&scratch.0);
    assert!(wait(store.account_of(ADA)).is_err());
    assert!(wait(store.settle_owed(ADA, vec![1, 2, 3], None)).is_err());
    let said = wait(store.account(NAME.into())).unwrap_err().to_string();
    assert!(said.contains("of the table members"), "{said}");
    assert!(wait(store.service_keys()).is_ok(), "the others are as they were");
    drop(store);
    let said = backup(&scratch.0, &scratch.at("copy.db")).unwrap_err().to_string();
    assert!(said.contains("of the table members"), "{said}");
    assert!(!scratch.at("copy.db").exists());
}

#[test]
fn a_damaged_secret_is_neither_believed_nor_made_again() {
    let scratch = people();
    for damage in
        ["UPDATE secrets SET name = 'seal-of-receiptt'", "UPDATE secrets SET value = x'00'"]
    {
        let raw = Connection::open(database(&scratch)).unwrap();
        raw.execute_batch(damage).unwrap();
        drop(raw);
        let store = open(&scratch.0);
        assert!(wait(store.secret("seal-of-receipts", vec![1])).is_err());
    }
}

#[test]
fn every_column_is_in_its_sum() {
    let scratch = people();
    for table in sums::ALL {
        let select = format!(
            "SELECT name FROM pragma_table_info('{}') WHERE name NOT IN ('sum', 'state')",
            table.name
        );
        let mut columns: Vec<String> = look(&database(&scratch), |connection| {
            connection
                .prepare(&select)
                .unwrap()
                .query_map([], |row| row.get(0))
                .unwrap()
                .map(Result::unwrap)
                .collect()
        });
        let mut summed = table.columns.to_vec();
        columns.sort();
        summed.sort_unstable();
        assert_eq!(columns, summed, "{}", table.name);
    }
}
