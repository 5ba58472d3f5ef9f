// Finds, filters and lists more findings; what is looked for stands in the address. Texts are only ever put in as text.
(function () {
  "use strict";
  const STEP = 500;
  const FIELDS = ["q", "decision", "severity", "state", "check"];
  const find = document.querySelector(".find");
  const data = JSON.parse(document.getElementById("data").textContent);
  const places = [...document.querySelectorAll("details.check")];
  const scenarios = [...document.querySelectorAll("article.scenario")];
  const features = [...document.querySelectorAll("details.feature")];
  const inputs = Object.fromEntries(FIELDS.map((name) => [name, find.querySelector(`[name=${name}]`)]));
  const status = find.querySelector("[role=status]");
  const said = new Map([...places, ...scenarios].map((one) => [one, one.textContent.toLowerCase()]));
  const opened = new Map([...places, ...features].map((one) => [one, one.open]));

  const checks = data.checks.map((check, number) => {
    const place = places[number];
    const body = place.querySelector("table.findings > tbody");
    const rows = check.rows.map((row) => ({ row, text: [check.check, ...row.slice(1, 8)].join("\n").toLowerCase() }));
    const own = [check.check, ...[...place.querySelectorAll(".reasons > li")].map((one) => one.textContent)];
    return {
      ...check, place, body, rows, own: own.join("\n").toLowerCase(), made: [...(body ? body.rows : [])], limit: 0,
      shown: body ? body.rows.length : 0, more: body ? noteAfter(place, body) : null,
    };
  });

  function noteAfter(place, body) {
    const there = place.querySelector("p.more");
    const note = there || document.createElement("p");
    note.className = "more";
    if (!there) body.closest(".scroll").after(note);
    return note;
  }

  function element(tag, text, className) {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function make([anchor, state, severity, rule, help, where, message, waived, silenced]) {
    const row = document.createElement("tr");
    row.id = anchor;
    const here = element("a", "#", "here");
    here.href = `#${anchor}`;
    here.setAttribute("aria-label", "Link to this finding");
    const first = element("td", "", "tight");
    first.append(here, ` ${state}`);
    const second = element("td", "", "tight");
    second.append(element("span", severity, `severity ${severity}`));
    const third = element("td", help ? "" : rule);
    if (help) {
      const link = element("a", rule);
      link.href = help;
      link.rel = "noreferrer noopener";
      third.append(link);
    }
    const fourth = element("td", "", "wide");
    fourth.append(element("code", where), element("br"), element("span", message, "message"));
    if (silenced) fourth.append(" ", element("small", "(silenced in the code, counts all the same)"));
    if (waived) fourth.append(element("br"), element("small", `waived ${waived}`, "waived"));
    row.append(first, second, third, fourth);
    return row;
  }

  // The rows in the page stay; those that are looked for and not there yet are made, so many at a time.
  function list(check, wanted) {
    const shown = new Set(wanted.slice(0, check.limit));
    const fresh = document.createDocumentFragment();
    check.rows.forEach(({ row }, number) => {
      if (shown.has(number) && !check.made[number]) {
        check.made[number] = make(row);
        fresh.append(check.made[number]);
      }
    });
    if (check.body) check.body.append(fresh);
    check.made.forEach((one, number) => (one.hidden = !shown.has(number)));
    const missing = wanted.length - shown.size;
    const beyond = check.findings - check.rows.length;
    if (!check.more) return;
    check.more.replaceChildren();
    if (missing > 0) {
      const button = element("button", `Show ${Math.min(STEP, missing).toLocaleString("en")} more`);
      button.type = "button";
      button.addEventListener("click", () => {
        check.limit += STEP;
        list(check, wanted);
      });
      check.more.append(button, ` of ${missing.toLocaleString("en")} that are not shown. `);
    }
    if (beyond > 0) check.more.append(`Another ${beyond.toLocaleString("en")} are in verdict.json alone.`);
  }

  function ask() {
    return Object.fromEntries(FIELDS.map((name) => [name, inputs[name].value.trim()]));
  }

  function apply(asked, target) {
    const words = asked.q.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (text) => words.every((word) => text.includes(word));
    const narrow = asked.severity || asked.state;
    const any = FIELDS.some((name) => asked[name]);
    let findings = 0, all = 0, seen = 0;
    for (const check of checks) {
      const whole = has(check.own);
      const wanted = [];
      check.rows.forEach(({ row, text }, number) => {
        const fits = (!asked.severity || row[2] === asked.severity) && (!asked.state || row[1] === asked.state);
        if ((fits && (whole || has(text))) || row[0] === target) wanted.push(number);
      });
      const fits = (!asked.decision || check.decision === asked.decision) && (!asked.check || check.check === asked.check);
      const there = wanted.length || (!narrow && (whole || has(said.get(check.place))));
      const show = (fits && there) || check.place.id === target || check.rows.some(({ row }) => row[0] === target);
      check.place.hidden = !show;
      check.limit = Math.max(any ? STEP : check.shown, 1 + wanted.findIndex((number) => check.rows[number].row[0] === target));
      list(check, wanted);
      all += check.findings;
      if (show) seen += 1;
      if (show) findings += wanted.length;
      if (any && show && wanted.length) check.place.open = true;
      else if (!any) check.place.open = opened.get(check.place);
    }
    for (const one of scenarios) {
      const fits = (!asked.decision || one.dataset.decision === asked.decision) && has(said.get(one));
      one.hidden = !(fits || one.id === target) && Boolean(asked.q || asked.decision);
    }
    for (const one of features) {
      one.hidden = Boolean(asked.q || asked.decision) && !one.querySelector("article:not([hidden])");
      one.open = asked.q || asked.decision ? !one.hidden : opened.get(one);
    }
    status.textContent = any
      ? `Shown: ${findings.toLocaleString("en")} of ${all.toLocaleString("en")} findings, in ${seen} of ${checks.length} checks.`
      : `${all.toLocaleString("en")} findings in ${checks.length} checks.`;
  }

  // The address ends like `#finding-0a1b2c&q=sql&decision=fail`: a place, what is looked for, or both.
  function read() {
    const parts = location.hash.slice(1).split("&").filter(Boolean);
    const given = new URLSearchParams(parts.filter((part) => part.includes("=")).join("&"));
    let target = parts.find((part) => !part.includes("=")) || "";
    try {
      target = decodeURIComponent(target);
    } catch {
      target = "";
    }
    return { target, asked: Object.fromEntries(FIELDS.map((name) => [name, (given.get(name) || "").slice(0, 200)])) };
  }

  function write() {
    const given = new URLSearchParams(Object.entries(ask()).filter(([, value]) => value));
    history.replaceState(null, "", `#${given}`);
  }

  function show(target) {
    document.querySelectorAll(".aimed").forEach((one) => one.classList.remove("aimed"));
    const place = target && document.getElementById(target);
    if (!place) return;
    for (let one = place; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
    place.classList.add("aimed");
    place.scrollIntoView({ block: "start" });
  }

  function follow() {
    const { target, asked } = read();
    for (const name of FIELDS) inputs[name].value = asked[name];
    apply(ask(), target);
    show(target);
  }

  let waiting = 0;
  find.addEventListener("input", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      write();
      apply(ask(), "");
    });
  });
  find.querySelector("[name=clear]").addEventListener("click", () => {
    for (const name of FIELDS) inputs[name].value = "";
    write();
    apply(ask(), "");
    inputs.q.focus();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest && event.target.closest("input, select, textarea, [data-plot]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      inputs.q.focus();
    }
  });
  window.addEventListener("hashchange", follow);
  find.hidden = false;
  follow();
})();
