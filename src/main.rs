//! The binary: reads the command line and runs one command.

use actors::time::system_clock;
use base::calendar::wire_time;
use base::journal::Style;
use base::progress::ProgressBar;
use base::{clocks, journal, meters};
use config::{Choice, Config, Settings, default_toml};
use draws::fraud::Fraud;
use people::DrawnPassword;
use ports::directory::ServiceKey;
use products::verify;
use serde_json::{Value, json};
use stampede::app::{self, App};
use stampede::cli::{self, Command, Invocation};
use stampede::{closing, copy, demo, descriptors, http, stores};
use std::fmt::Display;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Invocation { command, settings, json } =
        match cli::parse(std::env::args_os(), std::env::vars_os()) {
            Ok(parsed) => parsed,
            Err(stop) => return stop.report(),
        };
    let style = match command {
        // What it prints is for a person who looks at the console beside it.
        Command::Demo(_) if !settings.says("log") => Style::Off,
        _ => settings.config.log,
    };
    journal::start(style);
    settings.warnings.iter().for_each(|warning| journal::warn(warning, &[]));
    let result = run(command, settings, json);
    journal::flush();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stampede: {error:#}");
            error
                .downcast_ref::<Fraud>()
                .map_or(ExitCode::FAILURE, |fraud| ExitCode::from(fraud.kind.code()))
        }
    }
}

fn run(command: Command, settings: Settings, json: bool) -> anyhow::Result<()> {
    match command {
        Command::Serve => actix_web::rt::System::new().block_on(serve(settings)),
        Command::Demo(wish) => wait_for(demo::run(wish, settings, print)),
        Command::Seed { at } => print(&demo::seed_only(&at, &settings.config)?),
        Command::Close { pool, at } => {
            let closed = closing::close(&pool, at.as_deref(), &settings.config)?;
            told(json, &closed, || closed.answer.clone())
        }
        Command::Config { toml: true } => print(&default_toml()),
        Command::Config { toml: false } => told(json, &settings.table(), || settings.as_json()),
        Command::Completions(shell) => print(&String::from_utf8(cli::completions(shell))?),
        Command::Openapi => print(&serde_json::to_string_pretty(&http::openapi::document())?),
        Command::Verify => verify_log(&settings.config, json),
        Command::VerifyDraw(request) => {
            let findings = request.run()?;
            told(json, &findings, || json!(findings))
        }
        Command::Migrate => print(&wait_for(stores::migrate(&settings.config))?),
        Command::Copy => {
            let copied = wait_for(copy::copy(&settings.config))?;
            told(json, &copied, || {
                json!({"people": copied.people, "frames": copied.frames,
                    "partitions": copied.partitions, "records": copied.records})
            })
        }
        Command::Archive { older_than_days } => {
            let now = system_clock()();
            let report = wait_for(stores::archive(&settings.config, older_than_days, now))?;
            told(json, &report, || {
                json!({"frames": report.frames, "segments": report.segments,
                    "packed": report.packed, "before": report.before, "after": report.after})
            })
        }
        Command::AcceptLoss if settings.config.store == Choice::Cql => {
            anyhow::bail!("store is cql: the database cares for its own log")
        }
        Command::AcceptLoss => print(&sqlite::accept_loss(&settings.config.data)?),
        Command::Backup { .. } | Command::Restore { .. }
            if settings.config.store == Choice::Cql =>
        {
            anyhow::bail!(
                "store is cql: the database has its own snapshots and restores (nodetool \
                 snapshot); there is no file to copy"
            )
        }
        Command::Backup { file } => Ok(sqlite::backup(&settings.config.data, &file)?),
        Command::Restore { file } => {
            let mut bar = ProgressBar::on_terminal("pages");
            let mut tell = |done, of| bar.at(done, of);
            Ok(sqlite::restore_telling(&file, &settings.config.data, &mut tell)?)
        }
        Command::KeyCreate(draft) => with_people(settings, CREATE_KEY, async |people| {
            let made = people.service_keys.create(draft).await?;
            let text = format!("{}\n{}\nThe key is shown this once.", made.id, made.key);
            told(json, &text, || json!({"id": made.id.to_string(), "key": made.key}))
        }),
        Command::KeyList => with_people(settings, LIST_KEYS, async |people| {
            let keys = people.service_keys.list().await?;
            if json {
                return print(&Value::from_iter(keys.iter().map(key_json)).to_string());
            }
            keys.iter().try_for_each(|key| print(&key_line(key)))
        }),
        Command::KeyRevoke { id } => with_people(settings, REVOKE_KEY, async |people| {
            let known = people
                .service_keys
                .revoke(id.parse().map_err(|_| anyhow::anyhow!("{id} is not the id of a key"))?)
                .await?;
            if known { Ok(()) } else { anyhow::bail!("there is no key {id}") }
        }),
        Command::KeyRotate { coupons: false } => {
            with_people(settings, STOP_IT, async |people| Ok(people.rotate_token_keys().await?))
        }
        Command::KeyRotate { coupons: true } => with_app(settings, async |app| {
            let version = app.shared.rotate_coupon_keys().await?;
            print(&format!(
                "new coupon codes are printed with version {} of the keys",
                version.number()
            ))
        }),
        Command::AdminPassword => with_people(settings, STOP_IT, async |people| {
            let DrawnPassword { username, password } = people.administrator.draw_password().await?;
            print(&format!("The account {username} has a new password: {password}"))
        }),
    }
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    meters::install();
    descriptors::raise();
    // The first start says a password once. Nobody reads it in a start that fails.
    app::can_serve(&settings.config, system_clock()())?;
    let admin = settings.config.admin_username.clone();
    let lines = settings.lines();
    let app = App::open_by(settings.config, clocks::of_this_machine()).await?;
    app.shared.settings.get_or_init(|| lines);
    if let Some(password) = &app.admin_password {
        print(&format!("made the account {admin}; its password, shown this once: {password}"))?;
    }
    let running = app.serve(|_| {})?;
    // Before the address can be known, so that no stop is taken for a kill.
    let told = app::told_to_stop()?;
    if let Some(address) = running.http2 {
        print(&format!("listening for HTTP/2 on http://{address}"))?;
    }
    let scheme = if running.is_secured { "https" } else { "http" };
    print(&format!("listening on {scheme}://{}", running.address))?;
    running.stop_when(told).await;
    Ok(())
}

