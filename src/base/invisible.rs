//! Characters that cannot be seen, or that only change how others are shown.
//!
//! Unicode calls most of them default-ignorable or format characters; the table has these ranges as
//! of Unicode 16, and the few that are marks by their class and blank all the same. Control
//! characters and white space are not in it: the standard library knows them.

/// In order, both ends included.
const INVISIBLE: &[(char, char)] = &[
    ('\u{ad}', '\u{ad}'),       // soft hyphen
    ('\u{34f}', '\u{34f}'),     // combining grapheme joiner
    ('\u{600}', '\u{605}'),     // Arabic number signs
    ('\u{61c}', '\u{61c}'),     // Arabic letter mark
    ('\u{6dd}', '\u{6dd}'),     // Arabic end of ayah
    ('\u{70f}', '\u{70f}'),     // Syriac abbreviation mark
    ('\u{890}', '\u{891}'),     // Arabic currency marks
    ('\u{8e2}', '\u{8e2}'),     // Arabic disputed end of ayah
    ('\u{115f}', '\u{1160}'),   // Hangul fillers
    ('\u{17b4}', '\u{17b5}'),   // Khmer inherent vowels
    ('\u{180b}', '\u{180f}'),   // Mongolian selectors and separator
    ('\u{200b}', '\u{200f}'),   // zero-width space and joiners, marks of direction
    ('\u{2028}', '\u{202e}'),   // separators, embeddings and overrides of direction
    ('\u{2060}', '\u{206f}'),   // word joiner, invisible operators, isolates
    ('\u{2800}', '\u{2800}'),   // blank braille pattern
    ('\u{2d7f}', '\u{2d7f}'),   // Tifinagh consonant joiner
    ('\u{3164}', '\u{3164}'),   // Hangul filler
    ('\u{fe00}', '\u{fe0f}'),   // variation selectors
    ('\u{feff}', '\u{feff}'),   // byte order mark
    ('\u{ffa0}', '\u{ffa0}'),   // halfwidth Hangul filler
    ('\u{fff0}', '\u{fffb}'),   // interlinear annotation
    ('\u{1107f}', '\u{1107f}'), // Brahmi number joiner
    ('\u{110bd}', '\u{110bd}'), // Kaithi number sign
    ('\u{110cd}', '\u{110cd}'), // Kaithi number sign above
    ('\u{13430}', '\u{1343f}'), // Egyptian hieroglyph controls
    ('\u{16fe4}', '\u{16fe4}'), // Khitan filler
    ('\u{1bca0}', '\u{1bca3}'), // shorthand controls
    ('\u{1d173}', '\u{1d17a}'), // musical controls
    ('\u{e0000}', '\u{e0fff}'), // tags and more variation selectors
];

pub fn is_invisible(c: char) -> bool {
    let after = INVISIBLE.partition_point(|(first, _)| *first <= c);
    c.is_control() || after.checked_sub(1).is_some_and(|place| c <= INVISIBLE[place].1)
}

/// Whether it makes the text around it run the other way, so that what is read is not what is
/// there.
pub fn turns_text(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_in_order_and_apart() {
        assert!(INVISIBLE.iter().all(|(first, last)| first <= last));
        assert!(INVISIBLE.windows(2).all(|two| two[0].1 < two[1].0));
    }

    #[test]
    fn both_ends_are_invisible_and_their_neighbours_are_not() {
        let seen = |c: u32| char::from_u32(c).is_some_and(|c| !is_invisible(c));
        for (first, last) in INVISIBLE {
            assert!(is_invisible(*first) && is_invisible(*last), "{first:?}");
            assert!(seen(*first as u32 - 1) && seen(*last as u32 + 1), "{first:?}");
        }
    }
}
