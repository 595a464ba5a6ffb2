//! The forms in which a secret shows up in texts: as it is, line by line, and as common encodings
//! write it. Not covered: hashes and whatever else cannot be told from the secret alone, such as
//! hexadecimal, reversed or compressed text.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, PAD};

/// Shorter texts are not masked: they would blank out half of every log and protect nothing.
const SHORTEST: usize = 4;

/// The shortest line of a secret of several lines that is masked by itself.
const SHORTEST_LINE: usize = 8;

/// Where tools break lines of Base64.
const LINE_LENGTHS: [usize; 2] = [64, 76];

/// The shortest part of a broken line of Base64 that is masked.
const SHORTEST_PART: usize = 8;

/// Adds every form of `secret`.
pub(super) fn add(secret: &str, forms: &mut BTreeSet<Vec<u8>>) {
    let core = secret.trim_end_matches(['\n', '\r']);
    if core.chars().count() < SHORTEST {
        return;
    }
    add_texts(core, forms);
    for text in [core, secret, &format!("{core}\n")] {
        add_base64(text, forms);
    }
    if core.contains('\n') {
        // Whatever reads a key line by line prints it so.
        let lines = core.lines().map(str::trim);
        for line in lines.filter(|line| is_telling(line)) {
            add_texts(line, forms);
            add_base64(line, forms);
        }
    }
}

/// Tells whether a line is long enough to be masked and not the frame of a key.
fn is_telling(line: &str) -> bool {
    line.chars().count() >= SHORTEST_LINE && !line.starts_with("-----")
}

fn add_texts(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    let json = json(text);
    let quoted = text.replace('\'', r"'\''");
    let texts = [
        text.to_owned(),
        ascii(&json),
        json.replace('/', r"\/"),
        self::json(&json),
        json,
        text.replace('\'', r#"'"'"'"#),
        quoted,
    ];
    forms.extend(texts.map(String::into_bytes));
    for kept in KEPT {
        for lower_case in [false, true] {
            forms.insert(percent(text, kept, lower_case));
        }
    }
}

/// Returns the text as it stands between the quotes of JSON.
fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Writes what is not ASCII as JSON escapes.
fn ascii(json: &str) -> String {
    let mut units = [0; 2];
    json.chars()
        .flat_map(|c| -> Vec<String> {
            if c.is_ascii() {
                return vec![c.to_string()];
            }
            let units = c.encode_utf16(&mut units);
            units.iter().map(|unit| format!("\\u{unit:04x}")).collect()
        })
        .collect()
}

/// What the encoders of URLs leave as it is beside letters and digits, and whether a blank becomes
/// `+`: RFC 3986, the same for paths, JavaScript's, that of forms, and those that browsers apply to
/// a query and a path that were typed.
const KEPT: [(&str, bool); 6] = [
    ("-._~", false),
    ("-._~/", false),
    ("-._~!'()*", false),
    ("-._*", true),
    ("!$%&()*+,-./:;=?@[\\]^_`{|}~", false),
    ("!$%&'()*+,-./:;=@[\\]_|~", false),
];

fn percent(text: &str, (kept, plus): (&str, bool), lower_case: bool) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
            encoded.push(byte);
        } else if byte == b' ' && plus {
            encoded.push(b'+');
        } else if lower_case {
            encoded.extend_from_slice(format!("%{byte:02x}").as_bytes());
        } else {
            encoded.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    encoded
}

/// Adds what Base64 makes of the text by itself, broken into lines, and somewhere in a longer text.
fn add_base64(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    for alphabet in [&STANDARD, &URL_SAFE] {
        let whole = encode(alphabet, text.as_bytes(), true);
        forms.insert(whole.trim_end_matches('=').as_bytes().to_vec());
        for length in LINE_LENGTHS
            .into_iter()
            .filter(|length| whole.len() > *length)
        {
            let parts = whole.as_bytes().chunks(length);
            let telling = parts.filter(|part| part.len() >= SHORTEST_PART);
            forms.extend(telling.map(<[u8]>::to_vec));
        }
        forms.insert(whole.into_bytes());
        for before in 0..3 {
            forms.insert(inside(alphabet, text.as_bytes(), before));
        }
    }
}

/// Returns the letters that the text alone decides if `before` bytes, up to a multiple of three,
/// stand before it.
fn inside(alphabet: &Alphabet, text: &[u8], before: usize) -> Vec<u8> {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(text);
    let encoded = encode(alphabet, &bytes, false);
    let first = (before * 8).div_ceil(6);
    let last = bytes.len() * 8 / 6;
    encoded.as_bytes()[first..last].to_vec()
}

fn encode(alphabet: &Alphabet, bytes: &[u8], padded: bool) -> String {
    let config = if padded { PAD } else { NO_PAD };
    GeneralPurpose::new(alphabet, config).encode(bytes)
}
