//! People on the embedded store: crowds, thieves, restarts.

mod accounts;
mod house;
mod logins;
mod registrations;
mod services;
mod sessions;
mod work;
