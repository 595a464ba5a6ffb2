//! The cloud of a world: it remembers what it did, whoever asked, and answers in its own time.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use oos::action::{ActionSpec, ApiSpec};
use oos::base::call::{ACTION_SERVICE, ApiCall, ApiError, CallFault, Recovery};
use oos::base::records::{Record, RecordChange, Records as _};
use oos::base::value::Value;
use oos::provider::{CallContext, Provider};

use crate::fault::FaultStore;
use crate::ground::Ground as _;
use crate::law::CallName;
use crate::plan::Fate;
use crate::power::Power;
use crate::world::World;

/// What the cloud knows of the calls that reached it, by client token.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<BTreeMap<String, Entry>>);

#[derive(Clone, Debug)]
struct Entry {
    fate: Option<Fate>,
    /// When it will be done, in time since the world began; none until it is reached.
    done: Option<Duration>,
    /// How often it was not reached.
    missed: u32,
}

/// The cloud as one process reaches it.
pub(crate) struct Cloud {
    world: Arc<World>,
    store: Arc<FaultStore>,
    power: Power,
}

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cloud")
    }
}

/// Tells the laws that a call is no longer waited for, whatever the reason.
struct Flight {
    world: Arc<World>,
    name: CallName,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.world.witness().left(&self.name);
    }
}

impl Cloud {
    pub(crate) fn new(world: Arc<World>, store: Arc<FaultStore>, power: Power) -> Self {
        Self {
            world,
            store,
            power,
        }
    }

    /// Finds the entry of a token, or makes one with what the plan has in mind for it.
    fn entry(&self, token: &str) -> Entry {
        let mut ledger = self.world.ledger.0.lock().unwrap();
        if let Some(entry) = ledger.get(token) {
            return entry.clone();
        }
        let fate = self.world.trouble().call();
        let entry = Entry {
            fate,
            done: None,
            missed: 0,
        };
        ledger.insert(token.to_owned(), entry.clone());
        entry
    }

    fn save(&self, token: &str, entry: Entry) {
        let mut ledger = self.world.ledger.0.lock().unwrap();
        ledger.insert(token.to_owned(), entry);
    }

    /// Returns how long a call takes that nothing is wrong with.
    fn duration(&self, token: &str) -> Duration {
        let mut chance = self.world.chance(token, 0);
        let limit = *chance.pick(&[20, 20, 200, 5_000]);
        Duration::from_millis(3 + chance.below(limit))
    }

    /// Does what the call asks for, once, and returns when that is done; or says that it was not
    /// reached.
    fn reach(&self, call: &ApiCall) -> Result<(Entry, Duration), CallFault> {
        let mut entry = self.entry(&call.client_token);
        if let Some(done) = entry.done {
            return Ok((entry, done));
        }
        if let Some(Fate::Unreachable { times }) = entry.fate
            && entry.missed < times
        {
            entry.missed += 1;
            self.save(&call.client_token, entry);
            return Err(CallFault::Unreachable {
                reason: "no route".to_owned(),
            });
        }
        let record = Record {
            kind: "done".to_owned(),
            id: call.client_token.clone(),
            document: Value::Null,
            tags: Vec::new(),
            revision: 0,
            sealed: false,
        };
        if let Err(error) = self.store.write(vec![RecordChange::Put(record)]) {
            return Err(CallFault::Storage {
                reason: error.to_string(),
            });
        }
        let length = match entry.fate {
            Some(Fate::Slow { milliseconds }) => Duration::from_millis(milliseconds),
            _ => self.duration(&call.client_token),
        };
        let done = self.world.clock.age() + length;
        entry.done = Some(done);
        self.save(&call.client_token, entry.clone());
        Ok((entry, done))
    }

    fn answer(&self, call: &ApiCall, entry: &Entry, name: &CallName) -> Result<Value, CallFault> {
        match &entry.fate {
            Some(Fate::Fails { code }) => Err(ApiError::new(code, "not today").into()),
            Some(Fate::Lost) => Err(CallFault::Unknown {
                reason: "the line went dead".to_owned(),
            }),
            Some(Fate::Slow { .. } | Fate::Unreachable { .. }) | None => {
                self.world.answer(call, name)
            }
        }
    }

    /// Waits until the call is done or to be ended, and says how it came out.
    async fn serve(
        &self,
        call: &ApiCall,
        context: &CallContext,
        name: &CallName,
    ) -> Result<Value, CallFault> {
        let (entry, done) = self.reach(call).inspect_err(|_| {
            self.world.witness().missed(name);
        })?;
        let left = done.saturating_sub(self.world.clock.age());
        let stubborn = self.world.chance(&call.client_token, 1).one_in(3);
        tokio::select! {
            biased;
            () = context.cancel.cancelled(), if !stubborn => {
                tokio::time::sleep(Duration::from_millis(5)).await;
                self.power.needed().await;
                Err(CallFault::Cancelled { report: "ended".to_owned() })
            }
            () = tokio::time::sleep(left) => {
                self.power.needed().await;
                self.answer(call, &entry, name)
            }
        }
    }
}

#[async_trait]
impl Provider for Cloud {
    fn api(&self, service: &str, api: &str) -> Option<ApiSpec> {
        if service.eq_ignore_ascii_case(ACTION_SERVICE)
            && !self.world.scenario.native.contains(&api)
        {
            return None;
        }
        Some(ApiSpec {
            service: service.to_owned(),
            api: api.to_owned(),
            recovery: self.world.scenario.recovery(api),
        })
    }

    fn apis(&self) -> Vec<ApiSpec> {
        Vec::new()
    }

    fn actions(&self) -> Vec<ActionSpec> {
        self.world.scenario.actions()
    }

    async fn call(&self, call: &ApiCall, context: &CallContext) -> Result<Value, CallFault> {
        self.power.needed().await;
        if call.client_token.is_empty() {
            // A plan looks before anything is on record. Here it finds nobody, so the items of loops
            // are known when they run.
            return Err(CallFault::Unreachable {
                reason: "only runs are answered".to_owned(),
            });
        }
        let recovery = self.world.scenario.recovery(&call.api);
        let name = self.world.arrives(call, context, recovery);
        let flight = Flight {
            world: Arc::clone(&self.world),
            name,
        };
        let answer = self.serve(call, context, &flight.name).await;
        self.world.answered(&flight.name, &answer);
        answer
    }
}

/// Tells whether calls of that recovery may be made twice.
pub(crate) fn may_repeat(recovery: Recovery) -> bool {
    recovery != Recovery::Manual
}
