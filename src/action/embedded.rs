//! The embedded actions: those that the engine carries out itself (language reference, section 4).

use crate::action::spec::ActionKind;

/// An embedded action.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Embedded {
    /// `ACS::ExecuteAPI`.
    ExecuteApi,
    /// `ACS::WaitFor`.
    WaitFor,
    /// `ACS::CheckFor`.
    CheckFor,
    /// `ACS::ExecuteHttpRequest`.
    ExecuteHttpRequest,
    /// `ACS::TimerTrigger`.
    TimerTrigger,
    /// `ACS::EventTrigger`.
    EventTrigger,
    /// `ACS::AlarmTrigger`.
    AlarmTrigger,
    /// `ACS::Choice`.
    Choice,
    /// `ACS::Sleep`.
    Sleep,
    /// `ACS::SelectTargets`.
    SelectTargets,
    /// `ACS::Notify`.
    Notify,
    /// `ACS::Approve`.
    Approve,
    /// `ACS::Pause`.
    Pause,
    /// `ACS::Loop`.
    Loop,
    /// `ACS::Template`.
    Template,
    /// `ACS::GitCodeRepo`.
    GitCodeRepo,
}

impl Embedded {
    /// All of them, in the order of the language reference.
    pub const ALL: [Self; 16] = [
        Self::ExecuteApi,
        Self::WaitFor,
        Self::CheckFor,
        Self::ExecuteHttpRequest,
        Self::TimerTrigger,
        Self::EventTrigger,
        Self::AlarmTrigger,
        Self::Choice,
        Self::Sleep,
        Self::SelectTargets,
        Self::Notify,
        Self::Approve,
        Self::Pause,
        Self::Loop,
        Self::Template,
        Self::GitCodeRepo,
    ];

    /// Returns the action called `name`, ignoring case, so `ACS::ExecuteApi` too.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|action| action.name().eq_ignore_ascii_case(name))
    }

    /// Returns the name as it is spelt.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExecuteApi => "ACS::ExecuteAPI",
            Self::WaitFor => "ACS::WaitFor",
            Self::CheckFor => "ACS::CheckFor",
            Self::ExecuteHttpRequest => "ACS::ExecuteHttpRequest",
            Self::TimerTrigger => "ACS::TimerTrigger",
            Self::EventTrigger => "ACS::EventTrigger",
            Self::AlarmTrigger => "ACS::AlarmTrigger",
            Self::Choice => "ACS::Choice",
            Self::Sleep => "ACS::Sleep",
            Self::SelectTargets => "ACS::SelectTargets",
            Self::Notify => "ACS::Notify",
            Self::Approve => "ACS::Approve",
            Self::Pause => "ACS::Pause",
            Self::Loop => "ACS::Loop",
            Self::Template => "ACS::Template",
            Self::GitCodeRepo => "ACS::GitCodeRepo",
        }
    }

    /// Returns what sort of action it is.
    pub fn kind(self) -> ActionKind {
        match self {
            Self::ExecuteApi
            | Self::ExecuteHttpRequest
            | Self::SelectTargets
            | Self::GitCodeRepo => ActionKind::Call,
            Self::WaitFor | Self::CheckFor => ActionKind::Poll,
            Self::TimerTrigger | Self::EventTrigger | Self::AlarmTrigger => ActionKind::Trigger,
            Self::Choice | Self::Sleep => ActionKind::Control,
            Self::Notify | Self::Approve | Self::Pause => ActionKind::Message,
            Self::Loop | Self::Template => ActionKind::Child,
        }
    }

    /// Tells whether the action calls an API of a service.
    pub fn calls_api(self) -> bool {
        matches!(self, Self::ExecuteApi | Self::WaitFor | Self::CheckFor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ignore_case() {
        for embedded in Embedded::ALL {
            let name = embedded.name().to_ascii_lowercase();
            assert_eq!(Embedded::from_name(&name), Some(embedded));
        }
        assert_eq!(
            Embedded::from_name("ACS::ExecuteApi"),
            Some(Embedded::ExecuteApi)
        );
        assert_eq!(Embedded::from_name("ACS::Hook"), None);
    }
}
