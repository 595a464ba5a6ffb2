//! Ranges in host names: many names in a few letters.
//!
//! Two notations, one meaning: `web[01-20,30]` in words and inventories of ours, `web[01:20:2]` in
//! those of Ansible.

/// The most names that one text may stand for.
pub(super) const MOST_NAMES: usize = 1_000_000;

/// The most letters of a number in a range: all of them fit into 64 bits.
const MOST_DIGITS: usize = 18;

/// Why a text with brackets names no hosts.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RangeError {
    /// A bracket has no partner.
    #[error("`{0}` has a bracket without a partner")]
    Brackets(String),
    /// What stands in brackets is no range.
    #[error("`[{range}]` is no range: expected {expected}")]
    NoRange {
        /// What stands there.
        range: String,
        /// What would do.
        expected: &'static str,
    },
    /// The range runs backwards.
    #[error("`[{0}]` ends before it begins")]
    Backwards(String),
    /// Begin and end are padded to different lengths.
    #[error("`[{0}]` must have begin and end of the same length, because it begins with a zero")]
    Padding(String),
    /// Too many names.
    #[error("`{0}` stands for more than {MOST_NAMES} names")]
    TooMany(String),
}

/// How ranges are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Notation {
    /// `[01-20,30]`.
    Words,
    /// `[01:20]`, `[a:f]`, `[0:100:10]`.
    Ansible,
}

/// Returns the names that a text with ranges such as `web[01-20,30]` or `rack[1-3]-n[a-d]` stands for,
/// the last range running fastest. A number that begins with a zero is padded to its length.
pub fn expand(text: &str) -> Result<Vec<String>, RangeError> {
    expand_as(text, Notation::Words)
}

/// Returns the names that a text stands for in a notation.
pub(super) fn expand_as(text: &str, notation: Notation) -> Result<Vec<String>, RangeError> {
    let parts = parts(text, notation)?;
    let count = parts
        .iter()
        .try_fold(1_usize, |count, part| count.checked_mul(part.count()));
    if count.is_none_or(|count| count > MOST_NAMES) {
        return Err(RangeError::TooMany(text.to_owned()));
    }
    let mut names = vec![String::new()];
    for part in &parts {
        match part {
            Part::Text(text) => names.iter_mut().for_each(|name| name.push_str(text)),
            Part::Choice(runs) => {
                let choices: Vec<String> = runs.iter().flat_map(Run::texts).collect();
                names = names
                    .iter()
                    .flat_map(|name| choices.iter().map(move |choice| format!("{name}{choice}")))
                    .collect();
            }
        }
    }
    Ok(names)
}

/// A part of a text: as it is, or one of several.
enum Part {
    Text(String),
    Choice(Vec<Run>),
}

impl Part {
    fn count(&self) -> usize {
        match self {
            Self::Text(_) => 1,
            Self::Choice(runs) => runs
                .iter()
                .fold(0, |count, run| count.saturating_add(run.count())),
        }
    }
}

/// A row of texts.
enum Run {
    One(String),
    Numbers {
        begin: u64,
        end: u64,
        step: u64,
        width: usize,
    },
    Letters {
        begin: u8,
        end: u8,
        step: u64,
    },
}

impl Run {
    fn count(&self) -> usize {
        let count = match self {
            Self::One(_) => 1,
            Self::Numbers {
                begin, end, step, ..
            } => (end - begin) / step + 1,
            Self::Letters { begin, end, step } => u64::from(end - begin) / step + 1,
        };
        usize::try_from(count).unwrap_or(usize::MAX)
    }

    fn texts(&self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text.clone()],
            Self::Numbers {
                begin,
                end,
                step,
                width,
            } => {
                let step = usize::try_from(*step).unwrap_or(usize::MAX);
                let numbers = (*begin..=*end).step_by(step);
                numbers.map(|number| format!("{number:0width$}")).collect()
            }
            Self::Letters { begin, end, step } => {
                let step = usize::try_from(*step).unwrap_or(usize::MAX);
                let places = (*begin..=*end).step_by(step);
                places
                    .map(|place| char::from(LETTERS[usize::from(place)]).to_string())
                    .collect()
            }
        }
    }
}

/// Letters in the order in which ranges of them run.
const LETTERS: &[u8; 52] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn parts(text: &str, notation: Notation) -> Result<Vec<Part>, RangeError> {
    let unpaired = || RangeError::Brackets(text.to_owned());
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['[', ']']) {
        let inner = rest[open..].strip_prefix('[').ok_or_else(unpaired)?;
        let close = inner.find(['[', ']']).ok_or_else(unpaired)?;
        if inner.as_bytes()[close] == b'[' {
            return Err(unpaired());
        }
        if open > 0 {
            parts.push(Part::Text(rest[..open].to_owned()));
        }
        parts.push(Part::Choice(runs(&inner[..close], notation)?));
        rest = &inner[close + 1..];
    }
    parts.push(Part::Text(rest.to_owned()));
    Ok(parts)
}

