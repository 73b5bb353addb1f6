//! A person at a browser, who keeps cookies, fills in forms and presses buttons.

use std::collections::BTreeMap;

use http::Request;

use crate::wire::{Answer, Pairs, form_request, pairs, send, with};

#[derive(Clone)]
pub(crate) struct Person {
    base: String,
    pub(crate) cookies: BTreeMap<String, String>,
}

/// A page, and the hidden fields of its form.
pub(crate) struct Page {
    pub(crate) answer: Answer,
    pub(crate) hidden: Pairs,
}

impl Page {
    fn of(answer: Answer) -> Self {
        let hidden = answer
            .body
            .split("<input type=\"hidden\" ")
            .skip(1)
            .map(|rest| (attribute(rest, "name"), attribute(rest, "value")))
            .collect();
        Self { answer, hidden }
    }

    pub(crate) fn says(&self, text: &str) -> bool {
        self.answer.body.contains(text)
    }
}

fn attribute(tag: &str, name: &str) -> String {
    let (_, rest) = tag.split_once(&format!("{name}=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

impl Person {
    pub(crate) fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            cookies: BTreeMap::new(),
        }
    }

    /// The same browser with all of its cookies, at another address.
    pub(crate) fn at(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    /// Opens an authorization URL. Returns the sign-in page.
    pub(crate) async fn open(&mut self, url: &str) -> Page {
        let answer = self
            .send(Request::get(url).body(String::new()).unwrap())
            .await;
        self.follow(answer).await
    }

    /// Opens a page of this server.
    pub(crate) async fn look(&mut self, path: &str) -> Page {
        let url = format!("{}{path}", self.base);
        Page::of(
            self.send(Request::get(url).body(String::new()).unwrap())
                .await,
        )
    }

    /// Signs in on this page. Returns the consent page.
    pub(crate) async fn sign_in(&mut self, page: &Page, user: &str, connection: &str) -> Page {
        let form = with(page.hidden.clone(), "user", user);
        let form = with(form, "connection", connection);
        let answer = self.post("/interaction/sign-in", &form).await;
        self.follow(answer).await
    }

    /// Presses a button on the consent page while these scopes are ticked.
    pub(crate) async fn decide(&mut self, page: &Page, decision: &str, scopes: &[&str]) -> Answer {
        let mut form = page.hidden.clone();
        form.extend(scopes.iter().flat_map(|it| pairs([("scope", *it)])));
        let form = with(form, "decision", decision);
        self.post("/interaction/consent", &form).await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &Pairs) -> Answer {
        self.send(form_request(&format!("{}{path}", self.base), form))
            .await
    }

    /// Follows the answer's redirect to the next page of this server, if any.
    pub(crate) async fn follow(&mut self, answer: Answer) -> Page {
        match answer.header("location") {
            Some(path) if path.starts_with('/') => {
                let path = path.to_owned();
                self.look(&path).await
            }
            _ => Page::of(answer),
        }
    }

    async fn send(&mut self, mut request: Request<String>) -> Answer {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        if !cookies.is_empty() {
            let cookies = cookies.join("; ").parse().unwrap();
            request.headers_mut().insert("cookie", cookies);
        }
        let answer = send(request).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}
