//! What templates of `Fn::Jinja` may say.
//!
//! Output, `for`, `if`, `set`, `with` and `raw` are enough for generated files. Everything through
//! which a value could grow from step to step is refused: a name is never bound to the result of an
//! operator, and nothing defines or calls templates. What remains can make values only as large as
//! the template says, and that is counted.

/// Longest template.
const MAX_LENGTH: usize = 64 << 10;
/// Most `~` and `+` in one template: each may copy the largest value there is.
const MAX_OPERATORS: usize = 100;
/// Deepest nesting of brackets and blocks: minijinja's parser recurses on them.
const MAX_DEPTH: usize = 32;

/// Statements that are allowed.
const STATEMENTS: [&str; 12] = [
    "for",
    "endfor",
    "if",
    "elif",
    "else",
    "endif",
    "set",
    "with",
    "endwith",
    "raw",
    "endraw",
    "autoescape",
];
/// Statements that bind names.
const BINDING: [&str; 3] = ["for", "set", "with"];

/// Tells why a template is refused.
pub(super) fn check(template: &str) -> Result<(), String> {
    if template.len() > MAX_LENGTH {
        return Err(format!("the template is longer than {MAX_LENGTH} bytes"));
    }
    let mut rest = template;
    let mut blocks = 0_usize;
    let mut operators = 0;
    while let Some(start) = rest.find('{') {
        rest = &rest[start + 1..];
        let (close, is_statement) = match rest.chars().next() {
            Some('{') => ("}}", false),
            Some('%') => ("%}", true),
            Some('#') => {
                rest = rest.find("#}").map_or("", |end| &rest[end + 2..]);
                continue;
            }
            _ => continue,
        };
        let tag = Tag::read(&rest[1..], close)?;
        rest = &rest[1 + tag.length..];
        if is_statement {
            let word = check_statement(&tag)?;
            if word == "raw" {
                let end = end_of_raw(rest).ok_or("`raw` is not closed")?;
                rest = &rest[end..];
                continue;
            }
            match word {
                "for" | "if" | "with" => blocks += 1,
                word if word.starts_with("end") => blocks = blocks.saturating_sub(1),
                _ => {}
            }
        }
        operators += tag.operators;
        if blocks > MAX_DEPTH || tag.depth > MAX_DEPTH {
            return Err(format!(
                "more than {MAX_DEPTH} blocks or brackets are nested"
            ));
        }
        if operators > MAX_OPERATORS {
            return Err(format!("more than {MAX_OPERATORS} operators `+` and `~`"));
        }
    }
    Ok(())
}

/// Returns the first word of an allowed statement.
fn check_statement<'a>(tag: &Tag<'a>) -> Result<&'a str, String> {
    let text = tag.text.trim_start_matches(['-', '+']).trim();
    let word = text
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    if !STATEMENTS.contains(&word) {
        return Err(format!("`{word}` is not available in templates"));
    }
    if BINDING.contains(&word) && tag.operators > 0 {
        return Err(format!("`{word}` must not calculate with `+` or `~`"));
    }
    if word == "for" && text.ends_with("recursive") {
        return Err("`recursive` is not available in templates".to_owned());
    }
    if word == "set" && !text.contains('=') {
        return Err("`set` needs a value".to_owned());
    }
    Ok(word)
}

/// Returns where the text behind the end of a `raw` block begins.
fn end_of_raw(text: &str) -> Option<usize> {
    let end = text.find("endraw")?;
    Some(end + text[end..].find("%}")? + 2)
}

/// What stands between the signs that open and close a tag.
struct Tag<'a> {
    text: &'a str,
    length: usize,
    operators: usize,
    depth: usize,
}

impl<'a> Tag<'a> {
    fn read(text: &'a str, close: &str) -> Result<Self, String> {
        let mut quote = None;
        let mut escaped = false;
        let (mut operators, mut depth, mut deepest) = (0, 0_usize, 0);
        for (at, c) in text.char_indices() {
            if quote.is_none() && depth == 0 && text[at..].starts_with(close) {
                let text = text[..at].trim_end_matches(['-', '+']);
                return Ok(Self {
                    // A sign before the end only trims blanks.
                    operators,
                    text,
                    length: at + close.len(),
                    depth: deepest,
                });
            }
            match (quote, c) {
                (Some(_), _) if escaped => escaped = false,
                (Some(_), '\\') => escaped = true,
                (Some(open), _) if open == c => quote = None,
                (None, '"' | '\'') => quote = Some(c),
                (None, '*') => return Err("`*` is not available in templates".to_owned()),
                (None, '+' | '~') => operators += 1,
                (None, '(' | '[' | '{') => depth += 1,
                (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
                (Some(_) | None, _) => {}
            }
            deepest = deepest.max(depth);
        }
        Err(format!("a tag is not closed by `{close}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_for_files_are_allowed() {
        for template in [
            "plain { text }",
            "{{ a }} {{ a ~ 'b' }} {# * #} {{ {'a': 1}['a'] }}",
            "{% for x in list if x %}{{ loop.index + 1 }}{% else %}none{% endfor %}",
            "{%- set x = a|upper -%}{% with y = x %}{{ '*' }}{% endwith %}",
            "{% raw %}{% macro x() %}{{ a * b }}{% endraw %}",
        ] {
            assert_eq!(check(template), Ok(()), "{template}");
        }
    }

    #[test]
    fn what_lets_values_grow_is_refused() {
        for template in [
            "{% macro f(x) %}{% endmacro %}",
            "{% set x = x ~ x %}",
            "{% for x in [y ~ y] %}{% endfor %}",
            "{% set x %}{{ y }}{% endset %}",
            "{% filter upper %}{% endfilter %}",
            "{% for x in y recursive %}{% endfor %}",
            "{% include 'x' %}",
            "{{ 'x' * 100000000 }}",
            "{{ x",
        ] {
            assert!(check(template).is_err(), "{template}");
        }
    }
}
