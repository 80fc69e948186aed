//! Every type of event that the outside may hear of: one table, from which webhooks choose and the
//! document is made.

#[derive(Debug, PartialEq, Eq)]
pub struct Topic {
    pub name: &'static str,
    pub meaning: &'static str,
}

macro_rules! topics {
    ($( $id:ident = $name:literal $meaning:literal; )*) => {
        $( pub static $id: Topic = Topic { name: $name, meaning: $meaning }; )*

        pub static ALL: &[&Topic] = &[ $( &$id, )* ];
    };
}

topics! {
    LOTTERY_CREATED = "lottery.created" "There is a lottery for that closing day.";
    LOTTERY_WITHDRAWN = "lottery.withdrawn" "Nobody had touched it, and nobody can any more. Its \
        name is free again.";
    LOTTERY_CLOSED = "lottery.closed" "Every slice and box is sealed: nothing more is sold or \
        taken.";
    LOTTERY_DRAWN = "lottery.drawn" "The winners and reserves of a lottery were drawn; `lots` \
        has them in the order of the draw, each with its ballot, its member and what it was drawn \
        as (`winner` or `reserve`). `ballots` has the ballots alone.";
    TICKETS_CONFIRMED = "tickets.confirmed" "A member has bought the tickets of a hold.";
    TICKET_REFUNDED = "ticket.refunded" "A sold ticket was taken back and is free again.";
    CAMPAIGN_CREATED = "campaign.created" "There is a new campaign.";
    CAMPAIGN_CHANGED = "campaign.changed" "It has another quota or another end; `name` and \
        `starts_at` stand there if anything else of it changed.";
    CAMPAIGN_WITHDRAWN = "campaign.withdrawn" "Nobody had claimed, and nobody can any more. Its \
        name is free again.";
    CAMPAIGN_PAUSED = "campaign.paused" "Nobody can claim until it is resumed.";
    CAMPAIGN_RESUMED = "campaign.resumed" "It can be claimed again.";
    CAMPAIGN_ENDED = "campaign.ended" "An administrator ended it.";
    CAMPAIGN_CLAIMED = "campaign.claimed" "A member has got a rank and its voucher.";
    BATCH_CREATED = "batch.created" "There is a new batch of coupons.";
    BATCH_PAUSED = "batch.paused" "Nothing of it is assigned until it is resumed.";
    BATCH_RESUMED = "batch.resumed" "Its coupons can be assigned again.";
    BATCH_EXTENDED = "batch.extended" "All of its coupons expire later.";
    BATCH_CHANGED = "batch.changed" "Nothing of it was assigned, and it has another discount, \
        minimum or expiry.";
    BATCH_WITHDRAWN = "batch.withdrawn" "Nothing of it was assigned, and nothing can be any more.";
    COUPONS_VOIDED = "coupons.voided" "Its batch was voided as a whole: so many coupons of one \
        part of it that nobody had, and so many that were assigned.";
    COUPONS_IMPORTED = "coupons.imported" "Foreign codes were taken in, so many at once.";
    IMPORT_CREATED = "import.created" "A file of codes was taken in, and is worked off.";
    IMPORT_ADVANCED = "import.advanced" "So many of its rows have been worked off.";
    IMPORT_FINISHED = "import.finished" "All of its rows have been worked off.";
    IMPORT_FAILED = "import.failed" "It ended before its file did; `why` says why.";
    IMPORT_CANCELLED = "import.cancelled" "An administrator ended it.";
    COUPON_ASSIGNED = "coupon.assigned" "A coupon is a member's now.";
    COUPON_HELD = "coupon.held" "A use waits for its payment.";
    COUPON_HOLD_LAPSED = "coupon.hold_lapsed" "The payment never came; the coupon can be used \
        again.";
    COUPON_USED = "coupon.used" "A coupon was used, or a held use confirmed.";
    COUPON_USE_CANCELLED = "coupon.use_cancelled" "A use, or the hold for one, was taken back.";
    COUPON_VOIDED = "coupon.voided" "A coupon is void for good.";
    COUPON_EXPIRING = "coupon.expiring" "Its owner is told that it expires soon.";
    COUPONS_EXPIRED = "coupons.expired" "All unused coupons of that range or campaign that expire \
        up to that instant have expired.";
    AUDIT_BEGUN = "audit.begun" "Somebody of the staff, or a service key for it, is about to do \
        something. Only a webhook that names this type is told, and only an administrator can make \
        one.";
    AUDIT_ENDED = "audit.ended" "The act of that number was answered, with that status.";
}

impl Topic {
    /// What only administrators may hear, and whoever they let hear it by name.
    pub fn is_audit(&self) -> bool {
        self.name.starts_with("audit.")
    }
}

pub fn named(name: &str) -> Option<&'static Topic> {
    ALL.iter().find(|topic| topic.name == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_has_a_name_of_its_own() {
        for topic in ALL {
            assert_eq!(
                ALL.iter().filter(|other| other.name == topic.name).count(),
                1,
                "{}",
                topic.name
            );
            assert!(
                topic.meaning.ends_with('.') && named(topic.name) == Some(topic),
                "{}",
                topic.name
            );
        }
    }
}
