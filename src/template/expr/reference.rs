//! What a placeholder may name, and how its body is read (language reference 3.1).

use std::fmt;

use crate::base::name::Name;

/// The body of a placeholder, understood.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Reference {
    /// `{{ name }}`: a parameter.
    Parameter(Name),
    /// `{{ task.output }}`, in template outputs also `{{ task.output.jq[] }}`.
    Output {
        /// The task.
        task: Name,
        /// The task's output.
        output: Name,
        /// A jq path applied to the output's value.
        path: Option<String>,
    },
    /// `{{ ACS::… }}`.
    Pseudo(Pseudo),
    /// `{{ oos:name }}`: an entry of the parameter store.
    Stored(String),
    /// `{{ oos-secret:name }}`: a secret entry of the parameter store.
    Secret(String),
}

/// The pseudo-parameters (language reference 3.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Pseudo {
    /// `ACS::RegionId`.
    RegionId,
    /// `ACS::AccountId`.
    AccountId,
    /// `ACS::ExecuteUser`.
    ExecuteUser,
    /// `ACS::ExecutionId`.
    ExecutionId,
    /// `ACS::TaskLoopItem`.
    TaskLoopItem,
    /// `ACS::CurrentDate`.
    CurrentDate,
    /// `ACS::CurrentUTCTime`.
    CurrentUtcTime,
    /// `ACS::OOSUtilVersion`.
    OosUtilVersion,
}

impl Pseudo {
    /// Every pseudo-parameter.
    pub const ALL: [Self; 8] = [
        Self::RegionId,
        Self::AccountId,
        Self::ExecuteUser,
        Self::ExecutionId,
        Self::TaskLoopItem,
        Self::CurrentDate,
        Self::CurrentUtcTime,
        Self::OosUtilVersion,
    ];

    /// Returns the name with its prefix, as documents write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RegionId => "ACS::RegionId",
            Self::AccountId => "ACS::AccountId",
            Self::ExecuteUser => "ACS::ExecuteUser",
            Self::ExecutionId => "ACS::ExecutionId",
            Self::TaskLoopItem => "ACS::TaskLoopItem",
            Self::CurrentDate => "ACS::CurrentDate",
            Self::CurrentUtcTime => "ACS::CurrentUTCTime",
            Self::OosUtilVersion => "ACS::OOSUtilVersion",
        }
    }

    /// Returns the pseudo-parameter of that name, prefix included, ignoring case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|pseudo| pseudo.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Pseudo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Reference {
    /// Reads the body of a placeholder; `None` if it is no reference of the language. A body such
    /// as `ACS::Foo` is none either: [`unknown_pseudo`] tells such a misspelling apart.
    pub fn from_body(body: &str) -> Option<Self> {
        let body = body.trim();
        if let Some(pseudo) = Pseudo::from_name(body) {
            return Some(Self::Pseudo(pseudo));
        }
        if let Some(path) = strip_prefix_ignoring_case(body, "oos:") {
            return entry_name(path).map(Self::Stored);
        }
        if let Some(path) = strip_prefix_ignoring_case(body, "oos-secret:") {
            return entry_name(path).map(Self::Secret);
        }
        let first = leading_name(body)?;
        let rest = &body[first.len()..];
        if rest.is_empty() {
            return Some(Self::Parameter(Name::from(first)));
        }
        let output = leading_name(rest.strip_prefix('.')?)?;
        let path = &rest[1 + output.len()..];
        is_path(path).then(|| Self::Output {
            task: Name::from(first),
            output: Name::from(output),
            path: (!path.is_empty()).then(|| path.to_owned()),
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => name.fmt(f),
            Self::Output { task, output, path } => {
                write!(f, "{task}.{output}{}", path.as_deref().unwrap_or_default())
            }
            Self::Pseudo(pseudo) => pseudo.fmt(f),
            Self::Stored(path) => write!(f, "oos:{path}"),
            Self::Secret(path) => write!(f, "oos-secret:{path}"),
        }
    }
}

/// Tells whether a placeholder can name an entry of the parameter store that is called so.
pub fn is_entry_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    !name.is_empty() && name.chars().all(fits)
}

fn entry_name(text: &str) -> Option<String> {
    let name = text.trim();
    is_entry_name(name).then(|| name.to_owned())
}

/// Returns the body if it has the shape of a pseudo-parameter but names none.
pub(super) fn unknown_pseudo(body: &str) -> Option<&str> {
    let body = body.trim();
    let name = strip_prefix_ignoring_case(body, "ACS::")?;
    (leading_name(name) == Some(name) && Pseudo::from_name(body).is_none()).then_some(body)
}

/// Returns the name at the start of `text`: a letter or `_`, then letters, digits, `_` and `-`.
pub(super) fn leading_name(text: &str) -> Option<&str> {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let end = text.find(|c| !inside(c)).unwrap_or(text.len());
    let name = &text[..end];
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        .then_some(name)
}

/// Tells whether `path` may follow `task.output`: nothing, or a jq path without blanks and
/// operators.
fn is_path(path: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || "_-.[]?\"':".contains(c);
    path.is_empty() || (path.starts_with(['.', '[']) && path.chars().all(inside))
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_as_the_language_says() {
        #[track_caller]
        fn case(body: &str, expected: impl Into<Option<Reference>>) {
            assert_eq!(Reference::from_body(body), expected.into(), "{body}");
        }
        let output = |task: &str, output: &str, path: Option<&str>| {
            Some(Reference::Output {
                task: task.into(),
                output: output.into(),
                path: path.map(str::to_owned),
            })
        };
        case(
            " region-Id ",
            Some(Reference::Parameter("region-Id".into())),
        );
        case("a.b-all", output("a", "b-all", None));
        case("a.b.C[].D", output("a", "b", Some(".C[].D")));
        case("a.b[0]", output("a", "b", Some("[0]")));
        case("acs::accountid", Some(Reference::Pseudo(Pseudo::AccountId)));
        case(
            "oos:aliyun/x.y",
            Some(Reference::Stored("aliyun/x.y".into())),
        );
        case("oos-secret: db/x", Some(Reference::Secret("db/x".into())));
        case("oos-secret:", None);
        case("oos-secret:a b", None);
        case(".State", None);
        case("a + b", None);
        case("a.b | upper", None);
        case("1", None);
        case("", None);
        case("ACS::Nothing", None);
    }

    #[test]
    fn a_misspelt_pseudo_parameter_is_told_apart() {
        assert_eq!(unknown_pseudo(" ACS::RegionID2 "), Some("ACS::RegionID2"));
        assert_eq!(unknown_pseudo("ACS::regionid"), None);
        assert_eq!(unknown_pseudo("ACS"), None);
    }
}
