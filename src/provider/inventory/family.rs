//! Groups in groups: who is in whom, how deep, and that nobody is in itself.

use indexmap::IndexMap;

use crate::provider::inventory::draft::{ALL_PLACE, DraftGroup, GroupPlace};
use crate::provider::inventory::problem::{Findings, Problem};

/// The groups of a draft as a family without circles.
#[derive(Debug)]
pub(super) struct Family {
    parents: Vec<Vec<GroupPlace>>,
    /// Where each group stands in the order of precedence: by depth, priority and name.
    rank: Vec<usize>,
}

impl Family {
    /// Looks through the groups of a draft; `None` if some are in themselves.
    pub(super) fn of(
        groups: &IndexMap<String, DraftGroup>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let count = groups.len();
        let mut parents: Vec<Vec<GroupPlace>> = vec![Vec::new(); count];
        for (place, group) in groups.values().enumerate() {
            for child in &group.children {
                parents[*child].push(place);
            }
        }
        let depth = depths(groups, &parents).map_err(|place| {
            let (name, group) = groups.get_index(place).expect("places come from here");
            let why = format!("the group `{name}` is in itself, through the groups in it");
            findings.error(Problem::new(&group.origin, why));
        });
        let depth = depth.ok()?;
        let mut order: Vec<GroupPlace> = (0..count).collect();
        order.sort_by_key(|place| {
            let (name, group) = groups.get_index(*place).expect("places come from here");
            (depth[*place], group.priority, name)
        });
        let mut rank = vec![0; count];
        for (at, place) in order.into_iter().enumerate() {
            rank[place] = at;
        }
        Some(Self { parents, rank })
    }

    /// Returns the groups of a host that is directly in `direct`, without `all`: what is said by a
    /// later one goes before what an earlier one says.
    pub(super) fn lineage(&self, direct: &[GroupPlace]) -> Vec<GroupPlace> {
        let mut seen = std::collections::HashSet::new();
        let mut open: Vec<GroupPlace> = direct.to_vec();
        let mut found = Vec::new();
        while let Some(group) = open.pop() {
            if group != ALL_PLACE && seen.insert(group) {
                found.push(group);
                open.extend(&self.parents[group]);
            }
        }
        found.sort_by_key(|group| self.rank[*group]);
        found
    }
}

/// Returns the longest way from the top to each group, or a group that is in itself.
fn depths(
    groups: &IndexMap<String, DraftGroup>,
    parents: &[Vec<GroupPlace>],
) -> Result<Vec<usize>, GroupPlace> {
    let count = parents.len();
    let mut missing: Vec<usize> = parents.iter().map(Vec::len).collect();
    // A group in no other is in `all`.
    let mut depth = vec![1; count];
    depth[ALL_PLACE] = 0;
    let mut ready: Vec<GroupPlace> = (0..count).filter(|place| missing[*place] == 0).collect();
    let mut done = vec![false; count];
    while let Some(place) = ready.pop() {
        done[place] = true;
        for child in &groups[place].children {
            depth[*child] = depth[*child].max(depth[place] + 1);
            missing[*child] -= 1;
            if missing[*child] == 0 {
                ready.push(*child);
            }
        }
    }
    match done.iter().position(|done| !done) {
        None => Ok(depth),
        Some(place) => Err(place),
    }
}
