//! The one table of problems, from which answers, `/problems/<name>` and the OpenAPI document are
//! made.

use metrics::Counter;
use serde::Serialize;
use std::sync::OnceLock;

/// Whether asking again makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// The same request will be refused again.
    Never,
    /// Later it may succeed. Nothing was done.
    Later,
    /// It is not known whether it was done; the same idempotency key finds out and never does it
    /// twice.
    SameKey,
}

/// One row of the table.
#[derive(Debug)]
pub struct ProblemKind {
    pub name: &'static str,
    /// Its `type`: a page that explains it.
    pub address: &'static str,
    /// How many answers of it there were.
    pub(super) told: OnceLock<Counter>,
    pub status: u16,
    pub retry: Retry,
    pub title: &'static str,
    pub meaning: &'static str,
}

macro_rules! problems {
    ($(
        $id:ident = $name:literal $status:literal $retry:ident $title:literal $meaning:literal;
    )*) => {
        $( pub static $id: ProblemKind = ProblemKind {
            name: $name,
            address: concat!("/problems/", $name),
            told: OnceLock::new(),
            status: $status,
            retry: Retry::$retry,
            title: $title,
            meaning: $meaning,
        }; )*

        pub static ALL: &[&ProblemKind] = &[ $( &$id, )* ];
    };
}

