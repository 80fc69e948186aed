//! Create, register, advance, and the four ways to end.

use super::given::{ADMIN, Given, given, s};
use super::on_shelves::{Shelves, happen, lines_of};
use actors::domain::coupons::rack::Spelling;
use actors::domain::coupons::{Discount, Offer, Serial};
use actors::domain::imports::{
    Command, Event, FirstImportPlan, Import, ImportPass, ImportPlan, ImportState, OnDuplicate,
    Progress, Question, Refusal, UNFINISHED, WhyFailed, job_of_row,
};
use actors::{Id, Machine, Time};
use testing::played::Played;

const JOB: Id = Id([9; 16]);
const BATCH: Serial = Serial(4);

fn plan() -> ImportPlan {
    let offer = Offer::of(Discount::percent(10));
    let on_duplicate = OnDuplicate::Skip;
    ImportPlan {
        name: None,
        file: [7; 32],
        bytes: 100,
        offer,
        expires_at: s(10_000),
        on_duplicate,
        dry_run: false,
        spelling: Spelling::Exact,
    }
}

fn failing() -> ImportPlan {
    ImportPlan { on_duplicate: OnDuplicate::Fail, ..plan() }
}

fn dry() -> ImportPlan {
    ImportPlan { dry_run: true, ..plan() }
}

fn at(imported: u64, duplicate: u64, invalid: u64, offset: u64) -> Progress {
    let rows = imported + duplicate + invalid;
    Progress {
        rows,
        offset,
        imported,
        duplicate,
        invalid,
        first_duplicate: (duplicate > 0).then_some(rows),
    }
}

fn after(plan: ImportPlan, events: &[Event]) -> Given<Import> {
    given(
        [Event::Planned(plan)].into_iter().chain(events.iter().cloned()).map(|event| (s(1), event)),
    )
}

fn importing(events: &[Event]) -> Given<Import> {
    after(plan(), &[&[Event::Registered { batch: BATCH }], events].concat())
}

fn view(given: &Given<Import>) -> actors::domain::imports::ImportView {
    given.look(&Question).expect("it was created")
}

#[test]
fn a_job_is_created_once_and_the_same_file_is_the_same_job() {
    given::<Import>([]).when(Command::Create(plan()), ADMIN, s(1)).then(Event::Planned(plan()));
    for events in
        [vec![], vec![Event::Cancelling], vec![Event::Registered { batch: BATCH }, Event::Finished]]
    {
        after(plan(), &events)
            .when(Command::Create(plan()), ADMIN, s(2))
            .then_already(Event::Planned(plan()));
    }
}

#[test]
fn a_job_from_before_is_one_whose_codes_are_compared_exactly() {
    let ImportPlan { name, file, bytes, offer, expires_at, on_duplicate, dry_run, .. } = plan();
    let first = FirstImportPlan { name, file, bytes, offer, expires_at, on_duplicate, dry_run };
    let before = given::<Import>([(s(1), Event::Created(first))]);
    assert_eq!(view(&before), view(&after(plan(), &[])));
    let loosely = ImportPlan { spelling: Spelling::Loose, ..plan() };
    assert_ne!(loosely.terms(), plan().terms(), "it is another job");
}

#[test]
fn a_job_nobody_created_is_unknown() {
    for command in [
        Command::Register { batch: BATCH },
        Command::Advance(at(1, 0, 0, 5)),
        Command::Finish,
        Command::Cancel,
        Command::Stop,
    ] {
        given::<Import>([]).when(command, ADMIN, s(1)).refused(Refusal::Unknown);
    }
    assert_eq!(Played::<Import>::default().look(&Question), None);
}

#[test]
fn a_file_is_imported_into_one_batch() {
    after(plan(), &[])
        .when(Command::Advance(at(1, 0, 0, 5)), ADMIN, s(2))
        .refused(Refusal::OutOfStep);
    after(plan(), &[])
        .when(Command::Register { batch: BATCH }, ADMIN, s(2))
        .then(Event::Registered { batch: BATCH });
    importing(&[])
        .when(Command::Register { batch: BATCH }, ADMIN, s(2))
        .then_already(Event::Registered { batch: BATCH });
    importing(&[])
        .when(Command::Register { batch: Serial(6) }, ADMIN, s(2))
        .refused(Refusal::OutOfStep);
}

