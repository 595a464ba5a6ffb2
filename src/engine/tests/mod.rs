//! Templates run against scripted answers. The driver checks the laws of the engine after every
//! step, so that each test is a test of them too.

mod approve;
mod cancel;
mod child;
mod flow;
mod four_eyes;
mod journal;
mod laws;
mod lock;
mod looping;
mod mode;
mod reach;
mod repeat;
mod repeat_laws;
mod trigger;
mod unknown;
mod wait_for;
mod world;
