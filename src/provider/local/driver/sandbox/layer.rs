//! The layers of images: archives and, beside them, what they unpack to.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::digest::Digest;
use crate::provider::local::driver::{DriverError, Layer};

use super::control::system;
use super::launch::Launcher;
use super::layout::{Layout, make_private};
use super::pack;
use super::unpack::Limits;
use super::wire::{Errand, Packed};

/// Tells drafts of one process apart.
static DRAFTS: AtomicU64 = AtomicU64::new(0);

/// Keeps layers.
#[derive(Clone, Debug)]
pub(super) struct Layers {
    pub(super) layout: Layout,
    pub(super) launcher: Launcher,
    pub(super) limits: Limits,
}

impl Layers {
    /// Packs a folder, the upper one of an instance.
    pub(super) fn pack(&self, folder: &Path) -> Result<Layer, DriverError> {
        self.store(|draft| {
            let packed: Packed = self.launcher.run(
                folder,
                &Errand::Pack,
                Stdio::from(draft),
                Stdio::null(),
                None::<&()>,
            )?;
            Ok(packed)
        })
    }

    /// Stores a root file system archive as a layer and unpacks it, which is the proof that it can
    /// be used.
    pub(super) fn import(&self, archive: &Path) -> Result<Layer, DriverError> {
        let mut source = open_archive(archive)?;
        let layer = self.store(|draft| self.recompress(&mut source, draft))?;
        if let Err(error) = self.unpacked(&layer) {
            self.remove(&layer.digest)?;
            return Err(error);
        }
        Ok(layer)
    }

    fn recompress(&self, source: &mut dyn Read, draft: File) -> Result<Packed, DriverError> {
        let mut layer = pack::begin(draft).map_err(system("storing the layer"))?;
        let limit = self.limits.bytes;
        let copied = io::copy(&mut source.take(limit.saturating_add(1)), &mut layer)
            .map_err(system("reading the archive"))?;
        if copied > limit {
            return Err(DriverError::Invalid {
                reason: format!("the archive holds more than {limit} bytes"),
            });
        }
        pack::end(layer).map_err(system("storing the layer"))
    }

    /// Lets `write` fill a file and gives that its name, unless it is there already.
    fn store(
        &self,
        write: impl FnOnce(File) -> Result<Packed, DriverError>,
    ) -> Result<Layer, DriverError> {
        let draft = self.draft();
        let stored = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .map_err(system("storing the layer"))
            .and_then(write)
            .and_then(|packed| {
                fs::rename(&draft, self.layout.archive(&packed.digest))
                    .map_err(system("storing the layer"))?;
                sync(&self.layout.layers())?;
                Ok(Layer {
                    digest: packed.digest,
                    diff_id: packed.diff_id,
                    size: packed.size,
                })
            });
        if stored.is_err() {
            // It may not even have been made; the first error is what counts.
            let _gone = fs::remove_file(&draft);
        }
        stored
    }

    fn draft(&self) -> PathBuf {
        let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
        let name = format!(".new-{}-{number}", std::process::id());
        self.layout.layers().join(name)
    }

    /// Returns the folder that holds the unpacked layer; unpacks it if need be.
    pub(super) fn unpacked(&self, layer: &Layer) -> Result<PathBuf, DriverError> {
        let folder = self.layout.layer(&layer.digest);
        if folder.exists() {
            return Ok(folder);
        }
        let draft = self.draft();
        let step = "unpacking the layer";
        make_private(&draft, self.launcher.ids).map_err(system(step))?;
        open_to_all(&draft).map_err(system(step))?;
        let unpacked = self.unpack_into(layer, &draft, None);
        let placed = unpacked.and_then(|()| match fs::rename(&draft, &folder) {
            Ok(()) => Ok(()),
            // Somebody else was faster with the same content.
            Err(_) if folder.exists() => self.remove_tree(&draft),
            Err(error) => Err(system(step)(error)),
        });
        if let Err(error) = placed {
            self.remove_tree(&draft)?;
            return Err(error);
        }
        Ok(folder)
    }

    /// Unpacks a layer into a folder of the instances' root, over what is there; `below` as in
    /// [`Errand::Unpack`].
    pub(super) fn unpack_into(
        &self,
        layer: &Layer,
        folder: &Path,
        below: Option<Vec<String>>,
    ) -> Result<(), DriverError> {
        let path = self.layout.archive(&layer.digest);
        verify(&path, &layer.digest)?;
        let archive = File::open(&path).map_err(system("opening the layer"))?;
        self.launcher.run::<(), ()>(
            folder,
            &Errand::Unpack {
                limits: self.limits,
                below,
            },
            Stdio::from(archive),
            Stdio::null(),
            None,
        )?;
        Ok(())
    }

    /// Removes a layer, archive and folder.
    pub(super) fn remove(&self, digest: &Digest) -> Result<(), DriverError> {
        let folder = self.layout.layer(digest);
        if folder.exists() {
            // Out of the way at once, so that nobody takes a half-removed layer for a whole one.
            let draft = self.draft();
            fs::rename(&folder, &draft).map_err(system("removing the layer"))?;
            self.remove_tree(&draft)?;
        }
        match fs::remove_file(self.layout.archive(digest)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(system("removing the layer")(error))
            }
            _ => Ok(()),
        }
    }

    /// Removes a folder whose content belongs to instances: their root may remove what this user
    /// cannot even list.
    pub(super) fn remove_tree(&self, folder: &Path) -> Result<(), DriverError> {
        if !folder.exists() {
            return Ok(());
        }
        self.empty(folder)?;
        fs::remove_dir(folder).map_err(system(format!("removing `{}`", folder.display())))
    }

    /// Removes everything in a folder of instances.
    pub(super) fn empty(&self, folder: &Path) -> Result<(), DriverError> {
        self.launcher
            .run::<(), ()>(folder, &Errand::Empty, Stdio::null(), Stdio::null(), None)?;
        Ok(())
    }
}

/// Lets the users of instances into the root of a layer.
pub(super) fn open_to_all(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

/// Refuses a layer whose archive is not what it was.
fn verify(path: &Path, digest: &Digest) -> Result<(), DriverError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(DriverError::NotFound {
                kind: "layer",
                id: digest.to_string(),
            });
        }
        Err(error) => return Err(system("opening the layer")(error)),
    };
    let mut hasher = pack::Digesting::new(io::sink());
    io::copy(&mut file, &mut hasher).map_err(system("reading the layer"))?;
    let (_, found, _) = hasher.finish();
    if found == *digest {
        return Ok(());
    }
    Err(DriverError::System {
        step: "reading the layer".to_owned(),
        reason: format!("the archive is damaged: expected {digest}, found {found}"),
    })
}

/// Opens an archive, compressed or not, by how it begins.
fn open_archive(path: &Path) -> Result<Box<dyn Read>, DriverError> {
    let step = || format!("opening `{}`", path.display());
    let mut reader = BufReader::new(File::open(path).map_err(system(step()))?);
    let start = io::BufRead::fill_buf(&mut reader).map_err(system(step()))?;
    if start.starts_with(&[0x1f, 0x8b]) {
        Ok(Box::new(flate2::bufread::MultiGzDecoder::new(reader)))
    } else if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let decoder = zstd::Decoder::with_buffer(reader).map_err(system(step()))?;
        Ok(Box::new(decoder))
    } else {
        Ok(Box::new(reader))
    }
}

fn sync(folder: &Path) -> Result<(), DriverError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(system("storing the layer"))
}
