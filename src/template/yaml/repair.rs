//! Quoted texts that go on in a line which is indented too little.
//!
//! The service's reader takes them, the YAML standard does not. Blanks put before such a line
//! change no value, because folding strips them; what is left to do is to count every place back
//! to where it was written.

use std::borrow::Cow;

use crate::template::yaml::limit::REPAIR_LIMIT;

/// A text with blanks put before some of its lines.
#[derive(Debug)]
pub(super) struct Repaired<'a> {
    text: Cow<'a, str>,
    /// Where in the repaired text blanks were put, and how many; in order.
    insertions: Vec<(usize, usize)>,
}

impl<'a> Repaired<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            insertions: Vec::new(),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the offset in the text as it was written.
    pub(super) fn original(&self, offset: usize) -> usize {
        let mut added = 0;
        for (start, length) in &self.insertions {
            if offset <= *start {
                break;
            }
            added += (*length).min(offset - start);
        }
        offset - added
    }

    /// Returns the places, as written, at which blanks were put.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> {
        self.insertions
            .iter()
            .map(|(start, _)| self.original(*start))
    }

    /// Indents the line with `offset` as deep as any line above it. Returns false if that has been
    /// done before, so that it cannot be the cure, or if too many lines have been repaired.
    pub(super) fn indent(&mut self, offset: usize) -> bool {
        let Some(above) = self.text.get(..offset) else {
            return false;
        };
        let start = above.rfind('\n').map_or(0, |at| at + 1);
        let again = self.insertions.iter().any(|(at, _)| *at == start);
        if again || self.insertions.len() == REPAIR_LIMIT {
            return false;
        }
        let deepest = above[..start].lines().map(indentation).max().unwrap_or(0);
        let length = deepest + 1;
        self.text.to_mut().insert_str(start, &" ".repeat(length));
        // The reader stops at the first bad line, so every repair lies behind the ones before.
        self.insertions.push((start, length));
        true
    }
}

/// The column of the first character that is neither a blank nor a mark of a list or a key.
fn indentation(line: &str) -> usize {
    line.find(|c: char| !matches!(c, ' ' | '-' | '?'))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_back_to_the_text_as_written() {
        let text = "a:\n  b: 'x\ny\nz'\nc: 1\n";
        let mut repaired = Repaired::new(text);
        assert!(repaired.indent(text.find('y').unwrap()));
        let z = repaired.text().find('z').unwrap();
        assert!(repaired.indent(z));
        assert_eq!(repaired.text(), "a:\n  b: 'x\n   y\n    z'\nc: 1\n");
        for letter in ['b', 'x', 'y', 'z', 'c'] {
            let found = repaired.text().find(letter).unwrap();
            assert_eq!(repaired.original(found), text.find(letter).unwrap());
        }
        assert_eq!(repaired.places().collect::<Vec<_>>(), [11, 13]);
    }

    #[test]
    fn a_line_is_repaired_once() {
        let mut repaired = Repaired::new("a: 'x\ny'\n");
        assert!(repaired.indent(6));
        assert!(!repaired.indent(7));
    }
}
