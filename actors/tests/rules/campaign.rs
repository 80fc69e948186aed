//! A campaign: who was first, second, third, in which window, and what an administrator may change.

use super::coupons::*;
use super::given::{ADA, ADMIN, BOB, Given, given, s};
use actors::domain::FiguresFor;
use actors::domain::coupons::campaign::{
    Answer, Campaign, CampaignChanges, CampaignPlan, Command, Event, Overview, Question, Refusal,
    Trigger,
};
use actors::domain::coupons::coupon::Tenure;
use actors::domain::coupons::rows::{CouponHome, home_of_row};
use actors::domain::coupons::{
    CancelBy, CouponState, Discount, Offer, OfferChanges, Serial, redeem,
};
use actors::{Caller, Id, Machine, Time};
use testing::played::Played;

fn claim(member: Caller) -> Command {
    Command::Claim { member: member.id, code: None }
}

fn first_login(member: Caller, at: Time) -> Command {
    Command::ClaimFirstLogin { member: member.id, at }
}

fn somebody(n: u8) -> Caller {
    Caller::member(Id([n; 16]))
}

fn open() -> Given<Campaign> {
    campaign(plan(), [])
}

/// As many vouchers as there are.
fn sold_out() -> Given<Campaign> {
    campaign(plan(), (1..=3).map(|rank| (s(1_000), granted(rank, somebody(10 + rank as u8), ENDS))))
}

fn by_login(
    valid_s: Option<u32>,
    events: impl IntoIterator<Item = (Time, Event)>,
) -> Given<Campaign> {
    campaign(CampaignPlan { trigger: Trigger::FirstLogin, valid_s, ..plan() }, events)
}

fn change(quota: Option<u64>, ends_at: Option<Time>) -> Command {
    Command::Change { quota, ends_at }
}

fn overview(campaign: &Given<Campaign>) -> Overview {
    match campaign.look(&Question::Campaign) {
        Answer::Campaign(overview) => overview,
        other => panic!("{other:?}"),
    }
}

