//! Identifiers belong to one account, whoever registers where, how many at once, and wherever a
//! node dies on the way.

use crate::cut::{Cut, Wire};
use crate::people::{Nodes, open};
use actors::{Id, Time};
use cql::{CqlSettings, SchemaMode};
use futures_util::future::join_all;
use harness::database::wait;
use ports::directory::{
    AccountRole, Changed, Changes, Created, Directory, Dismissed, Member, NewMember, NewSession,
};
use ports::profile::{Identifier, Profile};
use std::sync::Arc;

const AT: Time = Time(1_800_000_000_000);

fn id(number: u16) -> Id {
    let mut id = [7; 16];
    id[14..].copy_from_slice(&number.to_be_bytes());
    Id(id)
}

fn profile(username: Option<&str>, email: Option<&str>, phone: Option<&str>) -> Profile {
    Profile {
        username: username.map(|text| Identifier::username(text).unwrap()),
        email: email.map(|text| Identifier::email(text).unwrap()),
        phone: phone.map(|text| Identifier::phone(text).unwrap()),
        ..Profile::default()
    }
}

fn new(number: u16, profile: Profile) -> NewMember {
    let member = Member {
        id: id(number),
        role: AccountRole::Member,
        profile,
        created_at: AT,
        first_login_at: None,
        last_login_at: None,
    };
    let mut session = id(number);
    session.0[0] = 9;
    let session = Some(NewSession { id: session, at: AT, agent: None });
    NewMember {
        member,
        password_hash: "hash".to_owned(),
        registration: None,
        keys_since: AT,
        session,
    }
}

/// Everything that accounts list is claimed by them, and every claim is borne out by an account:
/// there is nothing half.
async fn nothing_is_half(nodes: &Nodes) -> Vec<Member> {
    let members = nodes.one.members(None, 10_000).await.unwrap();
    let mut listed: Vec<(String, Id)> = Vec::new();
    for member in &members {
        for identifier in member.profile.identifiers() {
            let owner = nodes.other.account(identifier.folded.clone()).await.unwrap();
            assert_eq!(
                owner.map(|account| account.member.id),
                Some(member.id),
                "{}",
                identifier.folded
            );
            listed.push((identifier.folded.clone(), member.id));
        }
    }
    let mut claims = nodes.claims().await;
    claims.sort();
    listed.sort();
    assert_eq!(claims, listed, "claims, and what accounts list");
    assert_eq!(nodes.one.count_members().await.unwrap(), members.len() as u64);
    members
}

#[test]
fn a_thousand_registrations_of_one_address_over_two_nodes_make_one_account() {
    let Some(nodes) = Nodes::new() else { return };
    wait(async {
        let all = (0..1000).map(|n| {
            nodes.of(n).create_member(new(n, profile(None, Some("ada@example.org"), None)))
        });
        let all: Vec<Created> = join_all(all).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(all.iter().filter(|one| **one == Created::Created).count(), 1);
        assert_eq!(nothing_is_half(&nodes).await.len(), 1);
    });
}

/// Ten names and ten numbers in every combination, ten times over: a name goes with one number and
/// a number with one name.
#[test]
fn a_thousand_registrations_of_colliding_pairs_over_two_nodes_make_no_pair_of_two() {
    let Some(nodes) = Nodes::new() else { return };
    wait(async {
        let all = (0..1000u16).map(|n| {
            let (name, phone) =
                (format!("name{}", n % 10), format!("+4917012345{:02}", n / 10 % 10));
            nodes.of(n / 2).create_member(new(n, profile(Some(&name), None, Some(&phone))))
        });
        let all: Vec<Created> = join_all(all).await.into_iter().map(Result::unwrap).collect();
        let made = all.iter().filter(|one| **one == Created::Created).count();
        assert!((1..=10).contains(&made), "{made}");
        assert_eq!(nothing_is_half(&nodes).await.len(), made);
    });
}

/// What a node does when it dies on the way.
#[derive(Clone, Copy, Debug)]
enum Doing {
    Registering,
    Changing,
    Deleting,
}

impl Doing {
    /// True if it was answered.
    async fn run(self, directory: Arc<dyn Directory>, base: u16) -> bool {
        let (old, name, phone) = names(base);
        match self {
            Doing::Registering => {
                let made = directory
                    .create_member(new(base, profile(Some(&name), None, Some(&phone))))
                    .await;
                made.map(|made| assert_eq!(made, Created::Created)).is_ok()
            }
            Doing::Changing => {
                let Profile { username, phone, .. } = profile(Some(&name), None, Some(&phone));
                let changes =
                    Changes { username: Some(username), phone: Some(phone), ..Changes::default() };
                let changed = directory.change_member(id(base + 1), changes).await;
                changed
                    .map(|changed| {
                        assert!(matches!(changed, Changed::Changed(_)), "{changed:?} of {old}")
                    })
                    .is_ok()
            }
            Doing::Deleting => directory
                .delete_member(id(base + 1), AT)
                .await
                .map(|gone| assert!(matches!(gone, Dismissed::Done(_))))
                .is_ok(),
        }
    }
}

