//! What can be wrong with the settings of a schedule.

use std::fmt;

use crate::schedule::cron::Field;

/// A setting of a schedule, called as in the properties of a trigger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Property {
    /// How the expression is read.
    Type,
    /// When it fires.
    Expression,
    /// The zone of times without one.
    TimeZone,
    /// The first moment at which it may fire.
    StartDate,
    /// The last moment at which it may fire.
    EndDate,
}

impl Property {
    /// Returns its name in a template.
    pub fn name(self) -> &'static str {
        match self {
            Self::Type => "Type",
            Self::Expression => "Expression",
            Self::TimeZone => "TimeZone",
            Self::StartDate => "StartDate",
            Self::EndDate => "EndDate",
        }
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A schedule that cannot be. The text says what is wrong, [`ScheduleError::remedy`] what to write
/// instead.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScheduleError {
    /// No such kind of schedule.
    #[error("`Type` must be `cron`, `rate` or `at`, not `{found}`")]
    UnknownType {
        /// What is written.
        found: String,
    },
    /// A cron expression with too few or too many fields.
    #[error("a cron expression has 5, 6 or 7 fields, and `{found}` has {count}")]
    FieldCount {
        /// What is written.
        found: String,
        /// How many fields that is.
        count: usize,
    },
    /// A part of a field of a cron expression that cannot be read.
    #[error("{field} `{found}` of the cron expression {problem}")]
    Field {
        /// The field.
        field: Field,
        /// The part of it.
        found: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Day of month and day of week are both restricted.
    #[error(
        "day of month `{day_of_month}` and day of week `{day_of_week}` cannot both be set: \
         whether one or both of them must hold is read in two ways"
    )]
    BothDays {
        /// What is written for the day of month.
        day_of_month: String,
        /// What is written for the day of week.
        day_of_week: String,
        /// The two expressions that may be meant.
        instead: [String; 2],
    },
    /// Day of month and day of week are both `?`.
    #[error("day of month and day of week cannot both be `?`: one of them says on which days")]
    NoDays,
    /// Dates that no calendar has, such as February 31.
    #[error("`{found}` never fires: no date before 2100 is like that")]
    Never {
        /// What is written.
        found: String,
    },
    /// An interval that cannot be read.
    #[error("`{found}` is no interval")]
    Rate {
        /// What is written.
        found: String,
    },
    /// A time that cannot be read.
    #[error("`{property}` must be a time, not `{found}`")]
    Time {
        /// The setting.
        property: Property,
        /// What is written.
        found: String,
    },
    /// A time zone that nobody knows.
    #[error("there is no time zone `{found}`")]
    UnknownZone {
        /// What is written.
        found: String,
        /// A zone that may be meant.
        nearest: Option<String>,
    },
    /// The end comes before the start.
    #[error("`EndDate` {end} is before `StartDate` {start}, so it never fires")]
    EndBeforeStart {
        /// The start as it is written.
        start: String,
        /// The end as it is written.
        end: String,
    },
    /// The only time of a schedule lies outside of its dates.
    #[error("`{found}` is not between `StartDate` and `EndDate`, so it never fires")]
    OutsideDates {
        /// The time as it is written.
        found: String,
    },
}

impl ScheduleError {
    /// Returns the setting that is wrong.
    pub fn property(&self) -> Property {
        match self {
            Self::UnknownType { .. } => Property::Type,
            Self::FieldCount { .. }
            | Self::Field { .. }
            | Self::BothDays { .. }
            | Self::NoDays
            | Self::Never { .. }
            | Self::Rate { .. }
            | Self::OutsideDates { .. } => Property::Expression,
            Self::Time { property, .. } => *property,
            Self::UnknownZone { .. } => Property::TimeZone,
            Self::EndBeforeStart { .. } => Property::EndDate,
        }
    }

    /// Returns what to write instead.
    pub fn remedy(&self) -> String {
        match self {
            Self::UnknownType { .. } => "write `cron`, `rate` or `at`".to_owned(),
            Self::FieldCount { .. } => {
                "write `second minute hour day-of-month month day-of-week`, such as \
                 `0 30 8 ? * MON-FRI`, with or without a year; or the five fields of crontab"
                    .to_owned()
            }
            Self::Field { field, .. } => format!("the {field} is {}", field.allowed()),
            Self::BothDays { instead, .. } => {
                let [date, weekday] = instead;
                format!("write `{date}` or `{weekday}`, or make two schedules")
            }
            Self::NoDays => "write `*` for every day".to_owned(),
            Self::Never { .. } => "look at day, month and year together".to_owned(),
            Self::Rate { .. } => {
                "write a whole number above 0 and a unit (seconds, minutes, hours or days), such as \
                 `30 minutes`"
                    .to_owned()
            }
            Self::Time { .. } => {
                "write it as `2030-01-02T03:04:05Z`, or with an offset such as `+08:00`".to_owned()
            }
            Self::UnknownZone { nearest, .. } => match nearest {
                Some(name) => format!("did you mean `{name}`?"),
                None => "write the IANA name of a zone, such as `Asia/Shanghai` or `UTC`".to_owned(),
            },
            Self::EndBeforeStart { .. } => "exchange them, or leave `StartDate` out".to_owned(),
            Self::OutsideDates { .. } => "move the time or the dates".to_owned(),
        }
    }
}
