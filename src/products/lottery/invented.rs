//! Names for pools whose makers gave none: two words, such as `brave-otter`, and a number where so
//! many names are taken that two words no longer do.

use actors::dice::Dice;
use actors::domain::pool::PoolName;

const FIRST: [&str; 64] = [
    "able", "airy", "amber", "azure", "bold", "brave", "breezy", "bright", "brisk", "calm",
    "clear", "clever", "cosy", "crisp", "curly", "daring", "eager", "early", "easy", "fair",
    "fancy", "fast", "fine", "fresh", "gentle", "glad", "golden", "grand", "green", "happy",
    "hardy", "honest", "jolly", "keen", "kind", "light", "lively", "lucky", "mellow", "merry",
    "mild", "neat", "nimble", "noble", "plain", "polite", "proud", "quick", "quiet", "rapid",
    "ready", "royal", "shiny", "silver", "smart", "snowy", "solid", "steady", "sunny", "swift",
    "tidy", "warm", "wise", "young",
];

const SECOND: [&str; 64] = [
    "badger", "bear", "beaver", "bison", "bream", "camel", "carp", "cat", "crane", "deer", "dog",
    "dolphin", "dove", "duck", "eagle", "elk", "falcon", "ferret", "finch", "fox", "frog", "goat",
    "goose", "hare", "hawk", "hedgehog", "heron", "horse", "ibis", "jay", "kite", "lark", "lion",
    "llama", "lynx", "marten", "mole", "moose", "mouse", "newt", "otter", "owl", "panda", "perch",
    "pike", "pony", "quail", "rabbit", "raven", "robin", "salmon", "seal", "shark", "sheep",
    "snail", "sparrow", "stork", "swan", "tiger", "toad", "trout", "turtle", "whale", "wolf",
];

/// Attempts that end in no number.
const PLAIN: u32 = 3;

/// The same name for the same seed and attempt.
pub fn invent_name(seed: u64, attempt: u32) -> PoolName {
    let mut dice = Dice::new(seed.wrapping_add(u64::from(attempt)));
    let mut one_of = |words: &[&'static str]| words[dice.below(words.len() as u64) as usize];
    let (first, second) = (one_of(&FIRST), one_of(&SECOND));
    let name = match attempt {
        0..PLAIN => format!("{first}-{second}"),
        _ => format!("{first}-{second}-{}", 2 + dice.below(9998)),
    };
    name.parse().expect("both words are made of small letters")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn any_two_words_are_a_name_and_no_word_stands_twice() {
        let all: BTreeSet<PoolName> = FIRST
            .iter()
            .flat_map(|first| SECOND.map(|second| format!("{first}-{second}").parse().unwrap()))
            .collect();
        assert_eq!(all.len(), FIRST.len() * SECOND.len());
    }

    #[test]
    fn another_attempt_is_another_name_and_the_same_one_the_same() {
        let names = |seed| (0..6).map(|attempt| invent_name(seed, attempt)).collect::<Vec<_>>();
        assert_eq!(names(7), names(7));
        assert_eq!(names(7).into_iter().collect::<BTreeSet<_>>().len(), 6);
        let with_numbers =
            names(7).iter().filter(|name| name.to_string().contains(char::is_numeric)).count();
        assert_eq!(with_numbers, 3);
    }
}
