//! Colors by meaning. A color never says anything that a word beside it does not say.

use anstyle::{AnsiColor, Effects, Style};

/// What a piece of text is, as far as its color goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::cli) enum Role {
    /// The word before an error.
    Error,
    /// The word before a hint; commands to type.
    Hint,
    /// Headings and names that matter most.
    Strong,
    /// What matters least.
    Faint,
    /// Something ended well.
    Good,
    /// Something failed.
    Bad,
    /// Something is at work.
    Busy,
    /// Something waits for a person.
    Attention,
}

impl Role {
    /// Returns the style of the role.
    pub(super) fn style(self) -> Style {
        let color = |color: AnsiColor| color.on_default();
        match self {
            Self::Error => color(AnsiColor::BrightRed).effects(Effects::BOLD),
            Self::Hint => color(AnsiColor::BrightCyan),
            Self::Strong => Style::new().effects(Effects::BOLD),
            Self::Faint => Style::new().effects(Effects::DIMMED),
            Self::Good => color(AnsiColor::Green),
            Self::Bad => color(AnsiColor::Red),
            Self::Busy => color(AnsiColor::Cyan),
            Self::Attention => color(AnsiColor::Yellow),
        }
    }

    /// Returns `text` in the style of the role, or as it is without color.
    pub(in crate::cli) fn paint(self, text: &str, color: bool) -> String {
        if color {
            let style = self.style();
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}
