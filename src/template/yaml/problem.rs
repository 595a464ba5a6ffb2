//! Problems that both readers find, or that say more than the parser does.

use granit_parser::Tag;

use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::template::yaml::limit::DEPTH_LIMIT;

/// Makes the diagnostic for lists and maps that are nested too deep.
pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(
        "too-deep",
        span,
        format!("lists and maps are nested more than {DEPTH_LIMIT} levels deep"),
    )
}

/// Makes the diagnostic for a tree with too many values.
pub(super) fn too_many(limit: usize, span: Span) -> Diagnostic {
    Diagnostic::error(
        "too-many-values",
        span,
        format!("the text holds more than {limit} values"),
    )
}

/// Makes the diagnostic for a number that has lost digits.
pub(super) fn inexact(literal: &str, span: Span) -> Diagnostic {
    Diagnostic::warning(
        "inexact-number",
        span,
        format!("the number `{literal}` has more digits than can be kept"),
    )
    .hint("put it in quotes if it is an identifier")
}

/// Makes the diagnostic for a tag that is none of the standard's types.
pub(super) fn custom_tag(tag: &Tag, span: Span) -> Diagnostic {
    Diagnostic::error(
        "custom-tag",
        span,
        format!("the tag `{}` has no meaning here", tag.original()),
    )
    .hint("remove the tag; functions are written `Fn::Name: ...`")
}

/// Makes the diagnostic for a key that is a list, a map or nothing.
pub(super) fn key_not_text(span: Span) -> Diagnostic {
    Diagnostic::error("key-not-text", span, "the key of a map must be a text")
        .hint("put a text that begins with `{{` in quotes")
}