#[test]
fn progress_never_goes_back_and_adds_up() {
    let here = at(3, 1, 1, 50);
    let job = importing(&[Event::Advanced(here)]);
    job.when(Command::Advance(here), ADMIN, s(2)).then_already(Event::Advanced(here));
    // Each is wrong in one thing.
    let of = |so_far| Progress { first_duplicate: here.first_duplicate, ..so_far };
    let on = of(at(4, 2, 2, 100));
    job.when(Command::Advance(on), ADMIN, s(2)).then(Event::Advanced(on));
    for wrong in [
        of(at(4, 1, 0, 60)),
        of(at(2, 2, 1, 60)),
        of(at(4, 0, 2, 60)),
        of(at(2, 1, 1, 60)),
        of(at(4, 1, 1, 49)),
        of(at(4, 1, 1, 101)),
        of(Progress { rows: 7, ..at(4, 1, 1, 60) }),
        Progress { first_duplicate: None, ..at(4, 1, 1, 60) },
        Progress { first_duplicate: Some(1), ..at(4, 1, 1, 60) },
    ] {
        job.when(Command::Advance(wrong), ADMIN, s(2)).refused(Refusal::OutOfStep);
    }
}

#[test]
fn a_job_finishes_when_it_has_read_all() {
    importing(&[Event::Advanced(at(3, 0, 0, 99))])
        .when(Command::Finish, ADMIN, s(2))
        .refused(Refusal::OutOfStep);
    let through = importing(&[Event::Advanced(at(3, 0, 0, 100))]);
    through.when(Command::Finish, ADMIN, s(2)).then(Event::Finished);
    let finished = through.and(s(2), Event::Finished);
    finished.when(Command::Finish, ADMIN, s(3)).then_already(Event::Finished);
    for command in [
        Command::Cancel,
        Command::Stop,
        Command::Fail(WhyFailed::FileMissing),
        Command::Advance(at(4, 0, 0, 100)),
    ] {
        finished.when(command, ADMIN, s(3)).refused(Refusal::Ended);
    }
    assert_eq!(view(&finished).ended_at, Some(s(2)));
}

#[test]
fn a_dry_run_only_checks() {
    let job = after(dry(), &[]);
    assert_eq!(view(&job).pass, ImportPass::Checking);
    job.when(Command::Register { batch: BATCH }, ADMIN, s(2)).refused(Refusal::OutOfStep);
    let through = job.and(s(2), Event::Advanced(at(3, 1, 0, 100)));
    through.when(Command::Register { batch: BATCH }, ADMIN, s(2)).refused(Refusal::OutOfStep);
    through.when(Command::Finish, ADMIN, s(2)).then(Event::Finished);
}

#[test]
fn what_may_have_no_duplicate_is_checked_to_its_end_and_then_imported_from_its_beginning() {
    let half = after(failing(), &[Event::Advanced(at(3, 0, 0, 50))]);
    half.when(Command::Register { batch: BATCH }, ADMIN, s(2)).refused(Refusal::OutOfStep);
    let checked = after(failing(), &[Event::Advanced(at(5, 0, 1, 100))]);
    checked.when(Command::Finish, ADMIN, s(2)).refused(Refusal::OutOfStep);
    checked
        .when(Command::Register { batch: BATCH }, ADMIN, s(2))
        .then(Event::Registered { batch: BATCH });
    let importing = view(&checked.and(s(2), Event::Registered { batch: BATCH }));
    assert_eq!((importing.pass, importing.progress), (ImportPass::Importing, Progress::default()));
}

#[test]
fn a_duplicate_is_a_reason_to_fail_only_where_it_was_said_so() {
    let why = WhyFailed::Duplicate { row: 4 };
    assert_eq!(view(&after(failing(), &[Event::Advanced(at(3, 1, 0, 50))])).must_fail(), Some(why));
    assert_eq!(view(&importing(&[Event::Advanced(at(3, 1, 0, 50))])).must_fail(), None);
    let job = after(failing(), &[]);
    job.when(Command::Fail(why), ADMIN, s(2)).then(Event::Failed(why));
    job.and(s(2), Event::Failed(why))
        .when(Command::Fail(WhyFailed::FileMissing), ADMIN, s(2))
        .then_already(Event::Failed(why));
}

