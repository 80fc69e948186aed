//! What is remembered of those who left, and for how long.

use super::harness::DirectoryHarness;
use super::words::{at_s, id};

pub async fn what_a_member_gave_up_is_remembered_for_so_long(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    directory.note_partings(vec![id(1), id(2)], at_s(10)).await.unwrap();
    directory.note_partings(vec![id(2), id(3)], at_s(5)).await.unwrap();
    directory.note_partings(Vec::new(), at_s(5)).await.unwrap();
    drop(directory);
    harness.reopen();
    let (directory, elsewhere) = (harness.directory(), harness.elsewhere());
    directory.prepare().await.unwrap();
    let has = async |marks: &[u8], at| {
        let marks = marks.iter().map(|mark| id(*mark)).collect();
        elsewhere.has_parted(marks, at_s(at)).await.unwrap()
    };
    assert!(has(&[9, 1], 9).await && has(&[2], 9).await && has(&[3], 4).await);
    assert!(!has(&[9, 1], 10).await && !has(&[3], 5).await && !has(&[9], 0).await);
    assert!(!has(&[], 0).await);
    directory.forget_partings(at_s(5)).await.unwrap();
    assert!(has(&[1], 0).await && has(&[2], 0).await && !has(&[3], 0).await);
    directory.forget_partings(at_s(10)).await.unwrap();
    assert!(!has(&[1, 2, 3], 0).await);
}
