//! The one life cycle of whatever can be redeemed, as a table. Nothing else decides which step may
//! follow which.
//!
//! | state    | steps that lead on                                                |
//! |----------|-------------------------------------------------------------------|
//! | created  | assign → assigned, expire → expired, void → void                  |
//! | assigned | hold → held, use → used, expire → expired, void → void            |
//! | held     | confirm → used, lapse → assigned, cancel → assigned               |
//! | used     | cancel → assigned                                                 |
//! | expired  | none                                                              |
//! | void     | none                                                              |
//!
//! A hold ends before its coupon expires. A use that is cancelled after the expiry gives back a
//! coupon that expires in the same instant; one whose batch was voided meanwhile is void at once.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CouponState {
    Created,
    Assigned,
    Held,
    Used,
    Expired,
    Void,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LifeStep {
    Assign,
    Hold,
    Use,
    Confirm,
    Lapse,
    Cancel,
    Expire,
    Void,
}

impl CouponState {
    pub const ALL: [CouponState; 6] = [
        CouponState::Created,
        CouponState::Assigned,
        CouponState::Held,
        CouponState::Used,
        CouponState::Expired,
        CouponState::Void,
    ];

    /// Where the step leads, if it may be taken from here.
    pub const fn after(self, step: LifeStep) -> Option<CouponState> {
        match (self, step) {
            (CouponState::Created, LifeStep::Assign) => Some(CouponState::Assigned),
            (CouponState::Assigned, LifeStep::Hold) => Some(CouponState::Held),
            (CouponState::Assigned, LifeStep::Use) | (CouponState::Held, LifeStep::Confirm) => {
                Some(CouponState::Used)
            }
            (CouponState::Held, LifeStep::Lapse | LifeStep::Cancel)
            | (CouponState::Used, LifeStep::Cancel) => Some(CouponState::Assigned),
            (CouponState::Created | CouponState::Assigned, LifeStep::Expire) => {
                Some(CouponState::Expired)
            }
            (CouponState::Created | CouponState::Assigned, LifeStep::Void) => {
                Some(CouponState::Void)
            }
            _ => None,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            CouponState::Created => "created",
            CouponState::Assigned => "assigned",
            CouponState::Held => "held",
            CouponState::Used => "used",
            CouponState::Expired => "expired",
            CouponState::Void => "void",
        }
    }
}

impl LifeStep {
    pub const ALL: [LifeStep; 8] = [
        LifeStep::Assign,
        LifeStep::Hold,
        LifeStep::Use,
        LifeStep::Confirm,
        LifeStep::Lapse,
        LifeStep::Cancel,
        LifeStep::Expire,
        LifeStep::Void,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table in this file's head, read as a machine would.
    #[test]
    fn the_printed_table_is_the_one_that_is_kept() {
        let printed = include_str!("life.rs").lines().filter_map(|line| line.strip_prefix("//! |"));
        let mut rows = 0;
        for line in printed {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let Some(state) = CouponState::ALL.into_iter().find(|state| state.name() == cells[0])
            else {
                continue;
            };
            let allowed: Vec<String> = LifeStep::ALL
                .into_iter()
                .filter_map(|step| {
                    Some(format!("{step:?} → {}", state.after(step)?.name()).to_lowercase())
                })
                .collect();
            let mut said: Vec<String> =
                cells[1].split(", ").filter(|cell| *cell != "none").map(str::to_owned).collect();
            let mut allowed = allowed;
            said.sort();
            allowed.sort();
            assert_eq!(said, allowed, "{}", state.name());
            rows += 1;
        }
        assert_eq!(rows, CouponState::ALL.len());
    }
}