#[test]
fn a_cancelled_job_still_counts_what_was_under_way() {
    importing(&[]).when(Command::Stop, ADMIN, s(2)).refused(Refusal::OutOfStep);
    importing(&[]).when(Command::Cancel, ADMIN, s(2)).then(Event::Cancelling);
    let cancelling = importing(&[Event::Cancelling]);
    cancelling.when(Command::Cancel, ADMIN, s(2)).then_already(Event::Cancelling);
    cancelling.when(Command::Finish, ADMIN, s(2)).refused(Refusal::OutOfStep);
    cancelling
        .when(Command::Advance(at(1, 0, 0, 5)), ADMIN, s(2))
        .then(Event::Advanced(at(1, 0, 0, 5)));
    cancelling.when(Command::Stop, ADMIN, s(2)).then(Event::Cancelled);
    let cancelled = cancelling.and(s(2), Event::Cancelled);
    cancelled.when(Command::Cancel, ADMIN, s(3)).then_already(Event::Cancelled);
    cancelled.when(Command::Stop, ADMIN, s(3)).then_already(Event::Cancelled);
    cancelled.when(Command::Advance(at(1, 0, 0, 5)), ADMIN, s(3)).refused(Refusal::Ended);
}

#[test]
fn the_same_file_takes_a_job_up_again_from_its_first_row_and_into_its_batch() {
    for end in [Event::Cancelled, Event::Failed(WhyFailed::FileMissing)] {
        let ended = importing(&[Event::Advanced(at(3, 0, 0, 50)), end]);
        ended.when(Command::Create(plan()), ADMIN, s(5)).then(Event::Reopened);
        let again = view(&ended.and(s(5), Event::Reopened));
        assert_eq!(
            (again.state, again.pass, again.progress),
            (ImportState::Running, ImportPass::Importing, Progress::default())
        );
        assert_eq!((again.batch, again.created_at, again.ended_at), (Some(BATCH), s(1), None));
    }
    let events = [
        Event::Advanced(at(5, 0, 0, 100)),
        Event::Registered { batch: BATCH },
        Event::Failed(WhyFailed::FileMissing),
        Event::Reopened,
    ];
    let checking = after(failing(), &events);
    assert_eq!((view(&checking).pass, view(&checking).batch), (ImportPass::Checking, Some(BATCH)));
    let checked = checking.and(s(6), Event::Advanced(at(5, 0, 0, 100)));
    checked.when(Command::Register { batch: Serial(6) }, ADMIN, s(6)).refused(Refusal::OutOfStep);
    checked
        .when(Command::Register { batch: BATCH }, ADMIN, s(6))
        .then(Event::Registered { batch: BATCH });
}

#[test]
fn a_job_is_listed_for_ever_and_among_the_unfinished_until_it_ends() {
    let mut shelves = Shelves::default();
    let story = [
        (Event::Planned(plan()), true),
        (Event::Registered { batch: BATCH }, true),
        (Event::Advanced(at(1, 0, 0, 5)), true),
        (Event::Cancelling, true),
        (Event::Cancelled, false),
        (Event::Reopened, true),
        (Event::Failed(WhyFailed::FileChanged), false),
        (Event::Reopened, true),
        (Event::Finished, false),
    ];
    for (event, goes_on) in story {
        happen::<Import>(&mut shelves, &JOB, &event, s(1));
        let [listed, unfinished] = [Id::SYSTEM, UNFINISHED].map(|list| lines_of(&shelves, list));
        assert_eq!((listed.len(), unfinished.len()), (1, goes_on as usize), "{event:?}");
        assert!(listed.iter().chain(&unfinished).all(|key| job_of_row(key) == Some(JOB)));
    }
}

#[test]
fn the_newest_job_is_listed_first() {
    let key = |at: Time| {
        let mut rows = Vec::new();
        Import::rows(&JOB, &Event::Planned(plan()), at, &mut rows);
        rows.remove(0).key
    };
    assert!(key(s(2)) < key(s(1)) && key(s(1)) < key(s(0)));
}

#[test]
fn a_snapshot_of_a_job_is_that_job() {
    let job = importing(&[Event::Advanced(at(3, 1, 0, 50)), Event::Cancelling]);
    let again = job.0.saved_and_read();
    assert_eq!(again.look(&Question), job.look(&Question));
}

#[test]
fn counts_that_do_not_add_up_are_an_imbalance() {
    let mut job = Import::default();
    job.apply(&Event::Planned(plan()), s(1));
    job.apply(&Event::Advanced(Progress { rows: 7, ..at(4, 1, 1, 60) }), s(1));
    assert_eq!(job.imbalance(), 1);
}
