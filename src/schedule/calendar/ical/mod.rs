//! Calendars as iCalendar texts (RFC 5545): what is read of them are events and when they take place.

mod event;
mod file;
mod line;
mod time;
