//! One driver in front of two: hosts of an inventory here, instances that `oos` makes there.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use crate::base::digest::Digest;
use crate::provider::local::driver::ssh::Hosts;
use crate::provider::local::driver::{
    Command, Driver, DriverError, FileSpec, InstanceSpec, KillReport, Layer, Offsets, Progress,
};

type Maker = dyn Fn() -> Result<Arc<dyn Driver>, DriverError> + Send + Sync;

/// Sends every call to the driver whose instance it is about. The driver for instances is made when
/// one is needed: who only works with hosts needs none.
pub struct Router {
    hosts: Arc<Hosts>,
    make: Box<Maker>,
    made: OnceCell<Arc<dyn Driver>>,
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router").finish_non_exhaustive()
    }
}

impl Router {
    /// Makes one in front of `hosts` and of what `make` makes.
    pub fn new(
        hosts: Arc<Hosts>,
        make: impl Fn() -> Result<Arc<dyn Driver>, DriverError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            hosts,
            make: Box::new(make),
            made: OnceCell::new(),
        }
    }

    async fn maker(&self) -> Result<&dyn Driver, DriverError> {
        let made = self.made.get_or_try_init(|| async { (self.make)() });
        Ok(&**made.await?)
    }

    async fn of(&self, instance: &str) -> Result<&dyn Driver, DriverError> {
        if self.hosts.knows(instance) {
            return Ok(&*self.hosts);
        }
        self.maker().await
    }
}

#[async_trait]
impl Driver for Router {
    async fn create(&self, spec: &InstanceSpec) -> Result<(), DriverError> {
        self.of(&spec.id).await?.create(spec).await
    }

    async fn start(&self, instance: &str) -> Result<(), DriverError> {
        self.of(instance).await?.start(instance).await
    }

    async fn stop(&self, instance: &str, grace: Duration) -> Result<(), DriverError> {
        self.of(instance).await?.stop(instance, grace).await
    }

    async fn delete(&self, instance: &str) -> Result<(), DriverError> {
        self.of(instance).await?.delete(instance).await
    }

    async fn is_running(&self, instance: &str) -> Result<bool, DriverError> {
        self.of(instance).await?.is_running(instance).await
    }

    async fn invoke(
        &self,
        instance: &str,
        invocation: &str,
        command: &Command,
    ) -> Result<(), DriverError> {
        let driver = self.of(instance).await?;
        driver.invoke(instance, invocation, command).await
    }

    async fn poll(
        &self,
        instance: &str,
        invocation: &str,
        user: Option<&str>,
        offsets: Offsets,
        limit: usize,
        wait: Duration,
    ) -> Result<Progress, DriverError> {
        let driver = self.of(instance).await?;
        driver
            .poll(instance, invocation, user, offsets, limit, wait)
            .await
    }

    async fn kill(
        &self,
        instance: &str,
        invocation: &str,
        user: Option<&str>,
    ) -> Result<KillReport, DriverError> {
        let driver = self.of(instance).await?;
        driver.kill(instance, invocation, user).await
    }

    async fn acknowledge(&self, instance: &str, invocation: &str) -> Result<(), DriverError> {
        let driver = self.of(instance).await?;
        driver.acknowledge(instance, invocation).await
    }

    async fn write_file(&self, instance: &str, file: &FileSpec) -> Result<(), DriverError> {
        self.of(instance).await?.write_file(instance, file).await
    }

    async fn commit(&self, instance: &str) -> Result<Layer, DriverError> {
        self.of(instance).await?.commit(instance).await
    }

    async fn restore(&self, instance: &str, layers: &[Layer]) -> Result<(), DriverError> {
        self.of(instance).await?.restore(instance, layers).await
    }

    async fn import(&self, archive: &Path) -> Result<Layer, DriverError> {
        self.maker().await?.import(archive).await
    }

    async fn remove_layer(&self, layer: &Digest) -> Result<(), DriverError> {
        self.maker().await?.remove_layer(layer).await
    }
}
