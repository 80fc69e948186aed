//! What the public may read of a member who has won. It is enough for the member and their friends
//! to know who it is, and not enough to find them.
//!
//! It is the first part of a full name and one letter of the last, else one letter of the username.
//! A member who has neither, who was deleted, or whom only a service knows, is "a member".

use ports::profile::Profile;

pub const NAMELESS: &str = "a member";

pub fn public_name(profile: Option<&Profile>) -> String {
    let full = profile.and_then(|profile| profile.full_name.as_deref()).and_then(shortened);
    let username = || Some(masked(&profile?.username.as_ref()?.text));
    full.or_else(username).unwrap_or_else(|| NAMELESS.to_owned())
}

fn shortened(full: &str) -> Option<String> {
    let mut parts = full.split_whitespace();
    let first = parts.next()?;
    Some(match parts.next_back().and_then(|last| last.chars().next()) {
        Some(initial) => format!("{first} {initial}."),
        None => first.to_owned(),
    })
}

fn masked(username: &str) -> String {
    username.chars().take(1).chain("***".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ports::profile::Identifier;

    fn name(full: Option<&str>, username: Option<&str>) -> String {
        let username = username.map(|text| Identifier::username(text).unwrap());
        public_name(Some(&Profile {
            username,
            full_name: full.map(str::to_owned),
            ..Profile::default()
        }))
    }

    #[test]
    fn a_name_is_shortened_and_a_username_masked() {
        assert_eq!(name(Some("Ada King Lovelace"), Some("countess")), "Ada L.");
        assert_eq!(name(Some("Plato"), None), "Plato");
        assert_eq!(name(None, Some("countess")), "c***");
        assert_eq!(name(None, Some("李小龙")), "李***");
    }

    #[test]
    fn an_address_and_a_number_are_never_shown() {
        let email = Some(Identifier::email("ada@example.org").unwrap());
        let phone = Some(Identifier::phone("+491701234567").unwrap());
        assert_eq!(public_name(Some(&Profile { email, phone, ..Profile::default() })), NAMELESS);
        assert_eq!(public_name(None), NAMELESS);
    }
}
