//! The real binary: killed under load, stopped, copied, damaged and asked for everything its command line offers.

mod process;

mod backup;
mod commands;
mod damage;
mod kill;
mod load;
mod promotions;
mod stop;
