//! Functions on texts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::base::value::{Value, text};
use crate::template::expr::function::argument::{expected, list, map, scalar_text, take};

/// Largest text in bytes that `Join`, `Replace` and `Sub` make.
const MAX_TEXT: usize = 16 << 20;

pub(super) fn join(arguments: Vec<Value>) -> Result<Value, String> {
    let [separator, elements] = take(arguments);
    let separator = scalar_text(&separator, "separator")?;
    let mut joined = String::new();
    let elements = list(elements, "second argument")?;
    for (index, element) in elements
        .iter()
        .filter(|element| !element.is_null())
        .enumerate()
    {
        if index > 0 {
            joined.push_str(&separator);
        }
        joined.push_str(&text(element));
        bounded(&joined)?;
    }
    Ok(joined.into())
}

pub(super) fn split(arguments: Vec<Value>) -> Result<Value, String> {
    let [delimiter, whole] = take(arguments);
    let delimiter = scalar_text(&delimiter, "delimiter")?;
    let whole = scalar_text(&whole, "text")?;
    if delimiter.is_empty() {
        return Err("the delimiter must not be empty".to_owned());
    }
    Ok(whole.split(delimiter.as_str()).collect())
}

pub(super) fn replace(arguments: Vec<Value>) -> Result<Value, String> {
    let [pairs, whole] = take(arguments);
    let mut whole = scalar_text(&whole, "text")?;
    for (old, new) in &map(pairs, "first argument")? {
        if old.is_empty() {
            return Err("the text to replace must not be empty".to_owned());
        }
        let new = text(new);
        let count = whole.matches(old.as_str()).count();
        if whole.len() + count * new.len() > MAX_TEXT {
            return Err(too_long());
        }
        whole = whole.replace(old.as_str(), &new);
    }
    Ok(whole.into())
}

/// Replaces `${name}` of the listed names; `${!name}` is the literal `${name}`.
pub(super) fn substitute(arguments: Vec<Value>) -> Result<Value, String> {
    let [template, values] = take(arguments);
    let template = scalar_text(&template, "text")?;
    let values = match values {
        Value::Null => crate::base::value::Map::new(),
        values => map(values, "second argument")?,
    };
    let mut rest = template.as_str();
    let mut out = String::new();
    while let Some(start) = rest.find("${") {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let Some(end) = rest.find('}') else { break };
        let name = rest[2..end].trim();
        match (name.strip_prefix('!'), values.get(name)) {
            (Some(literal), _) => {
                out.push_str("${");
                out.push_str(literal);
                out.push('}');
            }
            (None, Some(value)) => out.push_str(&text(value)),
            // Not listed: a variable of the shell that the text is for.
            (None, None) => {
                out.push_str("${");
                rest = &rest[2..];
                continue;
            }
        }
        bounded(&out)?;
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Ok(out.into())
}

pub(super) fn encode_base64(arguments: Vec<Value>) -> Result<Value, String> {
    let [whole] = take(arguments);
    Ok(STANDARD.encode(text(&whole)).into())
}

/// Decodes; bytes that are no UTF-8 become replacement characters, since the text is often the
/// output of a command.
pub(super) fn decode_base64(arguments: Vec<Value>) -> Result<Value, String> {
    let [whole] = take(arguments);
    let encoded: String = scalar_text(&whole, "argument")?
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .collect();
    let bytes = STANDARD
        .decode(encoded)
        .map_err(|error| format!("the argument is not Base64: {error}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned().into())
}

pub(super) fn contains(arguments: Vec<Value>) -> Result<Value, String> {
    let [whole, part] = take(arguments);
    let whole = scalar_text(&whole, "text")?;
    Ok(whole.contains(&scalar_text(&part, "part")?).into())
}

pub(super) fn escape(arguments: Vec<Value>) -> Result<Value, String> {
    let [whole, shell] = take(arguments);
    let whole = text(&whole);
    let shell = scalar_text(&shell, "shell")?;
    if !shell.is_empty() && !shell.eq_ignore_ascii_case("powershell") {
        let found = Value::String(shell);
        return Err(expected("`powershell`", "shell", &found));
    }
    let mut out = String::with_capacity(whole.len());
    for c in whole.chars() {
        if matches!(c, '"' | '`' | '$') {
            out.push('`');
        }
        out.push(c);
    }
    Ok(out.into())
}

fn bounded(text: &str) -> Result<(), String> {
    if text.len() > MAX_TEXT {
        return Err(too_long());
    }
    Ok(())
}

fn too_long() -> String {
    format!("the result is longer than {MAX_TEXT} bytes")
}
