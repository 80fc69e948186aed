//! Logins and sessions: they begin, go on, end, and are remembered.

use super::harness::DirectoryHarness;
use super::words::{
    START, account, at_s, create, create_named, ended, id, living, login, named, refresh, session,
};
use actors::Time;
use futures_util::future::join_all;
use ports::directory::{AccountRole, Begin, Created, HOMES, NewMember, Owing, Refreshed};

pub async fn the_first_login_is_the_first_once(harness: &mut dyn DirectoryHarness) {
    let nodes = [harness.directory(), harness.elsewhere()];
    create_named(&nodes[0], 1, "ada").await;
    let logins = (0..12u8).map(|n| {
        let begin =
            Begin { owed: Some(vec![n]), ..login(id(1), session(n + 10, at_s(i64::from(n)))) };
        nodes[usize::from(n) % 2].begin_session(begin)
    });
    let begun: Vec<_> =
        join_all(logins).await.into_iter().map(|begun| begun.unwrap().unwrap()).collect();
    let firsts: Vec<usize> = (0..begun.len()).filter(|n| begun[*n].first_login).collect();
    let [first] = firsts[..] else { panic!("{firsts:?} were the first") };
    assert!(begun.iter().all(|one| one.owed == Some(vec![first as u8])));
    let member = account(&nodes[0], id(1)).await.member;
    assert_eq!(
        (member.first_login_at, member.last_login_at),
        (Some(at_s(first as i64)), Some(at_s(11)))
    );
    assert_eq!(living(&nodes[1], id(1)).await.len(), 12);
}

/// An account that comes from elsewhere.
pub async fn who_logged_in_before_the_account_was_made_is_no_newcomer(
    harness: &mut dyn DirectoryHarness,
) {
    let directory = harness.directory();
    let mut ada = named(1, "ada");
    (ada.member.first_login_at, ada.member.last_login_at) = (Some(Time(5)), Some(Time(5)));
    assert_eq!(create(&directory, ada.clone()).await, Created::Created);
    assert_eq!(account(&harness.elsewhere(), id(1)).await.member, ada.member);
    let begin = Begin { owed: Some(vec![7]), ..login(id(1), session(11, START)) };
    let begun = directory.begin_session(begin).await.unwrap().unwrap();
    assert_eq!((begun.first_login, begun.owed), (false, None));
    let found = account(&harness.elsewhere(), id(1)).await.member;
    assert_eq!((found.first_login_at, found.last_login_at), (Some(Time(5)), Some(START)));
}

pub async fn the_last_login_never_goes_back(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    for (number, seconds, last) in [(11, 10, 10), (12, 5, 10), (13, 20, 20)] {
        let begun = directory
            .begin_session(login(id(1), session(number, at_s(seconds))))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (begun.member.first_login_at, begun.member.last_login_at),
            (Some(at_s(10)), Some(at_s(last)))
        );
    }
}

pub async fn a_session_begins_only_with_the_password_that_still_is(
    harness: &mut dyn DirectoryHarness,
) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    let old = Begin { knew: "another".to_owned(), ..login(id(1), session(11, START)) };
    assert_eq!(directory.begin_session(old).await.unwrap(), None);
    assert_eq!(directory.begin_session(login(id(2), session(12, START))).await.unwrap(), None);
    assert_eq!(account(&directory, id(1)).await.member.first_login_at, None);
    assert_eq!(living(&directory, id(1)).await, []);
}

pub async fn a_rehashed_password_is_the_new_one(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    let begin = Begin { rehashed: Some("anew".to_owned()), ..login(id(1), session(11, START)) };
    assert!(directory.begin_session(begin).await.unwrap().unwrap().first_login);
    assert_eq!(account(&directory, id(1)).await.password_hash, "anew");
}

pub async fn a_repeated_registration_is_no_login(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    let begin = Begin { login: false, owed: Some(vec![1]), ..login(id(1), session(11, START)) };
    let begun = directory.begin_session(begin).await.unwrap().unwrap();
    assert_eq!((begun.first_login, begun.owed, begun.member.last_login_at), (false, None, None));
    assert_eq!(living(&directory, id(1)).await, [id(11)]);
}

