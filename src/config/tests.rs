//! The settings as their user meets them: who wins, and what each mistake says.

use super::*;
use base::Secret;
use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

fn pairs(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn from_environment(variables: &[(&str, &str)]) -> Result<Settings, Error> {
    load(None, Vec::new(), &pairs(variables))
}

fn from_flag(name: &'static str, text: &str) -> Result<Settings, Error> {
    load(None, vec![(name, text.into())], &[])
}

fn from_toml(text: &str) -> Result<Config, Error> {
    let file = sources::read_toml(Path::new("stampede.toml"), text);
    let file = file.map_err(|why| Error::of(vec![why]))?;
    let (mut values, mut wrong) = (Values::of(SETTINGS), file.wrong);
    values.replace(file.values);
    match Config::read(&values, &mut wrong) {
        Some(config) if wrong.is_empty() => Ok(config),
        _ => Err(Error::of(wrong)),
    }
}

fn sentence<T: fmt::Debug>(result: Result<T, Error>) -> String {
    result.unwrap_err().to_string()
}

/// A settings file that is gone when the test is.
struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, text: &str) -> TempFile {
        let path =
            std::env::temp_dir().join(format!("stampede-{}-{name}.toml", std::process::id()));
        std::fs::write(&path, text).unwrap();
        TempFile(path)
    }

    fn load(
        &self,
        flags: Vec<(&'static str, OsString)>,
        variables: &[(&str, &str)],
    ) -> Result<Settings, Error> {
        load(Some(self.0.clone().into()), flags, &pairs(variables))
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn without_a_word_the_defaults_hold() {
    let config = Config::default();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.data, Path::new("./data"));
    assert_eq!(config.admin_password, None);
    assert_eq!(config.idempotency_keys, 1_000_000);
    assert_eq!(config.time_zone, jiff::tz::TimeZone::UTC);
    assert!(config.workers >= 1 && config.hash_threads >= 1);
    assert!(config.cors_origins.is_empty() && config.trusted_proxies.is_empty());
    assert_eq!(Settings::default().warnings, Vec::<String>::new());
}

#[test]
fn flags_win_over_variables_over_the_file_over_defaults() {
    let file = TempFile::new("precedence", "token_s = 1\nin_flight = 1\nbody_limit = 2_048\n");
    let variables = [("STAMPEDE_TOKEN_S", "2"), ("STAMPEDE_IN_FLIGHT", "2")];
    let config = file.load(vec![("token_s", "3".into())], &variables).unwrap().config;
    assert_eq!(
        (config.token_s, config.in_flight, config.body_limit, config.refresh_s),
        (3, 2, 2048, 2_592_000)
    );
}

#[test]
fn a_variable_names_the_file_and_a_flag_names_another() {
    let (one, two) = (TempFile::new("one", "token_s = 1"), TempFile::new("two", "token_s = 2"));
    let variables = [(FILE_VARIABLE, one.0.to_str().unwrap())];
    assert_eq!(from_environment(&variables).unwrap().config.token_s, 1);
    assert_eq!(two.load(Vec::new(), &variables).unwrap().config.token_s, 2);
}

#[test]
fn a_wrong_value_is_named_with_its_variable_flag_or_line() {
    let expected = "but it must be a whole number from 4 to 31";
    let variable = sentence(from_environment(&[("STAMPEDE_BCRYPT_COST", "3")]));
    assert_eq!(variable, format!("bcrypt_cost is \"3\" (from STAMPEDE_BCRYPT_COST), {expected}"));
    assert_eq!(
        sentence(from_flag("bcrypt_cost", "ten")),
        format!("bcrypt_cost is \"ten\" (from --bcrypt-cost), {expected}")
    );
    let line = sentence(from_toml("# the cost\n\nbcrypt_cost = 32\n"));
    assert_eq!(line, format!("bcrypt_cost is \"32\" (from stampede.toml line 3), {expected}"));
}

#[test]
fn everything_wrong_is_told_at_once() {
    let file = TempFile::new("wrong", "lisen = \"x\"\nworkers = 0\nlog = {}\n");
    let flags = vec![("bcrypt_cost", "ten".into())];
    let said = sentence(file.load(flags, &[("STAMPEDE_TIME_ZONE", "Mars/Olympus")]));
    let named: Vec<_> = said.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(named, ["\"lisen\"", "log", "bcrypt_cost", "time_zone", "workers"], "{said}");
    let two = vec![("hold_ttl_s", "8000".into()), ("notices_from", "20:00".into())];
    let said = sentence(load(None, two, &[]));
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn the_own_machine_has_a_name() {
    let config = from_flag("listen", "localhost:8080").unwrap().config;
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    for wrong in ["localhost", "localhost:", "localhost:none", "elsewhere:80"] {
        assert!(from_flag("listen", wrong).is_err(), "{wrong}");
    }
}

#[test]
fn every_kind_of_value_says_what_it_wants() {
    for (name, wrong, wants) in [
        ("listen", "8080", "an IP address and a port"),
        ("data", "", "the path of a folder"),
        ("time_zone", "Mars/Olympus", "the IANA name of a time zone"),
        ("notices_from", "24:00", "a time of day, like 09:00"),
        ("notices_until", "9", "a time of day, like 09:00"),
        ("log", "xml", "plain, json or off"),
        ("admin_username", "a b", "3 to 64 letters"),
        ("admin_email", "nobody", "an e-mail address"),
        ("workers", "0", "a whole number from 1 to 1024"),
        ("workers", "-1", "a whole number from 1 to 1024"),
        ("cors_origins", "https://shop.example/path", "origins in lower case without a path"),
        ("trusted_proxies", "10.0.0.0/8,proxy", "IP addresses or networks"),
    ] {
        let said = sentence(from_flag(name, wrong));
        assert!(
            said.starts_with(&format!("{name} is {wrong:?} (from --")) && said.contains(wants),
            "{said}"
        );
    }
}

#[test]
fn a_wrong_secret_is_named_but_not_shown() {
    let said = sentence(from_environment(&[("STAMPEDE_ADMIN_PASSWORD", "hunter2")]));
    assert_eq!(
        said,
        "admin_password is (set) (from STAMPEDE_ADMIN_PASSWORD), but it must be 8 characters at \
         least and 71 bytes at most"
    );
}

#[test]
fn a_secret_is_nowhere_to_be_seen() {
    let settings = from_environment(&[("STAMPEDE_ADMIN_PASSWORD", "correct horse")]).unwrap();
    assert_eq!(settings.config.admin_password.as_ref().map(Secret::reveal), Some("correct horse"));
    assert!(settings.table().contains("admin_password = (set) (from STAMPEDE_ADMIN_PASSWORD)"));
    assert!(!format!("{settings:?}{}", settings.table()).contains("horse"));
}

#[test]
fn scripts_are_told_every_setting_and_no_secret() {
    let variables = [("STAMPEDE_ADMIN_PASSWORD", "correct horse"), ("STAMPEDE_TOKEN_S", "60")];
    let told = from_environment(&variables).unwrap().as_json();
    assert_eq!(told.as_object().unwrap().len(), SETTINGS.len());
    assert_eq!(told["token_s"]["value"], "60");
    assert_eq!(told["token_s"]["from"], "STAMPEDE_TOKEN_S");
    assert_eq!(told["admin_password"]["is_set"], true);
    assert!(told["admin_password"]["value"].is_null() && told["redis"]["value"].is_null());
    assert!(!told.to_string().contains("horse"));
}

#[test]
fn a_secret_has_no_flag() {
    assert!(SETTINGS.iter().all(|setting| setting.flag().is_none() == setting.is_secret()));
}

#[test]
fn an_unknown_key_of_the_file_is_an_error_that_names_the_nearest() {
    assert_eq!(
        sentence(from_toml("lisen = \"x\"")),
        "\"lisen\" (from stampede.toml line 1) is not a setting; did you mean listen?"
    );
    let far = sentence(from_toml("token_s = 5\n[colours]\nred = 1"));
    assert_eq!(
        far,
        "\"colours\" (from stampede.toml line 2) is not a setting; `stampede config` lists all \
         there are"
    );
}

#[test]
fn an_unknown_variable_is_a_warning_that_names_the_nearest() {
    let settings =
        from_environment(&[("STAMPEDE_LISTN", "x"), ("PATH", "/bin"), (FILE_VARIABLE, "")])
            .unwrap();
    assert_eq!(
        settings.warnings,
        ["the variable STAMPEDE_LISTN is not a setting and is not used; did you mean \
             STAMPEDE_LISTEN?"]
    );
}

#[test]
fn a_cheap_hash_is_a_warning() {
    let settings = from_flag("bcrypt_cost", "4").unwrap();
    assert!(
        settings.warnings[0].starts_with("bcrypt_cost is 4 (--bcrypt-cost)"),
        "{:?}",
        settings.warnings
    );
}

#[test]
fn settings_that_contradict_each_other_are_both_named() {
    let said = sentence(from_flag("hold_ttl_s", "8000"));
    assert_eq!(
        said,
        "hold_ttl_s is \"8000\" (from --hold-ttl-s), but it must be 7200 at most, which is \
         hold_max_s (the default)"
    );
    let said = sentence(from_flag("hold_max_s", "60"));
    assert_eq!(
        said,
        "hold_max_s is \"60\" (from --hold-max-s), but it must be 300 at least, which is \
         hold_ttl_s (the default)"
    );
}

#[test]
fn there_is_time_between_the_first_and_the_last_notice() {
    let said = sentence(from_flag("notices_from", "20:00"));
    let until = "but it must be before notices_until (the default)";
    assert_eq!(said, format!("notices_from is \"20:00\" (from --notices-from), {until}"));
    let said = sentence(from_flag("notices_until", "08:00"));
    let from = "but it must be after notices_from (the default)";
    assert_eq!(said, format!("notices_until is \"08:00\" (from --notices-until), {from}"));
    assert!(from_flag("notices_from", "19:59").is_ok());
}

#[test]
fn a_certificate_and_its_key_are_said_together_and_by_one_machine() {
    let said = sentence(from_flag("tls_cert", "/tls.crt"));
    let why = "but it must be said, too, because tls_cert is (--tls-cert)";
    assert_eq!(said, format!("tls_key is \"\" (from the default), {why}"));
    let said = sentence(from_flag("tls_key", "/tls.key"));
    assert!(said.starts_with("tls_cert is \"\" (from the default), "), "{said}");
    let both = vec![("tls_cert", "/tls.crt".into()), ("tls_key", "/tls.key".into())];
    assert!(load(None, both.clone(), &[]).is_ok());
    let said = sentence(load(None, both, &pairs(&[("STAMPEDE_STORE", "cql")])));
    let why = "but it must be empty while store is cql (STAMPEDE_STORE): nodes call each other on \
               listen, in plain HTTP";
    assert_eq!(said, format!("tls_cert is \"/tls.crt\" (from --tls-cert), {why}"));
}

#[test]
fn a_broken_file_is_named_with_its_line_and_a_missing_one_with_its_path() {
    let said = sentence(from_toml("token_s = 5\nlisten = \n"));
    assert!(
        said.starts_with("the settings file is not TOML at stampede.toml line 2: ")
            && !said.contains('\n'),
        "{said}"
    );
    let said = sentence(load(Some("/no/such/stampede.toml".into()), Vec::new(), &[]));
    assert!(
        said.starts_with("the settings file /no/such/stampede.toml cannot be read: "),
        "{said}"
    );
    assert_eq!(
        sentence(from_toml("log = {}")),
        "log (from stampede.toml line 1) must be a text, a number or a list of texts"
    );
}

#[test]
fn lists_are_written_with_commas_or_as_lists() {
    let two = ["https://a.example", "http://b.example:8080"];
    let config =
        from_flag("cors_origins", "https://a.example, http://b.example:8080").unwrap().config;
    assert_eq!(config.cors_origins, two);
    assert_eq!(from_toml(&format!("cors_origins = {two:?}")).unwrap().cors_origins, two);
}

#[cfg(unix)]
#[test]
fn the_data_folder_need_not_be_utf8() {
    use std::os::unix::ffi::OsStringExt;
    let odd = OsString::from_vec(b"./d\xffta".to_vec());
    let flag = load(None, vec![("data", odd.clone())], &[]).unwrap();
    let variable = load(None, Vec::new(), &[("STAMPEDE_DATA".into(), odd.clone())]).unwrap();
    assert_eq!(flag.config.data, Path::new(&odd));
    assert_eq!(variable.config.data, Path::new(&odd));
    assert!(sentence(load(None, vec![("log", odd)], &[])).ends_with("it must be valid UTF-8"));
}

#[test]
fn every_setting_has_a_name_of_its_own_and_a_reason_of_one_sentence() {
    let names: HashSet<_> = SETTINGS.iter().map(|setting| setting.name).collect();
    assert_eq!(names.len(), SETTINGS.len());
    for setting in SETTINGS {
        assert_ne!(setting.name, "config", "the flag --config names the file");
        assert!(
            setting.reason().ends_with('.') && !setting.reason().contains(". "),
            "{}",
            setting.reason()
        );
    }
}

#[test]
fn the_printed_file_says_the_defaults_and_its_comments_are_valid_too() {
    assert_eq!(from_toml(&default_toml()).unwrap(), Config::default());
    let commented = |line: &str| {
        line.strip_prefix("# ")
            .filter(|rest| SETTINGS.iter().any(|s| rest.starts_with(&format!("{} = ", s.name))))
            .map(str::to_owned)
    };
    let all: Vec<String> =
        default_toml().lines().map(|line| commented(line).unwrap_or(line.to_owned())).collect();
    let examples = from_toml(&all.join("\n")).unwrap();
    assert_eq!(examples.cors_origins, ["https://shop.example"]);
    assert_eq!(examples.trusted_proxies.len(), 2);
    assert!(examples.admin_password.is_some());
}

#[test]
fn the_printed_table_has_every_setting_with_its_value_and_where_it_came_from() {
    let page = from_flag("token_s", "60").unwrap().table();
    assert!(
        page.contains(
            "\ntoken_s = 60 (from --token-s)\n    default 900; --token-s or STAMPEDE_TOKEN_S\n"
        ),
        "{page}"
    );
    assert!(page.contains("\nlisten = \"127.0.0.1:8080\" (from the default)\n"), "{page}");
    assert!(SETTINGS.iter().all(|setting| page.contains(setting.reason())));
}

#[test]
fn the_url_of_redis_has_no_password_in_it_and_no_tls() {
    assert_eq!(Config::default().redis, None);
    for good in ["redis://127.0.0.1:6379", "redis://redis", "redis://app@redis.internal:6380/3"] {
        assert_eq!(from_flag("redis", good).unwrap().config.redis.as_deref(), Some(good));
    }
    for bad in [
        "127.0.0.1:6379",
        "redis://:secret@127.0.0.1",
        "rediss://127.0.0.1",
        "unix:///tmp/redis.sock",
        "http://127.0.0.1",
    ] {
        let said = sentence(from_flag("redis", bad));
        assert!(
            said.ends_with(
                "a URL without a password or TLS, like redis://127.0.0.1:6379/0; a \
                password goes into redis_password"
            ),
            "{said}"
        );
    }
}

#[test]
fn each_line_tells_where_it_was_said_and_of_a_secret_only_that_there_is_one() {
    let password = "nobody is told this sentence";
    let settings =
        from_environment(&[("STAMPEDE_ADMIN_PASSWORD", password), ("STAMPEDE_TOKEN_S", "600")])
            .unwrap();
    let lines = settings.lines();
    assert_eq!(lines.len(), SETTINGS.len());
    let line = |name: &str| lines.iter().find(|line| line.name == name).unwrap();
    let secret = line("admin_password");
    assert_eq!((secret.is_secret, secret.is_set, &secret.value), (true, true, &None));
    assert!(!format!("{lines:?}").contains(password));
    let told = line("token_s");
    assert_eq!(told.value.as_deref(), Some("600"));
    assert_eq!(told.origin, Origin::Variable("STAMPEDE_TOKEN_S".to_owned()));
    assert!(told.default.is_some() && told.default != told.value && !told.reason.is_empty());
    assert_eq!(line("refresh_s").origin, Origin::Default);
    assert!(!line("cluster_key").is_set);
}
