//! Access tokens: whatever is wrong with one, it lets nobody in anywhere, and the answer does not
//! say why.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, VerifyingKey};
use harness::{Answer, PASSWORD, TestApp};
use hmac::{Hmac, KeyInit, Mac};
use people::rotate_token_keys;
use ports::TokenAlgorithm;
use serde_json::{Value, json};
use sha2::Sha256;

fn log_in(app: &TestApp) -> Value {
    app.anybody().post("/auth/login", json!({"account": "ada", "password": PASSWORD})).expect(200)
}

fn access(tokens: &Value) -> String {
    tokens["access_token"].as_str().unwrap().to_owned()
}

/// Calls with that header, as it stands.
fn with(app: &TestApp, authorization: &str) -> Answer {
    app.anybody().with("Authorization", authorization).get("/me")
}

/// What a thief of the disk could sign with, so that it can be shown what even he would have to get
/// right.
struct Forge {
    kid: String,
    key: Vec<u8>,
}

impl Forge {
    /// The app is stopped and served again meanwhile.
    fn open(app: &TestApp) -> Forge {
        app.stop();
        let stored = app.with_directory(async |directory| {
            directory.secret("token-keys", Vec::new()).await.unwrap()
        });
        app.serve();
        let keys: Value = serde_json::from_slice(&stored).unwrap();
        let key = URL_SAFE_NO_PAD.decode(keys[0]["key"].as_str().unwrap()).unwrap();
        Forge { kid: keys[0]["kid"].as_str().unwrap().to_owned(), key }
    }

    fn header(&self) -> Value {
        json!({"typ": "JWT", "alg": "HS256", "kid": self.kid})
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let mac =
            Hmac::<Sha256>::new_from_slice(&self.key).unwrap().chain_update(&signed).finalize();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.into_bytes()))
    }
}