pub async fn a_refresh_rotates_repeats_and_ends(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    let ada = NewMember { session: Some(session(11, START)), ..named(1, "ada") };
    assert_eq!(create(&directory, ada).await, Created::Created);
    let role = AccountRole::Member;
    for (directory, step, seconds, expected) in [
        (directory.clone(), 0, 10, Refreshed::Rotated { step: 1, role }),
        (harness.elsewhere(), 0, 20, Refreshed::Repeated { step: 1, role }),
        (harness.elsewhere(), 1, 30, Refreshed::Rotated { step: 2, role }),
        (directory.clone(), 3, 31, Refreshed::Unknown),
        (directory.clone(), 0, 32, Refreshed::Reused),
        (harness.elsewhere(), 2, 33, Refreshed::Unknown),
    ] {
        assert_eq!(
            directory.refresh(refresh(id(1), 11, step, at_s(seconds))).await.unwrap(),
            expected,
            "step {step} at {seconds} s"
        );
    }
    assert_eq!(ended(&directory, START).await, [(id(11), at_s(32))]);
}

pub async fn of_many_refreshes_at_once_one_rotates(harness: &mut dyn DirectoryHarness) {
    let nodes = [harness.directory(), harness.elsewhere()];
    let ada = NewMember { session: Some(session(11, START)), ..named(1, "ada") };
    assert_eq!(create(&nodes[0], ada).await, Created::Created);
    let all =
        join_all((0..30).map(|n| nodes[n % 2].refresh(refresh(id(1), 11, 0, at_s(10))))).await;
    let all: Vec<Refreshed> = all.into_iter().map(Result::unwrap).collect();
    let role = AccountRole::Member;
    assert_eq!(
        all.iter().filter(|one| **one == Refreshed::Rotated { step: 1, role }).count(),
        1,
        "{all:?}"
    );
    assert_eq!(
        all.iter().filter(|one| **one == Refreshed::Repeated { step: 1, role }).count(),
        29,
        "{all:?}"
    );
}

pub async fn a_refresh_of_what_never_was_is_unknown(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    for member in [id(1), id(2)] {
        assert_eq!(
            directory.refresh(refresh(member, 11, 0, at_s(1))).await.unwrap(),
            Refreshed::Unknown
        );
        assert!(!directory.end_session(member, id(11), at_s(1)).await.unwrap());
        assert_eq!(directory.end_sessions(member, None, at_s(1)).await.unwrap(), []);
    }
    assert_eq!(ended(&directory, START).await, []);
}

pub async fn an_ended_session_is_over_and_listed(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    for (number, seconds) in [(11, 0), (12, 1), (13, 2)] {
        directory
            .begin_session(login(id(1), session(number, at_s(seconds))))
            .await
            .unwrap()
            .unwrap();
    }
    // The second ends two hours after the first.
    assert!(directory.end_session(id(1), id(11), at_s(10)).await.unwrap());
    assert!(directory.end_session(id(1), id(12), at_s(7200)).await.unwrap());
    assert!(!harness.elsewhere().end_session(id(1), id(12), at_s(7201)).await.unwrap());
    assert_eq!(living(&directory, id(1)).await, [id(13)]);
    let (first, second) = ((id(11), at_s(10)), (id(12), at_s(7200)));
    for directory in [directory, harness.elsewhere()] {
        assert_eq!(ended(&directory, at_s(10)).await, [first, second]);
        assert_eq!(ended(&directory, at_s(11)).await, [second]);
        assert_eq!(ended(&directory, at_s(7201)).await, []);
        assert_eq!(
            directory.refresh(refresh(id(1), 11, 0, at_s(20))).await.unwrap(),
            Refreshed::Unknown
        );
    }
}