fn books(campaign: &Given<Campaign>) -> actors::domain::coupons::CouponLedger {
    match campaign.look(&Question::Ledger) {
        Answer::Ledger(ledger) => ledger,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_campaign_is_opened_once_and_says_so_ever_after() {
    given::<Campaign>([]).when(Command::Open(plan()), SYSTEM, s(0)).then(Event::Opened(plan()));
    open()
        .when(Command::Open(CampaignPlan { quota: 9, ..plan() }), SYSTEM, s(5))
        .then_already(Event::Opened(plan()));
}

#[test]
fn a_campaign_that_was_not_opened_refuses_everything_else() {
    let redeem = Command::Redeem(use_it(1));
    let commands = [
        claim(ADA),
        first_login(ADA, s(1)),
        change(None, None),
        Command::Pause,
        Command::Resume,
        Command::End,
        Command::TellFigures(FiguresFor::Staff),
        redeem,
    ];
    for command in commands {
        given::<Campaign>([]).when(command, ADMIN, s(0)).refused(Refusal::NotOpened);
    }
    assert_eq!(Played::<Campaign>::default().look(&Question::Campaign), Answer::NotOpened);
}

#[test]
fn to_whom_figures_are_told_changes_at_any_time_and_only_administrators_say_it() {
    let (tell, told) = (Command::TellFigures, Event::FiguresTold);
    open().when(tell(FiguresFor::Staff), ADA, s(5)).refused(Refusal::NotAdmin);
    open().when(tell(FiguresFor::Staff), ADMIN, s(5)).then(told(FiguresFor::Staff));
    assert_eq!(overview(&open()).figures, None);
    let ended = open().and(s(5), told(FiguresFor::Members)).and(s(6), Event::Ended);
    for campaign in [ended.saved_and_read(), ended] {
        assert_eq!(overview(&campaign).figures, Some(FiguresFor::Members));
        campaign.when(tell(FiguresFor::Public), ADMIN, s(9)).then(told(FiguresFor::Public));
        campaign
            .when(tell(FiguresFor::Members), ADMIN, s(9))
            .then_already(told(FiguresFor::Members));
    }
}

#[test]
fn ranks_are_one_to_the_quota_without_a_gap() {
    let mut campaign = open();
    for rank in 1..=3 {
        let event = campaign.when(claim(somebody(rank)), somebody(rank), s(2_000)).event();
        assert_eq!(event, granted(rank as u64, somebody(rank), ENDS));
        campaign = campaign.and(s(2_000), event);
    }
    campaign.when(claim(somebody(4)), somebody(4), s(2_000)).refused(Refusal::SoldOut);
    assert_eq!((overview(&campaign).granted, books(&campaign)), (3, ledger([3, 0, 0, 3, 0, 0, 0])));
}

#[test]
fn each_member_has_one_rank_for_ever() {
    let has = campaign(plan(), [(s(2_000), granted(1, ADA, ENDS))]);
    has.when(claim(ADA), ADA, s(3_000)).then_already(granted(1, ADA, ENDS));
    has.saved_and_read().when(claim(ADA), ADA, s(3_000)).then_already(granted(1, ADA, ENDS));
    has.when(first_login(ADA, s(2_500)), SYSTEM, s(3_000)).then_already(granted(1, ADA, ENDS));
    has.when(claim(BOB), BOB, s(3_000)).then(granted(2, BOB, ENDS));
    let used = has.and(s(3_000), Event::Redeemed(used(1, ADA, ADA))).and(s(3_001), Event::Paused);
    used.when(claim(ADA), ADA, s(3_100)).then_already(granted(1, ADA, ENDS));
    used.and_time_passes(ENDS).when(claim(ADA), ADA, s(99_999)).then_already(granted(1, ADA, ENDS));
    let full = sold_out();
    full.when(claim(somebody(13)), somebody(13), s(99_999)).then_already(granted(
        3,
        somebody(13),
        ENDS,
    ));
}

#[test]
fn the_window_begins_with_its_first_instant_and_ends_before_its_last() {
    open()
        .when(claim(ADA), ADA, before(s(1_000)))
        .refused(Refusal::NotYetOpen { starts_at: s(1_000) });
    open().when(claim(ADA), ADA, s(1_000)).then(granted(1, ADA, ENDS));
    open().when(claim(ADA), ADA, before(ENDS)).then(granted(1, ADA, ENDS));
    open().when(claim(ADA), ADA, ENDS).refused(Refusal::Ended);
    open().and_time_passes(ENDS).when(claim(ADA), ADA, ENDS).refused(Refusal::Ended);
}

#[test]
fn the_campaign_ends_by_itself_in_one_event() {
    let one = campaign(plan(), [(s(2_000), granted(1, ADA, ENDS))]);
    assert_eq!(
        (one.0.due(), one.expires(before(ENDS)), overview(&one).over),
        (Some(ENDS), None, false)
    );
    assert_eq!(one.expires(ENDS), Some(Event::Redeemed(redeem::Event::Expired { until: ENDS })));
    let over = one.and_time_passes(ENDS);
    for over in [&over, &over.saved_and_read()] {
        assert_eq!(
            (over.0.due(), overview(over).over, books(over)),
            (None, true, ledger([3, 0, 0, 0, 0, 3, 0]))
        );
    }
}

#[test]
fn refusals_of_a_claim_have_their_order() {
    let late =
        |campaign: Given<Campaign>| campaign.and(s(2_000), Event::Paused).and_time_passes(ENDS);
    let full = || sold_out().and(s(2_000), Event::Paused);
    open().when(claim(ADA), ADMIN, s(1)).refused(Refusal::AdminsDoNotClaim);
    campaign(plan(), [(s(2_000), granted(1, ADA, ENDS))])
        .when(claim(ADA), ADMIN, s(2_000))
        .refused(Refusal::AdminsDoNotClaim);
    late(sold_out()).when(claim(ADA), ADA, ENDS).refused(Refusal::Ended);
    full().when(claim(ADA), ADA, s(3_000)).refused(Refusal::Paused);
    full().and(s(3_000), Event::Resumed).when(claim(ADA), ADA, s(3_000)).refused(Refusal::SoldOut);
    let ended = campaign(plan(), [(s(10), Event::Ended)]);
    ended.when(claim(ADA), ADA, s(20)).refused(Refusal::Ended);
    let paused = campaign(plan(), [(s(10), Event::Paused)]);
    paused.when(claim(ADA), ADA, s(20)).refused(Refusal::NotYetOpen { starts_at: s(1_000) });
}

#[test]
fn each_trigger_takes_its_own_kind_of_claim_only() {
    by_login(None, []).when(claim(ADA), ADA, s(1)).refused(Refusal::ByFirstLoginOnly);
    open().when(first_login(ADA, s(2_000)), SYSTEM, s(2_000)).refused(Refusal::ByFirstLoginOnly);
    let coded = campaign(CampaignPlan { trigger: Trigger::Code("OPEN".into()), ..plan() }, []);
    let with = |code: &str| Command::Claim { member: ADA.id, code: Some(code.into()) };
    coded.when(claim(ADA), ADA, s(1)).refused(Refusal::WrongCode);
    coded.when(with("open"), ADA, s(2_000)).refused(Refusal::WrongCode);
    coded.when(with("OPEN"), ADA, s(2_000)).then(granted(1, ADA, ENDS));
    coded.when(first_login(ADA, s(2_000)), SYSTEM, s(2_000)).refused(Refusal::ByFirstLoginOnly);
    open().when(with("whatever"), ADA, s(2_000)).then(granted(1, ADA, ENDS));
}

#[test]
fn a_first_login_counts_by_its_own_time_and_not_by_the_time_of_its_claim() {
    let refused =
        |at, why| by_login(Some(500), []).when(first_login(ADA, at), SYSTEM, s(3_000)).refused(why);
    refused(before(s(1_000)), Refusal::NotYetOpen { starts_at: s(1_000) });
    refused(ENDS, Refusal::Ended);
    for at in [s(1_000), before(ENDS)] {
        by_login(Some(500), []).when(first_login(ADA, at), SYSTEM, s(3_000)).then(granted(
            1,
            ADA,
            s(3_500),
        ));
    }
}

#[test]
fn a_claim_made_good_after_the_end_is_granted_while_some_are_left() {
    let over = by_login(Some(500), []).and_time_passes(ENDS);
    over.when(first_login(ADA, s(2_000)), SYSTEM, s(11_000)).then(granted(1, ADA, s(11_500)));
    over.when(first_login(ADA, before(ENDS)), SYSTEM, ENDS).then(granted(1, ADA, s(10_500)));
    over.when(first_login(ADA, ENDS), SYSTEM, ENDS).refused(Refusal::Ended);
    let one = over.and(s(11_000), granted(1, ADA, s(11_500)));
    assert_eq!((books(&one), one.0.due()), (ledger([3, 0, 0, 1, 0, 2, 0]), Some(s(11_500))));
    let all = one
        .and(s(11_001), granted(2, BOB, s(11_501)))
        .and(s(11_002), granted(3, somebody(9), s(11_502)));
    all.when(first_login(somebody(8), s(2_000)), SYSTEM, s(11_100)).refused(Refusal::SoldOut);
    let gone = all.and_time_passes(s(12_000));
    assert_eq!(books(&gone), ledger([3, 0, 0, 0, 0, 3, 0]));
}

#[test]
fn a_voucher_that_would_be_dead_at_once_is_not_granted() {
    let over = by_login(None, []).and_time_passes(ENDS);
    over.when(first_login(ADA, s(2_000)), SYSTEM, ENDS).refused(Refusal::Ended);
}

#[test]
fn what_was_ended_by_hand_stays_so_whatever_expires_later() {
    let ended =
        by_login(Some(60_000), [(s(2_000), granted(1, BOB, s(62_000))), (s(3_000), Event::Ended)]);
    ended.when(first_login(ADA, s(2_500)), SYSTEM, s(3_000)).refused(Refusal::Ended);
    assert_eq!(books(&ended), ledger([3, 0, 0, 1, 0, 2, 0]));
    let long_after = ended.and_time_passes(s(70_000));
    assert_eq!(books(&long_after), ledger([3, 0, 0, 0, 0, 3, 0]));
    for campaign in [&long_after, &long_after.saved_and_read()] {
        campaign.when(first_login(ADA, s(2_500)), SYSTEM, s(70_000)).refused(Refusal::Ended);
    }
}

#[test]
fn to_pause_to_resume_and_to_end_say_the_same_again() {
    for (command, event, before) in [
        (Command::Pause, Event::Paused, None),
        (Command::Resume, Event::Resumed, Some(Event::Paused)),
        (Command::End, Event::Ended, None),
    ] {
        let campaign = campaign(plan(), before.map(|event| (s(5), event)));
        campaign.when(command.clone(), ADA, s(10)).refused(Refusal::NotAdmin);
        campaign.when(command.clone(), ADMIN, s(10)).then(event.clone());
        campaign.and(s(10), event.clone()).when(command, ADMIN, s(20)).then_already(event);
    }
}

#[test]
fn what_has_ended_changes_no_more() {
    let by_hand = campaign(plan(), [(s(2_000), Event::Ended)]);
    let by_itself = open().and_time_passes(ENDS);
    for campaign in [by_hand, by_itself] {
        for command in [Command::Pause, Command::Resume, change(Some(9), None)] {
            campaign.when(command.clone(), ADA, ENDS).refused(Refusal::NotAdmin);
            campaign.when(command, ADMIN, ENDS).refused(Refusal::Ended);
        }
        campaign.when(Command::End, ADA, ENDS).refused(Refusal::NotAdmin);
        campaign.when(Command::End, ADMIN, ENDS).then_already(Event::Ended);
    }
}

#[test]
fn a_quota_only_grows_and_an_end_only_moves_later() {
    let later = s(20_000);
    open().when(change(Some(4), Some(later)), ADA, s(10)).refused(Refusal::NotAdmin);
    open()
        .when(change(Some(4), None), ADMIN, s(10))
        .then(Event::Changed { quota: 4, ends_at: ENDS });
    open()
        .when(change(None, Some(later)), ADMIN, s(10))
        .then(Event::Changed { quota: 3, ends_at: later });
    open()
        .when(change(Some(3), Some(ENDS)), ADMIN, s(10))
        .then_already(Event::Changed { quota: 3, ends_at: ENDS });
    let claimed = campaign(plan(), [(s(2_000), granted(1, ADA, ENDS))]);
    for command in [change(Some(2), Some(later)), change(Some(4), Some(before(ENDS)))] {
        claimed.when(command, ADMIN, s(2_010)).refused(Refusal::OnlyMore);
    }
}

#[test]
fn before_the_first_claim_less_can_be_promised_but_not_nothing() {
    let less = Event::Changed { quota: 1, ends_at: before(ENDS) };
    let mended = change(Some(1), Some(before(ENDS)));
    open().when(mended.clone(), ADA, s(10)).refused(Refusal::NotAdmin);
    open().when(mended, ADMIN, s(10)).then(less.clone());
    let shorter = open().and(s(10), less).and(s(2_000), granted(1, ADA, before(ENDS)));
    shorter.when(claim(BOB), BOB, s(2_000)).refused(Refusal::SoldOut);
    assert_eq!(shorter.0.due(), Some(before(ENDS)));
    let nothing =
        [(s(10), 0, 9_000), (s(10), 3, 1_000), (s(1_500), 3, 1_500), (s(1_500), 4, 1_400)];
    for (at, quota, ends_s) in nothing {
        open().when(change(Some(quota), Some(s(ends_s))), ADMIN, at).refused(Refusal::OnlyMore);
    }
    open().when(change(None, Some(s(1_501))), ADMIN, s(1_500)).event();
}

#[test]
fn before_the_first_claim_any_mistake_is_mended_and_after_it_none() {
    let changes = CampaignChanges {
        name: Some("Better".into()),
        quota: Some(1),
        starts_at: Some(s(500)),
        offer: OfferChanges {
            discount: Some(Discount::Amount(700)),
            min_amount: Some(None),
            max_discount: Some(Some(9)),
            cancel_by: Some(CancelBy::Admin),
        },
        valid_s: Some(Some(60)),
        ..CampaignChanges::default()
    };
    let offer = Offer {
        max_discount: Some(9),
        cancel_by: CancelBy::Admin,
        ..Offer::of(Discount::Amount(700))
    };
    let better = CampaignPlan {
        name: "Better".into(),
        quota: 1,
        starts_at: s(500),
        offer,
        valid_s: Some(60),
        ..plan()
    };
    let in_turn =
        |changes: &CampaignChanges, turn| Command::ReviseInTurn { changes: changes.clone(), turn };
    let revise = |changes: &CampaignChanges| in_turn(changes, 1);
    let revised = Event::RevisedInTurn { plan: better.clone(), turn: 1 };
    open().when(revise(&changes), ADA, s(10)).refused(Refusal::NotAdmin);
    open().when(revise(&changes), ADMIN, s(10)).then(revised.clone());
    let it = open().and(s(10), revised).saved_and_read();
    it.when(revise(&changes), ADMIN, s(20)).then_already(Event::Revised(better.clone()));
    assert_eq!(overview(&it).plan, better);
    let first = it.when(claim(ADA), ADA, s(600)).event();
    let claimed = it.and(s(600), first);
    claimed.when(claim(BOB), BOB, s(600)).refused(Refusal::SoldOut);
    claimed.when(revise(&changes), ADMIN, s(700)).then_already(Event::Revised(better));
    let other = CampaignChanges { name: Some("Other".into()), ..changes };
    claimed.when(revise(&other), ADMIN, s(700)).refused(Refusal::Claimed);
    let ends = |ends_at| CampaignChanges { ends_at: Some(ends_at), ..other.clone() };
    open().when(revise(&ends(s(500))), ADMIN, s(10)).refused(Refusal::NoTimeLeft);
    open().when(revise(&ends(s(1_500))), ADMIN, s(1_500)).refused(Refusal::NoTimeLeft);
    open().and_time_passes(ENDS).when(revise(&other), ADMIN, ENDS).refused(Refusal::Ended);
}

#[test]
fn another_name_is_followed_in_a_later_turn_only() {
    let named = |name: &str, quota| CampaignChanges {
        name: Some(name.into()),
        quota: Some(quota),
        ..CampaignChanges::default()
    };
    let in_turn = |changes, turn| Command::ReviseInTurn { changes, turn };
    let called = |name: &str, quota| CampaignPlan { name: name.into(), quota, ..plan() };
    let (old, quota) = (plan().name, plan().quota);
    // Its own name needs no turn.
    open()
        .when(Command::Revise(named(&old, 9)), ADMIN, s(10))
        .then(Event::Revised(called(&old, 9)));
    open().when(Command::Revise(named("Other", 9)), ADMIN, s(10)).refused(Refusal::NotItsTurn);
    let third = Event::RevisedInTurn { plan: called("Other", quota), turn: 3 };
    open().when(in_turn(named("Other", quota), 3), ADMIN, s(10)).then(third.clone());
    let third = open().and(s(10), third).saved_and_read();
    assert_eq!((overview(&third).turn, overview(&third).plan.name), (3, "Other".to_owned()));
    for turn in [0, 2, 3] {
        let late = in_turn(named("Late", quota), turn);
        third.when(late, ADMIN, s(20)).refused(Refusal::NotItsTurn);
    }
    let fourth = Event::RevisedInTurn { plan: called("Fourth", quota), turn: 4 };
    third.when(in_turn(named("Fourth", quota), 4), ADMIN, s(20)).then(fourth);
    // A turn that passes is followed no more.
    third.when(Command::PassTurn(4), ADA, s(20)).refused(Refusal::NotAdmin);
    third.when(Command::PassTurn(3), ADMIN, s(20)).then_already(Event::TurnPassed(3));
    third.when(Command::PassTurn(4), ADMIN, s(20)).then(Event::TurnPassed(4));
    let passed = third.and(s(20), Event::TurnPassed(4)).saved_and_read();
    passed.when(in_turn(named("Fourth", quota), 4), ADMIN, s(30)).refused(Refusal::NotItsTurn);
    let gone = passed.and(s(30), Event::Withdrawn);
    gone.when(in_turn(named("Fifth", quota), 5), ADMIN, s(40)).refused(Refusal::Ended);
    gone.when(Command::PassTurn(5), ADMIN, s(40)).then(Event::TurnPassed(5));
}

#[test]
fn what_nobody_has_claimed_is_withdrawn_and_stays_so() {
    open().when(Command::Withdraw, ADA, s(10)).refused(Refusal::NotAdmin);
    open().when(Command::Withdraw, ADMIN, s(10)).then(Event::Withdrawn);
    open().and_time_passes(ENDS).when(Command::Withdraw, ADMIN, ENDS).then(Event::Withdrawn);
    let withdrawn = open().and(s(10), Event::Withdrawn).saved_and_read();
    withdrawn.when(Command::Withdraw, ADMIN, s(20)).then_already(Event::Withdrawn);
    withdrawn.when(claim(ADA), ADA, s(1_000)).refused(Refusal::Ended);
    withdrawn.when(Command::Resume, ADMIN, s(20)).refused(Refusal::Ended);
    assert!(overview(&withdrawn).withdrawn && withdrawn.0.due().is_none());
    sold_out().when(Command::Withdraw, ADMIN, s(1_001)).refused(Refusal::Claimed);
}

#[test]
fn more_quota_gives_the_next_rank_and_a_later_end_a_longer_window() {
    let more = sold_out().and(s(2_000), Event::Changed { quota: 4, ends_at: s(20_000) });
    more.when(claim(ADA), ADA, s(15_000)).then(granted(4, ADA, s(20_000)));
    assert_eq!((more.0.due(), books(&more)), (Some(ENDS), ledger([4, 1, 0, 3, 0, 0, 0])));
    let after = more.and_time_passes(ENDS);
    assert_eq!(
        (books(&after), overview(&after).over),
        (ledger([4, 1, 0, 0, 0, 3, 0]), false),
        "they keep the expiry they were granted with"
    );
    assert_eq!(after.0.due(), Some(s(20_000)));
}

#[test]
fn a_voucher_lives_so_long_after_its_grant() {
    let dated = campaign(CampaignPlan { valid_s: Some(500), ..plan() }, []);
    dated.when(claim(ADA), ADA, s(2_000)).then(granted(1, ADA, s(2_500)));
    // Those granted within a second, a minute or an hour expire together.
    for (valid_s, full_s) in [(500, 1), (3_600, 1), (3_601, 60), (30 * 86_400, 60)] {
        let dated = campaign(CampaignPlan { valid_s: Some(valid_s), ..plan() }, []);
        let full = s(i64::from(valid_s) / full_s * full_s + 6_000);
        for ms in [1 - full_s * 1000, 0] {
            let at = Time(full.0 + ms - i64::from(valid_s) * 1000);
            dated.when(claim(ADA), ADA, at).then(granted(1, ADA, full));
        }
    }
    let long = campaign(CampaignPlan { valid_s: Some(31 * 86_400), ..plan() }, []);
    let full = s(31 * 86_400 + 3_600);
    for at in [s(1_000), s(3_600)] {
        long.when(claim(ADA), ADA, at).then(granted(1, ADA, full));
    }
    let two =
        dated.and(s(2_000), granted(1, ADA, s(2_500))).and(s(2_300), granted(2, BOB, s(2_800)));
    assert_eq!((two.0.due(), two.expires(before(s(2_500)))), (Some(s(2_500)), None));
    let one = two.and_time_passes(s(2_500));
    let state = |rank| match one.look(&Question::Voucher(rank)) {
        Answer::Voucher(view) => view.map(|view| view.state),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        [1, 2, 3].map(state),
        [Some(CouponState::Expired), Some(CouponState::Assigned), None]
    );
    assert_eq!((books(&one), one.0.due()), (ledger([3, 1, 0, 1, 0, 1, 0]), Some(s(2_800))));
    one.when(Command::Redeem(use_it(1)), ADA, s(2_500))
        .refused(Refusal::Coupon(redeem::Refusal::Expired));
    let tenure = Tenure { assigned_at: s(2_300), expires_at: s(2_800), past: Vec::new() };
    one.when(Command::Redeem(use_it(2)), BOB, s(2_500))
        .then(Event::Redeemed(having(used(2, BOB, BOB), tenure)));
}

#[test]
fn a_use_that_is_cancelled_after_its_own_expiry_expires_in_the_same_instant() {
    let dated = campaign(
        CampaignPlan { valid_s: Some(500), ..plan() },
        [(s(2_000), granted(1, ADA, s(2_500)))],
    );
    let dies = until(s(2_500));
    let used = dated
        .and(s(2_100), Event::Redeemed(having(used(1, ADA, ADA), dies.clone())))
        .and_time_passes(s(5_000));
    let cancelled = having(cancelled(1, ADA, ADA), dies);
    let back = used.and(s(5_000), Event::Redeemed(cancelled));
    assert_eq!(back.0.due(), Some(s(2_500)), "nobody has seen it alive");
    let over = back.and_time_passes(s(5_000));
    over.when(Command::Redeem(use_it(1)), ADA, s(5_000))
        .refused(Refusal::Coupon(redeem::Refusal::Expired));
    assert_eq!((books(&over), over.0.due()), (ledger([3, 2, 0, 0, 0, 1, 0]), Some(ENDS)));
}

#[test]
fn what_nobody_claimed_is_no_voucher() {
    for command in [use_it(2), redeem::Command::Void { slot: 2 }, redeem::Command::Void { slot: 0 }]
    {
        let one = campaign(plan(), [(s(2_000), granted(1, ADA, ENDS))]);
        one.when(Command::Redeem(command), ADMIN, s(2_100))
            .refused(Refusal::Coupon(redeem::Refusal::Unknown));
    }
}

#[test]
fn a_look_finds_a_members_voucher_and_a_list_has_a_line_for_it() {
    let one = campaign(plan(), [(s(2_000), granted(1, ADA, ENDS))]);
    let Answer::Of(Some((1, view))) = one.look(&Question::Of(ADA.id)) else { panic!() };
    assert_eq!(
        (view.state, view.coupon.owner, view.coupon.tenure.assigned_at),
        (CouponState::Assigned, ADA.id, s(2_000))
    );
    assert_eq!(one.look(&Question::Of(BOB.id)), Answer::Of(None));
    let Answer::Vouchers(views) = one.look(&Question::Vouchers(vec![2, 1])) else { panic!() };
    assert_eq!(views, [None, Some(view)]);
    let mut rows = Vec::new();
    Campaign::rows(&Serial(7), &granted(1, ADA, ENDS), s(2_000), &mut rows);
    Campaign::rows(&Serial(7), &Event::Paused, s(2_000), &mut rows);
    let [row] = &rows[..] else { panic!("{rows:?}") };
    let home = home_of_row(&row.key);
    assert_eq!(
        (row.owner, home),
        (ADA.id, Some((CouponHome::Campaign { campaign: Serial(7), rank: 1 }, s(2_000))))
    );
}
