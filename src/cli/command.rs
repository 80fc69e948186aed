//! What the binary can be told to do.

use crate::demo::DemoWish;
use clap_complete::Shell;
use draws::verify;
use people::KeyDraft;
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Serve,
    Demo(DemoWish),
    /// Fills the server at that URL.
    Seed {
        at: String,
    },
    Close {
        pool: String,
        at: Option<String>,
    },
    Config {
        toml: bool,
    },
    Openapi,
    Completions(Shell),
    Verify,
    VerifyDraw(verify::VerifyRequest),
    Migrate,
    Copy,
    Backup {
        file: PathBuf,
    },
    Restore {
        file: PathBuf,
    },
    Archive {
        older_than_days: Option<u32>,
    },
    AcceptLoss,
    KeyCreate(KeyDraft),
    KeyList,
    KeyRevoke {
        id: String,
    },
    KeyRotate {
        coupons: bool,
    },
    AdminPassword,
}