pub async fn all_sessions_end_but_the_one_that_is_kept(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    create_named(&directory, 2, "bob").await;
    for number in 11..15 {
        directory.begin_session(login(id(1), session(number, START))).await.unwrap().unwrap();
    }
    directory.begin_session(login(id(2), session(21, START))).await.unwrap().unwrap();
    assert!(directory.end_session(id(1), id(11), at_s(1)).await.unwrap());
    let mut others = directory.end_sessions(id(1), Some(id(13)), at_s(2)).await.unwrap();
    others.sort();
    assert_eq!(others, [id(12), id(14)]);
    assert_eq!(living(&harness.elsewhere(), id(1)).await, [id(13)]);
    assert_eq!(
        directory.refresh(refresh(id(1), 12, 0, at_s(3))).await.unwrap(),
        Refreshed::Unknown
    );
    assert!(!directory.end_session(id(1), id(12), at_s(3)).await.unwrap());
    assert_eq!(
        directory.refresh(refresh(id(1), 13, 0, at_s(3))).await.unwrap(),
        Refreshed::Rotated { step: 1, role: AccountRole::Member }
    );
    assert_eq!(directory.end_sessions(id(1), Some(id(13)), at_s(4)).await.unwrap(), []);
    assert_eq!(harness.elsewhere().end_sessions(id(1), None, at_s(5)).await.unwrap(), [id(13)]);
    assert_eq!(
        (living(&directory, id(1)).await, living(&directory, id(2)).await),
        (vec![], vec![id(21)])
    );
    assert_eq!(
        ended(&directory, START).await,
        [(id(11), at_s(1)), (id(12), at_s(2)), (id(13), at_s(5)), (id(14), at_s(2))]
    );
}

pub async fn a_session_ends_no_earlier_than_its_last_token_was_made(
    harness: &mut dyn DirectoryHarness,
) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    for number in [11, 12] {
        directory.begin_session(login(id(1), session(number, at_s(3600)))).await.unwrap().unwrap();
    }
    directory.refresh(refresh(id(1), 12, 0, at_s(3700))).await.unwrap();
    // By a clock that is an hour behind.
    assert!(directory.end_session(id(1), id(11), at_s(0)).await.unwrap());
    assert_eq!(directory.end_sessions(id(1), None, at_s(1)).await.unwrap(), [id(12)]);
    assert_eq!(
        ended(&harness.elsewhere(), at_s(3600)).await,
        [(id(11), at_s(3600)), (id(12), at_s(3700))]
    );
}

pub async fn sessions_begun_after_all_were_ended_live(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    for round in 0..3u8 {
        let session = session(round + 11, at_s(i64::from(round)));
        directory.begin_session(login(id(1), session)).await.unwrap().unwrap();
        assert_eq!(living(&directory, id(1)).await, [id(round + 11)]);
        assert_eq!(
            directory.end_sessions(id(1), None, at_s(i64::from(round))).await.unwrap(),
            [id(round + 11)]
        );
    }
}

pub async fn living_sessions_come_in_pages(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    for number in 11..18 {
        directory.begin_session(login(id(1), session(number, START))).await.unwrap().unwrap();
    }
    assert!(directory.end_session(id(1), id(13), at_s(1)).await.unwrap());
    let page = async |after, limit| {
        let page = directory.sessions(id(1), after, limit, Time(0)).await.unwrap();
        page.into_iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 3).await, [id(11), id(12), id(14)]);
    assert_eq!(page(Some(id(14)), 3).await, [id(15), id(16), id(17)]);
    assert_eq!(page(Some(id(17)), 3).await, []);
    let first = directory.sessions(id(1), None, 1, Time(0)).await.unwrap().remove(0);
    assert_eq!(
        (first.began_at, first.refreshed_at, first.agent.as_deref()),
        (START, START, Some("browser 11"))
    );
}

pub async fn dead_sessions_are_forgotten_and_not_listed(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    for (number, seconds) in [(11, 0), (12, 500)] {
        directory
            .begin_session(login(id(1), session(number, at_s(seconds))))
            .await
            .unwrap()
            .unwrap();
    }
    let alive = directory.sessions(id(1), None, 10, at_s(100)).await.unwrap();
    assert_eq!(alive.into_iter().map(|session| session.id).collect::<Vec<_>>(), [id(12)]);
    assert_eq!(
        directory.refresh(refresh(id(1), 11, 0, at_s(1001))).await.unwrap(),
        Refreshed::Unknown
    );
    let begin = Begin { dead_before: at_s(100), ..login(id(1), session(13, at_s(1100))) };
    directory.begin_session(begin).await.unwrap().unwrap();
    assert_eq!(living(&directory, id(1)).await, [id(12), id(13)], "the dead one is forgotten");
}

