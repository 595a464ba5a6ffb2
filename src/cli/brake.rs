//! The brake of commands that start something: with the disk almost full they refuse, before anything is
//! recorded.

use anyhow::anyhow;

use crate::cli::output::bytes;
use crate::cli::report::Failure;
use crate::config::Settings;
use crate::store::sqlite::room;

/// Refuses to start something new when the disk has too little room for it to come to its end.
pub(super) fn require_room(settings: &Settings) -> Result<(), Failure> {
    let room = room(&settings.data_dir)?;
    let least = settings.min_free;
    if !least.forbids(room) {
        return Ok(());
    }
    let shown = settings.data_dir.display();
    let (free, most) = (bytes(room.free), bytes(least.on(room)));
    Err(Failure::internal(anyhow!(
        "the disk of `{shown}` is almost full: {free} are free, and nothing new is started below {most}"
    ))
    .hinted("Make room: `oos store prune --older-than 30d` removes what ended long ago.")
    .hinted("`--min-free 0` starts it all the same."))
}
