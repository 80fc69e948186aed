//! Whose things a list is to have: a member by their id here, or by what their service calls them.

use crate::http::endpoint::Endpoint;
use crate::http::mistakes::Mistakes;
use crate::http::problem::Problem;
use actors::Id;
use people::outsider as id_of;

/// Takes `member`, and `service` with `their_id`.
pub fn of_one_member(endpoint: Endpoint) -> Endpoint {
    endpoint
        .query("member", "Only those of the member with this id.")
        .query("service", "Only those of a member of this service, whom `their_id` names.")
        .query("their_id", "What the service calls the member, as `On-Behalf-Of` says it.")
}

/// The member that is meant, if one is.
pub fn parse_whose(
    member: Option<&str>,
    service: Option<&str>,
    theirs: Option<&str>,
) -> Result<Option<Id>, Problem> {
    let mut mistakes = Mistakes::default();
    let either = "say either `member`, or `service` and `their_id`";
    mistakes.expect(service.is_some() || theirs.is_none(), "?service", "whose member they are");
    mistakes.expect(theirs.is_some() || service.is_none(), "?their_id", "which of its members");
    mistakes.expect(member.is_none() || service.is_none(), "?member", either);
    let not_an_id = |_| Problem::invalid("?member", "an id of a member");
    let member = member.map(|text| text.parse::<Id>().map_err(not_an_id)).transpose();
    let member = mistakes.check(member).flatten();
    mistakes.end()?;
    let outsider = service.zip(theirs);
    Ok(member.or_else(|| outsider.map(|(service, theirs)| id_of(service, theirs))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_named_in_one_of_two_ways_and_not_by_half() {
        let id = Id([7; 16]);
        assert_eq!(parse_whose(None, None, None).unwrap(), None);
        assert_eq!(parse_whose(Some(&id.to_string()), None, None).unwrap(), Some(id));
        let shop = parse_whose(None, Some("shop"), Some("m1")).unwrap();
        assert_eq!(shop, Some(id_of("shop", "m1")));
        for (asked, pointer) in [
            ((Some("x"), None, None), "?member"),
            ((None, Some("shop"), None), "?their_id"),
            ((None, None, Some("m1")), "?service"),
            ((Some(id.to_string().as_str()), Some("shop"), Some("m1")), "?member"),
        ] {
            let problem = parse_whose(asked.0, asked.1, asked.2).unwrap_err();
            assert_eq!(problem.errors[0].pointer, pointer);
        }
    }
}
