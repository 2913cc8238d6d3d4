// The live map of items, on a canvas. What it shows, and what was clicked, are traits of the widget: see map.py.
const NEAR = 12; // px from a point within which it is meant
const MOVE = 450; // ms in which points go to their new places
const FADED = 0.2, STAR = "#D55E00";

const bytes = (view, Type) => new Type(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function render({ model, el }) {
  const get = (name) => model.get(name);
  const button = (words, title) => make("button", { type: "button", title, "aria-label": title }, words);
  const input = make("input", { type: "search", placeholder: "search an item", "aria-label": "search an item",
    role: "combobox", "aria-expanded": "false", autocomplete: "off" });
  const list = make("ul", { role: "listbox", hidden: "", id: `items-${Math.random().toString(36).slice(2)}` });
  input.setAttribute("aria-controls", list.id);
  const lasso = button("lasso", "lasso: draw around items (L)");
  const zoomIn = button("+", "zoom in (+)"), zoomOut = button("−", "zoom out (-)"), whole = button("⤢", "all items (0)");
  const canvas = make("canvas", { tabindex: "0", role: "application" });
  const card = make("div", { class: "card", hidden: "" });
  const busy = make("div", { class: "busy", hidden: "" });
  const plane = make("div", { class: "plane" }, canvas, card, busy);
  const legend = make("div", { class: "legend", role: "group", "aria-label": "colours; click one to see it alone" });
  const said = make("p", { class: "said", role: "status", "aria-live": "polite" });
  const tools = make("div", { class: "tools" }, make("div", { class: "search" }, input, list), lasso, zoomIn, zoomOut, whole);
  // JupyterLab would take the keys for its own commands
  const root = make("div", { class: "mtsgns-map", "data-lm-suppress-shortcuts": "true" }, tools, plane, legend, said);
  el.append(root);

  const pen = canvas.getContext("2d");
  let names, radius, hollow, code, width = 0, height = 0, waiting = false;
  let now, from, to, started = 0; // positions: shown, and of the movement under way
  let zoom = { k: 1, x: 0, y: 0 };
  let hovered = -1, hits = [], only = null, chosen = null, drag = null, drawing = false;

  // -- places on the screen
  function frame() {
    const [x0, y0, x1, y1] = get("bounds");
    const s = Math.min((width - 36) / (x1 - x0 || 1), (height - 36) / (y1 - y0 || 1)) * zoom.k;
    return { s, x: width / 2 + zoom.x - s * (x0 + x1) / 2, y: height / 2 + zoom.y + s * (y0 + y1) / 2 };
  }
  const shown = (i) => only === null || slotOf(i) === only;
  const crowd = ([full, rings]) => full.length + rings.length;
  const slotOf = (i) => get("slots")[code[i]];
  function nearest(px, py, wanted = () => true, far = NEAR) {
    const f = frame();
    let best = -1, least = far * far;
    for (let i = 0; i < names.length; i++) {
      const dx = f.x + f.s * now[2 * i] - px, dy = f.y - f.s * now[2 * i + 1] - py;
      if (dx * dx + dy * dy < least && shown(i) && wanted(dx, dy)) [best, least] = [i, dx * dx + dy * dy];
    }
    return best;
  }

  // -- drawing
  function redraw() {
    if (!waiting) requestAnimationFrame(draw);
    waiting = true;
  }
  function draw(time) {
    waiting = false;
    if (!width || !now) return;
    const done = started ? Math.max(0, Math.min(1, (time - started) / MOVE)) : 1;
    if (started) {
      const t = done * done * (3 - 2 * done);
      for (let i = 0; i < now.length; i++) now[i] = done < 1 ? from[i] + t * (to[i] - from[i]) : to[i]; // or NaN: not here
      if (done < 1) redraw(); else started = 0;
    }
    const f = frame(), ink = getComputedStyle(root).color, dpr = window.devicePixelRatio || 1;
    const lit = get("lit"), star = get("star"), quiet = lit.length || star.length || hits.length || chosen;
    const loud = new Set([...lit, ...hits, ...(chosen || [])]);
    pen.setTransform(dpr, 0, 0, dpr, 0, 0);
    pen.clearRect(0, 0, width, height);
    const groups = get("legend").map(() => [[], []]), grow = Math.min(2, Math.sqrt(zoom.k));
    for (let i = 0; i < names.length; i++) if (!loud.has(i)) groups[slotOf(i)][hollow[i]].push(i);
    const dot = (i, more = 0) => {
      const x = f.x + f.s * now[2 * i], y = f.y - f.s * now[2 * i + 1], r = radius[i] / 10 * grow + more;
      if (x < -20 || y < -20 || x > width + 20 || y > height + 20) return;
      pen.moveTo(x + r, y);
      pen.arc(x, y, r, 0, 7);
    };
    const paint = (some, colour, ring, more) => {
      pen.beginPath();
      for (const i of some) dot(i, more);
      pen.lineWidth = 1.4;
      pen.fillStyle = pen.strokeStyle = colour;
      ring ? pen.stroke() : pen.fill();
    };
    const order = groups.map((both, slot) => slot).sort((a, b) => crowd(groups[b]) - crowd(groups[a])); // rare ones on top
    for (const slot of order) {
      pen.globalAlpha = only !== null && only !== slot ? FADED / 2 : quiet ? FADED : 0.8;
      groups[slot].forEach((some, ring) => paint(some, get("legend")[slot].colour, ring));
    }
    pen.globalAlpha = 1;
    for (const i of loud) if (shown(i) || lit.includes(i)) paint([i], get("legend")[slotOf(i)].colour, hollow[i], lit.includes(i) ? 1.5 : 0.3);
    pen.strokeStyle = pen.fillStyle = ink;
    pen.lineWidth = 1.3;
    for (const i of [...hits.slice(0, 60), ...lit.slice(star.length ? 0 : 1), ...(hovered >= 0 ? [hovered] : [])]) {
      pen.beginPath();
      dot(i, 3);
      pen.stroke();
    }
    lit.forEach((i, place) => { // an item in question has its name, its neighbours their rank
      const rank = star.length ? place + 1 : place;
      label(f, now[2 * i], now[2 * i + 1], rank ? String(rank) : names[i], rank);
    });
    if (star.length) {
      pen.fillStyle = STAR;
      pen.beginPath();
      for (let k = 0; k < 10; k++) {
        const r = k % 2 ? 3.2 : 7.5, a = k * Math.PI / 5;
        pen.lineTo(f.x + f.s * star[0] + r * Math.sin(a), f.y - f.s * star[1] - r * Math.cos(a));
      }
      pen.fill();
      pen.fillStyle = ink;
      label(f, ...star, get("star_name"), 0);
    }
    if (drag && drag.path) {
      pen.beginPath();
      drag.path.forEach(([x, y]) => pen.lineTo(x, y));
      pen.closePath();
      pen.setLineDash([4, 3]);
      pen.stroke();
      pen.setLineDash([]);
    }
  }
  function label(f, x, y, words, rank) {
    const size = rank ? 11 : 13;
    const px = f.x + f.s * x, py = f.y - f.s * y;
    if (!(px > 0 && py > 0 && px < width && py < height)) return;
    pen.font = `${rank ? 400 : 600} ${size}px system-ui, sans-serif`;
    const text = words.length > 44 ? words.slice(0, 43) + "…" : words, wide = pen.measureText(text).width;
    if (!rank) {
      pen.beginPath();
      pen.arc(px, py, 9, 0, 7);
      pen.lineWidth = 2.2;
      pen.stroke();
    }
    const left = Math.max(2, Math.min(px + (rank ? 6 : 12), width - wide - 2));
    const low = Math.max(size, Math.min(py - (rank ? 5 : 10), height - 4));
    pen.lineWidth = 3;
    pen.strokeStyle = getComputedStyle(root).getPropertyValue("--ground") || "white";
    pen.strokeText(text, left, low); // a rim, so that it can be read among points
    pen.fillText(text, left, low);
    pen.strokeStyle = pen.fillStyle;
  }

  // -- what comes from Python
  function places() {
    to = bytes(get("xy"), Float32Array);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!now || now.length !== to.length || still) [now, started] = [to.slice(), 0];
    else [from, started] = [now.slice(), performance.now()];
    redraw();
  }
  function items() {
    names = get("names");
    radius = bytes(get("radius"), Uint8Array);
    hollow = bytes(get("hollow"), Uint8Array);
  }
  function colours() {
    code = bytes(get("code"), Uint32Array);
    only = null;
    legend.replaceChildren(...get("legend").map(({ label, colour }, slot) => {
      const made = button("", label);
      made.append(make("i", { style: `background:${colour}` }), label);
      made.setAttribute("aria-pressed", "false");
      made.onclick = () => {
        only = only === slot ? null : slot;
        [...legend.children].forEach((b, n) => b.setAttribute("aria-pressed", String(n === only)));
        redraw();
      };
      return made;
    }));
    redraw();
  }
  function words() {
    said.textContent = get("said");
    canvas.setAttribute("aria-label", `map of ${names.length} items. ${get("said")}`);
  }
  let ticking = 0;
  function working() {
    clearInterval(ticking);
    busy.hidden = !get("busy");
    const since = performance.now();
    const tell = () => { busy.textContent = `${get("busy")} ${Math.round((performance.now() - since) / 1000)} s`; };
    tell();
    if (get("busy")) ticking = setInterval(tell, 1000);
  }

  // -- what goes to Python
  function click(item) {
    chosen = null;
    model.set("clicked", { item, count: (get("clicked").count || 0) + 1 }); // counted, so that a second click is news
    model.save_changes();
    redraw();
  }
  function select(path) {
    const f = frame(), inside = [];
    for (let i = 0; i < names.length; i++) {
      const x = f.x + f.s * now[2 * i], y = f.y - f.s * now[2 * i + 1];
      let odd = false;
      for (let a = 0, b = path.length - 1; a < path.length; b = a++)
        if (path[a][1] > y !== path[b][1] > y
          && x < (path[b][0] - path[a][0]) * (y - path[a][1]) / (path[b][1] - path[a][1]) + path[a][0]) odd = !odd;
      if (odd && shown(i)) inside.push(i);
    }
    chosen = inside.length ? inside : null;
    model.set("selected", { items: inside, count: (get("selected").count || 0) + 1 });
    model.save_changes();
    redraw();
  }

  // -- pointer and keys
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  function hover(item) {
    hovered = item;
    card.hidden = item < 0;
    if (item >= 0) {
      const f = frame(), x = f.x + f.s * now[2 * item], y = f.y - f.s * now[2 * item + 1];
      card.replaceChildren(make("b", {}, names[item]), make("span", {}, get("values")[code[item]]));
      card.style.left = `${Math.max(0, Math.min(x + 12, width - card.offsetWidth - 4))}px`;
      card.style.top = `${y + 14 + card.offsetHeight > height ? y - card.offsetHeight - 10 : y + 14}px`;
    }
    redraw();
  }
  function enlarge(times, px = width / 2, py = height / 2) {
    const k = Math.max(0.5, Math.min(60, zoom.k * times)), t = k / zoom.k;
    zoom = { k, x: (px - width / 2) * (1 - t) + zoom.x * t, y: (py - height / 2) * (1 - t) + zoom.y * t };
    hover(-1);
  }
  function all() {
    zoom = { k: 1, x: 0, y: 0 };
    hover(-1);
  }
  function draw_or_move(on) {
    drawing = on;
    lasso.setAttribute("aria-pressed", String(on));
    canvas.style.cursor = on ? "crosshair" : "grab";
  }
  canvas.onpointerdown = (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    const [x, y] = at(event);
    drag = { x, y, far: false, zoom, path: drawing ? [[x, y]] : null };
  };
  canvas.onpointermove = (event) => {
    const [x, y] = at(event);
    if (!drag) return hover(nearest(x, y));
    drag.far = drag.far || Math.hypot(x - drag.x, y - drag.y) > 4;
    if (drag.path) drag.path.push([x, y]);
    else if (drag.far) zoom = { k: drag.zoom.k, x: drag.zoom.x + x - drag.x, y: drag.zoom.y + y - drag.y };
    hover(-1);
  };
  canvas.onpointerup = () => {
    const ended = drag;
    drag = null;
    if (!ended) return;
    if (ended.far && ended.path) select(ended.path);
    else if (!ended.far) click(nearest(ended.x, ended.y));
    redraw();
  };
  canvas.onpointercancel = () => { drag = null; redraw(); };
  canvas.onpointerleave = () => hover(-1);
  canvas.addEventListener("wheel", (event) => { // only after a click on the map, so that a page can be scrolled past it
    if (document.activeElement !== canvas && el.getRootNode().activeElement !== canvas) return;
    event.preventDefault();
    enlarge(Math.exp(-event.deltaY / 300), ...at(event));
  }, { passive: false });
  canvas.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const start = hovered >= 0 ? hovered : get("lit").length ? get("lit")[0] : nearest(width / 2, height / 2, undefined, 1e4);
    const deeds = {
      "+": () => enlarge(1.5), "=": () => enlarge(1.5), "-": () => enlarge(1 / 1.5), 0: all,
      l: () => draw_or_move(!drawing), Enter: () => hovered >= 0 && click(hovered), " ": () => hovered >= 0 && click(hovered),
      Escape: () => { draw_or_move(false); click(-1); },
    };
    const deed = deeds[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (arrows && start >= 0) { // to the next item in that direction
      const f = frame(), [ax, ay] = arrows;
      const found = nearest(f.x + f.s * now[2 * start], f.y - f.s * now[2 * start + 1],
        (dx, dy) => dx * ax + dy * ay > Math.max(2, Math.abs(dx * ay + dy * ax)), 1e4);
      hover(found >= 0 ? found : start);
      said.textContent = `${names[hovered]}, ${get("values")[code[hovered]]}`;
    } else if (deed) deed();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  lasso.onclick = () => draw_or_move(!drawing);
  zoomIn.onclick = () => enlarge(1.5);
  zoomOut.onclick = () => enlarge(1 / 1.5);
  whole.onclick = all;

  // -- search
  let active = 0, found = [];
  function offer() {
    const parts = input.value.toLowerCase().split(/\s+/).filter(Boolean), lower = names.lower ??= names.map((n) => n.toLowerCase());
    hits = [];
    if (parts.length) for (let i = 0; i < lower.length; i++) if (parts.every((part) => lower[i].includes(part))) hits.push(i);
    found = hits.slice(0, 8);
    list.replaceChildren(...found.map((i, n) => {
      const row = make("li", { role: "option", id: `${list.id}-${n}` }, names[i]);
      row.onpointerdown = (event) => { event.preventDefault(); choose(i); };
      return row;
    }));
    point(0);
    if (parts.length && !found.length) list.append(make("li", { class: "none" }, "no item on this map"));
    if (hits.length > found.length) list.append(make("li", { class: "none" }, `${hits.length - found.length} more, ringed on the map`));
    close(!parts.length);
    redraw();
  }
  function point(n) { // at a suggestion, and at its item on the map
    active = n;
    [...list.children].slice(0, found.length).forEach((row, k) => row.setAttribute("aria-selected", String(k === n)));
    input.setAttribute("aria-activedescendant", found.length ? `${list.id}-${n}` : "");
    hover(found.length ? found[n] : -1);
  }
  function close(yes) {
    list.hidden = yes;
    input.setAttribute("aria-expanded", String(!yes));
  }
  function choose(item) {
    if (item === undefined) return;
    hits = [];
    input.value = names[item];
    close(true);
    hover(-1);
    click(item);
  }
  input.oninput = offer;
  input.onblur = () => { close(true); hits = []; hover(-1); };
  input.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && list.hidden) offer();
    else if (step && found.length) point((active + step + found.length) % found.length);
    else if (event.key === "Enter") choose(list.hidden ? undefined : found[active]);
    else if (event.key === "Escape") { input.value = ""; offer(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  // -- beginning and end
  const size = new ResizeObserver(() => {
    [width, height] = [plane.clientWidth, plane.clientHeight];
    const dpr = window.devicePixelRatio || 1;
    [canvas.width, canvas.height] = [Math.round(width * dpr), Math.round(height * dpr)];
    redraw();
  });
  const theme = new MutationObserver(redraw);
  const heard = { "change:xy": places, "change:code": colours, "change:legend": colours, "change:said": words, "change:busy": working,
    "change:lit": () => { if (get("lit").length) chosen = null; redraw(); }, "change:star": redraw, "change:bounds": all };
  items();
  colours();
  places();
  words();
  working();
  draw_or_move(false);
  plane.style.height = `${get("height")}px`;
  size.observe(plane);
  theme.observe(document.body, { attributes: true });
  for (const [event, answer] of Object.entries(heard)) model.on(event, answer);
  return () => {
    for (const [event, answer] of Object.entries(heard)) model.off(event, answer);
    size.disconnect();
    theme.disconnect();
    clearInterval(ticking);
  };
}

export default { render };