fn runs(range: &str, notation: Notation) -> Result<Vec<Run>, RangeError> {
    match notation {
        Notation::Words => range
            .split(',')
            .map(|piece| {
                let piece = piece.trim();
                match piece.split_once('-') {
                    Some((begin, end)) => run(range, (begin, end, "1"), notation),
                    None if is_plain(piece) => Ok(Run::One(piece.to_owned())),
                    None => Err(no_range(range, notation)),
                }
            })
            .collect(),
        Notation::Ansible => {
            let bounds: Vec<&str> = range.split(':').collect();
            let run = match bounds[..] {
                [begin, end] => run(range, (begin, end, "1"), notation),
                [begin, end, step] => run(range, (begin, end, step), notation),
                _ => Err(no_range(range, notation)),
            };
            Ok(vec![run?])
        }
    }
}

fn is_plain(piece: &str) -> bool {
    !piece.is_empty() && piece.chars().all(char::is_alphanumeric)
}

fn no_range(range: &str, notation: Notation) -> RangeError {
    RangeError::NoRange {
        range: range.to_owned(),
        expected: match notation {
            Notation::Words => "`[01-20]`, `[a-f]` or a list of them and of words, as in `[1-3,7]`",
            Notation::Ansible => "`[01:20]`, `[a:f]` or `[0:100:10]`",
        },
    }
}

fn run(
    range: &str,
    (begin, end, step): (&str, &str, &str),
    notation: Notation,
) -> Result<Run, RangeError> {
    let wrong = || no_range(range, notation);
    let number = |text: &str| -> Option<u64> {
        let fits = text.len() <= MOST_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.parse().ok()).flatten()
    };
    // Ansible reads a missing begin as zero.
    let begin = match (begin, notation) {
        ("", Notation::Ansible) => "0",
        (begin, _) => begin,
    };
    let step = number(step).filter(|step| *step > 0).ok_or_else(wrong)?;
    let backwards = || RangeError::Backwards(range.to_owned());
    if let (Some(begin), Some(end)) = (letter(begin), letter(end)) {
        return if begin > end {
            Err(backwards())
        } else {
            Ok(Run::Letters { begin, end, step })
        };
    }
    let padded = begin.len() > 1 && begin.starts_with('0');
    if padded && begin.len() != end.len() {
        return Err(RangeError::Padding(range.to_owned()));
    }
    let width = if padded { begin.len() } else { 0 };
    let (begin, end) = (
        number(begin).ok_or_else(wrong)?,
        number(end).ok_or_else(wrong)?,
    );
    if begin > end {
        return Err(backwards());
    }
    Ok(Run::Numbers {
        begin,
        end,
        step,
        width,
    })
}

fn letter(text: &str) -> Option<u8> {
    let [letter] = text.as_bytes() else {
        return None;
    };
    let place = LETTERS.iter().position(|have| have == letter)?;
    u8::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_stand_for_names() {
        #[track_caller]
        fn case(text: &str, notation: Notation, expected: &[&str]) {
            assert_eq!(expand_as(text, notation).unwrap(), expected, "{text}");
        }
        case("web", Notation::Words, &["web"]);
        case("web[1-3]", Notation::Words, &["web1", "web2", "web3"]);
        case("w[09-11].x", Notation::Words, &["w09.x", "w10.x", "w11.x"]);
        case("w[9-10]", Notation::Words, &["w9", "w10"]);
        case(
            "w[01-02,07,x]",
            Notation::Words,
            &["w01", "w02", "w07", "wx"],
        );
        case(
            "r[1-2]-n[a-b]",
            Notation::Words,
            &["r1-na", "r1-nb", "r2-na", "r2-nb"],
        );
        case("[1-2]a", Notation::Words, &["1a", "2a"]);
        case("w[1:3]", Notation::Ansible, &["w1", "w2", "w3"]);
        case("w[01:05:2]", Notation::Ansible, &["w01", "w03", "w05"]);
        case("w[:2]", Notation::Ansible, &["w0", "w1", "w2"]);
        case("w[y:B]", Notation::Ansible, &["wy", "wz", "wA", "wB"]);
        case("w[a:e:2]-x", Notation::Ansible, &["wa-x", "wc-x", "we-x"]);
    }

    #[test]
    fn what_is_no_range_is_refused() {
        #[track_caller]
        fn case(text: &str, notation: Notation, part: &str) {
            let error = expand_as(text, notation).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        case("w[1-3", Notation::Words, "without a partner");
        case("w1]", Notation::Words, "without a partner");
        case("w[[1-2]]", Notation::Words, "without a partner");
        case("w[]", Notation::Words, "no range");
        case("w[1-]", Notation::Words, "no range");
        case("w[3-1]", Notation::Words, "ends before");
        case("w[01-100]", Notation::Words, "same length");
        case("w[1-2000000]", Notation::Words, "more than");
        case("w[1-9999][1-9999][1-9999]", Notation::Words, "more than");
        case("w[0-999999999999999999]", Notation::Words, "more than");
        case("w[0-99999999999999999999]", Notation::Words, "no range");
        case("w[1]", Notation::Ansible, "no range");
        case("w[1:9:0]", Notation::Ansible, "no range");
        case("w[b:a]", Notation::Ansible, "ends before");
        case("w[001:10]", Notation::Ansible, "same length");
    }
}
