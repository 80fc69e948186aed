//! What is said of each row of a file, in one byte: imported, a duplicate, or invalid and why.
//! Numbers are never reused.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mark {
    Imported = 1,
    Duplicate = 2,
    Empty = 3,
    TooLong = 4,
    NotVisible = 5,
    NotText = 6,
    Ours = 7,
    Unreadable = 8,
    Fields = 9,
    State = 10,
    Owner = 11,
    NotUsed = 12,
    Amount = 13,
    Reference = 14,
    NoEnd = 15,
    EndTooLate = 16,
    EndOver = 17,
    Discount = 18,
    TwoDiscounts = 19,
    Money = 20,
    Cap = 21,
}

/// What it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFate {
    Imported,
    Duplicate,
    Invalid,
}

impl Mark {
    const ALL: [Mark; 21] = [
        Mark::Imported,
        Mark::Duplicate,
        Mark::Empty,
        Mark::TooLong,
        Mark::NotVisible,
        Mark::NotText,
        Mark::Ours,
        Mark::Unreadable,
        Mark::Fields,
        Mark::State,
        Mark::Owner,
        Mark::NotUsed,
        Mark::Amount,
        Mark::Reference,
        Mark::NoEnd,
        Mark::EndTooLate,
        Mark::EndOver,
        Mark::Discount,
        Mark::TwoDiscounts,
        Mark::Money,
        Mark::Cap,
    ];

    /// None where nothing has been written yet.
    pub fn read(byte: u8) -> Option<Mark> {
        Mark::ALL.into_iter().find(|mark| *mark as u8 == byte)
    }

    pub fn fate(self) -> RowFate {
        match self {
            Mark::Imported => RowFate::Imported,
            Mark::Duplicate => RowFate::Duplicate,
            _ => RowFate::Invalid,
        }
    }

    /// Why it was not imported.
    pub fn why(self) -> Option<&'static str> {
        Some(match self {
            Mark::Imported => return None,
            Mark::Duplicate => "the code is there already, or stands in an earlier row",
            Mark::Empty => "the code is empty",
            Mark::TooLong => "the code has more than 64 characters",
            Mark::NotVisible => {
                "the code has a space, a control character or another one that cannot be seen"
            }
            Mark::NotText => "the code is not UTF-8",
            Mark::Ours => "the code has the shape of this server's own codes",
            Mark::Unreadable => "unreadable: more than 4096 bytes, or a quote that is never closed",
            Mark::Fields => "the row has more or fewer fields than there are columns",
            Mark::State => {
                "the state is none of `created` (without an owner), `assigned` and `used`"
            }
            Mark::Owner => "the owner is not the id of a member here, and one is needed",
            Mark::NotUsed => "only a code that was used has an amount and a reference",
            Mark::Amount => "the amount is no whole number in minor units for which it can be used",
            Mark::Reference => "the reference has more than 64 characters, or one of control",
            Mark::NoEnd => "`expires_at` is no instant such as 2026-12-31T23:59:59Z",
            Mark::EndTooLate => "`expires_at` is later than the end of the batch",
            Mark::EndOver => "`expires_at` was over when the file came",
            Mark::Discount => {
                "`discount_percent` is not 0.01 to 100, with two decimals at most and a point"
            }
            Mark::TwoDiscounts => "`discount_percent` and `discount_amount` are both there",
            Mark::Money => {
                "`discount_amount`, `min_amount` or `max_discount` is no whole number in minor \
                 units, 1 to 1000000000000000"
            }
            Mark::Cap => "`max_discount` is there without a discount",
        })
    }
}

impl RowFate {
    pub fn name(self) -> &'static str {
        match self {
            RowFate::Imported => "imported",
            RowFate::Duplicate => "duplicate",
            RowFate::Invalid => "invalid",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_reads_back_and_every_row_that_was_not_imported_has_a_reason() {
        for mark in Mark::ALL {
            assert_eq!(Mark::read(mark as u8), Some(mark));
            assert_eq!(mark.why().is_none(), mark.fate() == RowFate::Imported);
        }
        assert_eq!((Mark::read(0), Mark::read(22)), (None, None));
    }
}
