//! Cron expressions in the form of Quartz, and in that of crontab.

mod day;
mod expression;
mod field;
mod numbers;

pub use field::Field;

pub(super) use expression::Cron;