problems! {
    NOT_READABLE = "not-readable" 400 Never "The request cannot be read"
        "The body is not JSON (or not what its header says), a header or the query string cannot \
         be parsed, or a header stands twice that may stand once. `detail` says where.";
    BAD_KEY = "bad-idempotency-key" 400 Never "The idempotency key cannot be used"
        "`Idempotency-Key` is 1 to 255 visible ASCII characters, bare or in double quotes, and \
         stands once.";
    UNAUTHENTICATED = "unauthenticated" 401 Never "Who are you?"
        "The call needs `Authorization: Bearer …` with a valid token or service key. A missing, \
         wrong, expired or revoked one is answered alike.";
    SERVICE_KEY_EXPIRED = "service-key-expired" 401 Never "The service key has expired"
        "It was good until an instant that was said when it was made. An administrator makes \
         another one, of the same name for the same members.";
    WRONG_CREDENTIALS = "wrong-credentials" 401 Never "Account or password is wrong"
        "No such account, a wrong password and an account with too many failures are answered \
         alike, in the same time.";
    FORBIDDEN = "forbidden" 403 Never "This is not yours to do"
        "The caller is known but has not the role that the call needs, or the thing belongs to \
         somebody else.";
    OUT_OF_SCOPE = "out-of-scope" 403 Never "The service key is not for this"
        "The key is good, but was made for other things. `detail` names the scopes of which it \
         would need one.";
    WORK_NEEDED = "proof-of-work-needed" 403 Never "The call takes a proof of work"
        "It has none. `challenge` is the address of a challenge: solve it, and repeat the call \
         with the solution in the header `Proof-Of-Work`.";
    WORK_WRONG = "proof-of-work-wrong" 403 Never "That is no proof of work for this call"
        "The solution cannot be read, is not that of its challenge, or the challenge was made \
         elsewhere or for another call. `detail` says which, and `challenge` where another one is.";
    WORK_EXPIRED = "proof-of-work-expired" 403 Never "The challenge has expired"
        "A challenge is good for as long as its salt says (`expires`). `challenge` says where \
         another one is.";
    WORK_USED = "proof-of-work-used" 403 Never "The proof of work was used before"
        "A solution lets one request in. With an `Idempotency-Key` the same request may be \
         repeated with it, and nothing else. `challenge` says where another challenge is.";
    UNKNOWN_ROUTE = "unknown-route" 404 Never "There is no such path"
        "No route of this API has that path. `/docs` lists them all.";
    NOT_FOUND = "not-found" 404 Never "There is no such thing"
        "The path is right, but nothing of that name exists.";
    METHOD_NOT_ALLOWED = "method-not-allowed" 405 Never "That path does not take this method"
        "The header `Allow` lists the methods it takes.";
    REQUEST_TIMEOUT = "request-timeout" 408 Later "The body took too long"
        "The body was not whole in time, or came too slowly. Nothing was done, and the connection \
         is closed.";
    LOTTERY_EXISTS = "lottery-exists" 409 Never "There is a lottery for that day already"
        "A closing day has one lottery.";
    POOL_EXISTS = "pool-exists" 409 Never "There is a pool of that name already"
        "A name is a pool's for good, also when it is closed.";
    LOTTERY_CLOSED = "lottery-closed" 409 Never "It is closed"
        "Its closing instant has passed, or an administrator closed it. Nothing can be held, \
         confirmed or extended any more.";
    NO_TICKETS = "no-tickets" 409 Never "There are no tickets here"
        "It was created without any.";
    NO_BALLOTS = "no-ballots" 409 Never "There are no ballots here"
        "It was created without any, so nothing is drawn.";
    BALLOTS_FULL = "ballots-full" 409 Never "No more ballots are taken"
        "It has as many as it was created for. None was taken.";
    NOT_SEALED_YET = "not-sealed-yet" 409 Later "The ballots are not counted yet"
        "Where a ballot lies among all others can be shown once the lottery is closed and its \
         boxes are sealed. Until then there is the receipt.";
    NOT_DRAWN_YET = "not-drawn-yet" 409 Later "The draw has not been yet"
        "The lottery is still open, or it is closed and waits for the round of the public beacon \
         that was named when it was created.";
    SALE_OVER = "sale-over" 409 Never "The sale is over"
        "No ticket can be held any more. What is held may still be confirmed until the lottery \
         closes.";
    NOT_RELEASED_YET = "not-released-yet" 409 Later "No more tickets are let out yet"
        "Enough that match are free, but they are let out in waves. `detail` says when the next \
         one is.";
    NO_MATCH_LEFT = "no-match-left" 409 Later "No free ticket matches"
        "All tickets that match are held or sold, or fewer are free in one slice than `at_least` \
         asks for. A hold that ends makes its tickets free again.";
    NONE_TOGETHER = "none-together" 409 Later "Not so many free numbers follow one another"
        "Enough that match may be free, but not side by side. `detail` says how many are. Ask for \
         fewer with `at_least`, or without `together`.";
    HOLD_LIMIT = "hold-limit-reached" 409 Later "You hold as many tickets as you may"
        "A member may have so many live held tickets in one slice of a lottery. Confirm or release \
         some first.";
    HOLD_EXPIRED = "hold-expired" 409 Never "The hold has expired"
        "Its time is over and its tickets are free again.";
    HOLD_RELEASED = "hold-released" 409 Never "The hold was released"
        "It was given back before it was confirmed.";
    HOLD_CONFIRMED = "hold-confirmed" 409 Never "The hold is confirmed already"
        "Its tickets are sold; there is nothing left to extend or release.";
    HOLD_EXTENDED_TO_THE_LIMIT = "hold-extended-to-the-limit" 409 Never "The hold cannot be \
        extended further"
        "A hold ends at its cap, or when its lottery closes, however often it is extended.";
    NAME_TAKEN = "name-taken" 409 Never "There is a campaign of that name"
        "A campaign's name is unique, whatever its case.";
    NOT_YET_OPEN = "not-yet-open" 409 Later "It has not begun"
        "`detail` says when it does.";
    ENDED = "ended" 409 Never "The campaign has ended"
        "Its time is over, or an administrator ended it. What has ended stays so.";
    PAUSED = "paused" 409 Later "The campaign or batch is paused"
        "An administrator lets it go on.";
    SOLD_OUT = "sold-out" 409 Never "Nothing is left"
        "All vouchers of the campaign are granted, or all coupons of the batch are assigned. \
         Nothing was changed.";
    WRONG_CODE = "wrong-code" 409 Never "That is not the code"
        "The campaign is claimed with a code, and this is another, or none. Wrong ones are \
         counted.";
    BY_FIRST_LOGIN = "by-first-login" 409 Never "It is claimed by logging in for the first time"
        "The campaign grants its vouchers with first logins, and in no other way. A service says \
         with `first_login` that it is one.";
    ONLY_MORE = "only-more" 409 Never "A quota only grows, and an end only moves later"
        "Somebody has claimed already, and what was promised is not taken back. Before the first \
         claim both may change, as long as a voucher and some time are left. A batch only expires \
         later.";
    IN_USE = "in-use" 409 Never "Somebody has built on it"
        "Somebody has claimed, or something was assigned, held, bought or submitted. Until then it \
         could be changed, or withdrawn.";
    UNKNOWN_COUPON = "unknown-coupon" 404 Never "There is no such coupon"
        "No coupon has that code, or it is somebody else's: both are answered alike, and counted.";
    COUPON_USED = "coupon-used" 409 Never "The coupon is used"
        "It was used before. A use can be cancelled, once.";
    COUPON_EXPIRED = "coupon-expired" 409 Never "The coupon has expired"
        "Its time is over, to the millisecond. Nothing revives it.";
    COUPON_VOID = "coupon-void" 409 Never "The coupon is void"
        "An administrator took it out of circulation.";
    COUPON_HELD = "coupon-held" 409 Later "The coupon waits for a payment"
        "It is held by a use that is to be confirmed. If it never is, the coupon comes back by \
         itself.";
    COUPON_NOT_HELD = "coupon-not-held" 409 Never "No use is waiting to be confirmed"
        "It was never held, or its time is over and the coupon has come back.";
    COUPON_NOT_USED = "coupon-not-used" 409 Never "There is no use to cancel"
        "It was not used, or the use was cancelled before.";
    COUPON_ASSIGNED = "coupon-assigned" 409 Never "The coupon is somebody's already"
        "It was assigned to another member.";
    SOURCE_REUSED = "source-reused" 409 Never "That source has another member's coupon"
        "A `source_id` stands for one assignment, for ever.";
    ONE_PER_MEMBER = "one-per-member" 409 Never "The batch gives each member one coupon"
        "A given code would get around that limit, so it is not assignable. Ask for the next free \
         one.";
    BELOW_MINIMUM = "below-minimum" 409 Never "The amount is too small for this coupon"
        "`detail` says from which amount on it can be used.";
    NOT_SOLD = "not-sold" 409 Never "The ticket is not sold"
        "Only a sold ticket can be refunded.";
    JOB_ENDED = "job-ended" 409 Never "The job has ended"
        "It has finished or failed; there is nothing left to cancel.";
    REPORT_GONE = "report-gone" 410 Never "The report is no longer there"
        "The job's file was removed from the data folder, or this node was restored from a backup, \
         which has no imported files. The job itself is known.";
    TAKEN = "already-taken" 409 Never "That name is taken"
        "Another account has this username, e-mail address or phone number. A pointer says which.";
    LAST_ADMINISTRATOR = "last-administrator" 409 Never "Nobody else is an administrator"
        "The last administrator can neither be deleted nor get another role. Make another one \
         first.";
    TOO_MANY_WEBHOOKS = "too-many-webhooks" 409 Never "There are as many webhooks as there may be"
        "Delete one that is no longer needed first.";
    WEBHOOK_DISABLED = "webhook-disabled" 409 Never "The webhook is disabled"
        "Nothing is delivered to it. Enable it first; it goes on where it stopped.";
    REPLAY_UNDER_WAY = "replay-under-way" 409 Later "A replay is under way"
        "A webhook replays one range at a time.";
    TOO_LARGE = "too-large" 413 Never "The request is too large"
        "The body, or a header, is larger than the limit that `detail` names.";
    CSV_HEADER = "csv-header" 422 Never "The file does not begin as it must"
        "A file to import is CSV whose first line names its columns. `detail` says which it must \
         have, or may not. Nothing was kept.";
    INVALID = "invalid" 422 Never "The request can be read but is not valid"
        "`errors` lists what is wrong, each with a JSON pointer to where. Unknown fields are \
         refused, too.";
    KEY_REUSED = "idempotency-key-reused" 422 Never "The idempotency key stands for another request"
        "The same caller has used this key for something else within the window. Use a new key for \
         a new request.";
    KEY_IN_USE = "idempotency-key-in-use" 409 Later "The request with this key is under way"
        "The first request with this `Idempotency-Key` has no answer yet. Repeat it, with the same \
         key, a little later.";
    KEY_FORGOTTEN = "idempotency-key-forgotten" 422 Never "The idempotency key is too old"
        "The first request with this key was passed on so long ago that its answer is no longer \
         remembered. Look for its result in your lists.";
    TOO_MANY = "too-many-requests" 429 Later "Too many requests"
        "A budget is used up. `Retry-After` says when it will be filled again. Nothing was done.";
    HEAD_TOO_LARGE = "head-too-large" 431 Never "The head of the request is too large"
        "All of its headers together are larger than `detail` says. Over HTTP/1.1 and beyond twice \
         as much the answer has no body.";
    INTERNAL = "internal" 500 SameKey "Something is wrong with the server"
        "A defect. The log has the details under the request id.";
    BUSY = "busy" 503 Later "Too much is under way"
        "A queue is full. Nothing was done. Come back after `Retry-After` seconds.";
    UNAVAILABLE = "unavailable" 503 Later "The store cannot be used now"
        "What the answer depends on cannot be read or written. Nothing was done.";
    OUTCOME_UNKNOWN = "outcome-unknown" 503 SameKey "It is not known whether this was done"
        "The write may or may not have been kept. Repeat the request with the same \
         `Idempotency-Key`; it is never done twice.";
    MOVED = "moved" 503 SameKey "Another node takes this over at this moment"
        "What the request is about is moving from one node to another. Nothing was done. Repeat \
         it, best with the same `Idempotency-Key`.";
    CLOCK_MOVED = "clock-moved" 503 Later "The clock of this node has moved"
        "The machine's clock has jumped, and nobody knows yet whether it is right. Nothing was \
         done. Lists and states are answered as ever. Come back later, or ask whoever runs the \
         server.";
    NOT_MOVED_SO = "clock-not-moved-so" 409 Never "The clock has not moved by that"
        "What is accepted is a step that somebody has seen, by its size in seconds. `detail` says \
         how the clocks stand now.";
    NO_SPACE = "no-space" 507 Later "The disk is full"
        "The file could not be kept, and nothing of it was. Make room, or ask whoever runs the \
         server to.";
    STARTING = "not-ready" 503 Later "This node takes no traffic"
        "It is starting, stopping, or an administrator took it out of the balancer.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_a_name_of_its_own_in_kebab_case() {
        for (i, kind) in ALL.iter().enumerate() {
            assert!(
                kind.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
                "{}",
                kind.name
            );
            assert!(ALL[..i].iter().all(|other| other.name != kind.name), "{}", kind.name);
            assert!(kind.status >= 400 && kind.meaning.ends_with('.'), "{}", kind.name);
        }
    }
}
