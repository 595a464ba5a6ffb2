//! Images of archives that people bring. The vendor takes them from its object storage; here they
//! are files.

use std::path::Path;

use crate::base::call::{ApiError, CallFault};
use crate::base::secret::Redactor;
use crate::base::time::Timestamp;
use crate::provider::local::api::image::check_image_name;
use crate::provider::local::cloud::LocalCloud;
use crate::provider::local::driver::Base;
use crate::provider::local::fault;
use crate::provider::local::image::Image;
use crate::provider::local::state::{Stored, WriteFault};
use crate::provider::local::token::derive_id;

impl LocalCloud {
    /// Makes an image of a root file system archive (`.tar`, `.tar.gz`, `.tar.zst`) and returns
    /// its id. The name must not be taken.
    pub async fn import_image(
        &self,
        archive: &Path,
        name: &str,
        now: Timestamp,
    ) -> Result<String, CallFault> {
        let name = check_image_name(self, name.to_owned(), "").await?;
        let layer = self.driver.import(archive).await.map_err(fault::driver)?;
        let id = derive_id("m-", &format!("{name} {now}"), 0);
        let image = Image {
            id: id.clone(),
            description: format!("Imported from {}.", archive.display()),
            name: name.clone(),
            base: Base::Empty,
            layers: vec![layer],
            created: now,
            ..Image::host()
        };
        match self
            .state
            .write(vec![Stored::new(image).put()], &Redactor::default())
            .await
        {
            Ok(()) => Ok(id),
            Err(WriteFault::Fault(fault)) => Err(fault),
            Err(WriteFault::Conflict) => Err(ApiError::new(
                "InvalidImageName.Duplicated",
                format!("an image named `{name}` is being imported already"),
            )
            .into()),
        }
    }
}
