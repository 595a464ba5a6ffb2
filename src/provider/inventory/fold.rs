//! Many names in a few letters, for people: `web[01-20,22]`.

use std::collections::BTreeSet;

use indexmap::IndexMap;

/// The most digits of a number that is folded; longer ones are texts.
const MOST_DIGITS: usize = 18;

/// The most numbers of a name that are looked at, from its end: four as in an address.
const MOST_NUMBERS: usize = 4;

/// Folds names into ranges, sorted and each once, with commas between them.
///
/// What comes out is target words that stand for exactly these names. A name that no host can have,
/// with brackets or blanks in it, stays as it is.
pub fn fold<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: BTreeSet<&str> = names.into_iter().collect();
    let mut rows: Vec<Vec<Token>> = names.into_iter().map(tokens).collect();
    for number in 0..MOST_NUMBERS {
        rows = fold_number(rows, number);
    }
    let texts: Vec<String> = rows
        .iter()
        .map(|row| row.iter().map(Token::text).collect())
        .collect();
    texts.join(",")
}

/// A piece of a name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Token {
    Text(String),
    Number(String),
    /// Numbers that were folded, in brackets.
    Range(String),
    /// The place of the numbers that are being folded.
    Hole,
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Range(text) => text,
            Self::Hole => "",
        }
    }

    fn is_numeric(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Range(_))
    }
}

fn tokens(name: &str) -> Vec<Token> {
    if name.contains(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | ',')) {
        return vec![Token::Text(name.to_owned())];
    }
    let mut tokens = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let numeric = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != numeric);
        let (piece, behind) = rest.split_at(end.unwrap_or(rest.len()));
        tokens.push(if numeric && piece.len() <= MOST_DIGITS {
            Token::Number(piece.to_owned())
        } else {
            Token::Text(piece.to_owned())
        });
        rest = behind;
    }
    tokens
}

/// Folds rows that differ in one number only: the one with so many others behind it.
fn fold_number(rows: Vec<Vec<Token>>, number: usize) -> Vec<Vec<Token>> {
    let mut groups: IndexMap<Vec<Token>, Vec<String>> = IndexMap::new();
    for mut row in rows {
        let numeric = (0..row.len()).rev().filter(|at| row[*at].is_numeric());
        let numbers = match numeric.clone().nth(number) {
            Some(at) => match std::mem::replace(&mut row[at], Token::Hole) {
                Token::Number(digits) => vec![digits],
                other => {
                    row[at] = other;
                    Vec::new()
                }
            },
            None => Vec::new(),
        };
        groups.entry(row).or_default().extend(numbers);
    }
    groups
        .into_iter()
        .map(|(mut row, numbers)| {
            if let Some(hole) = row.iter_mut().find(|token| **token == Token::Hole) {
                *hole = match <[String; 1]>::try_from(numbers) {
                    Ok([digits]) => Token::Number(digits),
                    Err(numbers) => Token::Range(ranges(&numbers)),
                };
            }
            row
        })
        .collect()
}

/// Returns numbers as a range in brackets. Numbers that are padded run only with others of their
/// length, so that every text comes out as it went in.
fn ranges(numbers: &[String]) -> String {
    let is_padded = |digits: &str| digits.len() > 1 && digits.starts_with('0');
    let widths: BTreeSet<usize> = numbers
        .iter()
        .filter(|digits| is_padded(digits))
        .map(String::len)
        .collect();
    let sorted: BTreeSet<(usize, u64, &str)> = numbers
        .iter()
        .map(|digits| {
            let width = if widths.contains(&digits.len()) {
                digits.len()
            } else {
                0
            };
            let number = digits
                .parse()
                .expect("so few digits make a number of 64 bits");
            (width, number, digits.as_str())
        })
        .collect();
    let mut pieces: Vec<(usize, u64, &str, &str)> = Vec::new();
    for (width, number, digits) in sorted {
        match pieces.last_mut() {
            Some((have, last, _, end)) if *have == width && *last + 1 == number => {
                (*last, *end) = (number, digits);
            }
            _ => pieces.push((width, number, digits, digits)),
        }
    }
    let texts: Vec<String> = pieces
        .into_iter()
        .map(|(_, _, begin, end)| {
            if begin == end {
                begin.to_owned()
            } else {
                format!("{begin}-{end}")
            }
        })
        .collect();
    format!("[{}]", texts.join(","))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::provider::inventory::range::expand;
    use crate::provider::inventory::words::split;

    #[test]
    fn names_fold_into_ranges() {
        #[track_caller]
        fn case(names: &[&str], expected: &str) {
            assert_eq!(fold(names.iter().copied()), expected);
        }
        case(&[], "");
        case(&["db"], "db");
        case(&["web02", "web01", "web03", "web05"], "web[01-03,05]");
        case(&["web9", "web10", "web11", "web01"], "web[9,01,10-11]");
        case(&["web08", "web09", "web10"], "web[08-10]");
        case(&["a1", "b1"], "a1,b1");
        case(&["n1-x", "n2-x", "n2-y"], "n[1-2]-x,n2-y");
        case(
            &["r1-n01", "r1-n02", "r2-n01", "r2-n02", "r3-n01"],
            "r[1-2]-n[01-02],r3-n01",
        );
        case(&["10.0.0.1", "10.0.0.2"], "10.0.0.[1-2]");
        case(&["web01", "web01"], "web01");
        case(&["odd name 1", "odd name 2"], "odd name 1,odd name 2");
    }

    #[test]
    fn a_hundred_thousand_names_fold_into_one_range() {
        let names: Vec<String> = (0..100_000).map(|n| format!("web{n:06}")).collect();
        assert_eq!(fold(names.iter().map(String::as_str)), "web[000000-099999]");
    }

    proptest! {
        #[test]
        fn what_was_folded_stands_for_the_same_names(
            names in prop::collection::btree_set("[ab]{0,1}[0-9]{1,3}(-[ab][0-3]{1,2}){0,2}(x|[.]y)?", 0..40)
        ) {
            let folded = fold(names.iter().map(String::as_str));
            let mut expanded: Vec<String> = split(&folded)
                .into_iter()
                .flat_map(|word| expand(word).unwrap())
                .collect();
            expanded.sort();
            prop_assert_eq!(expanded, names.into_iter().collect::<Vec<_>>());
        }
    }
}
