//! The tables that follow the log: a kill cuts their sweep off anywhere, and no list changes.

use super::*;
use crate::writer::SWEEP_AFTER_ROWS;

/// A sweep begins when so many thousand rows wait.
const MANY: u32 = SWEEP_AFTER_ROWS as u32 / 1000;

#[test]
fn whatever_follows_the_log_can_be_made_again_from_it() {
    let mut disk = Killed::new();
    let (mut p, mut q) = (Script::new("p"), Script::new("q"));
    for number in 0..300 {
        append(
            disk.store(),
            &mut p,
            &[ticket(number, Some("held")), ticket(number + 1000, Some("held"))],
        );
        append(disk.store(), &mut q, &[ticket(number, Some("sold")), ticket(number + 1000, None)]);
    }
    let before = tickets(disk.store());
    assert_eq!(before.len(), 300);
    let nothing_followed = "DELETE FROM lookups; UPDATE meta SET value = 0, sum = row_sum(name, 0);
        UPDATE partitions SET last = 0, seq = 0, head = zeroblob(32), sum = row_sum(id, name, 0, \
        0, zeroblob(32))";
    disk.after_kill_and(|database| {
        sums::teach(database).unwrap();
        database.execute_batch(nothing_followed).unwrap();
    });
    assert_eq!(tickets(disk.store()), before);
    assert_eq!((frames(disk.store(), "p").len(), frames(disk.store(), "q").len()), (300, 300));
    disk.0.reopen();
    assert_eq!(count(disk.store(), "SELECT count(*) FROM lookups"), 300, "closing writes them");
    assert_eq!(tickets(disk.store()), before);
    append(disk.store(), &mut p, &[ticket(7, None)]);
    disk.after_kill();
    assert_eq!(tickets(disk.store()).len(), 299);
}

#[test]
fn many_rows_are_swept_up_while_work_goes_on() {
    let disk = OnDisk::new();
    let mut p = Script::new("p");
    let batches = MANY + 40;
    for batch in 0..batches {
        let rows: Vec<Row> = (0..1000).map(|n| ticket(n * batches + batch, Some("x"))).collect();
        assert_eq!(append(disk.store(), &mut p, &rows), AppendOutcome::Durable);
    }
    assert!(count(disk.store(), "SELECT count(*) FROM lookups") > 0, "no sweep has begun");
    assert_eq!(tickets(disk.store()).len() as u32, batches * 1000);
}

#[test]
fn what_comes_while_a_sweep_is_under_way_is_settled_too() {
    let disk = OnDisk::new();
    let mut p = Script::new("p");
    let rows: Vec<Row> = (0..MANY * 1000).map(|n| ticket(n, Some("x"))).collect();
    append(disk.store(), &mut p, &rows);
    // With this one the sweep begins.
    append(disk.store(), &mut p, &[ticket(MANY * 1000, Some("x"))]);
    wait(disk.store().settle()).unwrap();
    assert_eq!(count(disk.store(), "SELECT count(*) FROM lookups") as usize, rows.len() + 1);
}

#[test]
fn a_sweep_cut_off_or_just_finished_changes_no_list() {
    let mut disk = Killed::new();
    let mut p = Script::new("p");
    let apart = MANY + 10;
    for batch in 0..MANY + 5 {
        let rows: Vec<Row> = (0..1000).map(|n| ticket(n * apart + batch, Some("x"))).collect();
        append(disk.store(), &mut p, &rows);
    }
    // Rows before, at and behind where the sweep is walking just then.
    for number in 0..400 {
        append(
            disk.store(),
            &mut p,
            &[
                ticket(number * 2 * apart, None),
                // There is none.
                ticket(number % 7 * apart + MANY + 7, None),
                ticket(number + 100, Some("y")),
            ],
        );
        if [3, 50, 399].contains(&number) {
            let before = tickets(disk.store());
            disk.after_kill();
            assert_eq!(tickets(disk.store()), before, "after {number}");
        }
    }
}
