//! Which hosts a connection goes through: jump hosts by name become endpoints.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::name::nearest;
use crate::provider::inventory::host::Host;
use crate::provider::inventory::jump::{Jump, MOST_JUMPS};
use crate::provider::inventory::problem::{Findings, Origin, Problem};
use crate::provider::inventory::reach::Reach;
use crate::provider::ssh::Endpoint;

/// A host, with how it is reached and where it was named if that is through others.
pub(super) struct Routed {
    /// The host.
    pub(super) host: Host,
    /// What is said of the way; nothing for a host that is reached directly.
    pub(super) way: Option<Box<(Reach, Origin)>>,
}

/// Hosts whose ways are looked for.
pub(super) struct Routes<'a> {
    hosts: Vec<Routed>,
    places: HashMap<String, usize>,
    /// Routes by what they are asked for, so that a fleet behind one bastion shares it.
    known: HashMap<String, Vec<Arc<Endpoint>>>,
    findings: &'a mut Findings,
}

impl<'a> Routes<'a> {
    /// Takes in hosts.
    pub(super) fn new(hosts: Vec<Routed>, findings: &'a mut Findings) -> Self {
        let places = if hosts.iter().any(|routed| routed.way.is_some()) {
            let names = hosts.iter().enumerate();
            names
                .map(|(place, routed)| (routed.host.name.clone(), place))
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
            let Some(way) = &self.hosts[place].way else {
                continue;
            };
            if self.findings.is_full() {
                break;
            }
            let origin = way.1.clone();
            match self.route(place, &mut Vec::new()) {
                Ok(route) => self.hosts[place].host.endpoint.jumps = route,
                Err(problem) => self.findings.error(problem_at(&origin, problem)),
            }
        }
        self.hosts.into_iter().map(|routed| routed.host).collect()
    }

    /// Returns the route to a host; `trail` holds the hosts on whose route it is.
    fn route(
        &mut self,
        place: usize,
        trail: &mut Vec<usize>,
    ) -> Result<Vec<Arc<Endpoint>>, (String, Option<String>)> {
        let Routed { host, way } = &self.hosts[place];
        let Some((reach, _)) = way.as_deref() else {
            return Ok(Vec::new());
        };
        let mut jumps = reach.jumps.clone().unwrap_or_default();
        // A bastion that is told, with all hosts, to go through itself is reached through those before
        // it: the first one is the way in.
        if let Some(own) = jumps.iter().position(|jump| jump.address == host.name) {
            jumps.truncate(own);
        }
        if jumps.is_empty() {
            return Ok(Vec::new());
        }
        let common = reach.for_jump();
        let key = format!("{jumps:?} {common:?}");
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        if trail.contains(&place) || trail.len() >= MOST_JUMPS {
            let why = format!("the way to `{}` goes through itself", host.name);
            return Err((why, None));
        }
        trail.push(place);
        let mut route = Vec::new();
        for (number, jump) in jumps.iter().enumerate() {
            let (place, endpoint) = self.hop(jump, &common)?;
            // The first hop is reached in its own way, each further one through those before it.
            if let Some(place) = place.filter(|_| number == 0) {
                route = self.route(place, trail)?;
            }
            route.push(Arc::new(endpoint));
        }
        trail.pop();
        if route.len() > MOST_JUMPS {
            let name = &self.hosts[place].host.name;
            let why = format!("the way to `{name}` goes through more than {MOST_JUMPS} hosts");
            return Err((why, None));
        }
        self.known.insert(key, route.clone());
        Ok(route)
    }

    /// Returns the endpoint of a jump host, and its place where it is a host of the inventory.
    fn hop(
        &self,
        jump: &Jump,
        common: &Reach,
    ) -> Result<(Option<usize>, Endpoint), (String, Option<String>)> {
        let place = self.places.get(&jump.address).copied();
        let mut endpoint = match place {
            Some(place) => self.hosts[place].host.endpoint.clone(),
            None if jump.is_bare() => {
                let near = nearest(&jump.address, self.places.keys().map(String::as_str));
                let why = format!("the jump host `{}` is in no inventory", jump.address);
                let hint = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "name it, or write `user@address`".to_owned(),
                };
                return Err((why, Some(hint)));
            }
            None => common.endpoint(&jump.address, Vec::new()),
        };
        endpoint.jumps = Vec::new();
        endpoint.elevation = None;
        endpoint.user = jump.user.clone().or(endpoint.user);
        endpoint.port = jump.port.unwrap_or(endpoint.port);
        Ok((place, endpoint))
    }
}

fn problem_at(origin: &Origin, (why, hint): (String, Option<String>)) -> Problem {
    let problem = Problem::new(origin, why);
    match hint {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use crate::provider::inventory::load_text;

    fn jumps(text: &str, host: &str) -> Vec<String> {
        let inventory = load_text("hosts.yml", text).unwrap().inventory;
        let host = inventory.host(host).unwrap();
        let jumps = host.endpoint.jumps.iter();
        jumps
            .map(|jump| format!("{}:{}", jump.address, jump.port))
            .collect()
    }

    #[test]
    fn jump_hosts_by_name_bring_their_own_way() {
        let text = "
defaults: {jump: gate}
hosts:
  gate: {address: 10.0.0.1, port: 2201}
  inner: {address: 10.0.0.2}
  web1: {jump: [inner, 'ops@10.0.0.9:99']}
  web2:
  web3: {jump: none}
";
        assert_eq!(jumps(text, "gate"), [""; 0]);
        assert_eq!(jumps(text, "inner"), ["10.0.0.1:2201"]);
        assert_eq!(
            jumps(text, "web1"),
            ["10.0.0.1:2201", "10.0.0.2:22", "10.0.0.9:99"]
        );
        assert_eq!(jumps(text, "web2"), ["10.0.0.1:2201"]);
        assert_eq!(jumps(text, "web3"), [""; 0]);
    }

    #[test]
    fn a_bastion_of_all_hosts_is_reached_through_those_before_it() {
        let text = "
defaults: {jump: 'edge,bastion'}
hosts:
  edge: {address: 10.0.0.1}
  bastion: {address: 10.0.0.2}
  web:
";
        assert_eq!(jumps(text, "edge"), [""; 0]);
        assert_eq!(jumps(text, "bastion"), ["10.0.0.1:22"]);
        assert_eq!(jumps(text, "web"), ["10.0.0.1:22", "10.0.0.2:22"]);
    }

    #[test]
    fn ways_that_lead_nowhere_are_refused() {
        #[track_caller]
        fn case(text: &str, part: &str) {
            let error = load_text("hosts.yml", text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        case("hosts: {a: {jump: b}, b: {jump: a}}", "goes through itself");
        case("hosts: {a: {jump: gat}, gate: }", "did you mean `gate`?");
        let row: Vec<String> = (0..20)
            .map(|at| format!("  h{at}: {{jump: h{}}}\n", at + 1))
            .collect();
        case(&format!("hosts:\n{}  h20:\n", row.concat()), "goes through");
    }
}
