//! Packs the root folder of this process, an overlay's upper folder, as a layer: the archive a
//! registry would take, with the overlay's marks turned into OCI whiteouts.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::lgetxattr;
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

use crate::base::digest::Digest;

use super::failure::Failure;
use super::unpack::{OPAQUE, OPAQUE_ATTRIBUTE, WHITEOUT};
use super::wire::Packed;

/// The compression that costs little time.
const LEVEL: i32 = 3;

/// Counts and digests what passes through.
#[derive(Debug)]
pub(super) struct Digesting<W> {
    inner: W,
    hasher: Sha256,
    size: u64,
}

impl<W: Write> Digesting<W> {
    pub(super) fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
            size: 0,
        }
    }

    /// Returns what is below, the digest and the size.
    pub(super) fn finish(self) -> (W, Digest, u64) {
        let digest = Digest::from_hash(&self.hasher.finalize());
        (self.inner, digest, self.size)
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A compressing writer that knows the digests of both sides.
pub(super) type LayerWriter = Digesting<zstd::Encoder<'static, Digesting<BufWriter<File>>>>;

/// Begins a layer in a file.
pub(super) fn begin(file: File) -> io::Result<LayerWriter> {
    let compressed = Digesting::new(BufWriter::new(file));
    Ok(Digesting::new(zstd::Encoder::new(compressed, LEVEL)?))
}

/// Ends a layer; its file is durable when this returns.
pub(super) fn end(layer: LayerWriter) -> io::Result<Packed> {
    let (encoder, diff_id, _) = layer.finish();
    let (buffer, digest, size) = encoder.finish()?.finish();
    let file = buffer
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(Packed {
        digest,
        diff_id,
        size,
    })
}

/// Packs the root folder into `file`.
pub(super) fn pack(file: File) -> Result<Packed, Failure> {
    let failed = || Failure::system::<io::Error>("packing the layer");
    let mut packer = Packer {
        builder: Builder::new(begin(file).map_err(failed())?),
        links: HashMap::new(),
    };
    packer.folder(Path::new("/")).map_err(failed())?;
    let layer = packer.builder.into_inner().map_err(failed())?;
    end(layer).map_err(failed())
}

struct Packer {
    builder: Builder<LayerWriter>,
    /// Files with several names: where the first one is.
    links: HashMap<(u64, u64), PathBuf>,
}

impl Packer {
    /// Packs what is in a folder, by name, so that equal folders make equal archives.
    fn folder(&mut self, folder: &Path) -> io::Result<()> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder)? {
            paths.push(entry?.path());
        }
        paths.sort_unstable();
        for path in paths {
            self.entry(&path)?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path) -> io::Result<()> {
        let metadata = fs::symlink_metadata(path)?;
        let name = relative(path);
        let mut header = header(&metadata);
        let kind = metadata.file_type();
        if kind.is_char_device() && metadata.rdev() == 0 {
            return self.whiteout(path);
        }
        if kind.is_dir() {
            header.set_entry_type(EntryType::Directory);
            self.builder.append_data(&mut header, name, io::empty())?;
            if is_opaque(path)? {
                self.mark(&name.join(OPAQUE))?;
            }
            return self.folder(path);
        }
        if metadata.nlink() > 1
            && let Some(first) = self.links.get(&(metadata.dev(), metadata.ino()))
        {
            header.set_entry_type(EntryType::Link);
            let first = first.clone();
            return self.builder.append_link(&mut header, name, first);
        }
        if kind.is_symlink() {
            header.set_entry_type(EntryType::Symlink);
            let target = fs::read_link(path)?;
            self.builder.append_link(&mut header, name, target)?;
        } else if kind.is_fifo() {
            header.set_entry_type(EntryType::Fifo);
            self.builder.append_data(&mut header, name, io::empty())?;
        } else if kind.is_file() {
            header.set_entry_type(EntryType::Regular);
            header.set_size(metadata.len());
            // A file that shrinks meanwhile is filled up, as its size has been written.
            let content = io::Read::chain(File::open(path)?, io::repeat(0));
            self.builder
                .append_data(&mut header, name, io::Read::take(content, metadata.len()))?;
        } else {
            // Sockets live as long as their process; other devices cannot be.
            return Ok(());
        }
        if metadata.nlink() > 1 {
            let id = (metadata.dev(), metadata.ino());
            self.links.insert(id, name.to_owned());
        }
        Ok(())
    }

    fn whiteout(&mut self, path: &Path) -> io::Result<()> {
        let mut marked = std::ffi::OsString::from(WHITEOUT);
        marked.push(path.file_name().unwrap_or_default());
        self.mark(&relative(path).with_file_name(marked))
    }

    /// Adds an empty file that stands for something.
    fn mark(&mut self, name: &Path) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_mode(0o600);
        header.set_size(0);
        self.builder.append_data(&mut header, name, io::empty())
    }
}

fn relative(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

fn header(metadata: &Metadata) -> Header {
    let mut header = Header::new_gnu();
    header.set_mode(metadata.mode() & 0o7777);
    header.set_uid(metadata.uid().into());
    header.set_gid(metadata.gid().into());
    header.set_mtime(u64::try_from(metadata.mtime()).unwrap_or(0));
    header.set_size(0);
    header
}

fn is_opaque(folder: &Path) -> io::Result<bool> {
    let mut value = [0; 8];
    match lgetxattr(folder, OPAQUE_ATTRIBUTE, &mut value[..]) {
        Ok(length) => Ok(length > 0 && value[0] == b'y'),
        Err(Errno::NODATA | Errno::NOTSUP) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}
