//! A data folder that goes away with its demo.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

pub struct TemporaryData(PathBuf);

impl TemporaryData {
    /// Nobody else can look into it.
    pub fn new() -> io::Result<TemporaryData> {
        let name = format!("stampede-demo-{}", base::fresh::text());
        let path = std::env::temp_dir().join(name);
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(TemporaryData(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryData {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_gone_afterwards_with_all_that_is_in_it() {
        let data = TemporaryData::new().unwrap();
        let path = data.path().to_owned();
        std::fs::write(path.join("file"), "text").unwrap();
        drop(data);
        assert!(!path.exists());
    }
}
