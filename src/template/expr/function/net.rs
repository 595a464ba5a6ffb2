//! `IsIpInCIDR`.

use std::net::IpAddr;

use crate::base::value::Value;
use crate::template::expr::function::argument::{scalar_text, take};

pub(super) fn is_ip_in_cidr(arguments: Vec<Value>) -> Result<Value, String> {
    let [ip, network] = take(arguments);
    let ip = address(scalar_text(&ip, "address")?.trim())?;
    let network = scalar_text(&network, "network")?;
    let (base, length) = network
        .trim()
        .split_once('/')
        .ok_or_else(|| format!("`{network}` has no prefix length"))?;
    let base = address(base)?;
    let (ip, base, bits) = match (ip, base) {
        (IpAddr::V4(ip), IpAddr::V4(base)) => {
            (u128::from(ip.to_bits()), u128::from(base.to_bits()), 32)
        }
        (IpAddr::V6(ip), IpAddr::V6(base)) => (ip.to_bits(), base.to_bits(), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return Ok(false.into()),
    };
    let length: u32 = length
        .parse()
        .ok()
        .filter(|length| *length <= bits)
        .ok_or_else(|| format!("`{length}` is no prefix length"))?;
    // A shift by all bits is no shift in Rust, so the empty prefix is asked for by name.
    Ok((length == 0 || (ip ^ base) >> (bits - length) == 0).into())
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is no IP address"))
}