fn names(base: u16) -> (String, String, String) {
    (format!("old{base}"), format!("name{base}"), format!("+49170{base:07}"))
}

/// How many die at once, each at another statement: most of the time each waits for the claims of
/// the dead to be no longer fresh.
const AT_ONCE: u16 = 6;

/// Cuts the way to the database at the n-th statement, for all n, and looks from another node at
/// what is left.
fn at_every_statement(how: Cut, doing: Doing) {
    let Some(nodes) = &Nodes::new() else { return };
    for first in (1..100).step_by(AT_ONCE.into()) {
        let were_cut: Vec<bool> = std::thread::scope(|threads| {
            let cutting: Vec<_> = (first..first + AT_ONCE)
                .map(|statement| threads.spawn(move || was_cut(nodes, how, doing, statement)))
                .collect();
            cutting.into_iter().map(|one| one.join().unwrap()).collect()
        });
        if were_cut.contains(&false) {
            assert!(
                first > 1 || were_cut.iter().filter(|cut| **cut).count() > 2,
                "it was cut nowhere"
            );
            return;
        }
    }
    panic!("it never ended");
}

fn was_cut(nodes: &Nodes, how: Cut, doing: Doing, statement: u16) -> bool {
    let base = statement * 10;
    let wire = Wire::to(&nodes.settings.nodes[0], how);
    let settings =
        CqlSettings { nodes: vec![wire.address.clone()], ..CqlSettings::clone(&nodes.settings) };
    let dying: Arc<dyn Directory> = open(&settings, SchemaMode::Check);
    wait(async {
        let (old, ..) = names(base);
        assert_eq!(
            nodes.one.create_member(new(base + 1, profile(Some(&old), None, None))).await.unwrap(),
            Created::Created
        );
        let cut = wire.cut_at(statement.into());
        let done = doing.run(dying, base);
        let was_cut = match how {
            // Whoever is dead does not answer; nobody waits for him.
            Cut::Before | Cut::After => tokio::select! { _ = cut => true, done = done => !done },
            Cut::Answer => {
                let mut cut = cut;
                assert!(
                    done.await,
                    "{doing:?}: an answer lost at statement {statement} was not made good"
                );
                cut.try_recv().is_ok()
            }
        };
        every_name_is_free_or_owned(nodes, base).await;
        was_cut
    })
}

/// Whoever wants one of the names gets it, or it has an owner who lists it; nothing hangs in
/// between.
async fn every_name_is_free_or_owned(nodes: &Nodes, base: u16) {
    let (old, name, phone) = names(base);
    for (place, profile) in [
        profile(Some(&old), None, None),
        profile(Some(&name), None, None),
        profile(None, None, Some(&phone)),
    ]
    .into_iter()
    .enumerate()
    {
        let folded = profile.identifiers().next().unwrap().folded.clone();
        let before =
            nodes.other.account(folded.clone()).await.unwrap().map(|account| account.member.id);
        let number = base + 2 + place as u16;
        let made = nodes.other.create_member(new(number, profile)).await.unwrap();
        let after =
            nodes.one.account(folded.clone()).await.unwrap().map(|account| account.member.id);
        match before {
            Some(owner) => {
                assert_eq!((made == Created::Created, after), (false, Some(owner)), "{folded}")
            }
            None => assert_eq!((made, after), (Created::Created, Some(id(number))), "{folded}"),
        }
    }
}

#[test]
fn a_node_that_dies_registering_leaves_every_identifier_free_or_owned() {
    at_every_statement(Cut::Before, Doing::Registering);
    at_every_statement(Cut::After, Doing::Registering);
}

#[test]
fn a_node_that_dies_changing_leaves_every_identifier_free_or_owned() {
    at_every_statement(Cut::Before, Doing::Changing);
    at_every_statement(Cut::After, Doing::Changing);
}

#[test]
fn a_node_that_dies_deleting_leaves_every_identifier_free_or_owned() {
    at_every_statement(Cut::Before, Doing::Deleting);
    at_every_statement(Cut::After, Doing::Deleting);
}

#[test]
fn an_answer_lost_anywhere_is_made_good_and_nothing_is_done_twice() {
    for doing in [Doing::Registering, Doing::Changing, Doing::Deleting] {
        at_every_statement(Cut::Answer, doing);
    }
}
