//! A reference is found only because names ignore case; the vendor's service accepts it too, so it
//! is a warning (language reference 8.4, cases 2 to 4).

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;
use crate::template::check::resolve::{Resolution, for_each};

pub(crate) const RULE: Rule = Rule {
    code: "reference-case",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for_each(cx, |_, reference, resolution| {
        if let Resolution::OtherCase(declared) = resolution {
            report.push(
                Diagnostic::warning(
                    RULE.code,
                    reference.span,
                    format!("the name is declared as `{declared}`"),
                )
                .hint(format!("write `{{{{ {declared} }}}}`")),
            );
        }
    });
}
