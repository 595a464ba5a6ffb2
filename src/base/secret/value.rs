//! A value that does not print itself.

use std::fmt;

use zeroize::Zeroize;

use crate::base::secret::MASK;

/// A value without `Display` and `Serialize`; `Debug` shows the mask, and its memory is wiped when it
/// is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the value; the call is where review looks.
    pub fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_mask() {
        let secret = Secret::new("hunter22".to_owned());
        assert_eq!(
            format!("{secret:?} {:?}", Some(&secret)),
            "****** Some(******)"
        );
    }
}