fn decoded(part: &str) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Headers that are no tokens of ours, each with the reason that is logged.
fn malformed(good: &str) -> Vec<(&'static str, String)> {
    let bearer = |reason, token: &str| (reason, format!("Bearer {token}"));
    let parts: Vec<&str> = good.split('.').collect();
    let (header, body, signature) = (parts[0], parts[1], parts[2]);
    let tampered = body.replacen(&body[10..11], if &body[10..11] == "A" { "B" } else { "A" }, 1);
    vec![
        ("scheme", String::new()),
        ("scheme", "Bearer".to_owned()),
        ("scheme", good.to_owned()),
        ("scheme", format!("Basic {good}")),
        ("scheme", format!("Token {good}")),
        bearer("not-a-token", "token"),
        bearer("not-a-token", "a.b.c"),
        bearer("not-a-token", ".."),
        bearer("not-a-token", "null"),
        bearer("not-a-token", &format!("{header}.{body}")),
        bearer("not-a-token", &format!("{good}.{signature}")),
        bearer("not-a-token", &format!("\"{good}\"")),
        bearer("not-a-token", &format!("{good}, {good}")),
        bearer("too-long", &format!("{good}{}", "x".repeat(2000))),
        bearer("too-long", &"x".repeat(50_000)),
        bearer("signature", &format!("{header}.{body}.")),
        bearer("signature", &format!("{header}..{signature}")),
        bearer("signature", &format!("{header}.{tampered}.{signature}")),
        bearer("signature", &format!("{header}.{body}.{}", &signature[1..])),
        bearer("signature", &format!("{header}.{body}.{signature}=")),
        bearer("signature", &format!("{header}.{body}.{}", URL_SAFE_NO_PAD.encode([0; 32]))),
        bearer("unknown-service-key", "sk_"),
        bearer("unknown-service-key", "sk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        bearer("unknown-service-key", &format!("sk_{good}")),
        bearer("not-a-token", "rt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ]
}

/// Tokens with our own signature that say something wrong.
fn forged(forge: &Forge, good: &str) -> Vec<(&'static str, String)> {
    let claims: Value = serde_json::from_str(&decoded(good.split('.').nth(1).unwrap())).unwrap();
    let headed = |reason, change: Value| {
        let mut header = forge.header();
        header.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        (reason, forge.sign(&header.to_string(), &claims.to_string()))
    };
    let claiming = |reason, change: Value| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let header = decoded(good.split('.').next().unwrap());
        (reason, forge.sign(&header, &claims.to_string()))
    };
    let now_s = harness::NOON.0 / 1000;
    let header = decoded(good.split('.').next().unwrap());
    let mut all = vec![
        headed("other-algorithm", json!({"alg": "none"})),
        headed("other-algorithm", json!({"alg": "NONE"})),
        headed("other-algorithm", json!({"alg": "HS384"})),
        headed("other-algorithm", json!({"alg": "HS512"})),
        headed("other-algorithm", json!({"alg": "RS256"})),
        headed("other-algorithm", json!({"alg": "ES256"})),
        headed("other-algorithm", json!({"alg": "EdDSA"})),
        headed("unknown-key", json!({"kid": "00000000"})),
        headed("unknown-key", json!({"kid": "../../dev/null"})),
        headed("unknown-key", json!({"kid": "' OR 1=1 --"})),
        headed("unknown-key", json!({"jku": "https://evil.example/keys"})),
        headed("unknown-key", json!({"crit": ["exp"]})),
        claiming("issuer", json!({"iss": "somebody"})),
        claiming("audience", json!({"aud": "elsewhere"})),
        claiming("type", json!({"typ": "refresh"})),
        claiming("expired", json!({"exp": now_s})),
        claiming("expired", json!({"exp": 0})),
        claiming("future", json!({"iat": now_s + 3600})),
        claiming("claims", json!({"role": "service"})),
        claiming("claims", json!({"role": "root"})),
        claiming("claims", json!({"sub": "ada"})),
        claiming("claims", json!({"sid": null})),
        claiming("claims", json!({"exp": "tomorrow"})),
        claiming("claims", json!({"aud": ["stampede", "elsewhere"]})),
        ("claims", forge.sign(&header, "{}")),
        ("claims", forge.sign(&header, "nonsense")),
    ];
    all.iter_mut().for_each(|(_, token)| token.insert_str(0, "Bearer "));
    all
}

/// The body, except what is the request's own.
fn said(answer: Answer) -> Value {
    let mut body = answer.refused(401, "unauthenticated");
    body.as_object_mut().unwrap().remove("request_id");
    body
}

#[test]
fn every_bad_token_is_answered_alike_and_counted_by_its_reason() {
    let app = TestApp::start();
    app.member("ada");
    let good = access(&log_in(&app));
    let forge = Forge::open(&app);
    let bad: Vec<(&str, String)> =
        malformed(&good).into_iter().chain(forged(&forge, &good)).collect();
    assert!(bad.len() >= 40);
    let missing = app.anybody().get("/me");
    assert_eq!(missing.header("www-authenticate"), Some("Bearer"));
    let alike = said(missing);
    let counted = |reason: &str| {
        let line = format!("stampede_tokens_refused_total{{reason=\"{reason}\"}} ");
        app.anybody()
            .get("//metrics")
            .text
            .lines()
            .find_map(|found| found.strip_prefix(&line)?.parse::<u64>().ok())
            .unwrap_or(0)
    };
    for (reason, header) in &bad {
        let before = counted(reason);
        assert_eq!(said(with(&app, header)), alike, "{reason} {header:.200}");
        assert!(counted(reason) > before, "{reason} {header:.200}");
    }
    // The forge itself is good, or nothing was shown.
    let (header, body) =
        (decoded(good.split('.').next().unwrap()), decoded(good.split('.').nth(1).unwrap()));
    with(&app, &format!("Bearer {}", forge.sign(&header, &body))).expect(200);
    with(&app, &format!("bearer {good}")).expect(200);
}

#[test]
fn an_access_token_is_good_for_fifteen_minutes_to_the_second() {
    let app = TestApp::start_with(|config| config.token_s = config::Config::default().token_s);
    app.member("ada");
    let tokens = log_in(&app);
    assert_eq!(tokens["expires_in"], 900);
    let good = format!("Bearer {}", access(&tokens));
    app.pass_s(899);
    with(&app, &good).expect(200);
    app.pass_s(1);
    with(&app, &good).refused(401, "unauthenticated");
    app.restart();
    with(&app, &good).refused(401, "unauthenticated");
}

#[test]
fn a_revoked_token_is_refused_by_everything_that_needs_one_at_the_next_request() {
    let app = TestApp::start();
    app.member("ada");
    let revoked = app.anybody().bearer(&access(&log_in(&app)));
    revoked.get("/me").expect(200);
    revoked.post("/auth/logout", json!({})).expect(204);
    let document = app.anybody().get("//openapi.json").expect(200);
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, operation)| !operation["security"].as_array().unwrap().is_empty())
        {
            let body =
                (method == "post" || method == "put" || method == "patch").then(|| b"{}".to_vec());
            let path = path
                .replace("{date}", "2026-12-31")
                .replace("{id}", "00000000000000000000000000000007");
            revoked
                .send(&method.to_uppercase(), &format!("/{path}"), body)
                .refused(401, "unauthenticated");
            asked += 1;
            let body = &operation["responses"]["401"]["content"]["application/problem+json"];
            assert!(body["schema"].is_object(), "{path}");
        }
    }
    assert!(asked >= 20, "{asked}");
}

