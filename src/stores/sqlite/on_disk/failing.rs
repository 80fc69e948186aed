//! What fails: a full disk, a commit, the write of a caller, a crowd that reads.

use super::*;

/// Keeps all readers of lists at work until it is dropped.
fn busy(
    store: &SqliteStore,
) -> (Vec<mpsc::SyncSender<()>>, Vec<impl Future<Output = Result<(), StoreError>> + use<>>) {
    let (begun, has_begun) = mpsc::sync_channel(READERS);
    let keep = |_| {
        let (free, is_free) = mpsc::sync_channel::<()>(0);
        let begun = begun.clone();
        let asked = store.read_list(move |_| {
            begun.send(()).unwrap();
            let _ = is_free.recv();
            Ok(())
        });
        (free, asked)
    };
    let kept = (0..READERS).map(keep).unzip();
    (0..READERS).for_each(|_| has_begun.recv().unwrap());
    kept
}

#[test]
fn a_crowd_that_reads_lists_makes_nobody_else_wait_and_is_bounded() {
    let disk = OnDisk::new();
    let store = disk.store();
    let mut p = Script::new("p");
    assert_eq!(append(store, &mut p, &[ticket(1, Some("x"))]), AppendOutcome::Durable);
    let (free, kept) = busy(store);
    let crowd: Vec<_> = (0..LISTS_WAITING).map(|_| store.read_list(|_| Ok(()))).collect();
    // One more is told so at once, by whatever way it comes.
    assert!(matches!(wait(store.read_list(|_| Ok(()))), Err(StoreError::Unavailable(_))));
    let page = Page { shelf: Shelf(1), owner: Id([7; 16]), after: None, limit: 9 };
    assert!(matches!(answer(|done| store.rows(page, done)), Err(StoreError::Unavailable(_))));
    assert!(matches!(wait(disk.people().members(None, 10)), Err(StoreError::Unavailable(_))));
    assert!(matches!(
        wait(disk.people().members_of(vec![Id([1; 16])])),
        Err(StoreError::Unavailable(_))
    ));
    // Who logs in, who opens a partition and who writes is served meanwhile.
    wait(disk.people().prepare()).unwrap();
    assert_eq!(wait(disk.people().account("ada".into())), Ok(None));
    assert_eq!(answer(|done| store.open("p", done)).unwrap().frames.len(), 1);
    assert_eq!(append(store, &mut p, &[ticket(2, Some("x"))]), AppendOutcome::Durable);
    drop(free);
    crowd.into_iter().for_each(|one| wait(one).unwrap());
    kept.into_iter().for_each(|one| wait(one).unwrap());
    assert_eq!(tickets(store).len(), 2);
}

#[test]
fn a_full_disk_loses_nothing_answered_and_work_goes_on_when_there_is_room() {
    let mut disk = OnDisk::new();
    let mut p = Script::new("p");
    grow_to(disk.store(), pages(disk.store()) + 3);
    let mut answered = 0;
    let refused = loop {
        let before = p.clone();
        match append(disk.store(), &mut p, &[ticket(answered, Some("x"))]) {
            AppendOutcome::Durable => answered += 1,
            outcome => break (before, outcome),
        }
        assert!(answered < 10_000, "the disk never got full");
    };
    assert!(answered > 0);
    assert!(matches!(refused.1, AppendOutcome::Unknown(_)), "{:?}", refused.1);
    // Again, in the same place: memory went back with the disk, so this is refused for want of room
    // and for nothing else.
    let again = append(disk.store(), &mut refused.0.clone(), &[]);
    assert!(matches!(again, AppendOutcome::Unknown(_)), "{again:?}");
    assert_eq!(
        (frames(disk.store(), "p").len(), tickets(disk.store()).len()),
        (answered as usize, answered as usize)
    );

    grow_to(disk.store(), 1_000_000);
    let mut p = refused.0;
    assert_eq!(
        append(disk.store(), &mut p, &[ticket(answered, Some("y"))]),
        AppendOutcome::Durable
    );
    for _ in 0..2 {
        assert_eq!(
            (frames(disk.store(), "p").len(), tickets(disk.store()).len()),
            (answered as usize + 1, answered as usize + 1)
        );
        disk.reopen();
    }
}

