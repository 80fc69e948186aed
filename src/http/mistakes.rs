//! All mistakes of a request at once, so that its caller need not find them one by one.
//!
//! A type stops reading at its first mistake. So what stopped it is noted and put out of its way,
//! and it is read again, until nothing stops it. What can be read is then checked, and each check
//! adds its own.

use super::mistake::Mistake;
use super::problem::{self, Invalid, Problem};
use super::unparsed::Unparsed;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

/// So many are told at most; each costs a reading.
const MOST: usize = 32;

/// What was read of something that may have mistakes.
pub struct Readable<T> {
    /// With anything of its type in the place of each mistake; none if there are too many.
    pub value: Option<T>,
    pub wrong: Vec<Invalid>,
}

/// What is wrong with what could not be read. `at` begins a pointer: `/` in a body, `?` in a query.
pub fn explain<T: DeserializeOwned>(mut said: Unparsed, at: char) -> Readable<T> {
    let mut found = Vec::new();
    while found.len() < MOST {
        let error = match serde_path_to_error::deserialize::<_, T>(&said) {
            Ok(value) => return Readable { value: Some(value), wrong: found },
            Err(error) => error,
        };
        let (mut path, mistake) = (steps(error.path()), error.into_inner());
        let is_new = match &mistake {
            Mistake::Missing(name) => {
                let fields = said.fields(&path);
                path.push((*name).to_owned());
                fields.is_some_and(|fields| {
                    fields.push(((*name).to_owned(), Unparsed::Noted));
                    true
                })
            }
            Mistake::Twice(name) => {
                path.pop_if(|last| last == name);
                let fields = said.fields(&path);
                path.push((*name).to_owned());
                fields.is_some_and(|fields| take_out(fields, name, 1))
            }
            Mistake::Unknown(_) => path.split_last().is_some_and(|(name, parent)| {
                said.fields(parent).is_some_and(|fields| take_out(fields, name, 0))
            }),
            Mistake::Wrong(_) => said.note(&path),
        };
        if !is_new {
            break;
        }
        found.push(Invalid { pointer: pointer(&path, at), detail: mistake.to_string() });
    }
    Readable { value: None, wrong: found }
}

/// Takes out all fields of that name but the first so many. Whether there were any.
fn take_out(fields: &mut Vec<(String, Unparsed)>, name: &str, but: usize) -> bool {
    let (before, mut seen) = (fields.len(), 0);
    fields.retain(|(said, _)| {
        seen += usize::from(said == name);
        said != name || seen <= but
    });
    fields.len() < before
}

fn steps(path: &Path) -> Vec<String> {
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    };
    path.iter().filter_map(step).collect()
}

fn pointer(path: &[String], at: char) -> String {
    let step = |name: &String| format!("{at}{}", name.replace('~', "~0").replace('/', "~1"));
    path.iter().map(step).collect()
}

/// The mistakes that checks have found in what could be read.
#[derive(Default)]
pub struct Mistakes(Vec<Problem>);

impl Mistakes {
    /// What a check gave, or none, and its mistake is noted.
    pub fn check<T>(&mut self, checked: Result<T, Problem>) -> Option<T> {
        checked.map_err(|problem| self.0.push(problem)).ok()
    }

    /// Notes it unless it is right.
    pub fn expect(&mut self, is_right: bool, pointer: &str, detail: impl Into<String>) {
        if !is_right {
            self.0.push(Problem::invalid(pointer, detail));
        }
    }

    /// Refuses if there was any.
    pub fn end(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(self.into()) }
    }
}

impl From<Mistakes> for Problem {
    fn from(Mistakes(found): Mistakes) -> Problem {
        let is_of_another_kind = |problem: &&Problem| problem.kind.name != problem::INVALID.name;
        match found.iter().find(is_of_another_kind) {
            Some(other) => other.clone(),
            None => Problem::all_invalid(found.into_iter().flat_map(|one| one.errors).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        _name: String,
        _count: u8,
        #[serde(default)]
        _fast: bool,
        _of: Option<Vec<u16>>,
        _to: Option<Place>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Place {
        _street: String,
        _house: u64,
    }

    fn told(said: Unparsed, at: char) -> Vec<(String, String)> {
        let wrong = explain::<Order>(said, at).wrong;
        wrong.into_iter().map(|one| (one.pointer, one.detail)).collect()
    }

    fn pointers(text: &str) -> Vec<String> {
        told(serde_json::from_str(text).unwrap(), '/').into_iter().map(|(at, _)| at).collect()
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        for (text, at) in [
            ("{}", &["/_name", "/_count"][..]),
            (r#"{"_name":1,"_count":256,"_fast":0}"#, &["/_name", "/_count", "/_fast"]),
            (r#"{"_name":null,"_count":1,"a":1,"b/c":2}"#, &["/_name", "/a", "/b~1c"]),
            (r#"{"_name":"x","_count":1,"_of":[1,-1,"2"]}"#, &["/_of/1", "/_of/2"]),
            (r#"{"_name":"x","_count":1,"_count":2,"_count":3}"#, &["/_count"]),
            (
                r#"{"_count":-1,"_to":{"_house":1.5,"x":1}}"#,
                &["/_count", "/_to/_house", "/_to/x", "/_to/_street", "/_name"],
            ),
            (
                r#"{"_name":[],"_count":{},"_of":{},"_to":[]}"#,
                &["/_name", "/_count", "/_of", "/_to"],
            ),
        ] {
            assert_eq!(pointers(text), at, "{text}");
        }
    }

    #[test]
    fn parameters_may_be_numbers_and_truths() {
        let said = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, text)| (String::from(*name), String::from(*text)));
            told(Unparsed::parameters(pairs.collect()), '?')
        };
        assert_eq!(said(&[("_name", "5"), ("_count", "5"), ("_fast", "true")]), []);
        let wrong = said(&[("_name", "x"), ("_count", "-5"), ("_fast", "1"), ("_Fast", "true")]);
        let at: Vec<&str> = wrong.iter().map(|(at, _)| at.as_str()).collect();
        assert_eq!(at, ["?_count", "?_fast", "?_Fast"]);
        assert_eq!(wrong[0].1, "a whole number from 0 to 255");
    }

    #[test]
    fn no_more_are_told_than_there_is_time_for() {
        let fields: Vec<String> = (0..1000).map(|n| format!("\"x{n}\":1")).collect();
        assert_eq!(pointers(&format!("{{{}}}", fields.join(","))).len(), MOST);
    }

    #[test]
    fn what_checks_find_is_told_together() {
        let mut mistakes = Mistakes::default();
        assert_eq!(mistakes.check(Ok(1)), Some(1));
        mistakes.expect(true, "/a", "right");
        assert!(Mistakes::default().end().is_ok());
        mistakes.expect(false, "/b", "wrong");
        assert_eq!(mistakes.check::<()>(Err(Problem::invalid("/c", "wrong, too"))), None);
        let problem = mistakes.end().unwrap_err();
        assert_eq!((problem.errors.len(), problem.kind.status), (2, 422));
        assert_eq!(problem.detail, "/b: wrong; /c: wrong, too");
    }
}