#[test]
fn a_rotated_key_signs_new_tokens_and_old_ones_live_out_their_time() {
    let app = TestApp::start_with(|config| config.token_s = 900);
    app.member("ada");
    let old = log_in(&app);
    app.stop();
    app.with_directory(async |directory| {
        let settings = stampede::settings::people(&app.config());
        let (token_s, key_delay_s) = (settings.token_s, settings.key_delay_s);
        let algorithm = settings.token_algorithm;
        rotate_token_keys(&*directory, app.now(), token_s, key_delay_s, algorithm).await.unwrap()
    });
    // Where there are several nodes, all of them must know the new key before one uses it.
    app.pass_s(60);
    app.serve();
    let new = log_in(&app);
    let head = |tokens: &Value| access(tokens).split('.').next().unwrap().to_owned();
    assert_ne!(head(&old), head(&new));
    for tokens in [&old, &new] {
        with(&app, &format!("Bearer {}", access(tokens))).expect(200);
    }
    app.pass_s(900);
    with(&app, &format!("Bearer {}", access(&old))).refused(401, "unauthenticated");
    let next = app
        .anybody()
        .post("/auth/refresh", json!({"refresh_token": old["refresh_token"]}))
        .expect(200);
    assert_eq!(head(&next), head(&new));
}

/// The keys that are published, as whoever verifies tokens elsewhere reads them.
fn published(app: &TestApp) -> Vec<(String, VerifyingKey)> {
    let answer = app.anybody().get("//.well-known/jwks.json");
    assert_eq!(answer.headers["cache-control"], "public, max-age=15");
    let set = answer.expect(200);
    let key = |key: &Value| {
        let x = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
        assert_eq!((&key["kty"], &key["crv"]), (&json!("OKP"), &json!("Ed25519")));
        assert_eq!((&key["alg"], &key["use"]), (&json!("EdDSA"), &json!("sig")));
        let key_of = VerifyingKey::try_from(x.as_slice()).unwrap();
        (key["kid"].as_str().unwrap().to_owned(), key_of)
    };
    set["keys"].as_array().unwrap().iter().map(key).collect()
}

/// Whether one of those keys has signed that token.
fn is_signed(keys: &[(String, VerifyingKey)], token: &str) -> bool {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let header: Value = serde_json::from_str(&decoded(signed.split('.').next().unwrap())).unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let Ok(signature) = Signature::from_slice(&signature) else { return false };
    header["alg"] == "EdDSA"
        && keys.iter().any(|(kid, key)| {
            header["kid"] == **kid && key.verify_strict(signed.as_bytes(), &signature).is_ok()
        })
}

#[test]
fn others_verify_tokens_whatever_is_rotated_and_nobody_is_logged_out() {
    let mut app = TestApp::start_with(|config| config.token_s = 900);
    app.member("ada");
    let with_a_secret = log_in(&app);
    assert_eq!(published(&app).len(), 0);
    // The setting is changed, and the new key is there before it signs.
    app.restart_with(|config| config.token_algorithm = TokenAlgorithm::EdDsa);
    let keys = published(&app);
    assert_eq!(keys.len(), 1);
    assert!(!is_signed(&keys, &access(&log_in(&app))));
    app.pass_s(30);
    let first = log_in(&app);
    assert!(is_signed(&keys, &access(&first)));
    for tokens in [&with_a_secret, &first] {
        with(&app, &format!("Bearer {}", access(tokens))).expect(200);
    }
    let (signed, signature) = access(&first).rsplit_once('.').map(owned).unwrap();
    let claims: Value = serde_json::from_str(&decoded(signed.split('.').nth(1).unwrap())).unwrap();
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("stampede"), &json!("stampede")));
    let mut other = URL_SAFE_NO_PAD.decode(&signature).unwrap();
    other[0] ^= 1;
    let other = format!("Bearer {signed}.{}", URL_SAFE_NO_PAD.encode(other));
    with(&app, &other).refused(401, "unauthenticated");
    // A start with the same setting changes nothing; a rotation adds a key.
    app.restart();
    assert_eq!(published(&app), keys);
    app.stop();
    app.with_directory(async |directory| {
        let settings = stampede::settings::people(&app.config());
        let (token_s, key_delay_s) = (settings.token_s, settings.key_delay_s);
        let algorithm = settings.token_algorithm;
        rotate_token_keys(&*directory, app.now(), token_s, key_delay_s, algorithm).await.unwrap()
    });
    app.serve();
    let both = published(&app);
    assert_eq!((both.len(), &both[0]), (2, &keys[0]));
    app.pass_s(30);
    let second = log_in(&app);
    assert!(is_signed(&both[1..], &access(&second)));
    with(&app, &format!("Bearer {}", access(&first))).expect(200);
    // Back to the secret: what was signed until then still counts, for as long as it lives.
    app.restart_with(|config| config.token_algorithm = TokenAlgorithm::Hs256);
    let third = log_in(&app);
    assert!(!is_signed(&both, &access(&third)));
    with(&app, &format!("Bearer {}", access(&second))).expect(200);
    app.pass_s(901);
    with(&app, &format!("Bearer {}", access(&second))).refused(401, "unauthenticated");
    assert_eq!(published(&app).len(), 0);
    let refresh = json!({"refresh_token": with_a_secret["refresh_token"]});
    app.anybody().post("/auth/refresh", refresh).expect(200);
}

fn owned((one, other): (&str, &str)) -> (String, String) {
    (one.to_owned(), other.to_owned())
}
