//! What hosts have from their groups, and the end of reading: from the draft to the inventory.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use indexmap::IndexMap;

use crate::base::value::Map;
use crate::provider::inventory::ansible::variables::{self, VariableReach};
use crate::provider::inventory::ansible::vars_folder::VarsFolder;
use crate::provider::inventory::draft::{
    ALL_PLACE, Draft, DraftGroup, DraftHost, GroupPlace, UNGROUPED_PLACE,
};
use crate::provider::inventory::family::Family;
use crate::provider::inventory::host::{ALL, Host, Inventory};
use crate::provider::inventory::problem::{Findings, Origin, Problem};
use crate::provider::inventory::reach::Reach;
use crate::provider::inventory::route::{Routed, Routes};

/// The most variables that all lineages together hold: what hosts inherit is merged once for all
/// hosts of the same groups, and a hostile inventory has as many of those as it likes.
const MOST_INHERITED: usize = 10_000_000;

/// What a host has from its groups. Shared by all hosts that are in the same groups.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Lineage {
    /// The groups, direct or not, without `all`; those that go first in precedence last.
    pub groups: Vec<Arc<str>>,
    /// Their variables, merged.
    pub variables: Map,
}

/// A lineage with what only reading needs.
#[derive(Debug)]
struct Inherited {
    lineage: Arc<Lineage>,
    tags: Arc<BTreeMap<String, String>>,
    reach: Reach,
}

/// Makes the inventory of a draft. `None` if something is wrong.
pub(super) fn finish(
    draft: Draft,
    reading: &VariableReach<'_>,
    findings: &mut Findings,
) -> Option<Inventory> {
    for (name, group) in &draft.groups {
        if !group.is_defined {
            let known = draft.groups.iter().filter(|(_, group)| group.is_defined);
            let near = crate::base::name::nearest(name, known.map(|(name, _)| name.as_str()));
            let why = format!("the group `{name}` is not defined anywhere");
            findings.error(Problem::new(&group.origin, why).suggest(near));
        }
    }
    let family = Family::of(&draft.groups, findings)?;
    let mut folders: Vec<VarsFolder> = Vec::new();
    for path in &draft.folders {
        folders.push(VarsFolder::open(path, findings));
    }
    let Draft {
        hosts: drafts,
        groups,
        ..
    } = draft;
    let mut finishing = Finishing {
        groups: &groups,
        family,
        folders,
        reading,
        findings,
        known: HashMap::new(),
        inherited: 0,
    };
    let mut hosts = Vec::with_capacity(drafts.len());
    // What was read of a host is gone when the host is there: a large fleet is held once.
    for (name, host) in drafts {
        if finishing.findings.is_full() {
            break;
        }
        hosts.extend(finishing.host(name, host));
    }
    let hosts = Routes::new(hosts, findings).resolve();
    if !findings.errors.is_empty() {
        return None;
    }
    let groups = groups.keys().filter(|name| *name != ALL);
    let groups: Vec<Arc<str>> = groups.map(|name| Arc::from(name.as_str())).collect();
    Some(Inventory::with_groups(hosts, groups))
}

struct Finishing<'a> {
    groups: &'a IndexMap<String, DraftGroup>,
    family: Family,
    folders: Vec<VarsFolder>,
    reading: &'a VariableReach<'a>,
    findings: &'a mut Findings,
    /// Lineages by the groups that a host is directly in.
    known: HashMap<Vec<GroupPlace>, Arc<Inherited>>,
    inherited: usize,
}

impl Finishing<'_> {
    /// Returns a host, and what is said of the way to it.
    fn host(&mut self, name: String, draft: DraftHost) -> Option<Routed> {
        let mut direct: Vec<GroupPlace> = draft.groups;
        direct.retain(|group| *group != ALL_PLACE && *group != UNGROUPED_PLACE);
        if direct.is_empty() {
            direct.push(UNGROUPED_PLACE);
        }
        direct.sort_unstable();
        let inherited = self.inherited(direct, &draft.origin)?;
        let mut own = draft.variables;
        for folder in &mut self.folders {
            own.extend(folder.host(&name, self.findings));
        }
        let mut reach = inherited.reach.clone();
        reach.overlay(&self.said_by(&mut own, &draft.origin));
        reach.overlay(&draft.reach);
        if let Some(connection) = reach.connection.filter(|name| !variables::is_ssh(name)) {
            let why = format!("`{name}` is left out: it is reached by `{connection}`, not by SSH");
            self.findings.warn(Problem::new(&draft.origin, why));
            return None;
        }
        reach.connection = None;
        let tags = if draft.tags.is_empty() {
            Arc::clone(&inherited.tags)
        } else {
            let mut tags = (*inherited.tags).clone();
            tags.extend(draft.tags);
            Arc::new(tags)
        };
        let host = Host {
            named: draft.origin.to_string(),
            lineage: Arc::clone(&inherited.lineage),
            tags,
            own,
            endpoint: reach.endpoint(&name, Vec::new()),
            name,
        };
        let jumps = reach.jumps.as_ref().is_some_and(|jumps| !jumps.is_empty());
        let way = jumps.then(|| Box::new((reach, draft.origin)));
        Some(Routed { host, way })
    }

    fn said_by(&mut self, variables: &mut Map, origin: &Origin) -> Reach {
        self.reading.read(variables, origin, self.findings)
    }

    /// Returns what hosts of these groups inherit.
    fn inherited(&mut self, direct: Vec<GroupPlace>, origin: &Origin) -> Option<Arc<Inherited>> {
        if let Some(known) = self.known.get(&direct) {
            return Some(Arc::clone(known));
        }
        let groups = self.family.lineage(&direct);
        let known = self.groups;
        let entry = |place: GroupPlace| {
            let (name, group) = known.get_index(place).expect("places come from here");
            (name.as_str(), group)
        };
        let (mut variables, mut tags) = (Map::new(), BTreeMap::new());
        let mut said = Reach::default();
        for (_, group) in std::iter::once(ALL_PLACE)
            .chain(groups.iter().copied())
            .map(entry)
        {
            variables.extend(group.variables.clone());
            tags.extend(group.tags.clone());
            said.overlay(&group.reach);
        }
        // As Ansible does it: files beside the inventory go before everything in it.
        for folder in &mut self.folders {
            variables.extend(folder.group(ALL, self.findings));
        }
        for folder in &mut self.folders {
            for (name, _) in groups.iter().copied().map(entry) {
                variables.extend(folder.group(name, self.findings));
            }
        }
        let mut reach = self.said_by(&mut variables, origin);
        reach.overlay(&said);
        self.inherited += variables.len();
        if self.inherited > MOST_INHERITED {
            let why = format!("hosts inherit more than {MOST_INHERITED} variables altogether");
            self.findings.error(Problem::new(origin, why));
            return None;
        }
        let names = groups
            .iter()
            .copied()
            .map(|place| Arc::from(entry(place).0));
        let inherited = Arc::new(Inherited {
            lineage: Arc::new(Lineage {
                groups: names.collect(),
                variables,
            }),
            tags: Arc::new(tags),
            reach,
        });
        self.known.insert(direct, Arc::clone(&inherited));
        Some(inherited)
    }
}
