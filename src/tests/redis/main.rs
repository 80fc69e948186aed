//! What several nodes share through Redis, shown on a real one: sessions that end at once, budgets
//! that count together, and what is left of that when Redis hangs, dies, is emptied or comes back.

mod nodes;

mod budgets;
mod served;
mod sessions;
mod slips;