/// What to do where a server runs.
const CREATE_KEY: &str = "ask that one: POST /api/v1/service-keys";
const LIST_KEYS: &str = "ask that one: GET /api/v1/service-keys";
const REVOKE_KEY: &str = "ask that one: DELETE /api/v1/service-keys/{id}";
const STOP_IT: &str = "stop that one first";

/// Lets `work` change who may call.
fn with_people(
    settings: Settings,
    instead: &str,
    work: impl AsyncFnOnce(&people::People) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    with_app(settings, async |app| work(&app.shared.people).await).map_err(|error| {
        match error.downcast_ref() {
            Some(sqlite::Error::InUse(_)) => anyhow::anyhow!("{error}; {instead}"),
            _ => error,
        }
    })
}

/// Opens the folder as its only user.
fn with_app(
    settings: Settings,
    work: impl AsyncFnOnce(&App) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    actix_web::rt::System::new().block_on(async {
        let app = App::open(settings.config, system_clock()).await?;
        work(&app).await
    })
}

fn wait_for<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    actix_web::rt::System::new().block_on(work)
}

fn verify_log(config: &Config, json: bool) -> anyhow::Result<()> {
    let history = wait_for(stores::history(config))?;
    let verified = {
        let mut bar = ProgressBar::on_terminal("partitions");
        verify::verify_telling(&*history, &mut |done, of| bar.at(done, of))?
    };
    told(json, &verified, || verified.as_json())
}

/// Says what came of it, to whoever asked.
fn told(json: bool, text: &dyn Display, value: impl FnOnce() -> Value) -> anyhow::Result<()> {
    if json { print(&value().to_string()) } else { print(&text.to_string()) }
}

/// A key, as `key list` shows it.
fn key_line(key: &ServiceKey) -> String {
    let mut line = format!("{} {} {}", key.id, key.name, key.scopes.names().join(","));
    let until = [("until", key.expires_at), ("revoked", key.revoked_at)];
    for (what, at) in until.into_iter().filter_map(|(what, at)| Some((what, at?))) {
        line += &format!(" {what} {}", wire_time(at));
    }
    if let Some(purpose) = &key.purpose {
        line += &format!(" ({purpose})");
    }
    line
}

fn key_json(key: &ServiceKey) -> Value {
    json!({
        "id": key.id.to_string(),
        "name": key.name,
        "scopes": key.scopes.names(),
        "purpose": key.purpose,
        "created_at": wire_time(key.created_at),
        "expires_at": key.expires_at.map(wire_time),
        "revoked_at": key.revoked_at.map(wire_time),
    })
}

fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.trim_end())?;
    Ok(out.flush()?)
}
