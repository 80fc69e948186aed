//! Members of another system as lines of JSON, an object each. Blank lines are no rows.

use people::{Draft, ForeignMember};
use products::imports::rows::LONGEST_ROW;
use serde::Deserialize;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

pub struct MemberObjects {
    from: BufReader<File>,
    line: Vec<u8>,
}

/// The same names as the columns of a table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberObject {
    username: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    full_name: Option<String>,
    birthday: Option<String>,
    password_hash: Option<String>,
    first_login_at: Option<String>,
    reference: Option<String>,
}

/// Whom a row is about and what its sender calls it, or why nobody.
pub type ObjectRead = Result<(ForeignMember, Option<String>), &'static str>;

/// Whether a file that begins so has lines of JSON. No column's name begins with a brace.
pub fn are_objects(beginning: &[u8]) -> bool {
    beginning.trim_ascii_start().starts_with(b"{")
}

impl MemberObjects {
    pub fn new(from: File) -> MemberObjects {
        MemberObjects { from: BufReader::new(from), line: Vec::new() }
    }

    /// The next row; none at the end of the file.
    pub fn read(&mut self) -> io::Result<Option<ObjectRead>> {
        loop {
            self.line.clear();
            let most = LONGEST_ROW as u64 + 1;
            if (&mut self.from).take(most).read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            if self.line.len() > LONGEST_ROW && !self.line.ends_with(b"\n") {
                self.from.skip_until(b'\n')?;
                return Ok(Some(Err("longer than 4096 bytes")));
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(Some(member_of(&self.line)));
            }
        }
    }
}

fn member_of(line: &[u8]) -> ObjectRead {
    let object: MemberObject = serde_json::from_slice(line)
        .map_err(|_| "not a JSON object with the fields of a member, which are texts or null")?;
    let MemberObject { username, email, phone, full_name, birthday, .. } = object;
    let draft = Draft { username, email, phone, full_name, birthday };
    let MemberObject { password_hash, first_login_at, reference, .. } = object;
    Ok((ForeignMember { draft, password_hash, first_login_at }, reference))
}
