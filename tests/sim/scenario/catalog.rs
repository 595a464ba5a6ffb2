//! All scenarios, by name.

use std::sync::{Arc, LazyLock};

use crate::scenario::{Scenario, asking, calls, child, corpus, flow, looping};

static ALL: LazyLock<Vec<Arc<Scenario>>> = LazyLock::new(|| {
    let all = [
        flow::scenarios(),
        looping::scenarios(),
        asking::scenarios(),
        child::scenarios(),
        calls::scenarios(),
    ];
    all.into_iter().flatten().map(Arc::new).collect()
});

/// Returns every scenario.
fn all() -> &'static [Arc<Scenario>] {
    &ALL
}

/// Returns the names of all scenarios.
pub(crate) fn names() -> Vec<&'static str> {
    all()
        .iter()
        .map(|scenario| scenario.name.as_str())
        .collect()
}

/// Returns the scenario of that name.
pub(crate) fn find(name: &str) -> Arc<Scenario> {
    if name.starts_with(corpus::PREFIX) {
        return Arc::new(corpus::scenario(name));
    }
    let found = all().iter().find(|scenario| scenario.name == name);
    Arc::clone(found.unwrap_or_else(|| panic!("there is no scenario `{name}`")))
}
