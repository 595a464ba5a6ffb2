//! The suite that every provider of instances passes.

use std::path::PathBuf;
use std::sync::Arc;

use oos::provider::conformance;
use oos::provider::local::LocalCloud;
use oos::provider::local::driver::sandbox::Sandbox;
use oos::provider::local::fake::FakeRecords;

use crate::cloud::World;

#[test]
fn the_local_cloud_over_a_driver_in_memory_conforms() {
    let world = World::new();
    let suite = conformance::instances(Arc::new(world.cloud.clone()));
    world.runtime.block_on(suite).unwrap();
}

#[test]
fn the_local_cloud_over_sandboxes_conforms() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let executable = PathBuf::from(env!("CARGO_BIN_EXE_oos"));
    let sandbox = Sandbox::new(folder.path().join("local"), executable).unwrap();
    let records = Arc::<FakeRecords>::default();
    let cloud = LocalCloud::new(records, Arc::new(sandbox), "1234", "local");
    let suite = conformance::instances(Arc::new(cloud));
    world.runtime.block_on(suite).unwrap();
}
