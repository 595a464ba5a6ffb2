//! What jaq's standard library needs of items.

use jaq_std::ValT;

use super::budget;
use super::item::{Item, content};
use super::number::Number;

impl ValT for Item {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        match self {
            Self::List(list) => {
                // Sorting and grouping start here.
                budget::pay(list.content.len() as u64);
                Ok(content(list).into_iter().collect())
            }
            other => Err(other),
        }
    }

    fn is_int(&self) -> bool {
        matches!(self, Self::Number(Number::Whole(_)))
    }

    fn as_isize(&self) -> Option<isize> {
        match self {
            Self::Number(Number::Whole(whole)) => isize::try_from(*whole).ok(),
            _ => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number.as_f64()),
            _ => None,
        }
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        let text = self.as_text()?;
        budget::pay_for(text.len());
        Some(text.as_bytes())
    }

    fn as_sub_str(&self, part: &[u8]) -> Self {
        Self::text(String::from_utf8_lossy(part))
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self::text(String::from_utf8_lossy(bytes.as_ref()))
    }
}
