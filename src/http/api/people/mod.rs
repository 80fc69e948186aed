//! People: register, log in and leave; accounts; and the keys of services that act for others.
//!
//! The endpoints. Their calls are in a file for each idea: `sessions`, `users`, `service_keys`,
//! `importing` with its `member_file`, `token_keys`, `work_challenges`.
//! `bodies` and `profiles` have what is read and answered, `explain` what is said when a caller is
//! refused.

pub mod bodies;
mod credentials;
pub mod explain;
mod importing;
mod member_file;
mod member_lines;
pub mod profiles;
mod service_keys;
mod sessions;
mod token_keys;
mod users;
mod work_challenges;

use crate::http::api::people::bodies::{
    ChangePassword, CreateServiceKey, LoggedInBody, LoginBody, LoginForm, Logout, MeBody,
    MembersImportedBody, NewServiceKeyBody, RefreshTokens, RegisterMember, RegisteredBody,
    ResetBody, ResetPassword, ServiceKeyBody, SessionBody, TokensBody, WorkChallengeBody,
};
use crate::http::api::people::credentials::FORM;
use crate::http::api::people::profiles::{CreateUser, PatchUser, PutUser, UserBody};
use crate::http::api::people::token_keys::TokenKeysBody;
use crate::http::endpoint::{Endpoint, Who};
use crate::http::problem;
use crate::http::words::GuardedCalls;

