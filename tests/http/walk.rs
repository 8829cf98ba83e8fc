//! Every address of the router, called by everybody who has no business there and with every kind of wrong id. None of these
//! calls changes anything that is stored. The calls are made from the route table, which must name each address.

use serde_json::json;

use super::{
    app::{App, Client},
    client::Answer,
    route_table::{
        FORMS,
        For::{self, Admins, Anybody, Owner},
        IDS, JSON,
    },
    things::{Things, call, keeps_out, nothing},
};

const MANY: [(&str, &str); 2] =
    [("INGLENOOK_LIMITS_REGISTRATIONS_PER_HOUR", "1000"), ("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "1000")];
const SCOPES: [&str; 3] = ["read", "chat", "all"];

#[derive(Clone, Copy)]
struct Route {
    method: &'static str,
    path: &'static str,
    whom: For,
    body: &'static str,
}

impl Route {
    fn all() -> impl Iterator<Item = Self> {
        let json = JSON.iter().map(|(method, path, whom, body)| Self { method, path, whom: *whom, body });
        let forms = FORMS.iter().map(|(path, whom, body)| Self { method: "POST", path, whom: *whom, body });
        json.chain(forms)
    }

    fn is_api(self) -> bool {
        self.path.starts_with("/api/")
    }

    fn is_page(self) -> bool {
        !self.is_api() && !self.path.starts_with("/fn/")
    }

    /// Whether it names something by an id, and not by a code that people type.
    fn has_ids(self) -> bool {
        IDS.iter()
            .filter(|id| !["{r}", "{e}"].contains(id))
            .any(|id| self.path.contains(id) || self.body.contains(id))
    }

    /// The position in [`SCOPES`] of the scope that a key needs for it.
    fn scope(self) -> usize {
        // A feed is no page: programs read it.
        if ["/ws", "/board.atom"].contains(&self.path) {
            return 0;
        }
        let Some(path) = self.path.strip_prefix("/api/v1") else { return 2 };
        // Who takes part in a room and who is invited is no matter of keys that only talk.
        let ends = |end: &str| path.starts_with("/rooms/") && path.contains(end);
        if ends("/codes") || self.method != "GET" && ends("/members/") {
            return 2;
        }
        // What others see may be read, and a conversation with them is begun; who they are to one is for people.
        if path.starts_with("/people") || path.starts_with("/direct") {
            return match self.method {
                "GET" => 0,
                "POST" if !path.ends_with("/wall") => 1,
                _ => 2,
            };
        }
        let is_talk = ["/conversations", "/messages", "/bin", "/rooms", "/board"]
            .iter()
            .any(|start| path.starts_with(start));
        match self.method {
            "GET" if is_talk || ["/me", "/models", "/me/budget"].contains(&path) => 0,
            _ if is_talk => 1,
            _ => 2,
        }
    }

    /// Calls it as this client. Programs send a token or a key; a page is opened with the token as a cookie.
    async fn call(self, app: &App, client: &Client, fill: impl Fn(&str) -> String) -> Answer {
        let kind = if self.is_api() { "application/json" } else { "application/x-www-form-urlencoded" };
        let path = fill(&self.path.replace("{build}/{*name}", "x/y"));
        let is_session = client.has_token() && !client.token().starts_with("ink_");
        let client = match self.is_page() {
            true if is_session => app.client().cookie(&format!("inglenook={}", client.token())).browser(),
            true => client.clone().browser(),
            false => client.clone(),
        };
        call(&client, self.method, &path, &fill(self.body), kind).await
    }
}

/// Other ways to write an id, none of which is the id.
fn spellings(id: &str) -> [String; 4] {
    [id.to_lowercase(), format!("{id}%20"), format!("%00{id}"), format!("{id}{id}")]
}

/// Keys of each scope, as clients that have used theirs: the first use of a key is noted.
async fn keys(app: &App, person: &Client) -> Vec<Client> {
    let mut keys = Vec::new();
    for scope in SCOPES {
        let new = json!({ "name": scope, "scope": scope });
        let made = person.post("/api/v1/me/keys", &new).await.is(201).json();
        let key = app.client().bearer(made["key"].as_str().unwrap());
        key.get("/api/v1/me").await.is(200);
        keys.push(key);
    }
    keys
}

/// Those who call, and what is wrong with them.
struct Callers {
    admin: Client,
    admin_keys: Vec<Client>,
    kim: Client,
    kim_keys: Vec<Client>,
    owner_keys: Vec<Client>,
    disabled: Things,
    disabled_keys: Vec<Client>,
}

impl Callers {
    async fn of(app: &App, admin: Client, things: &Things) -> Self {
        let kim = app.person("kim").await;
        let disabled = Things::of(app, "dora").await;
        let disabled_keys = keys(app, &disabled.owner).await;
        let callers = Self {
            admin_keys: keys(app, &admin).await,
            kim_keys: keys(app, &kim).await,
            owner_keys: keys(app, &things.owner).await,
            admin,
            kim,
            disabled_keys,
            disabled,
        };
        // Its sessions are left, so that the account alone keeps it out.
        app.database.disable(&callers.disabled.owner.id().await).await;
        callers
    }
}

/// What an answer to somebody without business there may be.
fn is_refusal(route: Route, whose: &str, answer: &Answer) -> bool {
    match whose {
        "nobody" | "disabled" => keeps_out(answer),
        "member" => answer.status == 404,
        // A key is for the API alone, and says that its scope is too small before anything is looked up.
        "key" if route.is_api() => [403, 404].contains(&answer.status),
        "key" => keeps_out(answer) || [403, 404].contains(&answer.status),
        // Whoever may call it names something that is not there.
        _ => [400, 404, 422].contains(&answer.status),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_business_at_an_address_changes_nothing() {
    let app = App::with(&MANY).await;
    // The first person is the administrator.
    let admin = app.person("lin").await;
    let things = Things::of(&app, "olga").await;
    let callers = Callers::of(&app, admin, &things).await;
    let (mut cases, mut wrong) = (0, Vec::new());
    for route in Route::all().filter(|route| route.whom != Anybody) {
        let before = app.database.contents().await;
        let mut refused = async |whose: &str, client: &Client, fill: &dyn Fn(&str) -> String| {
            let answer = route.call(&app, client, fill).await;
            cases += 1;
            if !is_refusal(route, whose, &answer) {
                wrong.push(format!("{} {} {whose}: {}", route.method, fill(route.path), answer.status));
            }
        };
        let fill = |text: &str| things.fill(text, "x");
        let missing = |text: &str| nothing(text);
        let own = |text: &str| callers.disabled.fill(text, "x");
        refused("nobody", &app.client(), &fill).await;
        refused("disabled", &callers.disabled.owner, &own).await;
        for key in &callers.disabled_keys {
            refused("disabled", key, &own).await;
        }
        if route.has_ids() {
            refused("nobody", &app.client(), &missing).await;
        }
        if route.whom == Owner || route.whom == Admins {
            for fill in [&fill as &dyn Fn(&str) -> String, &missing] {
                refused("member", &callers.kim, fill).await;
                for key in &callers.kim_keys {
                    refused("key", key, fill).await;
                }
            }
        }
        // An administrator is a stranger to what people have.
        if route.whom == Owner {
            refused("member", &callers.admin, &fill).await;
            refused("key", &callers.admin_keys[2], &fill).await;
        }
        let (entitled, entitled_keys) = match route.whom {
            Admins => (&callers.admin, &callers.admin_keys),
            _ => (&things.owner, &callers.owner_keys),
        };
        for key in &entitled_keys[..route.scope()] {
            refused("key", key, &fill).await;
        }
        if route.has_ids() {
            refused("entitled", entitled, &missing).await;
            for nth in 0..spellings("").len() {
                let spelled = |text: &str| things.spelled(text, |id| spellings(id)[nth].clone());
                refused("entitled", entitled, &spelled).await;
                refused("member", &callers.kim, &spelled).await;
            }
        }
        let after = app.database.contents().await;
        for (name, rows) in &before {
            if after.get(name) != Some(rows) {
                wrong.push(format!("{} {} changed {name}", route.method, route.path));
            }
        }
    }
    println!("{cases} refused calls");
    assert!(wrong.is_empty(), "{} of {cases}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases > 1500, "{cases}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_scope_is_enough_reaches_each_address_of_the_api() {
    let app = App::with(&MANY).await;
    let admin = app.person("lin").await;
    let (mut cases, mut wrong) = (0, Vec::new());
    let routes = Route::all().filter(|route| route.whom != Anybody && route.is_api());
    for (at, route) in routes.enumerate() {
        for (nth, scope) in SCOPES.iter().enumerate().skip(route.scope()) {
            let things = Things::of(&app, &format!("owner-{at}-{nth}")).await;
            let entitled = if route.whom == Admins { &admin } else { &things.owner };
            let new = json!({ "name": "Bot", "scope": scope });
            let made = entitled.post("/api/v1/me/keys", &new).await.is(201).json();
            let key = app.client().bearer(made["key"].as_str().unwrap());
            let answer = route.call(&app, &key, |text| things.fill(text, &format!("by-{at}-{nth}"))).await;
            cases += 1;
            // What a person alone may do says so, and is not a matter of scopes.
            let for_people = answer.status == 403 && !answer.text().contains("scope_too_small");
            let reached = (200..300).contains(&answer.status) || answer.status == 409 || for_people;
            if !reached {
                wrong.push(format!("{} {} {}: {}", route.method, route.path, scope, answer.text()));
            }
            let ended = entitled.delete(&format!("/api/v1/me/keys/{}", made["id"].as_str().unwrap())).await;
            assert!(ended.status < 500);
        }
    }
    assert!(wrong.is_empty(), "{} of {cases}:\n{}", wrong.len(), wrong.join("\n"));
}
