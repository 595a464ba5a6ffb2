//! A unit at work: one run of an action.

use std::sync::Arc;

use crate::base::digest::Digest;
use crate::base::time::Timestamp;
use crate::engine::effect::{Effect, EffectKey};
use crate::engine::event::{ApprovalTerms, Lock, UnitId, Work};
use crate::engine::state::approval::GivenApproval;
use crate::engine::status::WaitReason;

/// A unit that has begun and not ended.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::engine) struct Unit {
    /// The attempt that it belongs to.
    pub attempt: u32,
    /// What it does.
    pub work: Arc<Work>,
    /// How far it is.
    pub phase: Phase,
    /// The approvals that it waits for before it does anything.
    pub approval: Option<ApprovalTerms>,
    /// What it must have to itself while it works.
    pub lock: Option<Arc<Lock>>,
    /// How many polls in a row got no answer.
    pub faults: u32,
}

/// How far a unit is.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::engine) enum Phase {
    /// Waits for a person to confirm a high-risk call.
    Unconfirmed,
    /// Waits for its lock.
    Locking,
    /// The call of this number is out.
    Calling(u32),
    /// The poll of this number is due at the moment.
    Pausing(u32, Timestamp),
    /// Sleeps until the moment.
    Sleeping(Timestamp),
    /// Waits for approvals; these have been given.
    Approving(Vec<GivenApproval>),
    /// Waits until a person lets it go on.
    Paused,
    /// A child execution works, or waits for someone.
    Child {
        /// Whether it waits.
        waiting: bool,
    },
    /// A trigger waits to be fired.
    Watching {
        /// Whether a person has paused it.
        paused: bool,
    },
    /// Nobody knows what came of the call.
    Lost(String),
    /// Needs nothing from the world and ends in the same step.
    Instant,
}

impl Unit {
    /// Makes a unit that has just begun: whether it waits for a confirmation, for which approvals,
    /// for which lock.
    pub(in crate::engine) fn new(
        attempt: u32,
        work: Work,
        (confirm, approval, lock): (bool, Option<ApprovalTerms>, Option<Lock>),
    ) -> Self {
        let mut unit = Self {
            attempt,
            work: Arc::new(work),
            phase: Phase::Unconfirmed,
            approval,
            lock: lock.map(Arc::new),
            faults: 0,
        };
        if unit.approval.is_some() {
            unit.phase = Phase::Approving(Vec::new());
        } else if !confirm {
            unit.phase = unit.ready_phase();
        }
        unit
    }

    /// Returns the phase after everything that people decide first.
    pub(in crate::engine) fn ready_phase(&self) -> Phase {
        match &self.lock {
            Some(_) => Phase::Locking,
            None => Self::first_phase(&self.work),
        }
    }

    /// Returns the phase that `work` begins with, once nothing is to be waited for.
    pub(in crate::engine) fn first_phase(work: &Work) -> Phase {
        match work {
            Work::Call { .. }
            | Work::Poll { .. }
            | Work::Approval {
                notice: Some(_), ..
            } => Phase::Calling(0),
            Work::Sleep { until } => Phase::Sleeping(*until),
            Work::Choice { .. } | Work::Trigger { .. } => Phase::Instant,
            Work::Approval { notice: None, .. } => Phase::Approving(Vec::new()),
            Work::Pause => Phase::Paused,
            Work::Watch { .. } => Phase::Watching { paused: false },
            Work::Child { .. } => Phase::Child { waiting: false },
        }
    }

    /// Returns who must approve, of a unit that waits for approvals or will.
    pub(in crate::engine) fn terms(&self) -> Option<ApprovalTerms> {
        match (&self.approval, &*self.work) {
            (Some(terms), _) => Some(terms.clone()),
            (
                None,
                Work::Approval {
                    approvers,
                    required,
                    ..
                },
            ) => Some(ApprovalTerms {
                approvers: approvers.clone(),
                required: *required,
            }),
            (None, _) => None,
        }
    }

    /// Tells whether the unit waits for someone.
    pub(in crate::engine) fn is_waiting(&self) -> bool {
        matches!(
            self.phase,
            Phase::Unconfirmed
                | Phase::Approving(_)
                | Phase::Paused
                | Phase::Watching { .. }
                | Phase::Child { waiting: true }
        )
    }

    /// Tells whether the unit waits for its lock: neither it nor a person can do anything.
    pub(in crate::engine) fn is_locking(&self) -> bool {
        self.phase == Phase::Locking
    }

