//! What every directory promises, whatever it keeps people in.
//!
//! `directory_contract!` makes one test of each function here, on people of its own. A directory is
//! reached only through its port; a second way to the same people, as another node has it, and a
//! restart are what its `DirectoryHarness` adds.

mod accounts;
mod deeds;
mod harness;
mod keys;
mod partings;
mod passwords;
mod roles;
mod sessions;
mod words;

pub use accounts::*;
pub use deeds::*;
pub use harness::DirectoryHarness;
pub use keys::*;
pub use partings::*;
pub use passwords::*;
pub use roles::*;
pub use sessions::*;

/// One test for every promise. The harness is an `Option`: without one, the test has said why it
/// did not run.
#[macro_export]
macro_rules! directory_contract {
    ($harness:expr) => {
        $crate::directory_contract! { $harness =>
            an_account_is_found_by_each_of_its_identifiers_and_by_its_id
            what_was_written_survives_reopening
            a_taken_identifier_is_named_and_nothing_is_written
            a_free_identifier_beside_a_taken_one_stays_free
            one_of_many_that_want_the_same_identifier_gets_it
            one_of_many_that_want_overlapping_identifiers_gets_them
            a_change_takes_new_identifiers_and_frees_old_ones_or_does_nothing
            a_change_that_leaves_no_identifier_is_refused
            identifiers_that_two_members_exchange_never_have_two_owners
            a_deleted_member_leaves_nothing_and_frees_everything
            those_of_many_who_are_there_are_found_at_once
            members_come_in_the_order_of_their_ids
            members_are_counted_and_administrators_are_not
            another_role_ends_the_sessions_and_is_seen_everywhere
            the_last_administrator_is_neither_deleted_nor_demoted
            of_many_administrators_who_leave_at_once_one_stays
            the_first_login_is_the_first_once
            who_logged_in_before_the_account_was_made_is_no_newcomer
            the_last_login_never_goes_back
            a_session_begins_only_with_the_password_that_still_is
            a_rehashed_password_is_the_new_one
            a_repeated_registration_is_no_login
            a_refresh_rotates_repeats_and_ends
            of_many_refreshes_at_once_one_rotates
            a_refresh_of_what_never_was_is_unknown
            an_ended_session_is_over_and_listed
            all_sessions_end_but_the_one_that_is_kept
            a_session_ends_no_earlier_than_its_last_token_was_made
            sessions_begun_after_all_were_ended_live
            living_sessions_come_in_pages
            dead_sessions_are_forgotten_and_not_listed
            a_password_is_set_only_for_a_reason_that_holds
            a_new_password_ends_the_sessions_it_should
            a_reset_is_good_once
            what_is_owed_is_listed_until_it_is_settled
            a_home_is_remembered_until_there_are_too_many_or_its_member_is_deleted
            what_a_member_gave_up_is_remembered_for_so_long
            a_key_makes_one_account_whatever_it_is_used_for
            of_many_accounts_with_one_key_one_is_made
            a_deed_is_begun_once_and_stands_when_it_is_done
            a_deed_that_was_not_done_or_is_given_up_or_forgotten_can_begin
            of_many_deeds_at_once_under_one_key_one_begins
            a_deed_whose_time_is_to_come_stays_until_then
            a_service_key_is_made_once_and_revoked_once
            an_outsider_is_noted_as_often_as_one_likes
            a_secret_is_made_once_and_replaced_only_if_it_is_known
            of_many_who_make_a_secret_all_get_the_same
        }
    };
    ($harness:expr => $($promise:ident)*) => {
        mod directory_contract {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[actix_rt::test]
                async fn $promise() {
                    if let Some(mut harness) = $harness {
                        $crate::DirectoryHarness::directory(&harness)
                            .prepare()
                            .await
                            .expect("it can be prepared");
                        $crate::$promise(&mut harness).await;
                    }
                }
            )*
        }
    };
}
