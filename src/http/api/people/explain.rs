//! What is said when a caller or an account is refused.

use crate::http::problem::{self, Invalid, Problem};
use people::{Denied, Error, Reason, WorkFlaw, WorkRefusal};

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Problem {
        match denied {
            Denied::Unauthenticated(Reason::ExpiredServiceKey) => {
                Problem::plain(&problem::SERVICE_KEY_EXPIRED)
            }
            Denied::Unauthenticated(_) => Problem::plain(&problem::UNAUTHENTICATED),
            Denied::BadOnBehalfOf => Problem::new(&problem::NOT_READABLE, denied.to_string()),
            Denied::NotAService => Problem::new(&problem::FORBIDDEN, denied.to_string()),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        match error {
            Error::Invalid(flaws) => all_invalid(flaws.iter().map(|flaw| (flaw.field, flaw.says))),
            Error::Taken(kinds) => taken(kinds.iter().map(|kind| kind.name())),
            Error::KeyReused => Problem::plain(&problem::KEY_REUSED),
            Error::KeyInUse => Problem::plain(&problem::KEY_IN_USE),
            Error::WrongCredentials => Problem::plain(&problem::WRONG_CREDENTIALS),
            Error::TooMany { retry_after_s } => {
                Problem::plain(&problem::TOO_MANY).retry_after(retry_after_s)
            }
            Error::OverRate { whose, per_minute, retry_after_s } => {
                Problem::plain(&problem::TOO_MANY).rate(whose, per_minute, retry_after_s)
            }
            Error::Busy(busy) => {
                Problem::new(&problem::BUSY, busy.to_string()).retry_after(busy.retry_after_s)
            }
            Error::Denied(denied) => denied.into(),
            Error::Work(refusal) => refusal.into(),
            Error::LastAdministrator => Problem::plain(&problem::LAST_ADMINISTRATOR),
            Error::Unknown => Problem::plain(&problem::NOT_FOUND),
            Error::Store(error) => error.into(),
        }
    }
}

impl From<WorkRefusal> for Problem {
    fn from(WorkRefusal { call, flaw }: WorkRefusal) -> Problem {
        let kind = match flaw {
            WorkFlaw::Missing => &problem::WORK_NEEDED,
            WorkFlaw::Expired => &problem::WORK_EXPIRED,
            WorkFlaw::Used => &problem::WORK_USED,
            WorkFlaw::Unreadable | WorkFlaw::Foreign | WorkFlaw::Wrong | WorkFlaw::OtherCall => {
                &problem::WORK_WRONG
            }
        };
        Problem::work(kind, call, flaw)
    }
}

fn all_invalid<'a>(flaws: impl Iterator<Item = (&'a str, &'a str)>) -> Problem {
    let errors: Vec<Invalid> = flaws
        .map(|(field, says)| Invalid { pointer: pointer(field), detail: says.into() })
        .collect();
    Problem::all_invalid(errors)
}

fn taken<'a>(fields: impl Iterator<Item = &'a str>) -> Problem {
    let mut problem = Problem::plain(&problem::TAKEN);
    problem.errors = fields
        .map(|field| Invalid { pointer: pointer(field), detail: "another account has it".into() })
        .collect();
    problem
}

fn pointer(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!("/{field}") }
}
