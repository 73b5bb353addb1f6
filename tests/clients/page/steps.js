// What the page shows of its steps.

const TITLES = {
  way: {
    discover: "Reads what the server offers",
    register: "Registers itself",
    consent: "Has somebody sign in and consent",
    exchange: "Exchanges the code, with PKCE",
    refresh: "Refreshes the token",
    items: "Reads the items",
  },
  stops: {
    wrongUri: "Registers a redirect URI that is not allowed",
    cookies: "Sends cookies along",
    unasked: "Registers as plain text, past the preflight",
    wrongToken: "Reads the items with a token that is none",
    tooOften: "Registers many times at once, and is told to wait",
  },
};

function kindOf(status) {
  if (status === "blocked") return "blocked";
  return status === "back" || status < 400 ? "good" : "refused";
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/// Adds a step to the page and to the session: `told` is for people, and only if there was an answer.
export function show(session, id, answer, told) {
  const isBlocked = answer.status === "blocked";
  const step = { ...answer, told: isBlocked ? "the browser keeps it from the page" : told };
  session.steps[id] = step;
  document.body.dataset.steps = JSON.stringify(session.steps);

  const list = document.querySelector(id in TITLES.way ? "#way" : "#stops");
  const item = document.createElement("li");
  const text = element("div", "text", "");
  const title = TITLES.way[id] ?? TITLES.stops[id];
  text.append(element("strong", "", title), element("small", "", step.told));
  item.append(text, element("span", `status ${kindOf(step.status)}`, step.status));
  list.append(item);
  list.parentElement.hidden = false;
}

export function showOutcome(outcome, text) {
  const line = document.querySelector("#outcome");
  line.textContent = text;
  line.hidden = false;
  document.body.dataset.outcome = outcome;
}
