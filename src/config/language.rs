//! The language in which texts of templates are shown: descriptions, labels, hints of constraints.
//! Messages of `oos` itself are English.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// A language that the vendor's templates are written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Simplified Chinese.
    #[serde(rename = "zh-cn")]
    Chinese,
}

impl Language {
    /// Returns the tag under which templates keep their texts.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-cn",
        }
    }

    /// Returns the language of a locale such as `zh_CN.UTF-8`; English for those without texts.
    pub fn from_locale(locale: &str) -> Self {
        let language = locale
            .split(['_', '-', '.', '@'])
            .next()
            .unwrap_or_default();
        if language.eq_ignore_ascii_case("zh") {
            Self::Chinese
        } else {
            Self::English
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        [Self::English, Self::Chinese]
            .into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownLanguage(text.to_owned()))
    }
}

/// A language without texts.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a language that templates are written in: expected `en` or `zh-cn`")]
pub struct UnknownLanguage(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_name_a_language() {
        #[track_caller]
        fn case(locale: &str, expected: Language) {
            assert_eq!(Language::from_locale(locale), expected, "{locale}");
        }
        case("zh_CN.UTF-8", Language::Chinese);
        case("zh", Language::Chinese);
        case("en_US.UTF-8", Language::English);
        case("C.UTF-8", Language::English);
        case("", Language::English);
    }

    #[test]
    fn tags_are_read_back() {
        assert_eq!("zh-CN".parse::<Language>().unwrap(), Language::Chinese);
        assert!("fr".parse::<Language>().is_err());
    }
}