    /// Tells whether nobody knows what came of the unit's call.
    pub(in crate::engine) fn is_lost(&self) -> bool {
        matches!(self.phase, Phase::Lost(_))
    }

    /// Tells whether the unit can be ended without asking the world: nothing is under way.
    pub(in crate::engine) fn is_interruptible(&self) -> bool {
        !matches!(self.phase, Phase::Calling(_) | Phase::Child { .. })
    }

    /// Returns what the unit waits for, if it waits for a person; approvals count for `plan`.
    pub(in crate::engine) fn wait_reason(&self, plan: Option<&Digest>) -> Option<WaitReason> {
        match (&self.phase, &*self.work) {
            (Phase::Unconfirmed, Work::Call { call } | Work::Poll { call, .. }) => {
                Some(WaitReason::Confirmation {
                    api: call.display_name(),
                })
            }
            (Phase::Approving(given), _) => {
                let ApprovalTerms {
                    approvers,
                    required,
                } = self.terms()?;
                let given = given.iter().filter(|given| given.plan.as_ref() == plan);
                Some(WaitReason::Approval {
                    approvers,
                    required,
                    given: given.map(|given| given.by.clone()).collect(),
                })
            }
            (Phase::Paused, _) => Some(WaitReason::Pause),
            (Phase::Watching { paused }, Work::Watch { trigger, .. }) => {
                Some(WaitReason::Trigger {
                    trigger: *trigger,
                    paused: *paused,
                })
            }
            (Phase::Child { waiting: true }, Work::Child { id, .. }) => {
                Some(WaitReason::Child { id: id.clone() })
            }
            (Phase::Lost(reason), _) => Some(WaitReason::Unknown {
                reason: reason.clone(),
            }),
            _ => None,
        }
    }

    /// Returns the keys of what the unit wants from the world.
    pub(in crate::engine) fn demands(
        &self,
        id: UnitId,
        stopping: bool,
    ) -> impl Iterator<Item = EffectKey> + use<> {
        let (demand, cancel) = match self.phase {
            Phase::Calling(number) => (
                Some(EffectKey::Call(id, number)),
                Some(EffectKey::CancelCall(id)),
            ),
            Phase::Pausing(number, _) => (Some(EffectKey::Timer(id, number)), None),
            Phase::Sleeping(_) => (Some(EffectKey::Timer(id, 0)), None),
            Phase::Child { .. } => (Some(EffectKey::Child(id)), Some(EffectKey::CancelChild(id))),
            Phase::Locking => (Some(EffectKey::Lock(id)), None),
            Phase::Unconfirmed
            | Phase::Approving(_)
            | Phase::Paused
            | Phase::Watching { .. }
            | Phase::Lost(_)
            | Phase::Instant => (None, None),
        };
        demand.into_iter().chain(cancel.filter(|_| stopping))
    }

    /// Returns the effect under `key`, one of the unit's demands.
    pub(in crate::engine) fn effect(&self, key: EffectKey, task: &str) -> Option<Effect> {
        match (key, &*self.work, &self.phase) {
            (EffectKey::Call(_, number), work, _) => {
                let mut call = match work {
                    Work::Call { call } | Work::Poll { call, .. } => call.clone(),
                    Work::Approval { notice, .. } => notice.clone()?,
                    _ => return None,
                };
                if number > 0 {
                    // Each poll is a call of its own; only its repetition is the same call.
                    call.client_token = format!("{}-{number}", call.client_token);
                }
                let task = task.to_owned();
                Some(Effect::Call { call, task })
            }
            (EffectKey::Timer(..), _, Phase::Pausing(_, at) | Phase::Sleeping(at)) => {
                Some(Effect::Timer { at: *at })
            }
            (
                EffectKey::Child(_),
                Work::Child {
                    id,
                    template,
                    version,
                    content,
                    parameters,
                    outer,
                },
                _,
            ) => Some(Effect::Child {
                id: id.clone(),
                template: template.clone(),
                version: version.clone(),
                content: content.clone(),
                parameters: parameters.clone(),
                outer: outer.clone(),
            }),
            (EffectKey::Lock(_), work, _) => Some(Effect::Lock {
                lock: Lock::clone(self.lock.as_ref()?),
                inside: match work {
                    Work::Child { id, .. } => Some(id.clone()),
                    _ => None,
                },
            }),
            (EffectKey::CancelCall(_), _, _) => Some(Effect::CancelCall),
            (EffectKey::CancelChild(_), Work::Child { id, .. }, _) => {
                Some(Effect::CancelChild { id: id.clone() })
            }
            _ => None,
        }
    }
}
