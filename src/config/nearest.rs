//! Guesses what a misspelt name was meant to be: the known name that the fewest changed letters
//! lead to.

/// None if even the nearest is so far away that naming it would only confuse.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (steps, best) = known.map(|candidate| (steps(name, candidate), candidate)).min()?;
    (steps <= 1 + best.len() / 3).then_some(best)
}

/// How many letters must be put in, taken out or changed (Levenshtein's distance), one row of the
/// table at a time.
fn steps(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.chars().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.chars().count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_letters_put_in_taken_out_or_changed() {
        assert_eq!(steps("kitten", "sitting"), 3);
        assert_eq!(steps("", "abc"), 3);
        assert_eq!(steps("abc", ""), 3);
        assert_eq!(steps("same", "same"), 0);
    }

    #[test]
    fn a_misspelt_name_finds_its_neighbour_and_a_strange_one_finds_nothing() {
        let known = || ["listen", "bcrypt_cost"].into_iter();
        assert_eq!(nearest("listn", known()), Some("listen"));
        assert_eq!(nearest("bcryptcost", known()), Some("bcrypt_cost"));
        assert_eq!(nearest("colour", known()), None);
    }
}
