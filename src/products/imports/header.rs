//! The first line of a file, which must name one column: `code`. It is looked at as soon as it is
//! there, before the file is kept.

use crate::imports::rows::{CsvRow, CsvRows};

/// Why a file cannot be imported, as a sentence.
pub fn check(beginning: &[u8]) -> Result<(), String> {
    let mut rows = CsvRows::new(beginning);
    match rows.read_row() {
        Ok(None) | Err(_) => Err("the file is empty; its first line must be `code`".into()),
        Ok(Some(CsvRow::One(name))) if is_code(name) => Ok(()),
        Ok(Some(CsvRow::One(name))) => {
            Err(format!("the first line must be `code`, but it is {}", shown(name)))
        }
        Ok(Some(CsvRow::Unreadable)) => {
            Err("the first line must be `code`, but it cannot be read as CSV".into())
        }
        Ok(Some(CsvRow::Many(fields))) => {
            let others: Vec<String> =
                fields.iter().filter(|name| !is_code(name)).map(shown).collect();
            match others.is_empty() {
                true => Err("the column `code` may be there once".into()),
                false => Err(format!(
                    "a file has the column `code` and no other, but this one has {}",
                    others.join(", ")
                )),
            }
        }
    }
}

fn is_code(name: &[u8]) -> bool {
    name.trim_ascii().eq_ignore_ascii_case(b"code")
}

/// A name that may be anything, short and in quotes.
fn shown(name: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(name).chars().take(40).collect();
    format!("{text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_column_of_that_name_is_a_header() {
        for file in ["code\n", "code", "Code\r\nx", "\u{feff}code\nx", "\"code\"\nx", " code \n"] {
            assert_eq!(check(file.as_bytes()), Ok(()), "{file:?}");
        }
    }

    #[test]
    fn anything_else_is_named() {
        for (file, said) in [
            ("", "the file is empty"),
            ("\n\r\n", "the file is empty"),
            ("SUMMER-1\nSUMMER-2\n", "\"SUMMER-1\""),
            ("code,amount,\"e-mail\"\n", "has \"amount\", \"e-mail\""),
            ("code,code\n", "may be there once"),
            ("code;amount\n", "\"code;amount\""),
            ("\"code\n", "cannot be read"),
            ("c\0o\0d\0e\0\n", "\"c\\0o\\0d\\0e\\0\""),
        ] {
            let why = check(file.as_bytes()).unwrap_err();
            assert!(why.contains(said), "{file:?}: {why}");
        }
    }
}
