//! Faults of every kind, put into the real program: nothing is lost and nothing is done twice.
//!
//! `OOS_FAULT_MINUTES` makes the tests with chance in them go on for so long; `OOS_FAULT_SEED`
//! repeats one.

mod cancel;
mod crowd;
mod cut;
mod damage;
mod dice;
mod disk;
mod helper;
mod hosts;
mod kill;
mod ledger;
mod limit;
mod point;
mod spread;
mod wait;
