//! Which hosts a connection goes through: jump hosts by name become endpoints.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::name::nearest;
use crate::provider::inventory::host::Host;
use crate::provider::inventory::jump::{Jump, MOST_JUMPS};
use crate::provider::inventory::problem::{Findings, Origin, Problem};
use crate::provider::inventory::reach::Reach;
use crate::provider::ssh::Endpoint;

/// Hosts with what is said of how they are reached.
pub(super) struct Routes<'a> {
    hosts: Vec<(Host, Reach, Origin)>,
    places: HashMap<String, usize>,
    /// Routes by what they are asked for, so that a fleet behind one bastion shares it.
    known: HashMap<RouteKey, Vec<Arc<Endpoint>>>,
    findings: &'a mut Findings,
}

/// Hosts with the same jump hosts and the same way to log in to them share their route.
type RouteKey = String;

impl<'a> Routes<'a> {
    /// Takes in hosts.
    pub(super) fn new(hosts: Vec<(Host, Reach, Origin)>, findings: &'a mut Findings) -> Self {
        let names = hosts.iter().enumerate();
        let has_jumps = hosts
            .iter()
            .any(|(_, reach, _)| reach.jumps.as_ref().is_some_and(|jumps| !jumps.is_empty()));
        let places = if has_jumps {
            names
                .map(|(place, (host, ..))| (host.name.clone(), place))
                .collect()
        } else {
            HashMap::new()
        };
        Self {
            hosts,
            places,
            known: HashMap::new(),
            findings,
        }
    }

    /// Returns the hosts, each with the endpoints that its connection goes through.
    pub(super) fn resolve(mut self) -> Vec<Host> {
        for place in 0..self.hosts.len() {
            let (_, reach, origin) = &self.hosts[place];
            if reach.jumps.as_ref().is_none_or(Vec::is_empty) || self.findings.is_full() {
                continue;
            }
            let origin = origin.clone();
            match self.route(place, &mut Vec::new()) {
                Ok(route) => self.hosts[place].0.endpoint.jumps = route,
                Err(problem) => self.findings.error(problem_at(&origin, problem)),
            }
        }
        self.hosts.into_iter().map(|(host, ..)| host).collect()
    }

    /// Returns the route to a host; `trail` holds the hosts on whose route it is.
    fn route(
        &mut self,
        place: usize,
        trail: &mut Vec<usize>,
    ) -> Result<Vec<Arc<Endpoint>>, (String, Option<String>)> {
        let (host, reach, _) = &self.hosts[place];
        let jumps = reach.jumps.clone().unwrap_or_default();
        // A bastion that is told, with all hosts, to go through itself is the way in.
        let jumps: Vec<Jump> = if jumps.iter().any(|jump| jump.address == host.name) {
            Vec::new()
        } else {
            jumps
        };
        let key = format!("{jumps:?} {:?}", reach.for_jump());
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        if trail.contains(&place) || trail.len() >= MOST_JUMPS {
            let why = format!("the way to `{}` goes through itself", host.name);
            return Err((why, None));
        }
        let common = reach.for_jump();
        trail.push(place);
        let mut route = Vec::new();
        for jump in &jumps {
            route.extend(self.hop(jump, &common, trail)?);
        }
        trail.pop();
        if route.len() > MOST_JUMPS {
            let name = &self.hosts[place].0.name;
            let why = format!("the way to `{name}` goes through more than {MOST_JUMPS} hosts");
            return Err((why, None));
        }
        self.known.insert(key, route.clone());
        Ok(route)
    }

    fn hop(
        &mut self,
        jump: &Jump,
        common: &Reach,
        trail: &mut Vec<usize>,
    ) -> Result<Vec<Arc<Endpoint>>, (String, Option<String>)> {
        let place = self.places.get(&jump.address).copied();
        let (mut route, mut endpoint) = match place {
            Some(place) => {
                let route = self.route(place, trail)?;
                (route, self.hosts[place].0.endpoint.clone())
            }
            None if jump.is_bare() => {
                let near = nearest(&jump.address, self.places.keys().map(String::as_str));
                let why = format!("the jump host `{}` is in no inventory", jump.address);
                let hint = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "name it, or write `user@address`".to_owned(),
                };
                return Err((why, Some(hint)));
            }
            None => (Vec::new(), common.endpoint(&jump.address, Vec::new())),
        };
        endpoint.jumps = Vec::new();
        endpoint.elevation = None;
        endpoint.user = jump.user.clone().or(endpoint.user);
        endpoint.port = jump.port.unwrap_or(endpoint.port);
        route.push(Arc::new(endpoint));
        Ok(route)
    }
}

fn problem_at(origin: &Origin, (why, hint): (String, Option<String>)) -> Problem {
    let problem = Problem::new(origin, why);
    match hint {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}
