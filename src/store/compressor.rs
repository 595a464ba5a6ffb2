//! Compression with a context that is kept: setting one up costs more than compressing a few kilobytes
//! with it.

use std::cell::RefCell;
use std::io;

use zstd::bulk::Compressor;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

/// Compresses a text as one frame.
pub(crate) fn compress(text: &[u8], level: i32) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|slot| {
        let compressor = match slot {
            Some(compressor) => compressor,
            None => slot.insert(Compressor::new(level)?),
        };
        compressor.set_compression_level(level)?;
        compressor.compress(text)
    })
}