#[test]
fn a_partition_that_a_full_disk_kept_out_can_begin_later() {
    let mut disk = OnDisk::new();
    grow_to(disk.store(), pages(disk.store()));
    let mut script = Script::new("new");
    let first = script.next_of_size(1 << 16);
    assert!(matches!(answer(|done| disk.store().append(first, done)), AppendOutcome::Unknown(_)));
    grow_to(disk.store(), 1_000_000);
    assert_eq!(frames(disk.store(), "new"), []);
    assert_eq!(append(disk.store(), &mut Script::new("new"), &[]), AppendOutcome::Durable);
    disk.reopen();
    assert_eq!(frames(disk.store(), "new").len(), 1);
}

#[test]
fn one_failed_commit_is_unknown_to_everybody_in_it() {
    let disk = OnDisk::new();
    let mut old = Script::new("old");
    let first = old.next(&[]);
    assert_eq!(answer(|done| disk.store().append(first, done)), AppendOutcome::Durable);
    let mut as_answered = old.clone();
    let (holding, held) = mpsc::channel::<()>();
    let (let_go, going) = mpsc::channel::<()>();
    // While the writer is held, everything that follows gathers into one batch.
    let blocker = disk.store().write(move |_| {
        holding.send(()).unwrap();
        going.recv().unwrap();
        Ok(())
    });
    held.recv().unwrap();
    let limit = pages(disk.store());
    let lowered = disk
        .store()
        .write(move |c| c.pragma_update_and_check(None, "max_page_count", limit, |_| Ok(())));
    let (to, outcomes) = mpsc::channel();
    let (mut new, mut big) = (Script::new("new"), Script::new("big"));
    for append in [old.next(&[]), new.next(&[]), big.next_of_size(1 << 20), old.next(&[])] {
        let to = to.clone();
        disk.store().append(append, Box::new(move |outcome| to.send(outcome).unwrap()));
    }
    drop(to);
    let written =
        disk.store().write(|c| c.execute("INSERT INTO meta (name, value) VALUES ('lost', 1)", []));
    let_go.send(()).unwrap();
    wait(blocker).unwrap();
    assert!(outcomes.into_iter().all(|outcome| matches!(outcome, AppendOutcome::Unknown(_))));
    assert!(wait(written).is_err());
    let _ = wait(lowered);
    grow_to(disk.store(), 1_000_000);
    assert_eq!((frames(disk.store(), "new"), frames(disk.store(), "big")), (vec![], vec![]));
    assert_eq!(frames(disk.store(), "old").len(), 1);
    assert_eq!(append(disk.store(), &mut as_answered, &[]), AppendOutcome::Durable);
    assert_eq!(frames(disk.store(), "old").len(), 2);
    assert_eq!(count(disk.store(), "SELECT count(*) FROM meta WHERE name = 'lost'"), 0);
}

#[test]
fn a_write_that_fails_is_undone_and_harms_nobody() {
    let disk = OnDisk::new();
    let failed: Result<(), _> = wait(disk.store().write(|c| {
        c.execute("INSERT INTO meta (name, value) VALUES ('half', 1)", [])?;
        c.execute("INSERT INTO meta (name, value) VALUES ('half', 2)", []).map(drop)
    }));
    assert!(failed.is_err());
    let panicked: Result<(), _> = wait(disk.store().write(|c| {
        c.execute("INSERT INTO meta (name, value) VALUES ('half', 1)", [])?;
        panic!("planted")
    }));
    assert!(panicked.is_err());
    assert_eq!(count(disk.store(), "SELECT count(*) FROM meta WHERE name = 'half'"), 0);
    wait(
        disk.store().write(|c| c.execute("INSERT INTO meta (name, value) VALUES ('whole', 1)", [])),
    )
    .unwrap();
    assert_eq!(count(disk.store(), "SELECT value FROM meta WHERE name = 'whole'"), 1);
    assert_eq!(append(disk.store(), &mut Script::new("p"), &[]), AppendOutcome::Durable);
}

#[test]
fn the_last_hold_on_the_store_may_be_let_go_on_its_own_threads() {
    let scratch = Scratch::new();
    let store = Arc::new(open(&scratch.0));
    append(&store, &mut Script::new("p"), &[]);
    let (mine, (to, answers)) = (store.clone(), mpsc::channel());
    let (let_go, going) = mpsc::channel::<()>();
    store.open(
        "p",
        Box::new(move |opened| {
            going.recv().unwrap();
            drop(mine);
            to.send(opened.unwrap().frames.len()).unwrap();
        }),
    );
    drop(store);
    let_go.send(()).unwrap();
    assert_eq!(answers.recv().unwrap(), 1);
}
