//! How texts become blobs: compressed when large, sealed when secret, and with a sum, since a flipped
//! byte may leave a text that reads well and says something else. The first byte says how.

use sha2::{Digest as _, Sha256};

use crate::store::StoreError;
use crate::store::compressor::compress;
use crate::store::sqlite::fault::damaged;
use crate::store::sqlite::seal::Sealer;

const PLAIN: u8 = 0;
const COMPRESSED: u8 = 1;
/// Set beside one of the others: sealed.
const SEALED: u8 = 0x80;
/// Set beside one of the others: a sum of all before it, form included, is at the end. What was
/// written by the first versions has none.
const SUMMED: u8 = 0x40;

/// Bytes of the sum: damage goes unseen once in four billion times.
const SUM: usize = 4;

/// Smaller texts fit into a page; compressing them costs more than writing them.
const LARGE: usize = 2048;

/// Fast: this stands between a decision and its effect.
const LEVEL: i32 = 1;

/// Packs a text.
pub(super) fn pack(text: &[u8]) -> Result<Vec<u8>, StoreError> {
    if text.len() >= LARGE {
        let packed = compress(text, LEVEL).map_err(|error| StoreError::Io {
            action: "compressing".into(),
            reason: error.to_string(),
        })?;
        if packed.len() < text.len() {
            return Ok(with_sum(COMPRESSED, &packed));
        }
    }
    Ok(with_sum(PLAIN, text))
}

/// Packs and seals a text that belongs to `place`; it can be opened for the same place only.
pub(super) fn pack_sealed(
    text: &[u8],
    sealer: &Sealer,
    place: &str,
) -> Result<Vec<u8>, StoreError> {
    let packed = pack(text)?;
    let closed = sealer.seal(&packed[1..], place)?;
    Ok(with_form(packed[0] | SEALED, &closed))
}

/// Unpacks a blob; `sealer` is asked for only if the blob is sealed.
pub(super) fn unpack<'a>(
    blob: &[u8],
    place: &str,
    sealer: impl FnOnce() -> Result<&'a Sealer, StoreError>,
) -> Result<Vec<u8>, StoreError> {
    let Some((form, data)) = blob.split_first() else {
        return Err(damaged(place, "it is empty"));
    };
    let opened;
    let data = if form & SEALED == 0 {
        data
    } else {
        opened = sealer()?.open(data, place)?;
        &opened
    };
    let data = if form & SUMMED == 0 {
        data
    } else {
        without_sum(form & !SEALED, data).ok_or_else(|| damaged(place, "its sum is wrong"))?
    };
    match form & !(SEALED | SUMMED) {
        PLAIN => Ok(data.to_vec()),
        COMPRESSED => zstd::decode_all(data).map_err(|error| damaged(place, error)),
        other => Err(damaged(place, format!("it has the unknown form {other}"))),
    }
}

fn with_sum(form: u8, data: &[u8]) -> Vec<u8> {
    let form = form | SUMMED;
    let mut blob = with_form(form, data);
    blob.extend_from_slice(&sum(form, data));
    blob
}

fn without_sum(form: u8, data: &[u8]) -> Option<&[u8]> {
    let (data, found) = data.split_last_chunk::<SUM>()?;
    (*found == sum(form, data)).then_some(data)
}

fn sum(form: u8, data: &[u8]) -> [u8; SUM] {
    let digest = Sha256::new().chain_update([form]).chain_update(data);
    let digest = digest.finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}

fn with_form(form: u8, data: &[u8]) -> Vec<u8> {
    let mut blob = Vec::with_capacity(data.len() + 1);
    blob.push(form);
    blob.extend_from_slice(data);
    blob
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_size_come_back() {
        for size in [0, 1, LARGE - 1, LARGE, 100_000] {
            let text: Vec<u8> = b"abcdefg".iter().copied().cycle().take(size).collect();
            let blob = pack(&text).unwrap();
            assert!(blob.len() <= text.len() + 1 + SUM);
            let back = unpack(&blob, "x", || unreachable!("nothing is sealed")).unwrap();
            assert_eq!(back, text);
        }
    }

    #[test]
    fn sealed_texts_open_only_where_they_belong() {
        let sealer = Sealer::new(&[7; 32]);
        let blob = pack_sealed(b"hunter22", &sealer, "a/1").unwrap();
        assert!(!blob.windows(8).any(|part| part == b"hunter22"));
        assert_eq!(unpack(&blob, "a/1", || Ok(&sealer)).unwrap(), b"hunter22");
        assert!(unpack(&blob, "a/2", || Ok(&sealer)).is_err());
        let other = Sealer::new(&[8; 32]);
        assert!(unpack(&blob, "a/1", || Ok(&other)).is_err());
    }

    #[test]
    fn a_flipped_bit_is_found_wherever_it_is() {
        let blob = pack(br#"{"answer": 42}"#).unwrap();
        for place in 0..blob.len() {
            for bit in 0..8 {
                let mut flipped = blob.clone();
                flipped[place] ^= 1 << bit;
                let sealer = Sealer::new(&[7; 32]);
                let back = unpack(&flipped, "x", || Ok(&sealer));
                // Without its mark, the sum is part of a text that no reader understands.
                let is_seen = back.is_err() || flipped[0] == PLAIN;
                assert!(is_seen, "{place} {bit}");
            }
        }
    }

    #[test]
    fn texts_of_the_first_versions_come_back() {
        let back = unpack(b"\0hello", "x", || unreachable!("nothing is sealed"));
        assert_eq!(back.unwrap(), b"hello");
    }

    #[test]
    fn garbage_is_an_error() {
        for blob in [&[][..], &[9, 1], &[COMPRESSED, 1, 2], &[SEALED, 1]] {
            let sealer = Sealer::new(&[7; 32]);
            assert!(unpack(blob, "x", || Ok(&sealer)).is_err(), "{blob:?}");
        }
    }
}
