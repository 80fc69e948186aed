//! Passwords and resets: set for a reason that holds, once.

use super::harness::DirectoryHarness;
use super::words::{HASH, START, account, at_s, create_named, ended, id, living, login, session};
use futures_util::future::join_all;
use ports::directory::{Because, NewPassword, Reset};

pub async fn a_password_is_set_only_for_a_reason_that_holds(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    let set = async |member, hash: &str, because| {
        let new = NewPassword { member, hash: hash.to_owned(), at: START, because };
        directory.set_password(new).await.unwrap().is_some()
    };
    let knew = |hash: &str| Because::Knew { old_hash: hash.to_owned(), keep: None };
    assert!(!set(id(1), "two", knew("none")).await && !set(id(2), "two", Because::Ordered).await);
    assert!(!set(id(1), "two", Because::Reset { token: [0; 32] }).await);
    assert_eq!(account(&directory, id(1)).await.password_hash, HASH);
    assert!(set(id(1), "two", knew(HASH)).await && !set(id(1), "three", knew(HASH)).await);
    assert!(set(id(1), "three", Because::Ordered).await);
    assert_eq!(account(&harness.elsewhere(), id(1)).await.password_hash, "three");
}

pub async fn a_new_password_ends_the_sessions_it_should(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    for number in 11..14 {
        directory.begin_session(login(id(1), session(number, START))).await.unwrap().unwrap();
    }
    let knew = Because::Knew { old_hash: HASH.to_owned(), keep: Some(id(12)) };
    let new = NewPassword { member: id(1), hash: "two".to_owned(), at: at_s(1), because: knew };
    let mut gone = directory.set_password(new).await.unwrap().unwrap();
    gone.sort();
    assert_eq!((gone, living(&directory, id(1)).await), (vec![id(11), id(13)], vec![id(12)]));
    let ordered = NewPassword {
        member: id(1),
        hash: "three".to_owned(),
        at: at_s(2),
        because: Because::Ordered,
    };
    assert_eq!(directory.set_password(ordered).await.unwrap(), Some(vec![id(12)]));
    assert_eq!(
        ended(&directory, START).await,
        [(id(11), at_s(1)), (id(12), at_s(2)), (id(13), at_s(1))]
    );
}

pub async fn a_reset_is_good_once(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    let offer = Reset { token: [7; 32], until: at_s(100) };
    assert!(
        directory.offer_reset(id(1), Reset { token: [6; 32], until: at_s(100) }).await.unwrap()
    );
    assert!(
        directory.offer_reset(id(1), offer).await.unwrap()
            && !directory.offer_reset(id(2), offer).await.unwrap()
    );
    assert_eq!(account(&directory, id(1)).await.reset, Some(offer));
    let reset = |token: u8, seconds| {
        let because = Because::Reset { token: [token; 32] };
        let new = NewPassword { member: id(1), hash: "two".to_owned(), at: at_s(seconds), because };
        [directory.set_password(new.clone()), harness.elsewhere().set_password(new)]
    };
    let good = async |token, seconds| {
        join_all(reset(token, seconds))
            .await
            .into_iter()
            .filter(|set| set.as_ref().unwrap().is_some())
            .count()
    };
    assert_eq!(
        (good(6, 1).await, good(7, 101).await, good(7, 100).await, good(7, 100).await),
        (0, 0, 1, 0)
    );
    assert_eq!(account(&directory, id(1)).await.reset, None);
}
