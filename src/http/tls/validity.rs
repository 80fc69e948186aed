//! Until when a certificate is good, read from its bytes (X.509 in DER, RFC 5280).
//!
//! It reads no more than it must to come to that place. Whether the rest is in order, those say who
//! verify it.

use actors::Time;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const SEQUENCE: u8 = 0x30;
/// Only later versions than the first say which they are.
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    pub not_before: Time,
    pub not_after: Time,
}

impl Validity {
    /// None if it is no certificate.
    pub fn of(certificate: &[u8]) -> Option<Validity> {
        let mut signed = Values(certificate).inside(SEQUENCE)?.inside(SEQUENCE)?;
        let (first, _) = signed.take()?;
        if first == VERSION {
            let _serial = signed.take()?;
        }
        let _algorithm = signed.take()?;
        let _issuer = signed.take()?;
        let mut validity = signed.inside(SEQUENCE)?;
        Some(Validity { not_before: validity.time()?, not_after: validity.time()? })
    }
}

/// Values that stand behind each other.
struct Values<'a>(&'a [u8]);

impl<'a> Values<'a> {
    /// The next one: its tag and its bytes.
    fn take(&mut self) -> Option<(u8, &'a [u8])> {
        let [tag, first, rest @ ..] = self.0 else { return None };
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
                (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, value))
    }

    fn inside(&mut self, expected: u8) -> Option<Values<'a>> {
        let (tag, value) = self.take()?;
        (tag == expected).then_some(Values(value))
    }

    fn time(&mut self) -> Option<Time> {
        let (tag, value) = self.take()?;
        let text = std::str::from_utf8(value).ok()?;
        let full = match tag {
            // Of 1950 to 2049.
            UTC_TIME if text.as_bytes().first()? >= &b'5' => format!("19{text}"),
            UTC_TIME => format!("20{text}"),
            GENERALIZED_TIME => text.to_owned(),
            _ => return None,
        };
        let at = DateTime::strptime("%Y%m%d%H%M%SZ", full).ok()?;
        Some(Time(at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::calendar::wire_time;

    fn value(tag: u8, inside: &[&[u8]]) -> Vec<u8> {
        let inside = inside.concat();
        let length = inside.len();
        let head = match length {
            0..0x80 => vec![tag, length as u8],
            _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
        };
        [head, inside].concat()
    }

    fn certificate(version: &[u8], from: (u8, &str), until: (u8, &str)) -> Vec<u8> {
        let (serial, algorithm) = (value(2, &[&[7]]), value(SEQUENCE, &[]));
        let issuer = value(SEQUENCE, &[&[0; 300]]);
        let (from, until) =
            (value(from.0, &[from.1.as_bytes()]), value(until.0, &[until.1.as_bytes()]));
        let validity = value(SEQUENCE, &[&from, &until]);
        let signed = value(SEQUENCE, &[version, &serial, &algorithm, &issuer, &validity]);
        value(SEQUENCE, &[&signed, &algorithm])
    }

    #[test]
    fn both_ways_to_write_a_time_are_read_with_and_without_a_version() {
        let version = value(VERSION, &[&value(2, &[&[2]])]);
        let (from, until) = ((UTC_TIME, "991231235959Z"), (UTC_TIME, "491231235959Z"));
        let validity = Validity::of(&certificate(&version, from, until)).unwrap();
        assert_eq!(wire_time(validity.not_before), "1999-12-31T23:59:59.000Z");
        assert_eq!(wire_time(validity.not_after), "2049-12-31T23:59:59.000Z");
        let until = (GENERALIZED_TIME, "20500101000000Z");
        let validity = Validity::of(&certificate(&[], from, until)).unwrap();
        assert_eq!(wire_time(validity.not_after), "2050-01-01T00:00:00.000Z");
    }

    #[test]
    fn what_breaks_off_anywhere_is_no_certificate() {
        let until = (UTC_TIME, "491231235959Z");
        let whole = certificate(&[], until, until);
        assert!((0..whole.len()).all(|length| Validity::of(&whole[..length]).is_none()));
        assert_eq!(Validity::of(&certificate(&[], until, (UTC_TIME, "never"))), None);
        assert_eq!(Validity::of(&certificate(&[], until, (4, "491231235959Z"))), None);
    }
}