pub async fn what_is_owed_is_listed_until_it_is_settled(harness: &mut dyn DirectoryHarness) {
    let (directory, elsewhere) = (harness.directory(), harness.elsewhere());
    for number in 1..6 {
        let member = create_named(&directory, number, &format!("member{number}")).await;
        let owed = (number != 3).then(|| vec![number]);
        let begun = directory
            .begin_session(Begin {
                owed: owed.clone(),
                ..login(member, session(number + 10, at_s(1)))
            })
            .await;
        assert_eq!(begun.unwrap().unwrap().owed, owed);
    }
    let owing = |number: u8, owed: &[u8]| Owing {
        member: id(number),
        first_login_at: at_s(1),
        owed: owed.to_vec(),
    };
    assert_eq!(
        elsewhere.owing(None, 3).await.unwrap(),
        [owing(1, &[1]), owing(2, &[2]), owing(4, &[4])]
    );
    assert_eq!(elsewhere.owing(Some(id(4)), 3).await.unwrap(), [owing(5, &[5])]);
    assert!(!directory.settle_owed(id(1), vec![9], None).await.unwrap());
    assert!(directory.settle_owed(id(1), vec![1], Some(vec![8])).await.unwrap());
    assert!(
        directory.settle_owed(id(2), vec![2], None).await.unwrap()
            && !directory.settle_owed(id(2), vec![2], None).await.unwrap()
    );
    directory.delete_member(id(4), at_s(2)).await.unwrap();
    for directory in [directory.clone(), elsewhere] {
        assert_eq!(directory.owing(None, 10).await.unwrap(), [owing(1, &[8]), owing(5, &[5])]);
    }
    let again = directory
        .begin_session(Begin { owed: Some(vec![7]), ..login(id(2), session(22, at_s(3))) })
        .await
        .unwrap()
        .unwrap();
    assert_eq!((again.first_login, again.owed), (false, None));
}

pub async fn a_home_is_remembered_until_there_are_too_many_or_its_member_is_deleted(
    harness: &mut dyn DirectoryHarness,
) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    create_named(&directory, 2, "bob").await;
    let begin = async |number: u8, home| {
        let begin = Begin { home, ..login(id(1), session(number, at_s(i64::from(number)))) };
        directory.begin_session(begin).await.unwrap().unwrap();
    };
    let most = HOMES as u8;
    begin(1, None).await;
    for number in 2..=most + 2 {
        begin(number, Some(id(number))).await;
    }
    // One that is noted again is a late one.
    begin(most + 3, Some(id(3))).await;
    drop(directory);
    harness.reopen();
    let (directory, elsewhere) = (harness.directory(), harness.elsewhere());
    directory.prepare().await.unwrap();
    let knows = async |member, number| elsewhere.knows_home(id(member), id(number)).await.unwrap();
    assert!(!knows(1, 2).await, "the oldest of too many is forgotten");
    for number in 3..=most + 2 {
        assert!(knows(1, number).await && !knows(2, number).await, "{number}");
    }
    let another = Begin { home: Some(id(90)), ..login(id(1), session(90, at_s(90))) };
    directory.begin_session(another).await.unwrap().unwrap();
    assert!(knows(1, 90).await && knows(1, 3).await && !knows(1, 4).await);
    let knew = Begin {
        knew: "another".to_owned(),
        home: Some(id(91)),
        ..login(id(1), session(91, at_s(91)))
    };
    assert_eq!(directory.begin_session(knew).await.unwrap(), None);
    assert!(!knows(1, 91).await, "no login, no home");
    directory.delete_member(id(1), at_s(99)).await.unwrap();
    assert!(!knows(1, 90).await && !knows(1, 3).await);
}
