//! A folder that is gone when the test is over.

use std::ffi::OsStr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// It lies in a folder of its own. What is put beside it, such as the log of a server that keeps
/// its data in it, is gone with it.
pub struct TestFolder(PathBuf);

/// Waits until nobody has a data folder. A process that another thread starts has the locks of this
/// one, too, until it becomes another program.
pub fn wait_until_free(data: &Path) {
    for locked in [data.to_owned(), data.join("lock")] {
        if let Ok(lock) = std::fs::File::open(locked) {
            lock.lock().expect("whoever has the folder lets go of it");
            // Closed alone, it could stay with a process that is being started.
            lock.unlock().expect("it is locked");
        }
    }
}

impl TestFolder {
    pub fn new() -> TestFolder {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("stampede-test-{}-{number}", std::process::id());
        // A shim in front of the disk sees paths without links.
        let temporary = std::env::temp_dir().canonicalize().unwrap();
        let path = temporary.join(name).join("data");
        std::fs::create_dir_all(&path).unwrap();
        TestFolder(path)
    }

    /// Writes a file into it. Returns its path as a command line takes it.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The folder of its own in which it lies.
    pub fn around(&self) -> &Path {
        self.parent().expect("it was made in another one")
    }
}

impl Default for TestFolder {
    fn default() -> TestFolder {
        TestFolder::new()
    }
}

impl Deref for TestFolder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for TestFolder {
    fn as_ref(&self) -> &Path {
        self
    }
}

impl AsRef<OsStr> for TestFolder {
    fn as_ref(&self) -> &OsStr {
        self.as_os_str()
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.around());
    }
}
