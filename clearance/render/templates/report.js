// Finds, filters and lists more findings; what is looked for stands in the address. Texts are only ever put in as text.
(function () {
  "use strict";
  const STEP = 500;
  const FIELDS = ["q", "decision", "severity", "state", "check"];
  const MARKED = 2000;
  const main = document.querySelector("main");
  const find = document.querySelector(".find");
  const data = JSON.parse(document.getElementById("data").textContent);
  const places = [...document.querySelectorAll("details.check")];
  const scenarios = [...document.querySelectorAll("article.scenario")];
  const features = [...document.querySelectorAll("details.feature")];
  const inputs = Object.fromEntries(FIELDS.map((name) => [name, find.querySelector(`[name=${name}]`)]));
  const status = find.querySelector("[role=status]");
  const clear = find.querySelector("[name=clear]");
  const waivers = document.querySelector("section.waivers");
  const said = new Map([...places, ...scenarios].map((one) => [one, one.textContent.toLowerCase()]));
  const opened = new Map([...places, ...features].map((one) => [one, one.open]));

  const checks = data.checks.map((check, number) => {
    const place = places[number];
    const body = place.querySelector("table.findings > tbody");
    const made = [...(body ? body.rows : [])];
    const texts = (row, number) => (made[number] ? [made[number].textContent] : row.slice(1, 8));
    const rows = check.rows.map((row, number) => ({ row, text: [check.check, ...texts(row, number)].join("\n").toLowerCase() }));
    const own = [check.check, ...[...place.querySelectorAll(".reasons > li")].map((one) => one.textContent)];
    return {
      ...check, place, body, rows, own: own.join("\n").toLowerCase(), made, limit: 0,
      shown: body ? body.rows.length : 0, more: body ? noteAfter(place, body) : null,
      section: document.getElementById(place.dataset.section),
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

  // The rows in the page stay; those that are looked for and not there yet are made, so many at a time, in their place.
  function list(check, wanted, target) {
    const shown = new Set(wanted.slice(0, check.limit));
    if (target !== undefined) shown.add(target);
    let last = null;
    for (let number = 0; number < check.rows.length; number++) {
      let row = check.made[number];
      if (!row && shown.has(number)) {
        row = check.made[number] = make(check.rows[number].row);
        if (last) last.after(row);
        else check.body.prepend(row);
      }
      if (row) {
        row.hidden = !shown.has(number);
        last = row;
      }
    }
    const missing = wanted.length - shown.size;
    const beyond = check.findings - check.rows.length;
    if (!check.more) return;
    check.more.replaceChildren();
    if (missing > 0) {
      const button = element("button", `Show ${Math.min(STEP, missing).toLocaleString("en")} more`);
      button.type = "button";
      button.addEventListener("click", () => {
        check.limit += STEP;
        list(check, wanted, target);
        mark(ask());
      });
      check.more.append(button, ` of ${missing.toLocaleString("en")} that are not shown. `);
    }
    if (beyond > 0) check.more.append(`Another ${beyond.toLocaleString("en")} are in verdict.json alone.`);
  }

  const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
  const words = (asked) => asked.q.toLowerCase().split(/\s+/).filter(Boolean);

  // Marks what was looked for where it stands, without touching the page: CSS Custom Highlight API.
  function mark(asked) {
    if (!window.CSS || !CSS.highlights) return;
    CSS.highlights.delete("found");
    const wanted = words(asked);
    const ranges = [];
    const texts = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
    while (wanted.length && ranges.length < MARKED && texts.nextNode()) {
      const node = texts.currentNode;
      const text = node.data.toLowerCase();
      if (text.length !== node.data.length || !wanted.some((word) => text.includes(word))) continue;
      if (find.contains(node) || !node.parentElement.checkVisibility()) continue;
      for (const word of wanted) {
        for (let at = text.indexOf(word); at >= 0 && ranges.length < MARKED; at = text.indexOf(word, at + word.length)) {
          const range = new Range();
          range.setStart(node, at);
          range.setEnd(node, at + word.length);
          ranges.push(range);
        }
      }
    }
    if (ranges.length) CSS.highlights.set("found", new Highlight(...ranges));
  }

  function ask() {
    return Object.fromEntries(FIELDS.map((name) => [name, inputs[name].value.trim()]));
  }

  function apply(asked, target) {
    const wanted = words(asked);
    const has = (text) => wanted.every((word) => text.includes(word));
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
      check.limit = any ? STEP : check.shown;
      const aim = target ? check.rows.findIndex(({ row }) => row[0] === target) : -1;
      list(check, wanted, aim < 0 ? undefined : aim);
      all += check.findings;
      if (check.section) check.section.hidden = any && !show;
      if (show) seen += 1;
      if (show) findings += wanted.length;
      if (any && show && (wanted.length || asked.q)) check.place.open = true;
      else if (!any) check.place.open = opened.get(check.place);
    }
    const told = tell(asked, target, any && narrow, has);
    if (waivers) listWaivers(asked, any, has);
    find.classList.toggle("active", any);
    clear.disabled = !any;
    const also = scenarios.length ? `, and ${told} of ${counted(scenarios.length, "scenario")}` : "";
    const nothing = findings + seen + told === 0 ? "Nothing here matches. " : "";
    status.textContent = any
      ? `${nothing}Shown: ${findings.toLocaleString("en")} of ${counted(all, "finding")}, in ${seen} of ${counted(checks.length, "check")}${also}.`
      : `${counted(all, "finding")} in ${counted(checks.length, "check")}.`;
    mark(asked);
  }

  // Shows the scenarios that are looked for, and returns how many; a filter for findings leaves none.
  function tell(asked, target, none, has) {
    const by = Boolean(asked.q || asked.decision);
    for (const one of scenarios) {
      const fits = !none && (!asked.decision || one.dataset.decision === asked.decision) && has(said.get(one));
      one.hidden = !(fits || one.id === target) && (by || none);
    }
    for (const one of features) {
      one.hidden = (by || none) && !one.querySelector("article:not([hidden])");
      one.open = by ? !one.hidden : opened.get(one);
    }
    for (const { check, section } of checks) {
      if (!section || !section.matches(".scenarios")) continue;
      const other = asked.check && check !== asked.check;
      section.hidden = Boolean(other || ((by || none) && !section.querySelector("article:not([hidden])")));
    }
    return scenarios.filter((one) => !one.hidden && !one.closest("section").hidden).length;
  }

  // A waiver belongs to what is looked for by its text; it has no decision and no severity.
  function listWaivers(asked, any, has) {
    let shown = 0;
    for (const row of waivers.querySelectorAll("tbody > tr")) {
      const fits = has(row.textContent.toLowerCase()) && (!asked.check || ["*", asked.check].some((name) => row.dataset.checks.split(" ").includes(name)));
      row.hidden = !fits;
      shown += fits;
    }
    waivers.hidden = any && (!shown || Boolean(asked.decision || asked.severity || !["", "waived"].includes(asked.state)));
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

  const given = () => new URLSearchParams(Object.entries(ask()).filter(([, value]) => value));

  // What is typed on, letter by letter, is one step of the browser's history; another filter is another.
  function write() {
    const fields = (asked) => FIELDS.filter((name) => asked[name]).join();
    const further = fields(ask()) !== fields(read().asked) || find.contains(document.activeElement.closest("select"));
    history[further ? "pushState" : "replaceState"](null, "", `#${given()}`);
  }

  function show(target) {
    document.querySelectorAll(".aimed").forEach((one) => one.classList.remove("aimed"));
    const place = target && document.getElementById(target);
    if (!place) return;
    for (let one = place; one && one !== document.body; one = one.parentElement) {
      if (one.tagName === "DETAILS") one.open = true;
      one.hidden = false;
    }
    place.classList.add("aimed");
    place.scrollIntoView({ block: "start" });
  }

  function follow() {
    const { target, asked } = read();
    for (const name of FIELDS) inputs[name].value = asked[name];
    apply(ask(), target);
    show(target);
  }

  function change() {
    write();
    apply(ask(), "");
    const top = main.getBoundingClientRect().top;
    if (top < 0) scrollBy(0, top);
  }

  let waiting = 0;
  find.addEventListener("input", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(change);
  });
  clear.addEventListener("click", () => {
    for (const name of FIELDS) inputs[name].value = "";
    change();
    inputs.q.focus();
  });
  // A finding's own link leads to it without giving up what is looked for.
  document.addEventListener("click", (event) => {
    const here = event.target.closest("a.here");
    const asked = String(given());
    if (!here || !asked || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    location.hash = `${here.hash}&${asked}`;
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest && event.target.closest("input, select, textarea, [data-plot]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      inputs.q.focus();
    }
  });
  window.addEventListener("hashchange", follow);
  // The keyboard stops at a table only if there is something to scroll to.
  const fits = new ResizeObserver((changed) => {
    for (const { target } of changed) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  document.querySelectorAll(".scroll").forEach((one) => fits.observe(one));
  find.hidden = false;
  follow();
})();