pub fn endpoints() -> Vec<Endpoint> {
    const CHANGED: &[&problem::ProblemKind] = &[
        &problem::FORBIDDEN,
        &problem::NOT_FOUND,
        &problem::TAKEN,
        &problem::TOO_MANY,
        &problem::UNAVAILABLE,
    ];
    vec![
        Endpoint::post("/auth/register", sessions::register)
            .named("register")
            .keyed()
            .summary("Register")
            .notes(
                "The answer has tokens as a login's has, but it is not the member's first \
                login. A repeat with the same key and password gives 200 and new tokens.",
            )
            .body::<RegisterMember>()
            .answer::<RegisteredBody>(201, "The member, logged in.")
            .answer::<RegisteredBody>(
                200,
                "The member whom the first request with this key has \
                made.",
            )
            .guarded()
            .problems(&[&problem::TAKEN])
            .problems(CROWDED),
        Endpoint::post("/auth/login", sessions::login)
            .named("logIn")
            .once()
            .summary("Log in")
            .notes(
                "As JSON, or as a form: OAuth2's, whose `username` is an identifier of any kind, \
                or one that names `account`, `email` or `phone_number`. An unknown account, a \
                wrong password and an account with too many failures are answered alike, in the \
                same time. A repeat with the same idempotency key goes on with the same session, \
                unless that was refreshed or has ended.",
            )
            .body::<LoginBody>()
            .or_body::<LoginForm>(FORM)
            .answer::<LoggedInBody>(200, "The tokens.")
            .guarded()
            .problems(&[&problem::WRONG_CREDENTIALS])
            .problems(CROWDED),
        Endpoint::post("/auth/refresh", sessions::refresh)
            .named("refreshTokens")
            .once()
            .summary("Get new tokens")
            .notes(
                "The refresh token is used up. Used again after its successor was used, or \
                after 30 seconds, it ends the session: somebody else has it. If the answer was \
                lost, a repeat with the same idempotency key gives the same refresh token, and \
                never ends the session.",
            )
            .body::<RefreshTokens>()
            .answer::<TokensBody>(200, "The tokens.")
            .problems(&[&problem::UNAUTHENTICATED, &problem::UNAVAILABLE]),
        Endpoint::post("/auth/logout", sessions::logout)
            .named("logOut")
            .once()
            .summary("Log out")
            .notes(
                "Both tokens of the session are dead when this is answered. Needs a valid \
                access token, a refresh token, or both.",
            )
            .body::<Logout>()
            .answer_empty(204, "Logged out.")
            .problems(&[&problem::UNAUTHENTICATED, &problem::UNAVAILABLE]),
        Endpoint::post("/auth/logout-all", sessions::logout_all)
            .named("logOutEverywhere")
            .once()
            .summary("End all my sessions")
            .who(Who::Member)
            .answer_empty(204, "All of them have ended, this one, too.")
            .problems(&[&problem::UNAVAILABLE]),
        Endpoint::get("/auth/sessions", sessions::sessions)
            .named("listMySessions")
            .summary("List my sessions")
            .who(Who::Member)
            .lists::<SessionBody>("Oldest first.")
            .problems(&[&problem::UNAVAILABLE]),
        Endpoint::delete("/auth/sessions/{id}", sessions::end_session)
            .named("endSession")
            .once()
            .summary("End one of my sessions")
            .who(Who::Member)
            .answer_empty(204, "It has ended.")
            .problems(&[&problem::NOT_FOUND, &problem::UNAVAILABLE]),
        Endpoint::post("/auth/password", sessions::change_password)
            .named("changePassword")
            .once()
            .summary("Change my password")
            .notes("My other sessions end.")
            .who(Who::Member)
            .body::<ChangePassword>()
            .answer_empty(204, "It is changed.")
            .problems(&[&problem::WRONG_CREDENTIALS, &problem::NOT_FOUND])
            .problems(CROWDED),
        Endpoint::post("/auth/reset", sessions::reset_password)
            .named("resetPassword")
            .once()
            .summary("Set a password with a reset token")
            .notes(
                "An administrator hands the token out (`POST /users/{id}/password`). It is good \
                for one use within a day; all sessions end.",
            )
            .body::<ResetPassword>()
            .answer_empty(204, "It is set.")
            .problems(&[&problem::UNAUTHENTICATED])
            .problems(CROWDED),
        Endpoint::get("/proof-of-work/challenge", work_challenges::issue)
            .named("getWorkChallenge")
            .summary("Get a challenge for a proof of work")
            .notes(
                "As ALTCHA has it: find the number, 0 to `maxnumber`, which written behind the \
                 salt has the SHA-256 `challenge`, and send base64 of the JSON object with \
                 `algorithm`, `challenge`, `number`, `salt` and `signature` in the header \
                 `Proof-Of-Work`. A solution is for one call (`for`), is good until `expires` in \
                 its salt, and lets one request in; with an `Idempotency-Key`, also a repeat of \
                 that request. The setting `proof_of_work` says which calls ask for one. Staff \
                 and service keys need none.",
            )
            .who(Who::Optional)
            .choice("for", GuardedCalls::ALL, "The call that the solution is for.")
            .required()
            .answer::<WorkChallengeBody>(200, "The challenge.")
            .problems(&[&problem::NOT_FOUND]),
        Endpoint::get("/me", sessions::me)
            .named("whoAmI")
            .summary("Who am I?")
            .who(Who::Member)
            .answer::<MeBody>(200, "The caller.")
            .problems(&[&problem::UNAVAILABLE]),
        Endpoint::get("/users", users::list)
            .named("listUsers")
            .summary("List the accounts")
            .who(Who::Admin)
            .lists::<UserBody>("In the order of their creation.")
            .problems(&[&problem::UNAVAILABLE]),
        Endpoint::post("/users", users::create)
            .named("createUser")
            .keyed()
            .summary("Create an account")
            .who(Who::Admin)
            .body::<CreateUser>()
            .answer::<UserBody>(201, "The account.")
            .problems(&[
                &problem::TAKEN,
                &problem::TOO_MANY,
                &problem::BUSY,
                &problem::UNAVAILABLE,
            ]),
        Endpoint::get("/users/{id}", users::show)
            .named("getUser")
            .summary("Look at an account")
            .notes("One's own, or any for an administrator.")
            .who(Who::Member)
            .answer::<UserBody>(200, "The account.")
            .problems(&[&problem::FORBIDDEN, &problem::NOT_FOUND, &problem::UNAVAILABLE]),
        Endpoint::put("/users/{id}", users::put)
            .named("replaceUser")
            .once()
            .summary("Replace a profile")
            .who(Who::Member)
            .body::<PutUser>()
            .answer::<UserBody>(200, "The account.")
            .problems(CHANGED),
        Endpoint::patch("/users/{id}", users::patch)
            .named("changeUser")
            .once()
            .summary("Change parts of a profile, or the role")
            .who(Who::Member)
            .body::<PatchUser>()
            .answer::<UserBody>(200, "The account.")
            .problems(CHANGED)
            .problems(&[&problem::LAST_ADMINISTRATOR]),
        Endpoint::delete("/users/{id}", users::delete)
            .named("deleteUser")
            .once()
            .summary("Delete an account")
            .notes(
                "Its sessions end, its identifiers are free, its held tickets are released. \
                What was bought stays, without a name.",
            )
            .who(Who::Member)
            .answer_empty(204, "It is deleted.")
            .problems(&[&problem::FORBIDDEN, &problem::NOT_FOUND, &problem::UNAVAILABLE])
            .problems(&[&problem::LAST_ADMINISTRATOR]),
        Endpoint::delete("/users/{id}/sessions", users::end_sessions)
            .named("endSessionsOf")
            .once()
            .summary("End all sessions of an account")
            .notes(
                "All tokens of the account are dead at once, and its holds stay. Whoever knows the \
                password can log in again.",
            )
            .who(Who::Member)
            .answer_empty(204, "None is left, also if there was none.")
            .problems(&[&problem::FORBIDDEN, &problem::NOT_FOUND, &problem::UNAVAILABLE]),
        Endpoint::post("/users/{id}/password", users::offer_reset)
            .named("offerPasswordReset")
            .once()
            .summary("Hand out a password reset")
            .notes(
                "The token is good for one `POST /auth/reset` within a day; it replaces the one \
                before.",
            )
            .who(Who::Admin)
            .answer::<ResetBody>(201, "The token to hand over.")
            .problems(&[&problem::NOT_FOUND, &problem::UNAVAILABLE]),
        Endpoint::post("/member-imports", importing::import)
            .named("importMembers")
            .keyed()
            .summary("Import members of another system")
            .notes(
                "The body is CSV, or lines of JSON with an object each, whose fields are called as \
                the columns are. The first line of CSV names its columns, in any order: one of \
                `username`, `email` and `phone` at least, and if you like `full_name`, `birthday`, \
                `password_hash`, `first_login_at` and `reference`. A hash is bcrypt's (`$2a$`, \
                `$2b$` or `$2y$`, of a cost from 4 to 14) and is made anew at the first login that \
                it lets in; without one, the member needs a reset. Whoever has a `first_login_at` \
                gets no voucher for a first login here. `reference` is your own name for the row, \
                which the answer repeats. The file is taken in whole; its rows are worked off \
                while the answer goes out, so an answer that breaks off has no counts. The same \
                row again is the same import, so a file is brought again from its beginning.",
            )
            .who(Who::Admin)
            .choice(
                "state",
                &["imported", "exists", "invalid", "rejected"],
                "`rejected` is `exists` and `invalid`. All rows if absent.",
            )
            .flag("dry_run", "`true`: the whole report, and nobody is imported.")
            .streams("text/csv")
            .or_streams("application/x-ndjson")
            .or_bytes()
            .answer::<MembersImportedBody>(200, "What became of each row.")
            .problems(&[
                &problem::CSV_HEADER,
                &problem::NO_SPACE,
                &problem::BUSY,
                &problem::UNAVAILABLE,
            ]),
        Endpoint::post("/service-keys", service_keys::create)
            .named("createServiceKey")
            .keyed()
            .summary("Make a service key")
            .notes(
                "Whoever has it may do what a member may, in the name of `On-Behalf-Of`. A \
                repeat with the same idempotency key gives the same key.",
            )
            .who(Who::Admin)
            .body::<CreateServiceKey>()
            .answer::<NewServiceKeyBody>(201, "The key.")
            .problems(&[&problem::UNAVAILABLE]),
        Endpoint::get("/service-keys", service_keys::list)
            .named("listServiceKeys")
            .summary("List the service keys")
            .who(Who::Admin)
            .lists::<ServiceKeyBody>("Without the keys themselves.")
            .problems(&[&problem::UNAVAILABLE]),
        Endpoint::delete("/service-keys/{id}", service_keys::revoke)
            .named("revokeServiceKey")
            .once()
            .summary("Revoke a service key")
            .who(Who::Admin)
            .answer_empty(204, "It lets nobody in any more.")
            .problems(&[&problem::NOT_FOUND, &problem::UNAVAILABLE]),
    ]
}

/// At the root.
pub fn endpoints_at_root() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/.well-known/jwks.json", token_keys::published)
            .named("getTokenKeys")
            .summary("The keys that access tokens are verified with")
            .notes(
                "RFC 7517. Empty while tokens are signed with a secret (`token_algorithm` is \
                `HS256`). A new key is here half a minute before it signs, one that was replaced \
                until its last token is dead. A token says by `kid` which is its own.",
            )
            .answer::<TokenKeysBody>(200, "The public keys.")
            .problems(&[&problem::INVALID]),
    ]
}

/// What a crowd meets.
const CROWDED: &[&problem::ProblemKind] =
    &[&problem::TOO_MANY, &problem::BUSY, &problem::UNAVAILABLE];
