//! Keys are replaced, and what was printed before goes on reading.

use actors::domain::coupons::Serial;
use actors::domain::coupons::code::{Code, CouponNumber, Keys, NotOurs, UnreadableKeys, Version};

const PLACE: CouponNumber = CouponNumber { serial: Serial(18), index: 5 };

fn thrice() -> Keys {
    Keys::new([1; 32]).rotated([2; 32]).and_then(|keys| keys.rotated([3; 32])).unwrap()
}

#[test]
fn the_newest_key_prints_and_all_of_them_are_read() {
    let first = Keys::new([1; 32]);
    let second = first.rotated([2; 32]).unwrap();
    let (old, new) = (first.print(PLACE), second.print(PLACE));
    assert_ne!(old, new);
    assert_eq!(second.read(old.as_str()), Ok(PLACE));
    assert_eq!(second.read(new.as_str()), Ok(PLACE));
    assert_eq!(first.read(new.as_str()), Err(NotOurs::Forged), "a version that is not known");
}

#[test]
fn a_code_begins_with_the_version_of_its_key_and_is_good_for_no_other() {
    let keys = thrice();
    for (number, symbol) in [(0, '0'), (1, '1'), (2, '2')] {
        let version = Version::new(number).unwrap();
        let code = keys.of(version).unwrap().print(PLACE).to_string();
        assert!(code.starts_with(symbol), "{code}");
        assert_eq!(keys.read_with_version(&code), Ok((PLACE, version)));
        for other in ["0", "1", "2", "3", "Z"].into_iter().filter(|other| !code.starts_with(other))
        {
            assert_eq!(
                keys.read(&(other.to_owned() + &code[1..])),
                Err(NotOurs::Forged),
                "{other} for {code}"
            );
        }
    }
    assert_eq!(keys.current().version().number(), 2);
    assert!(Version::new(32).is_none());
}

#[test]
fn thirty_two_versions_are_all() {
    let mut keys = Keys::new([0; 32]);
    let mut codes: Vec<Code> = vec![keys.print(PLACE)];
    for key in 1..32 {
        keys = keys.rotated([key; 32]).unwrap();
        codes.push(keys.print(PLACE));
    }
    assert!(keys.rotated([32; 32]).is_none());
    assert!(codes.iter().all(|code| keys.read(code.as_str()) == Ok(PLACE)));
    assert!(codes.last().unwrap().as_str().starts_with('Z'));
}

#[test]
fn keys_are_kept_and_read_back_as_they_were() {
    let keys = thrice();
    let kept = keys.to_bytes();
    let read = Keys::from_bytes(&kept).unwrap();
    assert_eq!(read.to_bytes(), kept);
    assert_eq!(read.print(PLACE), keys.print(PLACE));
}

#[test]
fn the_bytes_of_keys_never_change() {
    let kept = Keys::new([0xa1; 32]).rotated([0xa2; 32]).unwrap().to_bytes();
    let golden = [&[1, 1, 0][..], &[0xa1; 32], &[1], &[0xa2; 32]].concat();
    assert_eq!(kept, golden);
}

#[test]
fn the_key_that_prints_need_not_be_the_newest() {
    let mut kept = thrice().to_bytes();
    kept[1] = 0;
    let keys = Keys::from_bytes(&kept).unwrap();
    assert_eq!(keys.print(PLACE), Keys::new([1; 32]).print(PLACE));
    assert_eq!(
        keys.rotated([4; 32]).unwrap().current().version().number(),
        3,
        "a version is never used twice"
    );
}

#[test]
fn other_bytes_are_no_keys() {
    let kept = thrice().to_bytes();
    let with = |at: usize, byte: u8| {
        let mut bytes = kept.clone();
        bytes[at] = byte;
        bytes
    };
    let second = 2 + 33;
    for (why, bytes) in [
        ("nothing", vec![]),
        ("no key", vec![1, 0]),
        ("another format", with(0, 2)),
        ("the version that prints is missing", with(1, 3)),
        ("a version twice", with(second, 0)),
        ("versions out of order", with(2, 9)),
        ("a version of more than five bits", with(second + 33, 32)),
        ("a key cut short", kept[..kept.len() - 1].to_vec()),
        ("a byte too many", [&kept[..], &[0]].concat()),
    ] {
        assert_eq!(Keys::from_bytes(&bytes).err(), Some(UnreadableKeys), "{why}");
    }
}

#[test]
fn keys_do_not_show_themselves() {
    assert_eq!(format!("{:?}", thrice()), "3 keys, of which version 2 prints");
}

#[test]
fn codes_once_printed_are_good_for_ever() {
    let key = std::array::from_fn(|at| at as u8);
    let keys = Keys::new(key).rotated([0xff; 32]).unwrap();
    for (version, serial, index, golden) in GOLDEN {
        let place = CouponNumber { serial: Serial(serial), index };
        assert_eq!(keys.of(Version::new(version).unwrap()).unwrap().print(place).as_str(), golden);
        assert_eq!(keys.read(golden), Ok(place));
    }
}

/// Version, serial, index, code. Never change one: it is on paper somewhere.
const GOLDEN: [(u8, u32, u64, &str); 6] = [
    (0, 0, 0, "0459W-D9DZH-KR55F-5329Z"),
    (0, 18, 0, "06MWS-KKNMG-RG1QS-MSCHW"),
    (0, 18, 1, "08C3Z-14NXY-4F4DP-HPMZV"),
    (0, Serial::MOST, CouponNumber::MOST, "084MC-JGAAK-MJEXN-YE4HR"),
    (1, 0, 0, "14EFM-VEQXC-NAAQ2-Y5QC0"),
    (1, 17, 9_999_999_999, "1YQWQ-FPC1Q-6TH7Z-QKK7G"),
];
