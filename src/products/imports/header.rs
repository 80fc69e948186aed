//! The first line of a file of codes, which names its columns: `code`, and what a code may bring
//! along. It is looked at as soon as it is there, before the file is kept.

use crate::imports::columns::Columns;

/// In the order in which `code` reads their cells.
pub const COLUMNS: &[&str] = &[
    "code",
    "state",
    "owner",
    "amount",
    "reference",
    "expires_at",
    "discount_percent",
    "discount_amount",
    "min_amount",
    "max_discount",
];

/// Why a file cannot be imported, as a sentence.
pub fn check(beginning: &[u8]) -> Result<(), String> {
    let columns = Columns::read(beginning, COLUMNS)?;
    match columns.has("code") {
        true => Ok(()),
        false => Err("the column `code` must be there".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_names_codes_and_perhaps_more() {
        for file in [
            "code\n",
            "code",
            "Code\r\nx",
            "\u{feff}code\nx",
            "\"code\"\nx",
            " code \n",
            "state,code,owner\n",
            "code,reference,amount,owner,state",
            "expires_at,code,min_amount,max_discount,discount_percent,discount_amount",
        ] {
            assert_eq!(check(file.as_bytes()), Ok(()), "{file:?}");
        }
    }

    #[test]
    fn anything_else_is_named() {
        for (file, said) in [
            ("", "the file is empty"),
            ("\n\r\n", "the file is empty"),
            ("SUMMER-1\nSUMMER-2\n", "\"SUMMER-1\" is no column"),
            ("code,\"e-mail\"\n", "\"e-mail\" is no column"),
            ("owner,state\n", "`code` must be there"),
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
