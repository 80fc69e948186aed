//! The rule books, sentence by sentence: given what happened, when a command is given, then an
//! event or a refusal.

mod acts;
mod ballots;
mod books;
mod campaign;
mod catalogue;
mod coupons;
mod draw;
mod given;
mod heads;
mod homes;
mod import;
mod life;
mod lists;
mod lottery;
mod notices;
mod openings;
mod orders;
mod own_terms;
mod parts;
mod rack;
mod random;
mod range;
mod redeem;
mod sale;
mod sealing;
mod slice;
mod slice_head;
mod terms;
mod till;
mod together;
mod voiding;
mod walks;
mod webhook;
mod whole;
mod withdrawal;
